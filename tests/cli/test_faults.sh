#!/bin/sh
# Bad input ends with one clear line per fault and exit code 2; nothing is written or overwritten, and no rank hangs.
set -u
failures=0

cat >good.yaml <<'END'
system: {geometry: hcl.xyz, initial_velocities: {temperature: 300 K, seed: 7}}
hamiltonian: {type: harmonic, molecule: HCl}
integrator: {timestep: 0.25 fs, steps: 2000}
training: {warmup_steps: 400}
output: {trajectory: out.h5}
END
printf '2\n\nH 0 0 0\nCl 1.27 0 0\n' >hcl.xyz
printf '2\n\nH 0 0 nan\nCl 1.27 0 0\n' >nan.xyz
printf '2\n\nH 0 0 0\nXy 1.27 0 0\n' >unknown.xyz
printf '2\n\nH 0 0 0\nCl 0.01 0 0\n' >overlap.xyz
printf '2\nProperties=species:S:1:pos:R:3:masses:R:1\nH 0 0 0 -1\nCl 1.27 0 0 35\n' >negative.xyz
printf '2\n\nH 0 0 0\n' >short.xyz
: >empty.yaml
echo precious >precious.h5

# expect CODE LINES PATTERN COMMAND...: the exit code, how many lines on standard error, and what they say.
expect() {
    code=$1 lines=$2 pattern=$3
    shift 3
    list_files >before
    timeout 60 "$@" >output 2>errors
    got=$?
    list_files >after
    diff before after >/dev/null || complain "changed files: $*"
    [ $got -eq "$code" ] || complain "exit code $got, not $code: $*"
    [ "$(wc -l <errors)" -eq "$lines" ] || complain "$(wc -l <errors) lines, not $lines: $*"
    [ "$lines" -eq 0 ] || grep -q -E -e "$pattern" errors || complain "nothing like '$pattern': $*"
}

list_files() { ls -l --time-style=full-iso . | grep -v -E '^total| (output|errors|before|after)$'; }

complain() {
    echo "$1"
    sed 's/^/    /' errors
    failures=1
}

run() { # pattern, setting
    expect 2 1 "$1" "$HAMLET" run good.yaml --set "$2"
}

run "unknown key 'policy.frequncy'.*policy.frequency" policy.frequncy=0.1
run 'unit of time' integrator.timestep=0.25
run 'time' 'integrator.timestep=0.25 kg'
run 'frequency.*0.*1' policy.frequency=1.5
run 'frequency.*0.*1' policy.frequency=-0.1
run 'steps' integrator.steps=0
run 'nan.xyz:3.*(NaN|nan|finite)' system.geometry=nan.xyz
run 'unknown.xyz:4.*Xy' system.geometry=unknown.xyz
run 'overlap.xyz.*(0 and 1|closer|apart|top)' system.geometry=overlap.xyz
run 'negative.xyz.*mass' system.geometry=negative.xyz
run 'short.xyz' system.geometry=short.xyz
run 'missing.xyz' system.geometry=missing.xyz
run "harmonic, .*morse" hamiltonian.type=quantum
run 'HCl' hamiltonian.molecule=XeF
run 'sequence' hamiltonian.molecule=CO
run 'zero, linear' predictor.type=oracle
run 'always, never, periodic, replay' policy.type=sometimes
run 'log' policy.type=replay
run 'missing.h5' 'policy={type: replay, log: missing.h5}'
run 'good.yaml' 'policy={type: replay, log: good.yaml}'
run 'hidden.*from 1' predictor.hidden=0
run 'does not fit into the warm-up of 400' predictor.history=500
run 'does not fit into the warm-up of 400' 'predictor={type: lstm, history: 200}'
run 'predictor.committee to 2' 'policy={type: threshold, signal: committee, above: 3}'
run "linear predictor gives no signal 'base_difference'" 'policy={type: threshold, signal: base_difference, above: 3}'
run "needs 'signal' and 'above'" policy.type=threshold
run "'signal' needs 'above'" 'policy={type: threshold, signal: extremeness}'
run 'not both' 'policy={type: threshold, signal: extremeness, above: 3, bounds: {extremeness: 3}}'
run 'interval.min is 9 steps' 'policy={type: residual, interval: {min: 9, max: 8}}'
run 'policy.target must be > 0' 'policy={type: residual, target: 0}'
run 'injection.burst must be at least' 'injection={restore_energy: true, burst: 1}'
run 'off keeps the weights as loaded' training.mode=off
run 'missing.h5' predictor.weights=missing.h5
run 'good.yaml' predictor.weights=good.yaml
run '8 ranks' 'ranks={predictors: 1, oracles: 6}'
run 'precious.h5.*--overwrite' output.trajectory=precious.h5
run 'no/such/folder' output.trajectory=no/such/folder/out.h5
run 'regular file' output.trajectory=.
expect 2 1 'ranks' "$HAMLET" run good.yaml -n 3 --set 'ranks={predictors: 1, oracles: 3}'
expect 2 1 'precious.h5' "$HAMLET" run good.yaml -n 3 --set output.trajectory=precious.h5
expect 2 1 'precious.h5.*no trajectory' "$HAMLET" run good.yaml --overwrite --set output.trajectory=precious.h5
expect 2 1 'good.yaml.*no trajectory' "$HAMLET" run good.yaml --overwrite --set output.trajectory=good.yaml
expect 2 1 '65536' "$HAMLET" run good.yaml -n 4294967298
expect 2 1 'reservoir' "$HAMLET" run good.yaml --set training.reservoir=4611686018427387904
expect 2 2 '--set' "$HAMLET" run good.yaml --set integrator.timestep=1 --set nonsense.key=2
expect 2 1 'missing.yaml' "$HAMLET" run missing.yaml
expect 2 1 'missing.yaml' "$HAMLET" run -n 2 missing.yaml
expect 2 1 '.' "$HAMLET" validate hcl.xyz
expect 2 1 'command' "$HAMLET" runn good.yaml
expect 2 1 'missing.h5' "$HAMLET" analyze missing.h5
expect 2 1 'good.yaml' "$HAMLET" analyze good.yaml
expect 2 1 'integrator.timestep' "$HAMLET" explain integrator.timstep
expect 2 1 'benchmark' "$HAMLET" bench nothing
expect 2 1 'GEOMETRY' "$HAMLET" bench oracle --hamiltonian '{type: harmonic, molecule: HCl}'
expect 2 1 'GEOMETRY' "$HAMLET" bench oracle hcl.xyz
expect 2 1 'missing.xyz' "$HAMLET" bench oracle --hamiltonian '{type: harmonic, molecule: HCl}' missing.xyz
expect 2 1 'oracle' "$HAMLET" bench step hcl.xyz
"$HAMLET" run empty.yaml >output 2>errors
if [ $? -ne 2 ]; then complain 'an empty file'; fi

# As an ordinary user, a folder one may not write in.
if [ "$(id -u)" -eq 0 ]; then
    echo 'as root every folder is writable: /proc stands for one that is not'
    run 'proc' output.trajectory=/proc/out.h5
else
    mkdir -p locked && chmod a-w locked
    run 'locked' output.trajectory=locked/out.h5
fi

# A dry run writes nothing and says so; a valid file is valid.
expect 0 0 '' "$HAMLET" run good.yaml --dry-run
expect 0 0 '' "$HAMLET" run good.yaml --dry-run -n 4
if [ -w /dev/full ]; then
    "$HAMLET" explain >/dev/full 2>errors
    [ $? -eq 1 ] || complain 'output that could not be written'
fi

# A replay that cannot repeat its log says so; of a run that learned, the log holds all that is needed in any mode.
"$HAMLET" run good.yaml -q || complain 'the run to replay'
replay='policy={type: replay, log: out.h5}'
expect 2 1 'warm-up' "$HAMLET" run good.yaml --set "$replay" --set training.warmup_steps=300 --set output.trajectory=again.h5
expect 2 1 'holds 2000 steps and this run has 2001' "$HAMLET" run good.yaml --set "$replay" --set integrator.steps=2001 --set output.trajectory=again.h5
expect 2 1 'the log to replay' "$HAMLET" run good.yaml --overwrite --set "$replay"
expect 0 0 '' "$HAMLET" run good.yaml --dry-run --set "$replay" --set training.mode=asynchronous --set output.trajectory=again.h5

# Weights that do not fit: of another shape, another time step, another number of members, another method, or of nobody.
again() { # pattern, setting
    expect 2 1 "$1" "$HAMLET" run good.yaml --set output.trajectory=again.h5 --set predictor.weights=out.h5 --set "$2"
}
again "out.h5 holds weights of .linear.*history 12.*this run needs .linear.*history 4," predictor.history=4
again 'timestep 0.25 fs.*timestep 0.5 fs' 'integrator.timestep=0.5 fs'
again 'the weights of 1 member and predictor.committee is 2' 'predictor={type: lstm, committee: 2, weights: out.h5}'
again "holds weights of 'linear.*this run needs 'lstm" predictor.type=lstm
again 'the zero predictor has no weights' predictor.type=zero
"$HAMLET" run good.yaml -q --set predictor.type=zero --set output.trajectory=nobody.h5 || complain 'the run that learns nothing'
expect 2 1 'nobody.h5.*weights' "$HAMLET" run good.yaml --set output.trajectory=again.h5 --set predictor.weights=nobody.h5
rm -f out.h5
expect 0 0 '' "$HAMLET" validate good.yaml

# A diverging trajectory stops with code 4, says where and why, and is kept; alone and on ranks.
for ranks in 1 3; do
    timeout 60 "$HAMLET" run good.yaml -n $ranks --set 'integrator.max_temperature=1 K' --set output.trajectory=hot.h5 --overwrite \
        >output 2>errors
    [ $? -eq 4 ] || complain "divergence on $ranks ranks: not exit code 4"
    [ "$(wc -l <errors)" -eq 1 ] || complain "divergence on $ranks ranks: not one line"
    grep -q 'step 0: .*temperature' errors || complain "divergence on $ranks ranks: no step and reason"
    [ -s hot.h5 ] || complain 'the diverged trajectory was not kept'
    "$HAMLET" analyze hot.h5 --json | grep -q '"diverged_at_step": 0' || complain 'the step of the divergence is not in the analysis'
done

# Asked to stop: code 5, the file complete so far.
for ranks in 1 3; do
    for signal in TERM INT USR1; do
        "$HAMLET" run good.yaml -n $ranks --set integrator.steps=200000000 --set output.trajectory=stop.h5 --set output.stride=10000 \
            --overwrite >output 2>errors &
        pid=$!
        tries=0
        while [ ! -s stop.h5 ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
        sleep 0.5
        kill -s $signal $pid
        wait $pid
        got=$?
        [ $got -eq 5 ] || complain "SIG$signal on $ranks ranks: exit code $got, not 5"
        [ "$(wc -l <errors)" -eq 1 ] || complain "SIG$signal on $ranks ranks: not one line"
        "$HAMLET" analyze stop.h5 --json | grep -q '"status": "stopped"' || complain "SIG$signal on $ranks ranks: status"
        rm -f stop.h5
    done
done
exit $failures
