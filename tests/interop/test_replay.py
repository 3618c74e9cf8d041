"""A log whose weights are gone, as of a run that stored none: its training can be repeated, which takes a synchronous one;
any other replay is refused."""
import os
import subprocess

import h5py

HAMLET = os.environ["HAMLET"]
CONFIG = """
system: {initial_velocities: {temperature: 300 K, seed: 7}}
hamiltonian: {type: harmonic, molecule: HCl}
integrator: {timestep: 0.25 fs, steps: 1500}
training: {warmup_steps: 400, episode_every_injections: 5}
policy: {type: periodic, frequency: 0.05}
"""
REPLAY = ["--set", "policy={type: replay, log: first.h5}", "--set", "output.trajectory=again.h5"]


def run(*more):
    done = subprocess.run([HAMLET, "run", "run.yaml", "--quiet", *more], capture_output=True, text=True)
    print(done.stdout + done.stderr)
    return done


def positions(path):
    with h5py.File(path) as f:
        return f["particles/system/position/value"][...]


with open("run.yaml", "w") as f:
    f.write(CONFIG)
assert run("--set", "output.trajectory=first.h5").returncode == 0
with h5py.File("first.h5", "a") as f:
    assert len(f["hamlet/weights"]) >= 1
    del f["hamlet/weights"]

done = run(*REPLAY, "--set", "training.mode=asynchronous")
assert done.returncode == 2 and done.stderr.count("\n") == 1
assert "the log stores no weights, so its run is repeated by training.mode: synchronous only" in done.stderr
assert not os.path.exists("again.h5")
assert run(*REPLAY).returncode == 0
assert (positions("again.h5") == positions("first.h5")).all()
