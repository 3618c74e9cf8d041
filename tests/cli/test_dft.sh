#!/bin/sh
# dft in whole runs: a group of two ranks that shares every evaluation, a run that is resumed, and a field that never
# becomes self-consistent, alone and in a group: the ladder, exit code 3, a trajectory that can be read.
set -u
failures=0

printf '3\nProperties=species:S:1:pos:R:3 pbc="F F F"\nO 0 0 0.12\nH 0.02 0.76 -0.47\nH 0 -0.75 -0.45\n' >water.xyz
printf '2\nProperties=species:S:1:pos:R:3 pbc="F F F"\nN 0 0 0\nN 0 0 3.0\n' >apart.xyz
cat >water.yaml <<'END'
system: {geometry: water.xyz, initial_velocities: {temperature: 300 K, seed: 1}}
hamiltonian: {type: dft, functional: pbe, basis: sto-3g, grid: coarse}
integrator: {timestep: 0.5 fs, steps: 40}
predictor: {type: linear, representation: cartesian, inputs: [velocity], history: 4}
training: {warmup_steps: 20}
policy: {type: periodic, frequency: 0.2}
output: {trajectory: alone.h5, stride: 5}
END
cat >apart.yaml <<'END'
system: {geometry: apart.xyz, initial_velocities: {temperature: 300 K, seed: 1}}
hamiltonian: {type: dft, functional: pbe, basis: sto-3g, grid: coarse, coulomb: exact, max_iterations: 2}
integrator: {timestep: 0.5 fs, steps: 10}
training: {warmup_steps: 5}
predictor: {type: zero}
output: {trajectory: apart.h5, stride: 1}
END

complain() {
    echo "$1"
    [ ! -s errors ] || sed 's/^/    /' errors
    failures=1
}

# expect CODE COMMAND...
expect() {
    code=$1
    shift
    timeout 120 "$@" >output 2>errors
    got=$?
    [ $got -eq "$code" ] || complain "exit code $got, not $code: $*"
}

# last_frame FILE: the numbers that analysis makes of a run, without times.
numbers() { "$HAMLET" analyze "$1" --json | grep -v -E 'seconds|speedup' | tr -d ' ",' | grep -E ':[-0-9.e+]+$'; }

close() { # two files of key:number
    paste -d: "$1" "$2" | awk -F: '{ d = $2 - $4; if (d < 0) d = -d; s = $2 < 0 ? -$2 : $2;
        if ($1 != $3 || d > 1e-5 * s + 1e-9) { print "    " $0; bad = 1 } } END { exit bad || NR < 5 }'
}

group='ranks={predictors: 0, oracles: 1, oracle_size: 2}'
expect 0 "$HAMLET" run water.yaml -n 1
expect 0 "$HAMLET" run water.yaml -n 3 --set "$group" --set output.trajectory=group.h5
numbers alone.h5 >alone
numbers group.h5 >group
close alone group || complain 'a group of two ranks gives other numbers than one rank'

expect 3 "$HAMLET" run apart.yaml -n 1
grep -q 'did not converge in 2 iterations' errors || complain 'the message does not say what failed'
"$HAMLET" analyze apart.h5 --json >/dev/null || complain 'the trajectory of a run that failed cannot be read'
expect 3 "$HAMLET" run apart.yaml -n 3 --overwrite --set "$group"
grep -q 'did not converge in 2 iterations' errors || complain 'the message of a group does not say what failed'
"$HAMLET" analyze apart.h5 --json >/dev/null || complain 'the trajectory of a group that failed cannot be read'
exit $failures
