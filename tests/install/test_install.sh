#!/bin/sh
# An installed Hamlet is found by CMake (find_package) and by pkg-config, and a program links to every room.
set -eu
cmake --install "$BUILD_DIR" --prefix "$PWD/prefix" >install.log 2>&1 || { cat install.log; exit 1; }

# The tools that built Hamlet: its compiler, flags and MPI.
cached() { sed -n "s/^$1:[A-Z]*=//p" "$BUILD_DIR/CMakeCache.txt"; }
CC=$(cached CMAKE_C_COMPILER)
CFLAGS=$(cached CMAKE_C_FLAGS)
export CC CFLAGS

mkdir -p user
cat >user/user.c <<'END'
#include "hamiltonians/hamiltonian.h"
#include "io/units.h"
#include "predictors/predictor.h"
#include "scheduler/policy.h"

#include <mpi.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    int size = 0;
    if (MPI_Init(&argc, &argv) != MPI_SUCCESS) return 1;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    printf("%s %s %s %d\n", hm_hamiltonian_registered(0)->method.name, hm_predictor_registered(0)->method.name,
           hm_policy_registered(0)->method.name, size);
    return MPI_Finalize() == MPI_SUCCESS ? 0 : 1;
}
END
cat >user/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.20)
project(user LANGUAGES C)
find_package(hamlet 0.1 REQUIRED)
add_executable(user user.c)
target_link_libraries(user PRIVATE hamlet::hamlet)
END

methods=$(for def in hamiltonians/hamiltonians predictors/predictors scheduler/policies; do
    sed -n 's/^HM_[A-Z]*(\([a-z0-9_]*\)).*/\1/p' "$SOURCE_DIR/$def.def" | head -n 1
done | tr '\n' ' ')

check() { # how it was built, the program
    output=$("$2")
    if [ "$output" != "${methods}1" ]; then echo "$1: printed '$output' instead of '${methods}1'"; exit 1; fi
}

cmake -S user -B user/build -DCMAKE_PREFIX_PATH="$PWD/prefix" >user.log 2>&1 && cmake --build user/build >>user.log 2>&1 ||
    { cat user.log; exit 1; }
check 'find_package' user/build/user

libdir=$(dirname "$(find "$PWD/prefix" -name hamlet.pc)")
# shellcheck disable=SC2046,SC2086
"$CC" -std=c17 $CFLAGS user/user.c -o user/user $(PKG_CONFIG_PATH=$libdir pkg-config --cflags --libs hamlet)
check 'pkg-config' user/user

[ "$(prefix/bin/hamlet --version)" ] || { echo 'the installed program does not tell its version'; exit 1; }
if find prefix -name '*_internal.h' | grep .; then echo 'internal headers are installed'; exit 1; fi

for file in man/man1/hamlet.1 man/man1/hamlet-run.1 man/man5/hamlet-config.5 bash-completion/completions/hamlet \
    zsh/site-functions/_hamlet; do
    [ -s "prefix/share/$file" ] || { echo "share/$file is not installed"; exit 1; }
done
