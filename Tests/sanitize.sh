#!/usr/bin/env bash
# Runs the tests under a sanitizer, in a build of its own: Tests/sanitize.sh address|thread [FILTER]
#
# Of Swift and of C: everything but the system's libraries. The first build takes 6 minutes on two cores. A report of
# either sanitizer ends the process that it is found in, and so fails.
set -euo pipefail
cd "$(dirname "$0")/.."
sanitizer=${1:-}
case $sanitizer in
  address)
    # Foundation keeps what it has made once; what leaks here is looked for by Tests/soak.sh.
    export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1
    ;;
  thread)
    # Children of processes with threads are tested too.
    export TSAN_OPTIONS=halt_on_error=1:die_after_fork=0
    ;;
  *)
    echo "usage: Tests/sanitize.sh address|thread [FILTER]" >&2
    exit 2
    ;;
esac
# What limits a command's memory or files limits the sanitizer in it too, which does not tell.
limited='Memory that the system refuses|An allocation that fails|A limit of the length of files|Where it cannot be kept'
limited+='|A file that does not become whole|Memory does not grow with the number'
swift test --skip "$limited" --sanitize "$sanitizer" --scratch-path ".build-$sanitizer" ${2:+--filter "$2"}
