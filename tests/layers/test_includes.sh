#!/bin/sh
# The tree obeys its layers, and the check finds each planted violation.
set -u
check="$SOURCE_DIR/tests/layers/check_includes.sh"
tree=$(mktemp -d) || exit 1
trap 'rm -rf "$tree"' EXIT
failures=0

sh "$check" "$SOURCE_DIR" || failures=1

plant() { # file, include, whether it is found
    rm -rf "${tree:?}"/*
    mkdir -p "$tree/io/analysis" "$tree/hamiltonians" "$tree/predictors" "$tree/scheduler" "$tree/tests" "$tree/examples"
    printf '// first line\n#  include %s\n' "$2" >"$tree/$1"
    found=no
    output=$(sh "$check" "$tree") || found=yes
    case $found$output in
    no | "yes$1:2: "*) ;;
    *) echo "planting $2 in $1: the message is: $output"; failures=1 ;;
    esac
    if [ "$found" != "$3" ]; then echo "$1 including $2: found: $found, expected: $3"; failures=1; fi
}

plant io/a.c '"hamiltonians/hamiltonian.h"' yes
plant io/a.c '"predictors/predictor.h"' yes
plant io/a.h '"scheduler/step.h"' yes
plant io/a.c '"io/frame.h"' no
plant hamiltonians/a.c '"predictors/predictor.h"' yes
plant hamiltonians/a.c '"scheduler/step.h"' yes
plant hamiltonians/a.c '"io/frame.h"' no
plant predictors/a.c '"hamiltonians/hamiltonian.h"' yes
plant predictors/a.h '"scheduler/step.h"' yes
plant predictors/a.def '"scheduler/step.h"' yes
plant scheduler/a.c '"tests/test.h"' yes
plant scheduler/a.c '"hamiltonians/hamiltonian.h"' no
plant scheduler/a.c '"predictors/predictor.h"' no
plant tests/a.c '"scheduler/step.h"' no
plant scheduler/a.c '<hdf5.h>' yes
plant predictors/a.c '<H5Fpublic.h>' yes
plant io/a.c '<hdf5.h>' no
plant scheduler/a.c '<xc.h>' yes
plant io/a.c '<libint2.hpp>' yes
plant predictors/a.c '<xtb.h>' yes
plant hamiltonians/a.c '<xtb.h>' no
plant hamiltonians/a.c '<mpi.h>' yes
plant predictors/a.c '"mpi.h"' yes
plant scheduler/a.c '<mpi.h>' no
plant io/a.c '<kiss_fftr.h>' yes
plant io/analysis/a.c '<kiss_fftr.h>' no
plant scheduler/a.c '<lbfgs.h>' yes
plant io/a.c '<lbfgs.h>' yes
plant io/analysis/a.c '<lbfgs.h>' no
plant predictors/a.c '<lbfgs.h>' no
plant io/a.c '<cblas.h>' yes
plant io/a.c '"../predictors/predictor.h"' yes
exit $failures
