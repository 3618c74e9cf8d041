#!/bin/sh
# The include layers: check_includes.sh ROOT prints every include that breaks them and exits 1.
#
#        examples/   tests/        may include every room
#            scheduler/            MPI (and what an oracle group's ranks sum: hamiltonians/dft/team.c)
#    hamiltonians/  predictors/    never each other; libxc, libint2, libxtb / lbfgs
#               io/                HDF5; in io/analysis/ also kissfft, lbfgs
#
# Only `#include` lines count. A rule reads: this header (a pattern) is only allowed in files of these folders.
set -eu

cd "$1"
find io hamiltonians predictors scheduler tests examples \( -name '*.c' -o -name '*.h' -o -name '*.cc' -o -name '*.def' \) \
    -exec awk '
function rule(pattern, folders, why) { n++; header[n] = pattern; allowed[n] = folders; reason[n] = why }
BEGIN {
    rule("^scheduler/", "^(scheduler|tests|examples)/", "scheduler/ is above this room")
    rule("^hamiltonians/", "^(hamiltonians|scheduler|tests|examples)/", "io/ and predictors/ do not know hamiltonians/")
    rule("^predictors/", "^(predictors|scheduler|tests|examples)/", "io/ and hamiltonians/ do not know predictors/")
    rule("^tests/", "^tests/", "only tests include tests/")
    rule("^(hdf5|H5[A-Za-z0-9]*|hdf5_hl)[.]h$", "^(io|tests)/", "HDF5 stays inside io/")
    rule("^yaml[.]h$", "^io/", "libyaml stays inside io/")
    rule("^(xc|xc_funcs|libint2|xtb|dftd[34])[.](h|hpp)$|^(libint2|xtb|libxc)/", "^hamiltonians/",
         "quantum chemistry libraries stay inside hamiltonians/")
    rule("^mpi[.]h$", "^(scheduler|tests)/|^hamiltonians/dft/team[.]c$", "MPI stays inside scheduler/")
    rule("^argp[.]h$", "^scheduler/", "argp stays inside scheduler/")
    rule("^(kissfft/)?(kiss_fft[a-z]*[.]h|kissfft[.]hh)$", "^io/analysis/", "kissfft stays inside io/analysis/")
    rule("^zlib[.]h$", "^io/", "zlib stays inside io/")
    rule("^lbfgs[.]h$", "^(io/analysis|predictors)/", "liblbfgs stays inside io/analysis/ and predictors/")
    rule("^(cblas|lapacke|openblas_config)[.]h$", "^(hamiltonians|predictors|tests)/",
         "BLAS stays inside hamiltonians/ and predictors/")
    rule("^[.][.]?/", "^$", "includes are relative to the root")
}
/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
    name = $0
    sub(/^[^<"]*[<"]/, "", name)
    sub(/[>"].*$/, "", name)
    for (i = 1; i <= n; i++)
        if (name ~ header[i] && FILENAME !~ allowed[i]) {
            printf "%s:%d: includes %s: %s\n", FILENAME, FNR, name, reason[i]
            bad = 1
        }
}
END { exit bad }' {} +
