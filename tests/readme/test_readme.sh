#!/bin/sh
# README.md names only what exists, and the check finds each planted fault.
set -u
check="$SOURCE_DIR/tests/readme/check_readme.sh"
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
failures=0

sh "$check" "$SOURCE_DIR" || failures=1

mkdir -p "$tree/examples/a" "$tree/io"
: >"$tree/examples/a/run.yaml"
: >"$tree/io/units.h"

expect() { # whether a fault is found, what stands below the two commands
    printf '```\n%s\n%s\n```\n%s\n' "$first" './hamlet test' "$2" >"$tree/README.md"
    found=no
    sh "$check" "$tree" >"$tree/output" || found=yes
    if [ $found != "$1" ]; then echo "with \`$first\`, $2: fault found: $found"; failures=1; fi
}

first='./hamlet run examples/a/run.yaml'
expect no ''
expect no 'see `io/units.h` and [units](io/units.h) and [site](https://example.org/x)'
expect yes 'see `io/gone.h`'
expect yes 'see [gone](io/gone.h)'
first='./hamlet run examples/b/run.yaml'
expect yes ''
first='./hamlet --help'
expect yes ''
rm "$tree/README.md"
if sh "$check" "$tree" >/dev/null; then echo 'a missing README.md passes'; failures=1; fi
exit $failures
