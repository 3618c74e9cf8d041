"""Runs whose oracle goes wrong: the same bits as a run in which it does not, every fault in the file; an oracle rank that
falls silent ends the run with code 3, and it is gone on with."""
import json
import os
import signal
import subprocess
import sys
import time

import h5py
import numpy as np

import same_run

HAMLET = os.environ["HAMLET"]
PLAIN = "{type: harmonic, molecule: HCl}"
FAILED = []

JOB = """
system: {{initial_velocities: {{temperature: 300 K, seed: 3}}}}
hamiltonian: {hamiltonian}
integrator: {{timestep: 0.25 fs, steps: {steps}}}
training: {{warmup_steps: 400}}
policy: {{frequency: 0.05}}
{extra}
output: {{trajectory: {name}.h5, stride: {stride}, energies: frames}}
"""


def check(holds, what):
    if not holds:
        print("FAILED:", what)
        FAILED.append(what)


def write(name, hamiltonian=PLAIN, steps=4000, extra="", stride=7):
    with open(f"{name}.yaml", "w") as file:
        file.write(JOB.format(name=name, hamiltonian=hamiltonian, steps=steps, extra=extra, stride=stride))


def hamlet(*arguments):
    return subprocess.run([HAMLET, *arguments], capture_output=True, text=True, timeout=120)


def same_dynamics(one, other):
    """All but what was asked for, and what went wrong on the way."""
    ignored = ("/hamlet/config", "/hamlet/oracle_faults")
    return [line for line in same_run.compare(one, other) if not line.startswith(ignored)]


def faults_do_not_show():
    """Of every kind, hundreds of them, on 1, 2 and 3 ranks."""
    write("plain")
    flaky = ("{type: flaky, failure: 0.2, nan: 0.2, crash: 0.03, stall: 0.02, patience: 5 ms, hamiltonian: " + PLAIN + "}")
    write("flaky", flaky, extra="oracle: {retries: 30}")
    check(hamlet("run", "plain.yaml", "--quiet").returncode == 0, "the run without faults")
    for ranks in "123":
        run = hamlet("run", "flaky.yaml", "-n", ranks, "--overwrite")
        check(run.returncode == 0, f"{ranks} ranks: code {run.returncode}: {run.stderr}")
        check("oracle calls that came to nothing" in run.stdout, f"{ranks} ranks: no word of the faults")
        lines = same_dynamics("plain.h5", "flaky.h5")
        check(not lines, f"{ranks} ranks: not the same bits: {lines}")
        analysis = json.loads(hamlet("analyze", "flaky.h5", "--json").stdout)
        with h5py.File("flaky.h5") as file:
            table = file["/hamlet/oracle_faults"][()]
        print(f"{ranks} ranks: {len(table)} faults, {analysis['oracle_faults_failed']} failed, "
              f"{analysis['oracle_faults_not_finite']} not finite")
        check(len(table) >= 500 and analysis["oracle_faults"] == len(table), f"{ranks} ranks: the number of faults")
        check(analysis["oracle_faults_failed"] == np.sum(table["fault"] == 3) > 200, f"{ranks} ranks: those that failed")
        check(analysis["oracle_faults_not_finite"] == np.sum(table["fault"] == 2) > 150, f"{ranks} ranks: not finite")
        check(analysis["oracle_faults_late"] == 0, f"{ranks} ranks: those that were late")
        # Attempts of a request follow each other from 0.
        starts = np.flatnonzero(np.diff(table["request"], prepend=-1))
        counts = np.diff(np.append(starts, len(table)))
        check(np.array_equal(table["attempt"], np.concatenate([np.arange(n) for n in counts])), f"{ranks} ranks: attempts")
        check(set(table["oracle_group"]) == ({0} if ranks == "3" else {-1}), f"{ranks} ranks: groups")
        frequent = table[table["step"] > 0]["step"]
        check(np.all(np.diff(frequent) >= 0) and frequent[-1] > 3900, f"{ranks} ranks: steps")
    plain = json.loads(hamlet("analyze", "plain.h5", "--json").stdout)
    check(plain["oracle_faults"] == 0 and plain["oracle_faults_failed"] is None, "a run without faults says so")


def gives_up():
    """Nothing helps: code 3, one line that says what, how often and when."""
    write("hopeless", "{type: flaky, failure: 1, hamiltonian: " + PLAIN + "}")
    run = hamlet("run", "hopeless.yaml", "--quiet")
    check(run.returncode == 3, f"hopeless: code {run.returncode}")
    check(run.stderr.count("\n") == 1 and "no force after 4 calls of the oracle (4 failed)" in run.stderr,
          f"hopeless: {run.stderr}")
    with h5py.File("hopeless.h5") as file:
        check(len(file["/hamlet/oracle_faults"]) == 4, "hopeless: faults before the end are in the file")
    # A program whose forces are never finite: nothing that another start of the run would change.
    write("absurd", "{type: flaky, nan: 1, hamiltonian: " + PLAIN + "}", extra="oracle: {on_failure: [stop]}")
    run = hamlet("run", "absurd.yaml", "--quiet")
    check(run.returncode == 3 and "step 0: no force after 1 call of the oracle (1 not finite)" in run.stderr, f"absurd: {run.returncode} {run.stderr}")


def children(pid):
    """All processes below one, by /proc."""
    parent = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    parent[int(entry)] = int(file.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass
    below, found = {pid}, True
    while found:
        found = {child for child, above in parent.items() if above in below} - below
        below |= found
    return below - {pid}


def rank_of(pid):
    try:
        with open(f"/proc/{pid}/environ") as file:
            environment = dict(item.split("=", 1) for item in file.read().split("\0") if "=" in item)
    except OSError:
        return None
    number = environment.get("OMPI_COMM_WORLD_RANK", environment.get("PMI_RANK"))
    return None if number is None else int(number)


def oracle_falls_silent():
    """An oracle rank is stopped in the middle of a run."""
    extra = "oracle: {deadline: 1 s}\nranks: {predictors: 1, oracles: 1}"
    slow = "{type: flaky, latency: 500 us, hamiltonian: " + PLAIN + "}"
    write("whole", steps=20000, stride=1000)
    write("silent", slow, 20000, extra, 1000)
    check(hamlet("run", "whole.yaml", "--quiet").returncode == 0, "the run that nobody disturbs")
    with open("silent.err", "w") as errors:
        run = subprocess.Popen([HAMLET, "run", "silent.yaml", "-n", "3", "--quiet", "--set",
                                "output.checkpoint_every=100 ms"], stderr=errors)
    while run.poll() is None and not os.path.exists("silent.chk.old"):
        time.sleep(0.01)
    oracle = [pid for pid in children(run.pid) if rank_of(pid) == 2]
    check(len(oracle) == 1, f"one process is rank 2: {oracle}")
    os.kill(oracle[0], signal.SIGSTOP)
    started = time.monotonic()
    code = run.wait(timeout=60)
    with open("silent.err") as file:
        said = file.read()
    print(f"silent: code {code} after {time.monotonic() - started:.1f} s")
    check(code == 3, f"silent: code {code}: {said}")
    check("1 late" in said and "group 0 gave no answer within 1 s" in said, f"silent: {said}")
    check(said.splitlines()[-1].startswith("hamlet: step "), f"silent: not the last word: {said}")
    check("hamlet resume silent.chk" in said, f"silent: no word of how to go on: {said}")
    faults = json.loads(hamlet("analyze", "silent.h5", "--json").stdout)
    check(faults["oracle_faults_late"] == 1 and faults["status"] == "failed", "silent: the fault is in the file")
    resumed = hamlet("resume", "silent.chk", "--quiet")
    check(resumed.returncode == 0, f"resumed: code {resumed.returncode}: {resumed.stderr}")
    lines = same_dynamics("whole.h5", "silent.h5")
    check(not lines, f"resumed: not the same bits: {lines}")


faults_do_not_show()
gives_up()
oracle_falls_silent()
sys.exit(bool(FAILED))
