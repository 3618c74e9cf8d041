#!/bin/sh
# hamlet train: a predictor trained on a recorded run drives another one; what is not every step of this system is refused
# with one line, and nothing is written then.
set -u
failures=0

cat >run.yaml <<'END'
system: {initial_velocities: {temperature: 300 K, seed: 7}}
hamiltonian: {type: harmonic, molecule: HCl}
integrator: {timestep: 0.25 fs, steps: 1500}
policy: {type: always}
output: {trajectory: exact.h5, stride: 1}
END

complain() {
    echo "$1"
    sed 's/^/    /' output errors
    failures=1
}

list_files() { ls -l --time-style=full-iso . | grep -v -E '^total| (output|errors|before|after)$'; }

# refuse CODE PATTERN ARGUMENTS...: hamlet train fails with this code and one line, and leaves every file as it was.
refuse() {
    code=$1 pattern=$2
    shift 2
    list_files >before
    timeout 60 "$HAMLET" train "$@" >output 2>errors
    got=$?
    list_files >after
    diff before after >/dev/null || complain "changed files: train $*"
    [ $got -eq "$code" ] || complain "exit code $got, not $code: train $*"
    [ "$(wc -l <errors)" -eq 1 ] || complain "$(wc -l <errors) lines, not 1: train $*"
    grep -q -E -e "$pattern" errors || complain "nothing like '$pattern': train $*"
}

# train PATTERN ARGUMENTS...: it succeeds and its log says so.
train() {
    pattern=$1
    shift
    timeout 120 "$HAMLET" train "$@" >output 2>errors || complain "failed: train $*"
    grep -q -E -e "$pattern" output || complain "nothing like '$pattern': train $*"
}

# below LIMIT: the held-out error in the log.
below() {
    sed -n 's/.*held-out error \(.* before, \)\{0,1\}\([^ ]*\) of the rms.*/\2/p' output |
        awk -v limit="$1" '{ n++; if (!($1 + 0 < limit + 0)) bad = 1 } END { exit !(n > 0 && !bad) }' ||
        complain "the held-out error is not below $1"
}

"$HAMLET" run run.yaml -q || complain 'the exact run'
"$HAMLET" run run.yaml -q --set output.trajectory=tenth.h5 --set output.stride=10 || complain 'the run with a stride'
"$HAMLET" run run.yaml -q --set output.trajectory=hybrid.h5 --set training.warmup_steps=500 \
    --set 'policy={type: periodic, frequency: 0.02}' || complain 'the hybrid run'
"$HAMLET" run run.yaml -q --set output.trajectory=morse.h5 --set hamiltonian.type=morse || complain 'the other law'
"$HAMLET" run run.yaml -q --set output.trajectory=slow.h5 --set 'integrator.timestep=0.5 fs' || complain 'the slow run'

# A force law is a law: what another run taught holds to rounding, and the policy never has to ask.
train '1500 frames of 2 atoms, 0.25 fs apart: 1498 kicks' run.yaml --from exact.h5 -o weights.h5
below 1e-10
grep -q 'predictor.weights: weights.h5' output || complain 'no word on what to do next'
"$HAMLET" run run.yaml -q --set output.trajectory=driven.h5 --set predictor.weights=weights.h5 --set training.mode=off \
    --set training.warmup_steps=13 --set integrator.steps=4000 --set policy.type=never >output 2>errors || complain 'the driven run'
"$HAMLET" run run.yaml -q --set output.trajectory=straight.h5 --set integrator.steps=4000 >output 2>errors || complain 'the straight run'
"$HAMLET" analyze driven.h5 --json --reference straight.h5 >output 2>errors || complain 'the comparison'
tr -d '\n' <output | grep -q '"injections": 0' || complain 'the driven run asked for forces'
tr ',' '\n' <output | sed -n 's/.*"rms_angstrom": \([^}]*\).*/\1/p' |
    awk '{ n++; if (!($1 + 0 < 1e-8)) bad = 1 } END { exit !(n > 0 && !bad) }' || complain 'the driven run left the exact one'

# Predicted kicks are not learned from; members have each their weights; weights can be trained further, or not.
train 'of them were predicted in that run and are not learned from' run.yaml --from hybrid.h5 -o hybrid_weights.h5
train 'member 0: history of 4 steps' run.yaml --from exact.h5 -o short_history.h5 --set predictor.history=4
train 'held-out error 0.* before, ' run.yaml --from morse.h5 -o morse_weights.h5 --set predictor.weights=weights.h5
below 1e-3
refuse 1 'nothing was learned beyond' run.yaml --from exact.h5 -o again.h5 --set predictor.weights=weights.h5
refuse 2 'needs' run.yaml --from exact.h5 -o again.h5 --set predictor.weights=weights.h5 --set predictor.history=4
refuse 2 'missing.h5' run.yaml --from exact.h5 -o again.h5 --set predictor.weights=missing.h5
refuse 1 'too short to learn from' run.yaml --from exact.h5 -o again.h5 --set predictor.inputs='[velocity]' --set predictor.history=500

# Not every step, not this system, not a trajectory.
refuse 2 'frames are 10 steps \(2.5 fs\) apart; training needs every step: record with output.stride: 1' \
    run.yaml --from tenth.h5 -o again.h5
refuse 2 'frames are 2 steps \(0.5 fs\) apart' run.yaml --from slow.h5 -o again.h5
refuse 2 'frames are 0.25 fs apart and integrator.timestep is 0.5 fs' run.yaml --from exact.h5 -o again.h5 \
    --set 'integrator.timestep=0.5 fs'
refuse 2 'atom 0 is H .* in the system it is C' run.yaml --from exact.h5 -o again.h5 --set hamiltonian.molecule=CO
refuse 2 'there is no /particles/' run.yaml --from weights.h5 -o again.h5
refuse 2 'run.yaml:1: a frame starts with its number of atoms' run.yaml --from run.yaml -o again.h5
refuse 2 'missing.h5: cannot be opened' run.yaml --from missing.h5 -o again.h5
refuse 2 'the zero predictor learns nothing' run.yaml --from exact.h5 -o again.h5 --set predictor.type=zero

# Outputs.
refuse 2 'weights.h5: exists already; use --overwrite' run.yaml --from exact.h5 -o weights.h5
refuse 2 'exact.h5 is the trajectory to train on' run.yaml --from exact.h5 -o exact.h5 --overwrite
ln exact.h5 alias.h5
refuse 2 'is the trajectory to train on' run.yaml --from exact.h5 -o alias.h5 --overwrite
refuse 2 'run.yaml: is no trajectory and will not be replaced' run.yaml --from exact.h5 -o run.yaml --overwrite
refuse 2 'no/such/folder' run.yaml --from exact.h5 -o no/such/folder/w.h5
refuse 2 'which configuration file' --from exact.h5 -o again.h5
refuse 2 'on which trajectory' run.yaml -o again.h5
refuse 2 'to which file' run.yaml --from exact.h5
refuse 2 'one too many' run.yaml more.yaml --from exact.h5 -o again.h5
OMPI_COMM_WORLD_SIZE=2 refuse 2 'without mpirun' run.yaml --from exact.h5 -o again.h5
cp weights.h5 kept.h5
train 'written: weights.h5' run.yaml --from exact.h5 -o weights.h5 --overwrite --set predictor.history=5
cmp -s weights.h5 kept.h5 && complain '--overwrite wrote nothing'
"$HAMLET" train run.yaml --from exact.h5 -o weights.h5 --overwrite -q >output 2>errors || complain 'a quiet training'
[ -s output ] || [ -s errors ] && complain 'a quiet training spoke'
exit $failures
