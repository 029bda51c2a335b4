#!/usr/bin/env bash
# Times networks in ONNX Runtime, OpenVINO, LiteRT, ncnn, MNN and this runtime in turn, and prints the ratios.
#
#   compare.sh [--network NAME ...|all] [--precision fp32|bf16|int8|all] [--threads 1 2] [--rounds 3] [--runs 20]
#              [--only PEER ...] [--json] [--python PYTHON] [--models FOLDER] [--commands FOLDER]
#
# Xception 299x299 unless others of networks.py are named. fp32 is compared with all of them, bf16 with OpenVINO, int8
# (ours without calibration) with the statically calibrated int8 of ONNX Runtime and of OpenVINO. A peer that the processor
# cannot run is left out, with the reason. All candidates take turns, --rounds times --runs runs, in a new process each time.
#
# The first run takes minutes and 2.5 GB (all networks: an hour and 8 GB): it installs the peers in a virtual
# environment and makes their models from Keras's, both in the user's cache folder. --python uses an interpreter that has
# the peers already, --models a folder with their models, --commands a folder with built commands of ours.
set -euo pipefail

source "$(dirname "$0")/prepare.sh"
prepare "$@"
for network in "${networks[@]}"; do compared "$network"; done
exec "$python" "$here/compare.py" --commands "$commands" --weights "$weights" --models "$models" \
  --precision "$precision" --network "${networks[@]}" ${options[@]+"${options[@]}"}
