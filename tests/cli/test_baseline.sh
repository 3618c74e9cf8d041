#!/bin/sh
# hamlet run --baseline: every kind, beside the run, on one rank and two; what it says, what it refuses, how it stops.
set -u
failures=0

cat >hcl.yaml <<'YAML'
system: {initial_velocities: {temperature: 300 K}}
hamiltonian: {type: harmonic, molecule: HCl}
integrator: {timestep: 0.25 fs, steps: 3000}
predictor:
  type: hamiltonian
  hamiltonian: {type: harmonic, bonds: [{atoms: [0, 1], k: 450 N/m, r0: 1.28 A}]}
training: {warmup_steps: 400}
policy: {frequency: 0.5}
output: {trajectory: out/hcl.h5}
YAML
mkdir out

complain() {
    echo "$1"
    sed 's/^/    /' output errors
    failures=1
}

run() { # CODE ARGUMENT...
    code=$1
    shift
    timeout 60 "$HAMLET" run "$@" >output 2>errors
    got=$?
    [ $got -eq "$code" ] || complain "exit code $got, not $code: hamlet run $*"
}

value() { # FILE FIELD
    "$HAMLET" analyze "$1" --json 2>/dev/null | sed -n "s/.*\"$2\": \([^,]*\),*\$/\1/p"
}

says() { # PATTERN FILE
    grep -E -q -e "$1" "$2" || complain "nothing like '$1' in $2"
}

near() { # A B, to a part in a million
    awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && (a - b)^2 <= 1e-12 * b^2) }' || complain "$1 is not $2"
}

# ---- every kind ----

for kind in exact stretched longest_stable linear respa; do
    run 0 hcl.yaml --baseline $kind
    says "^$kind baseline of hcl.yaml: " output
    [ -s out/hcl.$kind.h5 ] || complain "no out/hcl.$kind.h5"
    grep -a -q "$kind of hcl.yaml" out/hcl.$kind.h5 || complain "the provenance of out/hcl.$kind.h5"
    near "$(awk -v n="$(value out/hcl.$kind.h5 steps)" -v dt="$(value out/hcl.$kind.h5 timestep_fs)" \
        'BEGIN { print n * dt }')" 750
    cp output output.$kind
done
[ ! -e out/hcl.h5 ] || complain 'a baseline wrote the trajectory of the run'
near "$(value out/hcl.exact.h5 exact_fraction)" 1
near "$(value out/hcl.stretched.h5 timestep_fs)" 0.5
near "$(value out/hcl.linear.h5 injection_fraction)" 0.5
near "$(value out/hcl.respa.h5 injection_fraction)" 0.5
says 'impulses of the hamiltonian predictor.s error at the run.s own frequency 0.5' output.respa
says '^trial 1: 3000 steps of 0.25 fs: deviation .*, stable' output.longest_stable
says '^trial .*: (diverged|deviation .*, not stable)' output.longest_stable
says '^found after [0-9]+ trials: [0-9]+ steps of [12]\.[0-9]+ fs, deviation' output.longest_stable
[ "$(ls out)" = "$(for k in exact linear longest_stable respa stretched; do echo hcl.$k.h5; done)" ] ||
    complain "other files: $(ls out | tr '\n' ' ')"

# As rarely as the fastest period of 11.15 fs allows: every 11 steps.
run 0 hcl.yaml --baseline respa --set policy.frequency=0.01 --set output.trajectory=rare.h5
says 'every 11 steps, the most for a period of 11.2 fs' output
[ -s rare.h5 ] || complain 'output.trajectory of --set'
awk -v f="$(value rare.h5 injection_fraction)" 'BEGIN { exit !(f > 0.0905 && f < 0.0915) }' || complain 'fraction of respa'

# The longest stable step is that of a sweep.
cat >sweep.yaml <<'YAML'
base: hcl.yaml
folder: swept
axes: {policy.frequency: [0.5]}
baselines: [longest_stable, respa]
YAML
timeout 60 "$HAMLET" sweep sweep.yaml >output 2>errors || complain 'a sweep with the same baselines'
near "$(value swept/0002.h5 timestep_fs)" "$(value out/hcl.longest_stable.h5 timestep_fs)"
near "$(value swept/0003.h5 energy_drift_relative)" "$(value out/hcl.respa.h5 energy_drift_relative)"

# ---- ranks ----

run 0 hcl.yaml --baseline exact -n 2 --set output.trajectory=two.h5
near "$(value two.h5 energy_drift_relative)" "$(value out/hcl.exact.h5 energy_drift_relative)"
run 0 hcl.yaml --baseline longest_stable -n 2 --set output.trajectory=two.longest.h5
near "$(value two.longest.h5 energy_drift_relative)" "$(value out/hcl.longest_stable.h5 energy_drift_relative)"
says '^found after' output
[ -z "$(ls | grep -E 'probe|best')" ] || complain 'trials were left behind'

# ---- nothing is replaced or written unasked ----

run 2 hcl.yaml --baseline exact
says 'out/hcl.exact.h5: exists already; use --overwrite' errors
run 0 hcl.yaml --baseline exact --overwrite
grep -q nan output && complain "a number in the log is none"
run 2 hcl.yaml --baseline longest_stable
says 'out/hcl.longest_stable.h5: exists already' errors
# A run is not replaced by its baseline, whoever says --overwrite; a baseline is, and a run replaces either.
run 0 hcl.yaml --set output.trajectory=named.h5
cp named.h5 kept.h5
for kind in exact longest_stable; do
    run 2 hcl.yaml --baseline $kind --overwrite --set output.trajectory=named.h5
    says '^hamlet: named.h5: holds a run and no baseline' errors
    [ "$(wc -l <errors)" -eq 1 ] || complain 'not one line'
    cmp -s named.h5 kept.h5 || complain "a run was replaced by its $kind baseline"
done
run 0 hcl.yaml --baseline stretched --overwrite --set output.trajectory=two.h5
near "$(value two.h5 timestep_fs)" 0.5
run 0 hcl.yaml --overwrite --set output.trajectory=two.h5
near "$(value two.h5 timestep_fs)" 0.25
for kind in stretched longest_stable respa; do
    run 0 hcl.yaml --baseline $kind --dry-run --set output.trajectory=dry.h5
    says "^baseline +$kind of hcl.yaml: " output
    says '^Nothing was written' output
    [ ! -e dry.h5 ] || complain 'a dry run wrote'
done

# ---- what there is no baseline of ----

run 2 hcl.yaml --baseline sretched
says "^hamlet: --baseline takes exact, stretched, longest_stable, linear or respa, not 'sretched'" errors
run 2 hcl.yaml --baseline stretched --set 'policy={type: residual}'
says "^hamlet: hcl.yaml: no stretched baseline: no frequency is known beforehand of the policy 'residual'" errors
run 2 hcl.yaml --baseline respa --set 'predictor={type: linear}'
says '^hamlet: hcl.yaml: no respa baseline: the linear predictor is no force' errors
run 2 hcl.yaml --baseline exact --set policy.frequncy=1
says "^hamlet: --set policy.frequncy=1: unknown key" errors
run 2 hcl.yaml --baseline linear --set 'policy={type: threshold, signal: committee, above: 0.1}' --set predictor.committee=2
[ "$(wc -l <errors)" -eq 1 ] || complain 'one line of what is wrong'

# ---- stopped ----

stop() { # PATTERN ARGUMENT...: is told to stop when its output says PATTERN
    pattern=$1
    shift
    "$HAMLET" run "$@" >output 2>errors &
    pid=$!
    tries=0
    until grep -E -q -e "$pattern" output || [ $tries -gt 1000 ]; do
        sleep 0.01
        tries=$((tries + 1))
    done
    kill -s INT $pid
    wait $pid
    got=$?
    [ $got -eq 5 ] || complain "exit code $got, not 5: hamlet run $*"
}

long='--set integrator.steps=100000000 --set output.stride=1000'
stop 'policy always' hcl.yaml --baseline exact $long --set output.trajectory=stopped.h5
says 'go on with: hamlet resume stopped.chk' errors
[ -s stopped.chk ] || complain 'no checkpoint of a baseline that was stopped'
stop 'longest_stable baseline of' hcl.yaml --baseline longest_stable $long --set output.trajectory=search.h5
says 'in the search of the longest stable step, which begins anew when it is started again' errors
[ -z "$(ls | grep '^search')" ] || complain "a search that was stopped left: $(ls | grep '^search' | tr '\n' ' ')"

exit $failures
