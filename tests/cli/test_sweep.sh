#!/bin/sh
# Sweeps: the same table whatever the ranks and whatever was killed in between; faults before anything is written.
set -u
failures=0

cat >run.yaml <<'END'
system: {initial_velocities: {temperature: 300 K}}
hamiltonian: {type: harmonic, molecule: HCl}
integrator: {timestep: 0.25 fs, steps: 3000}
training: {warmup_steps: 400}
END

complain() {
    echo "$1"
    sed 's/^/    /' errors
    failures=1
}

# sweep FILE FOLDER BASE: the lines of the file follow on standard input.
sweep_file() {
    { printf 'base: %s\nfolder: %s\n' "$3" "$2"; cat; } >"$1"
}

# A table without what depends on the clock.
timeless() {
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) timed[i] = $i ~ /^(wall_seconds|seconds_|speedup)/ }
             { line = ""; for (i = 1; i <= NF; i++) if (!timed[i]) line = line "," $i; print line }' "$1"
}

same_table() { # folder, folder, what
    timeless "$1/index.csv" >table_a
    timeless "$2/index.csv" >table_b
    diff table_a table_b >difference || { : >errors; complain "$3: $(head -n 4 difference)"; }
}

sweep() { # CODE ARGUMENT...
    code=$1
    shift
    timeout 60 "$HAMLET" sweep "$@" >output 2>errors
    got=$?
    [ $got -eq "$code" ] || complain "exit code $got, not $code: hamlet sweep $*"
}

# A run is done and another under way.
wait_for_middle() { # folder
    tries=0
    while [ $tries -lt 1500 ]; do
        if [ -f "$1/index.csv" ] && [ "$(wc -l <"$1/index.csv")" -ge 2 ] && [ -n "$(find "$1" -name '*.chk')" ]; then return; fi
        sleep 0.01
        tries=$((tries + 1))
    done
}

# One rank, two ranks; every kind of run, one that diverges.
for n in 1 2; do
    sweep_file grid$n.yaml grid$n run.yaml <<'END'
axes:
  policy.frequency: [0.05, 0.5]
  integrator.max_temperature: [1000 K, 1 K]
  system.initial_velocities.seed + training.seed: {from: 1, count: 2}
baselines: [exact, stretched, longest_stable, linear]
END
    sweep 0 grid$n.yaml -n $n
    cp output output$n
done
same_table grid1 grid2 'two ranks made another table than one'
[ "$(wc -l <grid1/index.csv)" -eq 25 ] || complain "not 24 runs but $(wc -l <grid1/index.csv) lines"
[ "$(grep -c ',diverged,' grid1/index.csv)" -ge 8 ] || complain 'runs that must diverge'
grep -q ',diverged,.*temperature' grid1/index.csv || complain 'no reason of a divergence'
grep -E -q '^24 of 24 runs: .* 0 failed' output1 || complain 'no summary'
grep -E -q '^run +0.05 +1000 K +2 ' output1 || complain 'no line of the table'
grep -q 'linear baseline of 8 of 8' output1 || complain 'the linear baselines that are the runs themselves'
[ -z "$(find grid1 grid2 -name '*.chk*' -o -name '*.new' -o -name '*.probe.*')" ] || complain 'files were left behind'
[ -s grid1/index.h5 ] || complain 'no index.h5'

# column NAME ROW: of grid1's table; its first axes have no commas.
column() {
    awk -F, -v name="$1" -v row="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i } $1 == row { print $at }' grid1/index.csv
}
drift=$("$HAMLET" analyze grid1/0001.h5 --json | sed -n 's/.*"energy_drift_relative": \(.*\),/\1/p')
awk -v a="$drift" -v b="$(column energy_drift_relative 1)" 'BEGIN { exit !(a != 0 && (a - b)^2 <= 1e-20 * a^2) }' ||
    complain "the table has another drift than the analysis: $drift"
search=$(sed -n 's/^\([0-9]*\),longest_stable,,1000 K,1,finished,.*/\1/p' grid1/index.csv)
awk -v step="$(column timestep_fs "$search")" -v steps="$(column steps "$search")" -v drift="$(column energy_drift_relative "$search")" \
    -v block="$(column energy_max_block_deviation_relative "$search")" \
    'BEGIN { exit !(step > 0.25 && step < 7 && step * steps > 749.99 && step * steps < 750.01 && drift^2 < 1e-6 && block < 1e-3) }' ||
    complain "longest_stable, run $search: step $(column timestep_fs "$search") fs"
cp grid1/index.csv before.csv
sweep 0 grid1.yaml
cmp -s before.csv grid1/index.csv || complain 'a finished sweep was changed'

# A dry run lists the runs and writes nothing.
sweep_file dry.yaml dry run.yaml <<'END'
axes: {policy.frequency: [0.1, 0.2]}
END
sweep 0 dry.yaml --dry-run
grep -q '^0002  run .*frequency 0.2' output || complain 'the list of a dry run'
[ ! -e dry ] || complain 'a dry run wrote'

# Killed in the middle, alone and on two ranks; stopped by a signal, and continued with other ranks.
for way in KILL-1 KILL-2 TERM-1 TERM-2; do
    n=${way#*-}
    signal=${way%-*}
    sweep_file long.yaml long-$way run.yaml <<'END'
axes: {integrator.steps: [300000], system.initial_velocities.seed: {from: 1, count: 8}}
END
    "$HAMLET" sweep long.yaml -n "$n" >output 2>errors &
    pid=$!
    wait_for_middle long-$way
    kill -s "$signal" $pid
    wait $pid 2>/dev/null
    got=$?
    rows=$(($(wc -l <long-$way/index.csv) - 1))
    if [ $rows -lt 1 ] || [ $rows -ge 8 ]; then complain "$way: $rows rows are no middle"; fi
    if [ "$signal" = TERM ]; then
        [ $got -eq 5 ] || complain "$way: exit code $got, not 5"
        [ "$(wc -l <errors)" -eq 1 ] || complain "$way: not one line"
        [ -n "$(find long-$way -name '*.chk')" ] || complain "$way: no checkpoint"
        [ -s long-$way/index.h5 ] || complain "$way: no table so far"
    fi
    sweep 0 long.yaml -n $((3 - n))
    kept=$(sed -n 's/^\([0-9]*\) of 8 runs are in the table already$/\1/p' output)
    [ "${kept:-0}" -ge $rows ] || complain "$way: finished runs were repeated" # ranks may outlive a killed launcher
    [ "$signal" = KILL ] || grep -q 'went on from its checkpoint' output || complain "$way: started over"
    [ $way = KILL-1 ] || same_table long-KILL-1 long-$way "$way: another table"
done
sweep_file long.yaml long run.yaml <<'END'
axes: {integrator.steps: [300000], system.initial_velocities.seed: {from: 1, count: 8}}
END
sweep 0 long.yaml -q
[ ! -s output ] || complain 'a quiet sweep spoke'
same_table long long-KILL-1 'killed and continued is not the same as never killed'

# A torn row, a run without a checkpoint, and one with a damaged one.
head -c -20 long/index.csv >torn && mv torn long/index.csv
sed -i 4d long/index.csv
head -c 3000 long/0003.h5 >torn && mv torn long/0003.h5
head -c 3000 long/0008.h5 >torn && mv torn long/0008.h5
echo nothing >long/0008.chk
sweep 0 long.yaml
grep -q 'run 0003: .*no checkpoint: started over' output || complain 'a run without a checkpoint'
grep -q 'run 0008: .*checkpoint.*started over' output || complain 'a run with a damaged checkpoint'
same_table long long-KILL-1 'repaired, another table'

# A run whose file cannot be written is a row; the others go on.
sed -i '/^2,/d; /^4,/d' long/index.csv
rm long/0002.h5 && mkdir long/0002.h5 && : >long/0002.h5/precious
sweep 0 long.yaml -n 2
grep -q '^2,run,.*,failed,.*0002.h5.*regular file' long/index.csv || complain 'a run that cannot be written'
grep -q '^4,run,.*,finished,' long/index.csv || complain 'the run after one that cannot be written'
grep -q '^8 of 8 runs: 7 finished, 0 diverged, 1 failed' output || complain 'the summary of a failed run'

# Two teams of two ranks.
sweep_file teams.yaml teams run.yaml <<'END'
axes: {predictor.type: [linear, zero], system.initial_velocities.seed: {from: 1, count: 2}}
ranks_per_run: 2
END
sweep 0 teams.yaml -n 4
grep -q '4 ranks: 2 teams of 2' output || complain 'two teams'
sweep_file alone.yaml alone run.yaml <<'END'
axes: {predictor.type: [linear, zero], system.initial_velocities.seed: {from: 1, count: 2}}
END
sweep 0 alone.yaml
same_table alone teams 'teams of two made another table'
sweep_file teams3.yaml teams3 run.yaml <<'END'
axes: {system.initial_velocities.seed: {from: 1, count: 2}}
ranks_per_run: 2
END
sweep 0 teams3.yaml -n 3

# Faults: all at once, each with its place, nothing written.
refuse() { # LINES PATTERN ARGUMENT...
    lines=$1 pattern=$2
    shift 2
    find . -type f ! -name output ! -name errors ! -name before ! -name after -exec ls -l --time-style=full-iso {} + | sort >before
    sweep 2 "$@"
    find . -type f ! -name output ! -name errors ! -name before ! -name after -exec ls -l --time-style=full-iso {} + | sort >after
    cmp -s before after || complain "changed files: $*"
    [ "$(wc -l <errors)" -eq "$lines" ] || complain "not $lines lines: $*"
    grep -q -E -e "$pattern" errors || complain "nothing like '$pattern': $*"
}

bad() { # LINES PATTERN, the axes on standard input
    sweep_file bad.yaml bad run.yaml
    refuse "$1" "$2" bad.yaml
    refuse "$1" "$2" bad.yaml -n 2
}

bad 1 "^hamlet: bad.yaml:3:8: .*policy.frequncy.*did you mean 'policy.frequency'" <<'END'
axes: {policy.frequncy: [0.1]}
END
bad 3 'bad.yaml:4:22: policy.frequency must be from 0 to 1; not 2' <<'END'
axes:
  policy.frequency: [2, 0.1, x]
  hamiltonian.molecule: [HCl, XeF]
END
bad 1 'run.yaml:.*warm-up of 400.*\(1 of 2 runs; the first: history 500\)|bad.yaml:3:.*warm-up of 400' <<'END'
axes: {predictor.history: [10, 500]}
END
bad 2 'empty' <<'END'
axes: {policy.frequency: [], training.seed: {count: 0}}
END
bad 1 "two axes set 'training.seed'" <<'END'
axes: {training.seed: [1], system.initial_velocities.seed + training.seed: [1]}
END
bad 1 "side by side, but 'policy.frequency' has 1 and 'training.seed' 2" <<'END'
combine: zip
axes: {policy.frequency: [0.1], training.seed: [1, 2]}
END
bad 1 'output.trajectory is no axis' <<'END'
axes: {output.trajectory: [a.h5]}
END
bad 2 "must be exact, stretched, longest_stable, linear or respa; not 'strechted'" <<'END'
axes: {training.seed: [1]}
baseline: [exact]
baselines: [strechted]
END
bad 1 'ranks_per_run|ranks for each run' <<'END'
axes: {training.seed: [1]}
ranks_per_run: 4
END
sweep_file nobase.yaml bad nobase.yaml_ <<'END'
axes: {training.seed: [1]}
END
refuse 1 'nobase.yaml:1:7: .*nobase.yaml_' nobase.yaml
refuse 1 'missing.yaml' missing.yaml

# The folder of another plan, or of something else.
sweep_file other.yaml grid1 run.yaml <<'END'
axes: {policy.frequency: [0.05, 0.4]}
END
refuse 1 'grid1: holds another sweep' other.yaml
refuse 1 'grid1: holds another sweep' other.yaml -n 2
sed 's/steps: 3000/steps: 3001/' run.yaml >longer.yaml
sed 's/run.yaml/longer.yaml/' grid1.yaml >other.yaml
refuse 1 'grid1: holds another sweep .the configuration' other.yaml
mkdir full && : >full/precious
sweep_file other.yaml full run.yaml <<'END'
axes: {policy.frequency: [0.05, 0.4]}
END
refuse 1 'full: is not empty' other.yaml
exit $failures
