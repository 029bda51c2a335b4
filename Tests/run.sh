#!/usr/bin/env bash
# Installs what the tests need and runs them all.
set -euo pipefail
cd "$(dirname "$0")/.."

bash Examples/install-packages.sh zlib1g-dev libpng-dev libjpeg-dev pkg-config python3 python3-pip binutils

# The independent reader of the weights format needs NumPy.
python=
for candidate in python3 /usr/bin/python3; do
  if "$candidate" -c 'import numpy' 2>/dev/null; then python=$candidate; break; fi
done
if [ -z "$python" ]; then
  bash Examples/install-packages.sh python3-numpy
  if [ "$(uname)" = Darwin ]; then python=python3; else python=/usr/bin/python3; fi
fi
export XCEPTION_PYTHON=$python

if [ "$(uname)" = Darwin ]; then caches="$HOME/Library/Caches"; else caches="${XDG_CACHE_HOME:-$HOME/.cache}"; fi
export XCEPTION_KITCHENWARE="$caches/xception-runtime/kitchenware"
bash Examples/fetch-trained-model.sh "$XCEPTION_KITCHENWARE"

# Pictures to compare precisions on. Debian's package is nothing but files; elsewhere the tests that need them are skipped.
if [ "$(uname)" != Darwin ]; then
  bash Examples/install-packages.sh tuxpaint-stamps-default
  export XCEPTION_PICTURES=/usr/share/tuxpaint/stamps
fi

echo "Checking the format of the sources"
swift format lint --strict --recursive Package.swift Sources Tests Examples

echo "Building the release commands"
XCEPTION_BIN=$(bash Examples/build-release.sh)
export XCEPTION_BIN

echo "Checking that the hot loops keep their sums in registers"
"$python" Tests/check-loops.py --self-test
"$python" Tests/check-loops.py "$XCEPTION_BIN/xception-run"

echo "Building the documentation"
bash Tests/check-documentation.sh "$XCEPTION_BIN"

echo "Checking the comparison with other runtimes"
"$python" Tests/test_compare_with_peers.py

swift test "$@"
