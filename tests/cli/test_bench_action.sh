#!/bin/sh
# hamlet bench action: a line of JSON for each thing it measures, with numbers that can be right and go together.
set -eu

cat >hcl.yaml <<'YAML'
system: {initial_velocities: {temperature: 600 K, seed: 1, remove: [momentum, angular_momentum]}}
hamiltonian: {type: morse, molecule: HCl}
integrator: {timestep: 0.25 fs, steps: 6000}
predictor: {type: action, mode: pure, stride: 8, hidden: 8, guess: surrogate, max_error: 0.2, margin: 4}
training: {warmup_steps: 2000, epochs: 10, polish: 100, refine: 5}
policy: {type: never}
output: {stride: 8}
YAML
"$HAMLET" bench action --config hcl.yaml --json >lines
cat lines
[ "$(wc -l <lines)" -eq 9 ]
[ "$(grep -c '"bench": "action", "case": "hcl.yaml: ' lines)" -eq 9 ]

median() { # of what is called so
    sed -n "s/.*hcl.yaml: $1\", .*\"median\": \([0-9.e+-]*\),.*/\1/p" lines
}
awk -v stride="$(median 'a stride')" -v flow="$(median "of it the base's flow")" \
    -v iterations="$(median 'iterations of a stride')" -v failures="$(median 'strides that failed')" \
    -v gradient="$(median 'gradient, one an iteration')" -v network="$(median 'of it the network')" 'BEGIN {
    exit !(stride > flow && flow > 0 && iterations > 1 && iterations < 20 && failures == 0 && gradient > network / 2)
}'

sed 's/type: action, mode: pure, .*/type: zero}/; s/training: .*/training: {warmup_steps: 0}/' hcl.yaml >zero.yaml
if "$HAMLET" bench action --config zero.yaml 2>errors; then exit 1; else [ $? -eq 2 ]; fi
grep -q 'zero.yaml.*type: action' errors
if "$HAMLET" bench step --config hcl.yaml 2>errors; then exit 1; else [ $? -eq 2 ]; fi
grep -q 'bench action' errors
