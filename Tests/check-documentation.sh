#!/usr/bin/env bash
# Builds the documentation of the library Xception with the toolchain's own docc, and fails where that has a warning.
#
#   Tests/check-documentation.sh BIN [OUT]   BIN: the folder of a build; OUT: where the pages go, a temporary folder unless given
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=${2:-$work/pages}

if ! command -v docc >/dev/null && ! xcrun --find docc >/dev/null 2>&1; then
  echo "no docc in this toolchain: the documentation is not built"
  exit 0
fi
docc=$(command -v docc || xcrun --find docc)

# The modules of C that the library's own modules import.
maps=()
for map in Sources/*/module.modulemap "$bin"/C*.build/module.modulemap; do
  if [ -f "$map" ]; then maps+=(-Xcc "-fmodule-map-file=$map"); fi
done
triple=$(swift -print-target-info | sed -nE 's/^ *"unversionedTriple": "(.*)",?$/\1/p' | head -n 1)
mkdir "$work/symbols"
swift symbolgraph-extract -module-name Xception -target "$triple" -I "$bin/Modules" "${maps[@]}" \
  -experimental-allowed-reexported-modules=XceptionTypes -minimum-access-level public -output-dir "$work/symbols"
"$docc" convert Sources/Xception/Xception.docc --additional-symbol-graph-dir "$work/symbols" --output-path "$out" \
  --transform-for-static-hosting --fallback-display-name Xception --fallback-bundle-identifier xception-runtime \
  >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
if grep -q 'warning:' "$work/log"; then
  cat "$work/log"
  echo "the documentation has warnings" >&2
  exit 1
fi
echo "the documentation builds without warnings"
