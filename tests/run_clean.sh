#!/bin/sh
# Runs a test in its working folder, emptied of what an earlier run left there.
set -u
case $PWD in
*/tests/run/*) find . -mindepth 1 -delete ;;
*) echo "$PWD is not the working folder of a test"; exit 1 ;;
esac
exec "$@"
