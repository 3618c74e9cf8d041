#!/bin/sh
# Runs alone: Open MPI gives a stopped rank one second.
# Signals that mpirun passes on, and signals while a network is trained: every rank ends with 5 and leaves a checkpoint that
# resumes to the bits of a run that was never stopped.
#
# Of SIGTERM to its mpirun, Open MPI's ranks hear a second later, and have another second; mpirun itself ends with 1 then.
# MPICH passes it on at once and waits.
set -u
failures=0

export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe PRTE_MCA_hwloc_default_binding_policy=none

cat >quick.yaml <<'END'
system: {initial_velocities: {temperature: 300 K, seed: 7}}
hamiltonian: {type: harmonic, molecule: HCl}
integrator: {timestep: 0.25 fs, steps: 6000000}
predictor: {type: linear}
training: {warmup_steps: 400}
output: {trajectory: run.h5, stride: 1000}
END
# The first training, after step 1000, takes nearly all of the time.
cat >study.yaml <<'END'
system: {initial_velocities: {temperature: 300 K, seed: 7}}
hamiltonian: {type: harmonic, molecule: HCl}
integrator: {timestep: 0.25 fs, steps: 20000}
predictor: {type: lstm, hidden: 28}
training: {warmup_steps: 1000}
output: {trajectory: run.h5, stride: 100}
END

# Starts the remaining arguments as the program's, under a shell that notes the code of every rank. A shell leaves when all
# have noted theirs: mpirun kills the others when it sees one leave.
cat >rank.sh <<'END'
trap '' TERM INT USR1
"$HAMLET" "$@"
echo "code $?" >>codes
tries=0
while [ "$(wc -l <codes)" -lt 3 ] && [ $tries -lt 40 ]; do sleep 0.05; tries=$((tries + 1)); done
END

complain() {
    echo "$what: $1"
    sed 's/^/    /' errors
    failures=1
}

# Starts in the background and returns when the run has been under way for so many seconds.
begin() { # seconds, command...
    seconds=$1
    shift
    rm -f run.h5 run.chk run.chk.old codes
    : >codes
    "$@" >output 2>errors &
    pid=$!
    tries=0
    while [ ! -s run.chk ] && [ $tries -lt 600 ]; do sleep 0.05; tries=$((tries + 1)); done
    sleep "$seconds"
}

end() { # signal
    kill -s "$1" $pid || complain 'ended too early'
    wait $pid
    code=$?
}

check_stop() {
    grep -q 'hamlet: stopped by signal' errors || complain 'no word about the stop'
    "$HAMLET" analyze run.h5 --json | grep -q '"status": "stopped"' || complain 'the file does not say that it was stopped'
    case $what in *study*) grep -q 'after step 1000 of' errors || complain 'the signal came outside the training' ;; esac
}

check_bits() { # reference
    "$HAMLET" resume run.chk -n 1 --quiet 2>errors || complain "resume: code $?"
    sh "$SOURCE_DIR/tests/run_python.sh" "$SOURCE_DIR/tests/interop/same_run.py" "$1" run.h5 >errors
    case $? in
    0) ;;
    77) cat errors ;;
    *) complain 'not the same bits' ;;
    esac
}

for config in quick study; do
    what="the uninterrupted $config run"
    "$HAMLET" run $config.yaml --quiet --overwrite 2>errors || complain "code $?"
    mv run.h5 $config.h5
done

# mpirun started by hand. Its own code is not ours to choose: Open MPI's is 1 where it ends the job itself.
for signal in TERM USR1; do
    for config in quick study; do
        pause=0.7; if [ $config = study ]; then pause=1.2; fi
        what="SIG$signal to mpirun, $config"
        begin $pause "$MPIEXEC" -n 3 sh rank.sh run $config.yaml
        end $signal
        [ "$(grep -c '^code 5$' codes)" -eq 3 ] || complain "the ranks ended with: $(tr '\n' ' ' <codes)"
        check_stop
        if [ $config = quick ] || [ $signal = TERM ]; then check_bits $config.h5; fi
    done
done

# The program's own launcher, and a single process, while the network is trained.
for ranks in 3 1; do
    for signal in TERM INT USR1 HUP; do
        what="SIG$signal in the study, $ranks ranks"
        begin 1.2 "$HAMLET" run study.yaml -n $ranks
        began=$(date +%s%N)
        end $signal
        milliseconds=$((($(date +%s%N) - began) / 1000000))
        [ $code -eq 5 ] || complain "code $code, not 5"
        [ $milliseconds -lt 3000 ] || complain "it took $milliseconds ms to stop"
        [ "$(wc -l <errors)" -eq 1 ] || complain 'not one line'
        check_stop
    done
done
what='resumed after the last of them'
check_bits study.h5
exit $failures
