#!/usr/bin/env bash
# Measures all figures of this folder's README.md and prints them, or writes them into it.
#
#   figures.sh [--only PART ...] [--update] [--rounds 3] [--runs 20] [--count 200] [--pictures FOLDER]
#              [--python PYTHON] [--models FOLDER] [--commands FOLDER]
#
# Parts: compare, peak, sets, sides, streams, load, photos, fidelity, which take about ten minutes on two processors that
# should have nothing else to do; and, only where they are named, family and disturbed, which take an hour more and 8 GB
# to make the networks.
# --update replaces the tables of the parts that were measured in README.md. The other options are those of compare.sh and
# fidelity.sh.
set -euo pipefail

source "$(dirname "$0")/prepare.sh"
if [[ " $* " == *" family "* ]]; then
  set -- --network all "$@"
elif [[ " $* " == *" disturbed "* ]]; then
  set -- --network xception299 ResNet50 MobileNetV2 "$@"
fi
prepare "$@"
for network in "${networks[@]}"; do compared "$network"; done
[[ " ${options[*]-} " == *" --pictures "* ]] || bash "$root/Examples/install-packages.sh" tuxpaint-stamps-default >&2
weights_file xception299-stored xception299.keras --stored
converted kitchenware kitchenware.keras --labels cup,fork,glass,knife,plate,spoon
exec "$python" "$here/figures.py" --commands "$commands" --weights "$weights" --models "$models" \
  --precision "$precision" ${options[@]+"${options[@]}"}
