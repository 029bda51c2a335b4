#!/usr/bin/env bash
# Fuzzes everything that reads a stranger's bytes, with libFuzzer, which comes with Swift on Linux.
#
#   Tests/fuzz.sh [TARGET] [SECONDS]     one of the targets of Tests/Fuzz/FuzzTarget.swift, or all; 30 seconds each
#
# A tenth of the time is spent under AddressSanitizer. What a target has found interesting stays in .build-fuzz/corpus, where
# the next run goes on. XCEPTION_FUZZ_SEED makes a run repeatable, as far as its seconds allow. An input that ends the process is
# kept in .build-fuzz/found, and this script fails: make a fixture of it, with a test that says what was wrong.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${1:-all}
seconds=${2:-30}
# The target of the specification's rules needs NumPy, which Tests/run.sh installs.
for python in ${XCEPTION_PYTHON:-} python3 /usr/bin/python3; do
  if "$python" -c 'import numpy' 2>/dev/null; then break; fi
done
scratch=.build-fuzz
export SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0

# build NAME SANITIZERS: the targets as one program. Both are built in one place, which compiles the kernels once.
build() {
  local program="$scratch/$1" sources=(Package.swift Sources Tests/Fuzz Tests/TestSupport Tests/CTestSupport)
  if [ -x "$program" ] && [ -z "$(find "${sources[@]}" -newer "$program" -print -quit)" ]; then return; fi
  echo "Building the fuzz targets with -sanitize=$2"
  local options=(--configuration release --scratch-path "$scratch")
  XCEPTION_FUZZ=$2 swift build "${options[@]}" --quiet --product Fuzz
  # The default linker warns of 130 symbols of the sanitizer.
  swiftc -use-ld=lld -sanitize="$2" "$(XCEPTION_FUZZ=$2 swift build "${options[@]}" --show-bin-path)/libFuzz.a" -o "$program" \
    -lz -lpng -ljpeg -lwebp -lwebpdemux -lgif -ldl
}

# run TARGET PROGRAM SECONDS: prints a line, and fails where an input ended the process.
run() {
  local log="$scratch/log/$1-$2" status=0 pipes
  if [ "$1" = rules ]; then
    pipes=$(mktemp -d)
    mkfifo "$pipes/questions" "$pipes/answers"
    "$python" Tests/Fuzz/rules.py "$pipes/questions" "$pipes/answers" &
    export FUZZ_RULES_QUESTIONS="$pipes/questions" FUZZ_RULES_ANSWERS="$pipes/answers"
  fi
  # libde265 1.0.11 leaves what a damaged slice does not cover as it was in memory. So that such a picture is the same when
  # it is decoded again, new memory always is.
  if [ "$1" = heif ]; then
    export GLIBC_TUNABLES=glibc.malloc.perturb=165:glibc.malloc.tcache_count=0
    export ASAN_OPTIONS=$ASAN_OPTIONS:max_malloc_fill_size=268435456
  fi
  local options=(-max_total_time="$3" -timeout=25 -rss_limit_mb=2048 -print_final_stats=1 -reload=0 -seed="${XCEPTION_FUZZ_SEED:-0}")
  options+=(-artifact_prefix="$scratch/found/$1-")
  # The bytes of `network` and `graphs` are choices, among which there are no words.
  [ -f "Tests/Fuzz/Dictionaries/$1.dict" ] && options+=(-dict="Tests/Fuzz/Dictionaries/$1.dict")
  case $1 in
    graphs) options+=(-max_len=16) ;;
    labels) options+=(-max_len=1024) ;;
    network) options+=(-max_len=200) ;;
    json) options+=(-max_len=2048) ;;
    *) options+=(-max_len=12000) ;;
  esac
  # libFuzzer's own alarm can wait for ever on a lock that an allocation holds.
  FUZZ_TARGET=$1 timeout -k 10 $(($3 + 120)) "$scratch/$2" "${options[@]}" "$scratch/corpus/$1" "$scratch/seeds/$1" \
    >"$log" 2>&1 || status=$?
  if [ "$1" = rules ]; then rm -r "$pipes"; fi
  printf '%-12s %-8s %9s executions %6s a second, %5s edges; %s\n' "$1" "$2" \
    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")" \
    "$(grep -o 'cov: [0-9]*' "$log" | tail -1 | cut -c6-)" "$(grep '^accepted' "$log" || true)"
  if [ "$status" -ne 0 ]; then
    echo "$1 failed with status $status:"
    grep -E 'DEFECT|Fatal error|ERROR|SUMMARY|Test unit written' "$log" || tail -20 "$log"
    return 1
  fi
}

mkdir -p "$scratch/log" "$scratch/found" "$scratch/corpus"
"$python" Tests/Fuzz/seeds.py "$scratch/seeds"
FUZZ_KERAS=$("$python" Tests/Fuzz/seeds.py --keras)
export FUZZ_KERAS
build plain fuzzer
build address fuzzer,address

targets=("$target")
if [ "$target" = all ]; then
  targets=()
  for folder in "$scratch"/seeds/*; do targets+=("$(basename "$folder")"); done
fi
for name in "${targets[@]}"; do
  [ -d "$scratch/seeds/$name" ] || { echo "there is no target $name, but: $(ls "$scratch/seeds" | xargs)"; exit 2; }
  mkdir -p "$scratch/corpus/$name"
done

# Two at a time: most of them run on one core.
failures=$scratch/failures
: >"$failures"
for name in "${targets[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge 2 ]; do sleep 0.2; done
  {
    run "$name" plain $((seconds - seconds / 10)) || echo "$name" >>"$failures"
    run "$name" address $(((seconds + 9) / 10)) || echo "$name" >>"$failures"
  } &
done
wait
if [ -s "$failures" ]; then
  echo "found something in: $(sort -u "$failures" | xargs)"
  exit 1
fi
