#!/bin/sh
# What density functional theory cannot compute ends with one clear line and exit code 2: names that are unknown, elements
# without data, numbers of electrons that do not go together, malformed basis sets.
set -u
failures=0
functional=pbe

printf '3\n\nO 0 0 0\nH 0 0.76 0.59\nH 0 -0.76 0.59\n' >water.xyz
printf '2\n\nO 0 0 0\nH 0 0 0.97\n' >radical.xyz
printf '2\n\nFe 0 0 0\nO 0 0 1.6\n' >iron.xyz
printf '3\n\nO 0 0 0\nH 0 0.76 0.59\nH 0 0.76 0.5901\n' >overlap.xyz
printf '3\nLattice="9 0 0 0 9 0 0 0 9"\nO 0 0 0\nH 0 0.76 0.59\nH 0 -0.76 0.59\n' >box.xyz
mkdir sets

# expect PATTERN GEOMETRY KEYS
expect() {
    timeout 60 "$HAMLET" energy "$2" --hamiltonian "{type: dft, functional: $functional, $3}" >output 2>errors
    got=$?
    [ $got -eq 2 ] || complain "exit code $got, not 2: $2 {$3}"
    [ "$(wc -l <errors)" -eq 1 ] || complain "$(wc -l <errors) lines, not 1: $2 {$3}"
    [ ! -s output ] || complain "something on standard output: $2 {$3}"
    grep -q -E -e "$1" errors || complain "nothing like '$1': $2 {$3}"
}

complain() {
    echo "$1"
    sed 's/^/    /' errors
    failures=1
}

# ---- names, elements, electrons ----
expect "no basis set '6-31g' comes with the program \(sto-3g, 6-31g\*, .*; did you mean '6-31g\*'\?" water.xyz 'basis: 6-31g'
expect "no auxiliary basis 'def2-jfit' .*def2-universal-jfit" water.xyz 'basis: sto-3g, auxiliary: def2-jfit'
expect "hamiltonian.functions must be auto, spherical or cartesian" water.xyz 'basis: sto-3g, functions: round'
expect "dft needs 'basis: ...'" water.xyz 'charge: 0'
expect "the basis set def2-svp has nothing for Fe \(atom 0\): it goes from H to Ar" iron.xyz 'basis: def2-svp, multiplicity: 5'
expect "number of electrons is odd, which goes with multiplicity 2, 4" radical.xyz 'basis: sto-3g'
expect "number of electrons is even, which goes with multiplicity 1, 3" water.xyz 'basis: sto-3g, multiplicity: 2'
expect "with charge 10 there are 0 electrons" water.xyz 'basis: sto-3g, charge: 10'
expect "7 electrons of one spin have no room in 7 functions|8 electrons of one spin have no room in 7" water.xyz \
    'basis: sto-3g, charge: -4, multiplicity: 3'
expect "overlap.xyz: atoms 1 \(H\) and 2 \(H\) are 0.0001 Angstrom apart" overlap.xyz 'basis: sto-3g'
expect "isolated molecules, and the geometry is periodic" box.xyz 'basis: sto-3g'
functional=pbf
expect "hamiltonian.functional: .*'pbf'|hamiltonian={.*'pbf'" water.xyz 'basis: sto-3g'
functional=pbe

# ---- files of basis sets ----
set_file() { # name, text
    printf "$2" >"sets/$1"
}
hydrogen='H 0\nS 1 1.00\n1.2 1.0\n****\n'
set_file none.g94 ''
set_file words.g94 'this is\nno basis set\n'
set_file missing.g94 "$hydrogen"
set_file truncated.g94 "${hydrogen}O 0\nS 3 1.00\n130.7 0.15\n23.8 0.53\n"
set_file open.g94 "${hydrogen}O 0\nS 1 1.00\n130.7 1\n"
set_file letter.g94 "${hydrogen}O 0\nX 1 1.00\n1.0 1.0\n****\n"
set_file high.g94 "${hydrogen}O 0\nG 1 1.00\n1.0 1.0\n****\n"
set_file negative.g94 "${hydrogen}O 0\nS 1 1.00\n-1.0 1.0\n****\n"
set_file columns.g94 "${hydrogen}O 0\nSP 1 1.00\n1.0 1.0\n****\n"
set_file count.g94 "${hydrogen}O 0\nS 4000000000 1.00\n1.0 1.0\n****\n"
set_file kind.g94 "${hydrogen}O 0\nD 1 1.00\n1.0 1.0\n****\n"
set_file core.g94 "${hydrogen}O 0\nO-ECP 2 2\nd potential\n****\n"
printf 'H 0\nS 1\n\000\001\377 1\n****\n' >sets/binary.g94
LC_ALL=C awk 'BEGIN { for (s = 1; n < 20000; n++) { s = (s * 69069 + 1) % 4294967296; printf "%c", int(s / 16777216) } }' \
    >sets/random.g94
expect 'sets/none.g94:1: no element' water.xyz 'basis: sets/none.g94'
expect "sets/words.g94:1: 'this' where an element was expected" water.xyz 'basis: sets/words.g94'
expect 'sets/missing.g94 has nothing for O \(atom 0\)' water.xyz 'basis: sets/missing.g94'
expect 'sets/truncated.g94:9: the shell of line 6 ends after 2 of 3 primitives' water.xyz 'basis: sets/truncated.g94'
expect 'sets/open.g94:8: the file ends within the block of O' water.xyz 'basis: sets/open.g94'
expect "sets/letter.g94:6: 'X' is no shell" water.xyz 'basis: sets/letter.g94'
expect "sets/high.g94:6: shell 'G': this basis may have shells up to f" water.xyz 'basis: sets/high.g94'
expect 'sets/negative.g94:7: exponent -1.0: it must be above zero' water.xyz 'basis: sets/negative.g94'
expect 'sets/columns.g94:7: 2 numbers where an exponent and 2 coefficients' water.xyz 'basis: sets/columns.g94'
expect 'sets/count.g94:6: a shell of 4000000000 primitives' water.xyz 'basis: sets/count.g94'
expect "sets/kind.g94 has d functions and does not say" water.xyz 'basis: sets/kind.g94'
expect "sets/core.g94:6: 'O-ECP': effective core potentials are not supported" water.xyz 'basis: sets/core.g94'
expect "sets/binary.g94:3: '.*' is no number" water.xyz 'basis: sets/binary.g94'
expect 'sets/random.g94:[0-9]+: ' water.xyz 'basis: sets/random.g94'
expect 'cannot read the basis set sets: Is a directory' water.xyz 'basis: sets'
expect "sets/negative.g94:7: exponent" water.xyz 'basis: sto-3g, auxiliary: sets/negative.g94'

exit $failures
