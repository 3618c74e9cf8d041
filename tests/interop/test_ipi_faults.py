"""Runs whose i-PI clients misbehave, a hundred times in every way: they go on, with the bits of a run that nobody disturbed.
A client that never does better again ends the run with code 3, in time; once it is mended the run goes on from its last step,
to the same bits. So does one that was stopped by a signal while a client was silent.

HAMLET_TEST_FAULTS sets how often (default 100)."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import h5py
import numpy as np

import same_run

HAMLET = os.environ["HAMLET"]
CLIENT = os.path.join(os.environ["BUILD_DIR"], "tests", "ipi_client")
FAULTS = int(os.environ.get("HAMLET_TEST_FAULTS", "100"))
same_run.FIELDS = (*same_run.FIELDS, "iterations")   # how often a client was asked
IMPATIENT = "deadline: 20 ms, restarts: 50"
LAYOUTS = {1: "auto", 2: "{predictors: 0, oracles: 1}", 3: "{predictors: 0, oracles: 2}"}

# What a client does, what is said of it, and the keys it takes to be quick.
GONE = {"die": ("ended with code 3", ""), "kill": ("was ended by signal 9", ""), "half": ("ended with code 4", ""),
        "hang_up": ("closed the connection", ""), "words": ("ended with code 9; its last words: ERROR: SCF is lost", "")}
SILENT = {"silent": ("was silent for", IMPATIENT), "stall": ("was silent for", IMPATIENT)}
NONSENSE = {"word": ("does not begin with FORCEREADY", ""), "count": ("has 4 atoms, the geometry 3", ""),
            "huge": ("has 2147483647 atoms, the geometry 3", ""), "text": ("the text at its end is absurd", ""),
            "endless": ("the text at its end is absurd", ""), "babble": ("'HTTP/1.1 400'", ""),
            "garbage": ("", IMPATIENT)}
KINDS = {**GONE, **SILENT, **NONSENSE}
FAILED = []

JOB = """
system: {{geometry: three.xyz, initial_velocities: {{temperature: 100 K, seed: 3}}}}
hamiltonian: {{type: ipi, command: '{command}'{keys}}}
integrator: {{timestep: 0.2 fs, steps: {steps}}}
predictor: {{type: {predictor}}}
training: {{warmup_steps: 60}}
policy: {policy}
oracle: {oracle}
output: {{trajectory: {name}.h5, stride: 5}}
ranks: {ranks}
"""
pathlib.Path("three.xyz").write_text("3\n\nH 0 0 0\nH 1.27 0 0\nH 2.4 0.6 0\n")


def check(holds, what):
    if not holds:
        print("FAILED:", what)
        FAILED.append(what)


def springs(fault):
    return f"exec {CLIENT} unix:{{address}} 0.33 2.4 {fault}"


def write(name, command, steps, keys="", oracle="{deadline: auto}", policy="{type: always}", predictor="zero", ranks="auto"):
    keys = ", " + keys if keys else ""
    pathlib.Path(f"{name}.yaml").write_text(JOB.format(**locals()))


def hamlet(*arguments):
    return subprocess.run([HAMLET, *arguments], capture_output=True, text=True, timeout=60)


def run(name, ranks):
    for old in pathlib.Path().glob(f"{name}.chk*"):
        old.unlink()
    return hamlet("run", f"{name}.yaml", "-n", str(ranks), "--overwrite")


def differences(one, other):
    ignored = ("/hamlet/config", "/hamlet/oracle_faults")
    return [line for line in same_run.compare(one, other) if not line.startswith(ignored)]


def restarts(name):
    """Of clients, within the calls of a run; the calls that failed, all the same."""
    with h5py.File(name) as file:
        return int(np.sum(file["/hamlet/injections"]["iterations"] - 1)), len(file["/hamlet/oracle_faults"])


def go_on(steps):
    """Every second request of a client goes wrong."""
    for index, (fault, (_, keys)) in enumerate(KINDS.items()):
        ranks = 1 + index % 3
        write("go_on", springs(f"{fault} 2"), steps, keys, ranks=LAYOUTS[ranks])
        done = run("go_on", ranks)
        check(done.returncode == 0, f"{fault}, {ranks} ranks: code {done.returncode}: {done.stderr[-1000:]}")
        if done.returncode == 0:
            count, given_up = restarts("go_on.h5")
            check(count >= FAULTS and given_up == 0, f"{fault}, {ranks} ranks: {count} faults, {given_up} calls given up")
            lines = differences("clean.h5", "go_on.h5")
            check(not lines, f"{fault}, {ranks} ranks: not the same bits: {lines}")
            print(f"{fault}, {ranks} ranks: {count} faults, the bits of a run without")


def not_finite(steps):
    """Forces that are none are faults of a call: the ladder starts the client again."""
    for ranks in LAYOUTS:
        write("nan", springs("nan 2"), steps, oracle="{on_failure: [restart_scf, stop]}", ranks=LAYOUTS[ranks])
        done = run("nan", ranks)
        check(done.returncode == 0, f"NaN, {ranks} ranks: code {done.returncode}: {done.stderr[-1000:]}")
        analysis = json.loads(hamlet("analyze", "nan.h5", "--json").stdout)
        count = analysis["oracle_faults_not_finite"]
        check(count >= FAULTS and count == analysis["oracle_faults"], f"NaN, {ranks} ranks: {count} faults")
        check(restarts("nan.h5")[0] == 0, f"NaN, {ranks} ranks: a client that was told to start again is one start")
        lines = differences("clean.h5", "nan.h5")
        check(not lines, f"NaN, {ranks} ranks: not the same bits: {lines}")
        print(f"NaN, {ranks} ranks: {count} faults, the bits of a run without")


def give_up():
    """From a request after the warm-up on, whatever is started goes wrong at once; until it is mended."""
    steps, more = 150, {"policy": "{type: periodic, frequency: 0.3}", "predictor": "linear"}
    write("reference", springs(""), steps, **more)
    check(run("reference", 1).returncode == 0, "the reference")
    kinds = {**{fault: words for fault, (words, _) in KINDS.items()}, "nan": "4 not finite", "mute": "was silent for"}
    for index, (fault, words) in enumerate(kinds.items()):
        ranks = 1 + index % 3
        begins = 1 if fault == "mute" else 75 if ranks < 3 else 38
        first = "" if fault == "mute" else f"F=\"{fault} {begins}\";"
        command = (f"F=\"{fault} 1\"; test -e started.{{group}} || {{ {first} touch started.{{group}}; }}; "
                   f"test ! -e mended || F=; exec {CLIENT} unix:{{address}} 0.33 2.4 $F")
        write("hopeless", command.replace("'", "''"), steps, "deadline: 100 ms, restarts: 1", ranks=LAYOUTS[ranks], **more)
        for old in (*pathlib.Path().glob("started.*"), *pathlib.Path().glob("mended")):
            old.unlink()
        began = time.monotonic()
        done = run("hopeless", ranks)
        seconds = time.monotonic() - began
        said = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ""
        check(done.returncode == 3, f"{fault}, {ranks} ranks: code {done.returncode} instead of 3: {done.stderr[-1000:]}")
        check(words in said, f"{fault}, {ranks} ranks: no '{words}': {said}")
        check(seconds < 20, f"{fault}, {ranks} ranks: given up after {seconds:.1f} s")
        if fault == "mute":
            check("hamlet resume" not in said, f"mute: there is nothing to resume: {said}")
            continue
        step = re.search(r"hamlet: step (\d+): no force .* go on after step (\d+) with: hamlet resume hopeless.chk", said)
        check(step and step[1] == step[2] and int(step[1]) > 60, f"{fault}, {ranks} ranks: no word of how to go on: {said}")
        if not step:
            continue
        pathlib.Path("mended").touch()
        resumed = hamlet("resume", "hopeless.chk", "-n", str(3 if ranks == 1 else ranks))
        check(resumed.returncode == 0, f"{fault}: resumed: code {resumed.returncode}: {resumed.stderr[-1000:]}")
        check(f"resumed after step {step[1]}" in resumed.stdout, f"{fault}: resumed: {resumed.stdout}")
        if resumed.returncode == 0:
            lines = differences("reference.h5", "hopeless.h5")
            check(not lines, f"{fault}, {ranks} ranks: resumed, not the same bits: {lines}")
            print(f"{fault}, {ranks} ranks: given up after {seconds:.1f} s at step {step[1]}, mended, the bits of a run without")


def stopped_while_busy():
    """A signal while the client is silent: a checkpoint of the step that waits, soon; gone on with to the same bits."""
    more = {"policy": "{type: periodic, frequency: 0.3}", "predictor": "linear"}
    for ranks in LAYOUTS:
        begins = 75 if ranks < 3 else 38
        command = f"test -e mended || F=\"silent {begins}\"; exec {CLIENT} unix:{{address}} 0.33 2.4 $F"
        write("busy", command, 150, ranks=LAYOUTS[ranks], **more)
        for old in (*pathlib.Path().glob("busy.chk*"), *pathlib.Path().glob("mended")):
            old.unlink()
        busy = subprocess.Popen([HAMLET, "run", "busy.yaml", "-n", str(ranks), "--overwrite"], stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True)
        while busy.poll() is None and not os.path.exists("busy.chk"):
            time.sleep(0.01)
        time.sleep(1.5)   # the steps up to there take a tenth of that
        began = time.monotonic()
        busy.send_signal(signal.SIGTERM)
        said = busy.communicate(timeout=60)[1]
        seconds = time.monotonic() - began
        step = re.search(r"stopped by signal \d+ after step (\d+) of 150; go on with: hamlet resume busy.chk", said)
        check(busy.returncode == 5 and step, f"busy, {ranks} ranks: code {busy.returncode}: {said}")
        check(seconds < 4, f"busy, {ranks} ranks: stopped after {seconds:.1f} s")
        pathlib.Path("mended").touch()
        resumed = hamlet("resume", "busy.chk", "-n", str(3 if ranks == 1 else ranks))
        check(resumed.returncode == 0, f"busy, {ranks} ranks: resumed: code {resumed.returncode}: {resumed.stderr[-1000:]}")
        lines = differences("reference.h5", "busy.h5") if resumed.returncode == 0 else []
        check(not lines, f"busy, {ranks} ranks: not the same bits: {lines}")
        print(f"silent, {ranks} ranks: stopped at step {step and step[1]} within {seconds:.2f} s, the bits of a run without")


def main():
    steps = FAULTS + 10
    write("clean", springs(""), steps)
    done = run("clean", 1)
    check(done.returncode == 0, f"the run that nobody disturbs: {done.stderr}")
    go_on(steps)
    not_finite(steps)
    give_up()
    stopped_while_busy()
    return bool(FAILED)


if __name__ == "__main__":
    sys.exit(main())
