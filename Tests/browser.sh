#!/usr/bin/env bash
# Looks at the pages that xception-run and xception-inspect write in a headless Chromium: browser.sh COMMANDS [SCREENSHOTS]
# COMMANDS is the folder of the release commands; screenshots go to SCREENSHOTS, by default a folder that is removed.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$1

if ! command -v apt-get >/dev/null; then
  echo "Without apt-get there is no Chromium for this test: it is skipped"
  exit
fi
bash Examples/install-packages.sh chromium python3 python3-venv

caches="${XDG_CACHE_HOME:-$HOME/.cache}/xception-runtime"
if [ ! -x "$caches/browser/bin/python" ] || ! "$caches/browser/bin/python" -c 'import playwright' 2>/dev/null; then
  rm -rf "$caches/browser"
  python3 -m venv "$caches/browser"
  "$caches/browser/bin/pip" install -q playwright==1.65.2
fi
kitchenware=${XCEPTION_KITCHENWARE:-$caches/kitchenware}
bash Examples/fetch-trained-model.sh "$kitchenware"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$bin/xception-convert" "$kitchenware/kitchenware.keras" "$work/kitchenware.xcw" --quiet \
  --labels cup,fork,glass,knife,plate,spoon
mkdir "$work/photos"
cp "$kitchenware"/photos/*.jpg "$work/photos"

# Names and files that a page must take: one that is HTML, and one that is no picture.
odd='a <b>bold & "quoted".jpg'
mv "$work/photos/0000.jpg" "$work/photos/$odd"
echo "no picture" >"$work/photos/broken.jpg"
if "$bin/xception-run" --model "$work/kitchenware.xcw" --json "$work/photos" --report "$work/report.html" \
  >"$work/report.jsonl"; then
  echo "browser: a file that is no picture was classified" >&2
  exit 1
fi
rm "$work/photos/broken.jpg"

# What the model answers, as if it were the truth, but for two photos: the mistakes are known.
python3 - "$work" <<'PYTHON'
import json, pathlib, sys
work = pathlib.Path(sys.argv[1])
quoted = lambda text: '"' + text.replace('"', '""') + '"'
lines = []
for text in (work / "report.jsonl").read_text().splitlines():
    result = json.loads(text)
    if "error" in result:
        continue
    name, label = pathlib.Path(result["image"]).name, result["predictions"][0]["label"]
    label = {"0002.jpg": "spoon", "0004.jpg": "glass"}.get(name, label)
    lines.append(quoted("photos/" + name) + "," + label)
(work / "truth.csv").write_text("\n".join(lines) + "\n")
PYTHON
"$bin/xception-inspect" evaluate "$work/kitchenware.xcw" "$work/truth.csv" --html "$work/evaluation.html" >/dev/null

# The same network twice: the second sees pictures so bright that it takes some for other classes.
"$bin/xception-convert" "$kitchenware/kitchenware.keras" "$work/bright.xcw" --quiet --labels cup,fork,glass,knife,plate,spoon \
  --divisor 60
"$bin/xception-inspect" evaluate "$work/kitchenware.xcw" "$work/bright.xcw" "$work/truth.csv" \
  --precision fp32 --precision int8 --html "$work/two.html" --json >"$work/two.json"

"$caches/browser/bin/python" Tests/browser.py "$work" "${2:-$work}"
