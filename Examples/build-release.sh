#!/usr/bin/env bash
# Builds the release and prints the folder of its commands.
#
# On Linux they hold what they use of Swift's libraries: xception-run starts 2 ms earlier and has 3 MB less resident.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "$(uname)" = Darwin ]; then libraries=--no-static-swift-stdlib; else libraries=--static-swift-stdlib; fi
# A warning that the linker gives of Foundation's own code says nothing here.
swift build --configuration release --quiet $libraries 2>&1 | { grep -v "the use of .mktemp. is dangerous" || true; } >&2
swift build --configuration release --show-bin-path
