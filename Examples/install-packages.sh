#!/usr/bin/env bash
# Installs the system packages that are named and missing: install-packages.sh PACKAGE...
# Names are Debian's; on macOS each is mapped to Homebrew's.
set -euo pipefail

fail() { echo "install-packages: $*" >&2; exit 1; }

brew_name() {
  case "$1" in
    zlib1g-dev) echo zlib ;;
    libpng-dev) echo libpng ;;
    libjpeg-dev) echo jpeg-turbo ;;
    libwebp-dev) echo webp ;;
    libgif-dev) echo giflib ;;
    libtiff6) echo libtiff ;;
    libheif1) echo libheif ;;
    pkg-config) echo pkgconf ;;
    python3 | python3-pip | python3-venv) echo python3 ;;
    python3-numpy) echo numpy ;;
    binutils) ;;
    *) fail "no Homebrew name is known for $1" ;;
  esac
}

if [ "$(uname)" = Darwin ]; then
  command -v brew >/dev/null || fail "needs Homebrew (https://brew.sh)"
  for package in "$@"; do
    name=$(brew_name "$package")
    [ -z "$name" ] || brew list --versions "$name" >/dev/null || brew install "$name"
  done
  exit
fi

missing=()
for package in "$@"; do
  dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
command -v apt-get >/dev/null || fail "needs ${missing[*]}; this script knows apt-get and Homebrew only"
root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || fail "needs ${missing[*]}: run as root, or install sudo"
  root=(sudo)
fi
echo "Installing ${missing[*]}"
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
