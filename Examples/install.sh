#!/usr/bin/env bash
# Builds the release and installs the commands, their man pages and what completes their options in bash, zsh and fish:
#
#   install.sh PREFIX [BIN]    PREFIX is such as /usr/local or ~/.local; BIN is a folder of commands that are built already
set -euo pipefail

fail() { echo "install: $*" >&2; exit 1; }

[ $# -ge 1 ] && [ $# -le 2 ] && [ "${1#-}" = "$1" ] || fail "expected install.sh PREFIX [BIN]"
prefix=$1
bin=${2:-}
here=$(cd "$(dirname "$0")" && pwd)
command -v python3 >/dev/null || fail "needs python3 for the man pages"
[ -n "$bin" ] || bin=$(bash "$here/build-release.sh")

bash_completions=$prefix/share/bash-completion/completions
zsh_completions=$prefix/share/zsh/site-functions
fish_completions=$prefix/share/fish/vendor_completions.d
manual=$prefix/share/man/man1
mkdir -p "$prefix/bin" "$bash_completions" "$zsh_completions" "$fish_completions" "$manual"
for command in xception-run xception-convert xception-inspect xception-bench; do
  [ -x "$bin/$command" ] || fail "there is no $command in $bin"
  install -m 755 "$bin/$command" "$prefix/bin/$command"
  # Where the script proposes nothing, as behind a subcommand that is left out, bash proposes files.
  "$bin/$command" --generate-completion-script bash | sed 's/^complete -o filenames/complete -o default -o filenames/' >"$bash_completions/$command"
  "$bin/$command" --generate-completion-script zsh >"$zsh_completions/_$command"
  "$bin/$command" --generate-completion-script fish >"$fish_completions/$command.fish"
  "$bin/$command" --experimental-dump-help | python3 "$here/manual.py" "$("$bin/$command" --version)" >"$manual/$command.1"
done
echo "Installed in $prefix: bin, share/man and the completions of bash, zsh and fish"
