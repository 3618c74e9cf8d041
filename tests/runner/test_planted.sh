#!/bin/sh
# The runner of MPI tests fails when one rank fails, when one rank asserts nothing, and when the world has the wrong size.
set -u
failures=0

expect() { # pass or fail, what is planted, ranks, HAMLET_TEST_RANKS, closing line
    # mpirun may drop what a rank of a failing job said last: the exit code must be right every time, the line once.
    for attempt in 1 2 3; do
        PLANT=$2 HAMLET_TEST_RANKS=$4 "$MPIEXEC" -n "$3" "$BUILD_DIR/tests/planted" >output 2>errors
        status=$?
        got=pass
        if [ $status -ne 0 ]; then got=fail; fi
        if [ $got != "$1" ] || grep -q -F -x "planted on $5" output; then break; fi
    done
    if [ $got != "$1" ] || [ "$(grep -c -F -x "planted on $5" output)" -ne 1 ]; then
        echo "planting $2 on $3 ranks (expected $4): $got, expected $1 and one line 'planted on $5'"
        cat output errors
        failures=1
    fi
}

expect pass nothing 1 1 '1 ranks: 0 failures, 0 ranks without assertions'
expect pass nothing 3 3 '3 ranks: 0 failures, 0 ranks without assertions'
expect fail failure 3 3 '3 ranks: 1 failures, 0 ranks without assertions'
expect fail silence 3 3 '3 ranks: 0 failures, 1 ranks without assertions'
expect fail nothing 2 3 '2 ranks: 2 failures, 2 ranks without assertions'

# The suppressions hide the leaks of the MPI library, not ours.
if grep -q '^CMAKE_C_FLAGS:.*-fsanitize=address' "$BUILD_DIR/CMakeCache.txt"; then
    expect fail leak 2 2 '2 ranks: 0 failures, 0 ranks without assertions'
fi

PLANT=failure HAMLET_TEST_RANKS=2 "$MPIEXEC" -n 2 "$BUILD_DIR/tests/planted" >output 2>errors
grep -q 'rank 1: planted: .*planted.c:' errors || { echo 'the failure on rank 1 is not named'; failures=1; }

# Ranks that a foreign launcher starts find themselves alone.
if PLANT=nothing HAMLET_TEST_RANKS=2 "$BUILD_DIR/tests/planted" >output 2>&1; then
    echo 'a lone rank of two passes'
    failures=1
fi
exit $failures
