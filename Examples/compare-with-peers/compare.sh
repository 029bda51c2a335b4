#!/usr/bin/env bash
# Times Xception 299x299 in ONNX Runtime, OpenVINO, LiteRT and this runtime in turn, and prints the ratios.
#
#   compare.sh [--models FOLDER] [--python PYTHON] [OPTION of compare.py ...]
#
# The first run takes minutes and 2.5 GB: it installs the peers in a virtual environment and makes their models from a
# trained Keras Xception, both in the user's cache folder. --python uses an interpreter that has the peers already,
# --models a folder with their models. The options of compare.py: --threads 1 2, --rounds 3, --runs 20, --only NAME ...,
# --json.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
if [ "$(uname)" = Darwin ]; then caches=$HOME/Library/Caches; else caches=${XDG_CACHE_HOME:-$HOME/.cache}; fi
cache=$caches/xception-runtime/peers
python=
models=
options=()
while [ $# -gt 0 ]; do
  case "$1" in
    --python) python=${2:?--python needs a path}; shift 2 ;;
    --models) models=${2:?--models needs a folder}; shift 2 ;;
    -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit ;;
    *) options+=("$1"); shift ;;
  esac
done
mkdir -p "$cache"
bash "$root/Examples/install-packages.sh" zlib1g-dev libpng-dev libjpeg-dev libhdf5-dev pkg-config python3 python3-pip python3-venv >&2

# Where they are set, it is for one generation of processors, and the peers' libraries read them too.
for variable in "${!OPENBLAS_@}"; do unset "$variable"; done

if [ -z "$python" ]; then
  python=$cache/venv/bin/python
  if ! cmp -s "$here/requirements.txt" "$cache/installed.txt"; then
    echo "Installing the peers in $cache/venv" >&2
    python3 -m venv --clear "$cache/venv"
    "$python" -m pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$cache/installed.txt"
  fi
fi

if [ -z "$models" ]; then
  models=$cache/models
  bash "$root/Examples/fetch-trained-model.sh" "$models" >&2
  "$python" "$here/make_models.py" "$models" >&2
fi

for product in xception-bench xception-convert; do
  swift build --package-path "$root" --configuration release --product "$product" >&2
done
binaries=$(swift build --package-path "$root" --configuration release --show-bin-path)

ours=$cache/xception299.xcw
if [ ! "$ours" -nt "$models/xception299.keras" ] || [ ! "$ours" -nt "$binaries/xception-convert" ]; then
  "$binaries/xception-convert" "$models/xception299.keras" "$ours" >&2
fi

exec "$python" "$here/compare.py" --bench "$binaries/xception-bench" --model "$ours" --peer-models "$models" \
  ${options[@]+"${options[@]}"}
