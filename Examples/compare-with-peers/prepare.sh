# What compare.sh, fidelity.sh and figures.sh have in common; they source it, it is not run by itself.
#
# prepare OPTION...: installs and builds what is missing, and sets
#   python        an interpreter that has the peers
#   models        the folder of the peers' models, of the trained model and its photos
#   commands      the folder of our commands
#   weights       the folder of our weights files
#   precisions    those that are asked for
#   networks      likewise: Xception unless they are named
#   options       what is left of the command line

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
if [ "$(uname)" = Darwin ]; then caches=$HOME/Library/Caches; else caches=${XDG_CACHE_HOME:-$HOME/.cache}; fi
cache=$caches/xception-runtime/peers

fail() { echo "$(basename "$0"): $*" >&2; exit 1; }

usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; }

prepare() {
  python=
  models=
  commands=
  precision=all
  networks=(xception299)
  options=()
  parse "$@"
  case "$precision" in
    fp32 | bf16 | int8) precisions=("$precision") ;;
    all) precisions=(fp32 bf16 int8) ;;
    *) fail "--precision is $precision, expected fp32, bf16, int8 or all" ;;
  esac
  mkdir -p "$cache"
  # Where they are set, it is for one generation of processors, and the peers' libraries read them too.
  for variable in "${!OPENBLAS_@}"; do unset "$variable"; done
  bash "$root/Examples/install-packages.sh" zlib1g-dev libpng-dev libjpeg-dev libwebp-dev libgif-dev pkg-config \
    python3 python3-pip python3-venv >&2
  [ -n "$python" ] || install_peers
  [ "${networks[*]}" != all ] || read -r -a networks < <("$python" "$here/networks.py")
  [ -n "$models" ] || make_models
  [ -n "$commands" ] || build
  weights=$cache
}

parse() {
  while [ $# -gt 0 ]; do
    case "$1" in
      --python | --models | --commands | --precision)
        [ $# -gt 1 ] || fail "$1 needs a value"
        printf -v "${1#--}" %s "$2"
        shift 2 ;;
      --network)
        networks=()
        while [ $# -gt 1 ] && [[ $2 != -* ]]; do
          networks+=("$2")
          shift
        done
        [ ${#networks[@]} -gt 0 ] || fail "--network needs a value"
        shift ;;
      -h | --help) usage; exit ;;
      *) options+=("$1"); shift ;;
    esac
  done
  [ -z "$python" ] || [ -x "$python" ] || fail "--python: there is no interpreter at $python"
  [ -z "$models" ] || [ -f "$models/xception299.keras" ] || fail "--models: there is no xception299.keras in $models"
  [ -z "$commands" ] || [ -x "$commands/xception-bench" ] || fail "--commands: there is no xception-bench in $commands"
}

install_peers() {
  python=$cache/venv/bin/python
  if ! cmp -s "$here/requirements.txt" "$cache/installed.txt"; then
    echo "Installing the peers in $cache/venv" >&2
    python3 -m venv --clear "$cache/venv"
    "$python" -m pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$cache/installed.txt"
  fi
}

make_models() {
  models=$cache/models
  bash "$root/Examples/fetch-trained-model.sh" "$models" >&2
  "$python" "$here/make_models.py" "$models" --precision "${precisions[@]}" --network "${networks[@]}" >&2
}

build() {
  echo "Building the release" >&2
  commands=$(bash "$root/Examples/build-release.sh")
}

# weights_file NAME KERAS-FILE OPTION...: NAME.xcw in the folder of our weights files, made by xception-convert.
weights_file() {
  local file=$weights/$1.xcw source=$models/$2
  shift 2
  if [ ! "$file" -nt "$source" ] || [ ! "$file" -nt "$commands/xception-convert" ]; then
    [ -f "$source" ] || fail "there is no $source, which Examples/fetch-trained-model.sh or make_models.py makes"
    echo "Converting to $(basename "$file")" >&2
    "$commands/xception-convert" "$source" "$file" --quiet "$@" >&2
  fi
}

# converted_to PRECISION: the options of xception-convert.
converted_to() {
  case "$1" in
    bf16) echo --precision bf16 ;;
    int8) echo --quantize int8 ;;
  esac
}

# converted NAME KERAS-FILE OPTION...: NAME.xcw in each precision that is asked for, and in fp32 in any case.
converted() {
  local name=$1 precision
  weights_file "$@"
  shift
  for precision in "${precisions[@]}"; do
    # shellcheck disable=SC2046 # words, not one
    [ "$precision" = fp32 ] || weights_file "$name-$precision" "$@" $(converted_to "$precision")
  done
}

# compared NETWORK: its files in each precision that is asked for. The peers' files are not compressed; neither are ours,
# but for Xception's, of which there is a table of both forms.
compared() {
  if [ "$1" = xception299 ]; then converted "$1" "$1.keras"; else converted "$1" "$1.keras" --stored; fi
}
