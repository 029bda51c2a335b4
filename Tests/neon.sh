#!/usr/bin/env bash
# Compiles the portable kernels for arm64, where they are made of NEON's instructions, and compares them with plain loops in
# an emulator: once for every such processor, and once with its products of four bytes, which all of Apple's have.
#
# There is no Foundation and no runtime to link there: Embedded Swift needs neither. What is compiled is kept in .build-neon.
#
# Where the tools can be had (on Debian and Ubuntu, on x86-64), being without them is a failure, unless the environment variable
# XCEPTION_WITHOUT_NEON is set; elsewhere it says why nothing is run.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() { echo "$*: the kernels are not run on NEON"; exit; }
lack() {
  if ! command -v apt-get > /dev/null; then skip "Without $*"; fi
  echo "Without $* the kernels cannot be run on NEON: install it, or set XCEPTION_WITHOUT_NEON=1 to do without" >&2
  exit 1
}
if [ -n "${XCEPTION_WITHOUT_NEON:-}" ]; then skip "XCEPTION_WITHOUT_NEON is set"; fi
if [ "$(uname -sm)" != "Linux x86_64" ]; then skip "No x86-64 Linux"; fi
for tool in qemu-aarch64-static:qemu-user-static aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu; do
  if ! command -v "${tool%:*}" > /dev/null; then lack "${tool#*:}"; fi
done
headers=/usr/aarch64-linux-gnu/include
if [ ! -f "$headers/math.h" ]; then lack libc6-dev-arm64-cross; fi
resources=$(swiftc -print-target-info | sed -nE 's/.*"runtimeResourcePath": "(.*)".*/\1/p')
if [ ! -d "$resources/embedded/Swift.swiftmodule" ]; then lack "Embedded Swift in the toolchain"; fi

# Texts are compared by Unicode's rules, the tables of which are a library of their own.
unicode=$resources/embedded/aarch64-none-none-elf/libswiftUnicodeDataTables.a

made=$PWD/.build-neon
# What the checks share with the package and its tests, which compile it too.
shared=(Sources/ModelGraph/SplitMix64.swift)
for name in ActivationBound MadeProduct MadeProduct+Plain PackedValues PlainByteWinograd PlainWinograd ShortRow; do
  shared+=("Tests/KernelsTests/$name.swift")
done

# compile MODULE SOURCE...: a module in the current variant's folder, unless it is there, made of the same.
compile() {
  local module=$1 made_of
  shift
  made_of=$({ echo "$compiler ${flags[*]} $before"; cat Tests/Neon/module.modulemap Tests/Neon/c-library.h \
    Sources/CIntrinsics/include/*.h "$@"; } | sha256sum)
  before+=$made_of
  [ "$(cat "$folder/$module.made-of" 2> /dev/null)" != "$made_of" ] || return 0
  echo "Compiling $module for $march"
  swiftc "${flags[@]}" -module-name "$module" "$@" -emit-module -emit-module-path "$folder/$module.swiftmodule" \
    -c -o "$folder/$module.o"
  echo "$made_of" > "$folder/$module.made-of"
}

# build VARIANT MARCH
build() {
  local folder=$made/$1 march=$2 before=''
  local flags=(
    -target aarch64-none-none-elf -enable-experimental-feature Embedded -O -wmo -parse-as-library -swift-version 6
    -package-name xception -suppress-warnings -Xllvm -unroll-threshold=4000 -I "$folder" -Xcc "-march=$march" -Xcc -isystem
    -Xcc "$headers" -Xcc "-fmodule-map-file=$PWD/Tests/Neon/module.modulemap" -module-cache-path "$folder/cache"
  )
  mkdir -p "$folder"
  compile Activations Sources/Activations/Activation.swift Sources/Activations/Binary.swift
  compile Kernels Sources/Kernels/*.swift
  compile KernelsPortable Sources/KernelsPortable/*.swift
  compile CountedKernels Tests/Neon/CountedKernels/*.swift
  # Files that the package's tests have too import what is theirs there.
  flags+=(-Xfrontend -import-module -Xfrontend CountedKernels)
  compile Checks Tests/Neon/Checks/*.swift "${shared[@]}"
  aarch64-linux-gnu-gcc -static-pie -o "$folder/checks" "$folder"/*.o "$unicode" -lm
}

compiler=$(swiftc --version 2> /dev/null)
variants=(neon:armv8-a dot-products:armv8.2-a+dotprod)
builds=()
for variant in "${variants[@]}"; do
  build "${variant%:*}" "${variant#*:}" &
  builds+=($!)
done
for build in "${builds[@]}"; do wait "$build"; done

for variant in "${variants[@]}"; do
  folder=$made/${variant%:*}
  echo "The kernels for ${variant#*:} have so many instructions:"
  aarch64-linux-gnu-objdump -d --no-show-raw-insn "$folder/CountedKernels.o" |
    awk '$2 ~ /^(fmla|sdot|smull2?|smlal2?|addp)$/ { sub(/2$/, "", $2); count[$2]++ }
      END { for (name in count) printf " %s %d", name, count[name]; print "" }'
  echo "Compared with plain loops:"
  qemu-aarch64-static "$folder/checks" || {
    echo "On NEON (${variant#*:}) the kernels disagree with plain loops, or reach beyond their memory" >&2
    exit 1
  }
done
