"""A run that is stopped, or killed, and resumed ends with the bits of one that was not; damaged checkpoints are refused.

HAMLET_TEST_STOPS sets how often each case on 1 and 3 ranks is stopped (default 5), HAMLET_TEST_KILLS how often
runs are killed (default 9), HAMLET_TEST_SEED when."""
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import time

import h5py

import same_run

HAMLET = os.environ["HAMLET"]
STOPS = int(os.environ.get("HAMLET_TEST_STOPS", "5"))
KILLS = int(os.environ.get("HAMLET_TEST_KILLS", "9"))
NAME = f"resume-{os.getpid()}"   # names every process of this test
CONFIG, RUN, CHECKPOINT, OLDER = f"{NAME}.yaml", f"{NAME}.h5", f"{NAME}.chk", f"{NAME}.chk.old"
LOG, ERRORS = f"{NAME}.log", f"{NAME}.errors"
ADVANCE, STRIDE = 3, 5   # a decision that stands for several steps, and how many it is below
COMMON = f"""output: {{trajectory: {RUN}, stride: 50, checkpoint_every: 0.1 s}}
"""
DIATOMIC = "system: {initial_velocities: {temperature: 300 K, seed: 7}}\n"
WATER = "system: {geometry: water.xyz, initial_velocities: {temperature: 300 K, seed: 7}}\n"
CASES = {
    # Bursts with jitter, energy given back, and training throughout: whatever has a memory.
    "linear": DIATOMIC + """hamiltonian: {type: harmonic, molecule: N2}
integrator: {timestep: 0.25 fs, steps: 400000}
predictor: {type: linear, inputs: [velocity]}
training: {warmup_steps: 2000}
policy: {type: periodic, frequency: 0.05}
injection: {burst: auto, restore_energy: true}
""",
    # A heat bath that warms up: its noise, and the heat it has put in; branches leave it.
    "bath": DIATOMIC + """hamiltonian: {type: morse, molecule: HCl}
integrator: {timestep: 0.25 fs, steps: 300000}
predictor: {type: linear}
training: {warmup_steps: 1000}
policy: {type: periodic, frequency: 0.02}
thermostat: {type: langevin, temperature: [200 K, 400 K], time_constant: 50 fs}
study: {branch_every_steps: 10000, branch_steps: 2000}
""",
    # Two networks, whose spread decides; the first training takes about half of the time.
    "lstm": DIATOMIC + """hamiltonian: {type: morse, molecule: HCl}
integrator: {timestep: 0.25 fs, steps: 60000}
predictor: {type: lstm, layers: 1, hidden: 6, history: 10, committee: 2}
training: {warmup_steps: 500, episode_every_injections: 40}
policy: {type: threshold, signal: committee, above: 0.0003, max_interval: 50}
""",
    # A potential that is fitted again and again, warmed by a thermostat, on a cheaper Hamiltonian.
    "surrogate": WATER + """hamiltonian:
  type: valence
  bonds:
  - {atoms: [0, 1], form: morse, De: 4.7 eV, a: 2.28 1/A, r0: 0.9572 A}
  - {atoms: [0, 2], form: morse, De: 4.7 eV, a: 2.28 1/A, r0: 0.9572 A}
  angles: [{atoms: [1, 0, 2], k: 4.0 eV/rad2, theta0: 104.5 deg}]
integrator: {timestep: 0.5 fs, steps: 150000}
thermostat: {type: langevin, temperature: [200 K, 600 K], time_constant: 1 ps, seed: 3}
predictor:
  type: surrogate
  base: {type: hamiltonian}
  hamiltonian:
    type: valence
    bonds:
    - {atoms: [0, 1], form: harmonic, k: 8 mdyn/A, r0: 0.96 A}
    - {atoms: [0, 2], form: harmonic, k: 8 mdyn/A, r0: 0.96 A}
training: {warmup_steps: 500}
policy: {type: residual, target: 0.001, interval: {min: 5, max: 100}}
""",
    # Strides between exact segments, of which it learns more: a gate so narrow that it often closes.
    "action": DIATOMIC + """hamiltonian: {type: morse, molecule: HCl}
integrator: {timestep: 0.25 fs, steps: 200000}
predictor: {type: action, stride: 5, hidden: 6, gate: 2e-4, gate_every: 5, margin: 2, max_error: 0.1, pairs: 500}
training: {warmup_steps: 1000, epochs: 10, polish: 30, episode_every_injections: 2000}
policy: {type: never}
""",
    # An oracle that goes wrong, in the same way again.
    "flaky": DIATOMIC + """hamiltonian: {type: flaky, failure: 0.05, nan: 0.05, seed: 3, hamiltonian: {type: harmonic, molecule: HCl}}
integrator: {timestep: 0.25 fs, steps: 200000}
training: {warmup_steps: 1000}
policy: {type: periodic, frequency: 0.05}
oracle: {retries: 20}
""",
}
pathlib.Path("water.xyz").write_text("3\n\nO 0 0 0\nH 0.9572 0 0\nH -0.24 0.9266 0\n")
random.seed(int(os.environ.get("HAMLET_TEST_SEED", "1")))


def remove_run():
    for name in os.listdir():
        if name.startswith(NAME) and name != CONFIG:
            os.remove(name)


def command(ranks):
    """The next one of a chain: start, or go on."""
    on = ["-n", str(ranks)] if ranks > 1 else []
    if os.path.exists(CHECKPOINT) or os.path.exists(OLDER):
        return [HAMLET, "resume", CHECKPOINT, *(on or ["-n", "1"])]
    return [HAMLET, "run", CONFIG, "--overwrite", *on]


def start(ranks):
    """Returns when the run has said its first line: then it listens to signals."""
    with open(LOG, "w") as log, open(ERRORS, "w") as errors:
        process = subprocess.Popen(command(ranks), stdout=log, stderr=errors, start_new_session=True)
    while process.poll() is None and os.path.getsize(LOG) == 0:
        time.sleep(0.002)
    return process


def end(process):
    """What it has said, and its errors."""
    process.wait(60)
    return pathlib.Path(LOG).read_text(), pathlib.Path(ERRORS).read_text()


def processes():
    """Launcher, mpirun and ranks of this test."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if NAME in words and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def kill_all():
    """At once, as when a machine dies."""
    while found := processes():
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.01)


def resumed_at(output):
    """The step a resumed run says it goes on from; None of one that started, or was killed before it said so."""
    found = re.search(r"^resumed after step (\d+)$", output, re.M)
    return found and int(found[1])


def steps_done():
    with h5py.File(RUN, "r") as f:
        decisions = f["hamlet/decisions"]
        if len(decisions) == 0:
            return 0
        last = decisions[-1]
        return int(last["step"]) + (STRIDE if last["action"] == ADVANCE else 1)


def is_finished():
    """It has nothing to resume any more."""
    if os.path.exists(CHECKPOINT) or os.path.exists(OLDER) or not os.path.exists(RUN):
        return False
    try:
        with h5py.File(RUN, "r") as f:
            return f["hamlet/run"].attrs["status"] == b"finished"
    except OSError:   # killed before it was a file
        return False


def reference(case):
    """The uninterrupted run, and how long it takes."""
    with open(CONFIG, "w") as f:
        f.write(COMMON + CASES[case])
    remove_run()
    began = time.monotonic()
    subprocess.run([HAMLET, "run", CONFIG, "--quiet"], check=True)
    wall = time.monotonic() - began
    os.rename(RUN, f"{case}.h5")
    remove_run()
    return wall


def check_same(case, after):
    with h5py.File(RUN, "r") as f:
        assert f["hamlet/run"].attrs["status"] == b"finished"
    lines = same_run.compare(f"{case}.h5", RUN)
    assert not lines, f"{case}, {after}: " + "\n".join(lines)


def stop_and_resume(case, wall, ranks):
    """Chains of stops until there are enough; the number of ranks changes now and then."""
    stops = 0
    while stops < STOPS:
        remove_run()
        stopped = []
        while True:
            process = start(ranks if not stopped or random.random() < 0.5 else 4 - ranks)
            try:
                process.wait(random.uniform(0, 0.6 * wall))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGUSR1)
            output, errors = end(process)
            after = f"{ranks} ranks, stopped after steps {stopped}"
            if stopped:
                assert resumed_at(output) == stopped[-1], f"{case}, {after}: {output}"
            if process.returncode == 0:
                break
            assert process.returncode == 5, f"{case}, {after}: code {process.returncode}\n{output}{errors}"
            assert errors.count("\n") == 1, errors
            assert os.path.exists(CHECKPOINT), f"{case}, {after}: stopped without a checkpoint"
            stopped.append(steps_done())
            assert len(stopped) < 100, f"{case}, {after}: no end"
        check_same(case, after)
        stops += len(stopped)
        print(f"{case}, first on {ranks} ranks: stopped after steps {stopped}")


def kill_and_resume(case, wall, kills):
    """Chains of kills until there are enough. Until there is a first checkpoint there is nothing to resume."""
    done = early = 0
    while done + early < kills:
        remove_run()
        rows, checkpoint = [], 0
        while done + early < kills:
            process = start(random.choice([1, 3]))
            try:
                process.wait(random.uniform(0, 0.8 * wall))
            except subprocess.TimeoutExpired:
                kill_all()
            output, errors = end(process)
            resumed = resumed_at(output)
            if resumed is not None:
                assert checkpoint <= resumed <= rows[-1], f"{case}: resumed after step {resumed}, of {rows}, {checkpoint}"
                checkpoint = resumed
            if process.returncode == 0:
                break
            # A launcher that was a moment quicker than the kill says that a rank was killed.
            assert process.returncode == -signal.SIGKILL or "was killed" in errors, f"{case}: {output}{errors}"
            if os.path.exists(CHECKPOINT) or os.path.exists(OLDER):
                done += 1
                rows.append(steps_done())
            elif is_finished():   # killed while it left
                done += 1
                break
            else:
                early += 1
        if not is_finished():
            kill_all()
            process = subprocess.run(command(1), capture_output=True, text=True)
            assert process.returncode == 0, f"{case}, killed after steps {rows}: {process.stderr}"
        check_same(case, f"killed after steps {rows}")
        print(f"{case}: killed when the file had steps {rows}")
    return done, early


def damage(path):
    size = os.path.getsize(path)
    with open(path, "r+b") as f:
        f.seek(random.randrange(size))
        byte = f.read(1)
        f.seek(-1, os.SEEK_CUR)
        f.write(bytes([byte[0] ^ 1 << random.randrange(8)]))


def refused(what, *words, more=(), untouched=(RUN,)):
    """One line, an exit code for bad input or failure, and nothing changed."""
    before = {name: pathlib.Path(name).read_bytes() for name in untouched}
    done = subprocess.run([HAMLET, "resume", CHECKPOINT, *more], capture_output=True, text=True, timeout=60)
    assert done.returncode in (1, 2), f"{what}: code {done.returncode}\n{done.stdout}{done.stderr}"
    assert done.stderr.count("\n") == 1, f"{what}: {done.stderr}"
    for word in words:
        assert word in done.stderr, f"{what}: no {word} in {done.stderr}"
    for name, content in before.items():
        assert pathlib.Path(name).read_bytes() == content, f"{what}: {name} was changed"


def damaged_checkpoints(case):
    remove_run()
    process = start(1)
    while process.poll() is None and not os.path.exists(OLDER):
        time.sleep(0.002)
    process.send_signal(signal.SIGUSR1)
    end(process)
    assert process.returncode == 5 and os.path.exists(CHECKPOINT) and os.path.exists(OLDER)
    kept = {name: pathlib.Path(name).read_bytes() for name in (RUN, CHECKPOINT, OLDER)}

    def restore():
        remove_run()
        for name, content in kept.items():
            pathlib.Path(name).write_bytes(content)

    def resumes(what, *more):
        done = subprocess.run([HAMLET, "resume", CHECKPOINT, "--quiet", *more], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{what}: code {done.returncode}: {done.stderr}"
        assert done.stderr.count("\n") == 1 and OLDER in done.stderr, f"{what}: {done.stderr}"
        check_same(case, what)

    def cut(path):
        os.truncate(path, os.path.getsize(path) // 2)

    for what, harm in (("a flipped bit", damage), ("half of it", cut), ("nothing of it", lambda path: os.truncate(path, 0)),
                       ("gone", os.remove)):
        restore()
        harm(CHECKPOINT)
        resumes(what, *(["-n", "3"] if harm is cut else []))
    for more in ((), ("-n", "3")):
        restore()
        damage(CHECKPOINT)
        damage(OLDER)
        refused("both damaged", CHECKPOINT, OLDER, more=more, untouched=(RUN, CHECKPOINT, OLDER))
    restore()
    os.remove(OLDER)
    damage(CHECKPOINT)
    refused("the only one damaged", CHECKPOINT, untouched=(RUN, CHECKPOINT))
    restore()
    shutil.copy(CONFIG, CHECKPOINT)
    os.remove(OLDER)
    refused("no checkpoint at all", CHECKPOINT, untouched=(RUN, CHECKPOINT))

    # Another run's file beside the checkpoint, of the same molecule and the same length; a file that is not there, or no file.
    restore()
    shutil.copy(f"{case}.h5", RUN)
    refused("another run's file", RUN, untouched=(RUN, CHECKPOINT, OLDER))
    refused("another run's file", RUN, more=("-n", "3"), untouched=(RUN, CHECKPOINT, OLDER))
    shutil.copy(CONFIG, RUN)
    refused("a file that is no trajectory", RUN, untouched=(RUN, CHECKPOINT, OLDER))
    os.remove(RUN)
    refused("no file", RUN, untouched=(CHECKPOINT, OLDER))
    assert not os.path.exists(RUN)


try:
    killed = early = 0
    for case in CASES:
        wall = reference(case)
        for ranks in (1, 3):
            stop_and_resume(case, wall, ranks)
        counts = kill_and_resume(case, wall, KILLS // len(CASES))
        killed, early = killed + counts[0], early + counts[1]
        if case == "linear":
            damaged_checkpoints(case)
    print(f"{killed} kills with a checkpoint, {early} before the first")
    assert killed > 0
finally:
    kill_all()
