#!/usr/bin/env bash
# Measures how far bf16 and int8, ours and the peers', are from fp32 on the same pictures.
#
#   fidelity.sh [--precision bf16|int8|all] [--count 200] [--pictures FOLDER] [--json]
#               [--python PYTHON] [--models FOLDER] [--commands FOLDER]
#
# Pictures are all PNG and JPEG files below FOLDER but symbols, or --count of them evenly spread; Tux Paint's stamps
# unless given, which the script installs (Debian and Ubuntu). Transparency becomes white, and every runtime gets the
# same 299x299 pixels. The other options are those of compare.sh.
set -euo pipefail

source "$(dirname "$0")/prepare.sh"
prepare "$@"
[[ " ${options[*]-} " == *" --pictures "* ]] || bash "$root/Examples/install-packages.sh" tuxpaint-stamps-default >&2
converted xception299 xception299.keras
converted kitchenware kitchenware.keras --labels cup,fork,glass,knife,plate,spoon
exec "$python" "$here/fidelity.py" --commands "$commands" --weights "$weights" --models "$models" \
  --precision "$precision" ${options[@]+"${options[@]}"}
