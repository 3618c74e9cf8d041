#!/bin/sh
# Strides as a user meets them: what is refused and what is warned of before the run starts, and what the analysis counts.
set -u
failures=0

cat >water.yaml <<'END_OF_CONFIG'
system: {geometry: water.xyz, initial_velocities: {temperature: 600 K, seed: 1, remove: [momentum, angular_momentum]}}
hamiltonian:
  type: valence
  bonds:
  - {atoms: [0, 1], form: morse, De: 4.7 eV, a: 2.28 1/A, r0: 0.9572 A}
  - {atoms: [0, 2], form: morse, De: 4.7 eV, a: 2.28 1/A, r0: 0.9572 A}
  angles: [{atoms: [1, 0, 2], k: 4.0 eV/rad2, theta0: 104.5 deg}]
integrator: {timestep: 0.25 fs, steps: 8000}
predictor: {type: action, stride: 16, hidden: 8, pairs: 200, gate_every: 20}
training: {warmup_steps: 1600, epochs: 10, polish: 50, episode_every_injections: 100000}
policy: {type: never}
output: {trajectory: out.h5, stride: 16}
END_OF_CONFIG
printf '3\n\nO 0 0 0\nH 0.75684806 0 0.58601438\nH -0.75684806 0 0.58601438\n' >water.xyz

complain() {
    echo "$1"
    failures=1
}

# refused PATTERN SETTING...: exit code 2, one line that says so, and nothing written.
refused() {
    pattern=$1
    shift
    settings=
    for setting; do settings="$settings --set $setting"; done
    # shellcheck disable=SC2086
    timeout 60 "$HAMLET" run water.yaml $settings >output 2>errors
    code=$?
    [ $code -eq 2 ] || complain "exit code $code, not 2: $*"
    [ "$(wc -l <errors)" -eq 1 ] || complain "not one line: $*: $(cat errors)"
    grep -q -E -e "$pattern" errors || complain "nothing like '$pattern': $*: $(cat errors)"
    [ ! -e out.h5 ] || complain "a file was written: $*"
    rm -f out.h5
}

refused 'action needs 200' training.warmup_steps=160
refused 'needs 200 pairs, not 100' predictor.pairs=100
refused 'the gate.*kinetic energy of the warm-up' training.warmup_steps=32
refused 'training.warmup_steps.*multiple of predictor.stride' training.warmup_steps=1601
refused 'output.stride.*multiple of predictor.stride' output.stride=24
refused 'predictor.segment_steps.*multiple of predictor.stride' predictor.segment_steps=30
refused 'never mended step by step' injection.restore_energy=true
refused 'remove the thermostat' thermostat.type=langevin thermostat.temperature=300K
refused "use 'type: never'" policy.type=periodic
refused 'predictor.committee.*alone' predictor.committee=2
refused '1 are frozen' 'system.frozen=[0]' 'system.initial_velocities.remove=[momentum]'
refused 'too long for a vibration.*composed' predictor.mode=pure
refused "only with 'mode: direct'" predictor.rescale_energy=true

# 4 strides of steps of 0.25 fs are 9 fs, and the fastest vibration takes 8.9 fs.
timeout 120 "$HAMLET" run water.yaml --set predictor.stride=36 --set output.stride=36 --set training.warmup_steps=1800 \
    --set integrator.steps=2000 --overwrite >output 2>&1
grep -q 'within 3 % of 1 period.*resonance' output || complain "no warning of a resonance: $(cat output)"

# 3 of 6 fs are 18 fs, of which two periods take 17.7.
timeout 120 "$HAMLET" run water.yaml --set predictor.stride=24 --set output.stride=24 --set training.warmup_steps=1800 \
    --set integrator.steps=2040 --overwrite >output 2>&1
grep -q '3 strides of 6 fs are within 3 % of 2 periods.*resonance' output || complain "no warning of 6 fs: $(cat output)"

# A map that is not good enough does not drive, and both lines say why.
timeout 120 "$HAMLET" run water.yaml --set predictor.max_error=1e-12 --overwrite >output 2>&1
grep -q 'step 1599: training did not come.*predictor.max_error 1e-12' output || complain "no reason: $(cat output)"
grep -q 'no strides were taken, every step was exact.*the latest: an error of' output || complain "silent: $(cat output)"

# A map that is no better than none is none: the surrogate alone drives, and there is nothing to solve.
timeout 120 "$HAMLET" run water.yaml --set training.epochs=0 --set training.polish=0 --set training.refine=0 --overwrite \
    >output 2>&1 || complain "the run failed: $(cat output)"
grep -q 'strides of 16 steps (4 fs), 1.0 iterations each' output || complain "not the base alone: $(cat output)"

# What is counted: every force after the warm-up, whatever it was for, and steps that strides went over.
timeout 120 "$HAMLET" run water.yaml --overwrite >output 2>&1 || complain "the run failed: $(cat output)"
grep -q '399 strides of 16 steps' output || complain "not 399 strides: $(cat output)"
"$HAMLET" analyze out.h5 --json >analysis || complain 'no analysis'
# One exact step with which the weights come and 15 to the next multiple of 16; two ends of the first round, one of the
# 19 others.
grep -q '"injections": 37,' analysis || complain "forces: $(grep injections analysis)"
grep -q '"longest_prediction_run": 6384,' analysis || complain "steps in strides: $(grep longest analysis)"
grep -q '"injection_fraction": 0.00578125,' analysis || complain "share of forces: $(grep injection_fraction analysis)"
# Of the velocity correlation every stride is a point: its time is told in steps, and it sees the vibrations.
grep -q -E '"vacf_first_inflection_steps": (1[6-9]|[2-4][0-9])' analysis || complain "$(grep inflection analysis)"
grep -q -E '"vibrational_peaks_cm1": .*(158|159|160)[0-9]' analysis || complain "$(grep peaks analysis)"
"$HAMLET" analyze out.h5 | grep -q 'bend' || complain 'no shares of motions'

# A good map shares the energy as the warm-up did.
grep -q 'times the kinetic energy' output && complain "shares of a good map: $(cat output)"

# A box whose boundary cuts the molecule, and a run of strides that is to be repeated.
printf '3\nLattice="10 0 0 0 10 0 0 0 10" pbc="T T T"\nO 0 0 0\nH 0.75684806 0 0.58601438\nH 9.24315194 0 0.58601438\n' >cut.xyz
rm -f out.h5
refused 'atoms 0 and 2 are nearer through the boundary' system.geometry=cut.xyz 'system.initial_velocities.remove=[momentum]'

# A run is the same to the bit with any number of threads at hand, and with a rank that learns for it.
for threads in 1 2 learner; do
    ranks=1
    [ $threads = learner ] && ranks=2
    OPENBLAS_NUM_THREADS=${threads%learner} timeout 120 "$HAMLET" run -n $ranks water.yaml --set predictor.mode=pure \
        --set predictor.stride=8 --set output.stride=8 --set integrator.steps=2400 --overwrite >output 2>&1 ||
        complain "the run failed: $(cat output)"
    "$HAMLET" analyze out.h5 --json | grep -v 'seconds\|speedup' >"bits.$threads"
    cmp bits.1 "bits.$threads" || complain "bits depend on threads or ranks: $threads"
done

# The examples, shortened: they learn a little, and take strides.
# Without the one on quantum forces, which takes a minute.
for example in "$SOURCE_DIR"/examples/action_water/run.yaml "$SOURCE_DIR"/examples/action_water/run_composed.yaml; do
    timeout 120 "$HAMLET" run "$example" --overwrite --set integrator.steps=8000 --set training.warmup_steps=3200 \
        --set training.epochs=100 --set training.polish=200 --set predictor.hidden=10 --set predictor.pairs=500 \
        --set predictor.max_error=0.2 --set predictor.margin=3 --set predictor.gate=1 --set output.trajectory=example.h5 \
        >output 2>&1 || complain "$example failed: $(cat output)"
    grep -q -E '^[1-9][0-9]* strides of' output || complain "$example took no strides: $(cat output)"
done

exit $failures
