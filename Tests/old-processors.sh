#!/usr/bin/env bash
# Runs the release commands in an emulator that has no more instructions than processors of 2008 to 2013:
# old-processors.sh FOLDER, the folder of the commands.
#
# Prints the kernels that each takes, and fails unless those are the expected ones and the answers are those of this processor,
# in every precision.
set -euo pipefail
cd "$(dirname "$0")"
folder=$1

if [ "$(uname -sm)" != "Linux x86_64" ]; then echo "No x86-64 Linux: older processors are skipped"; exit; fi
if ! command -v qemu-x86_64-static > /dev/null; then echo "Without qemu-user-static older processors are skipped"; exit; fi

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
"$folder/xception-convert" ModelImportTests/Fixtures/every_layer.keras "$made/model.xcw" --quiet
# 1,536 lines of 6 bytes are its 64 x 48 pixels.
{ printf 'P6 64 48 255\n'; seq -f %05g 1536; } > "$made/picture.ppm"

# The best class: probabilities differ in their last digits between kernels.
classify() { "$@" "$folder/xception-run" --model "$made/model.xcw" --top 1 --timings --precision "$precision" "$made/picture.ppm"; }
answer() { sed -E 's/^ *[0-9.]+ % //'; }

for pair in Nehalem:portable Westmere:portable IvyBridge:portable Haswell:avx2; do
  processor=${pair%:*} kernels=${pair#*:}
  for precision in fp32 bf16 int8; do
    expected=$(classify env 2> /dev/null | answer)
    found=$(classify qemu-x86_64-static -cpu "$processor" 2> "$made/errors" | answer)
    taken=$(sed -nE 's/^[a-z0-9]+( \([a-z0-9 ]+\))?, ([a-z0-9]+), [0-9]+ threads$/\2/p' "$made/errors")
    if [ "$taken" != "$kernels" ] || [ -z "$expected" ] || [ "$found" != "$expected" ]; then
      echo "$processor, $precision: kernels \"$taken\", expected $kernels; answer \"$found\", expected \"$expected\"" >&2
      tail -3 "$made/errors" >&2
      exit 1
    fi
  done
  # What the emulator lacks of a processor it says on standard error.
  qemu-x86_64-static -cpu "$processor" "$folder/xception-inspect" "$made/model.xcw" --verify > "$made/verified" 2> /dev/null
  grep -q passed "$made/verified"
  echo "$processor runs, with the kernels $kernels"
done
