#!/usr/bin/env bash
# Runs 64 callers at once for a number of minutes and looks at memory, threads, descriptors and bits: Tests/soak.sh MINUTES
#
# They classify pictures of several sizes, and some that are damaged, in every precision, cancel, and open classifiers and
# drop them. Ten rounds; after each everything is at rest and measured. Linux only.
set -euo pipefail
cd "$(dirname "$0")/.."
export XCEPTION_SOAK_MINUTES=${1:?how many minutes?}
swift test --filter SoakTests
