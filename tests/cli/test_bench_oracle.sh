#!/bin/sh
# hamlet bench oracle: a line of JSON for each geometry, in their order, with numbers that can be right.
set -eu

printf '2\nProperties=species:S:1:pos:R:3\nH 0 0 0\nCl 0 0 1.3\n' >one.xyz
printf '2\nProperties=species:S:1:pos:R:3\nH 0 0 0\nCl 0 0 1.2\n' >two.xyz
"$HAMLET" bench oracle --hamiltonian '{type: harmonic, molecule: HCl}' one.xyz two.xyz --json >lines
cat lines
[ "$(wc -l <lines)" -eq 2 ]
sed -n 1p lines | grep -q '"case": "one.xyz"'
sed -n 2p lines | grep -q '"case": "two.xyz"'
for key in seconds_warm seconds_warm_p10 seconds_warm_p90 seconds_cold cpu_seconds_warm cpu_seconds_cold; do
    [ "$(grep -c "\"$key\": [0-9]" lines)" -eq 2 ]
done
grep -q '"natoms": 2, "steps": 500' lines
"$HAMLET" bench oracle --hamiltonian '{type: harmonic, molecule: HCl}' one.xyz | grep -q '^oracle one.xyz .* 500 steps$'
