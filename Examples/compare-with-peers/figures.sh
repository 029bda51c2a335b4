#!/usr/bin/env bash
# Measures all figures of this folder's README.md and prints them, or writes them into it.
#
#   figures.sh [--only PART ...] [--update] [--rounds 3] [--runs 20] [--count 200] [--pictures FOLDER]
#              [--python PYTHON] [--models FOLDER] [--commands FOLDER]
#
# Parts: compare, peak, sets, sides, streams, load, photos, fidelity. All of them take about ten minutes on two
# processors, which should have nothing else to do. --update replaces the tables of the parts that were measured in
# README.md. The other options are those of compare.sh and fidelity.sh.
set -euo pipefail

source "$(dirname "$0")/prepare.sh"
prepare "$@"
[[ " ${options[*]-} " == *" --pictures "* ]] || bash "$root/Examples/install-packages.sh" tuxpaint-stamps-default >&2
converted xception299 xception299.keras
weights_file xception299-stored xception299.keras --stored
converted kitchenware kitchenware.keras --labels cup,fork,glass,knife,plate,spoon
exec "$python" "$here/figures.py" --commands "$commands" --weights "$weights" --models "$models" \
  --precision "$precision" ${options[@]+"${options[@]}"}
