#!/bin/sh
# Runs a test in its working folder, emptied of what an earlier run left there, with temporary files of its own: Open MPI's
# jobs share a folder that the last to end removes, so a job of another test may fail to start.
set -u
case $PWD in
*/tests/run/*) find . -mindepth 1 -delete ;;
*) echo "$PWD is not the working folder of a test"; exit 1 ;;
esac
TMPDIR=$(mktemp -d /tmp/hamlet-test-XXXXXX) || exit 1
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 1' HUP INT TERM
"$@"
