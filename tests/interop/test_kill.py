"""kill -9 at random moments: the file opens with h5py and MDAnalysis and is complete up to the last flush.

HAMLET_TEST_KILLS sets how often (default 12)."""
import os
import random
import subprocess
import time
import warnings

import h5py
import numpy as np

warnings.filterwarnings("ignore")
import MDAnalysis

KILLS = int(os.environ.get("HAMLET_TEST_KILLS", "12"))
CONFIG = f"kill-{os.getpid()}.yaml"   # names every process of this test
YAML = """system: {initial_velocities: {temperature: 300 K}}
hamiltonian: {type: harmonic, molecule: CO}
integrator: {timestep: 0.25 fs, steps: 2000000000}
training: {warmup_steps: 400}
output: {trajectory: killed.h5, stride: %d}
"""


def check(path, stride, alive):
    """How many frames were readable; everything present must agree with everything else."""
    with h5py.File(path, "r") as f:
        system = f["particles/system"]
        frames = len(system["position/step"])
        for name in ("position/value", "velocity/value", "force/value", "position/time"):
            assert len(system[name]) == frames, f"{name} has {len(system[name])} frames, not {frames}"
        for name in f["observables"]:
            assert len(f["observables"][name]["value"]) == frames, name
        steps = system["position/step"][...]
        assert (steps == stride * np.arange(frames)).all(), "a frame is missing"
        assert np.isfinite(system["position/value"][...]).all() and np.isfinite(system["velocity/value"][...]).all()
        decisions = f["hamlet/decisions"]["step"]
        assert (decisions == np.arange(len(decisions))).all(), "a decision is missing"
        assert f["hamlet/run"].attrs["status"] == b"running"
        total = f["observables/total_energy/value"][...]
        if frames > 1:
            assert np.ptp(total) < 1e-2 * abs(total.mean()), "rubbish in the frames"
        # Flushed at least every second: what a run of `alive` seconds leaves is at most about that old.
        if alive > 3:
            assert frames > 0, f"nothing was flushed in {alive:.1f} s"
    if frames > 0:
        universe = MDAnalysis.Universe.empty(2)
        universe.load_new(path, format="H5MD")
        assert len(universe.trajectory) == frames
        universe.trajectory[frames - 1]
    return frames


random.seed(1)
most = 0
for kill in range(KILLS):
    stride = random.choice([1, 10, 100])
    with open(CONFIG, "w") as f:
        f.write(YAML % stride)
    ranks = ["-n", "3"] if kill % 4 == 3 else []
    process = subprocess.Popen([os.environ["HAMLET"], "run", CONFIG, "--quiet", "--overwrite", *ranks],
                               start_new_session=True, stderr=subprocess.DEVNULL)
    started = time.monotonic()
    while not os.path.exists("killed.h5") or os.path.getsize("killed.h5") == 0:
        assert process.poll() is None, "the run ended by itself"
        time.sleep(0.005)
    time.sleep(random.uniform(0, 4 if kill % 3 == 0 else 1.2))
    alive = time.monotonic() - started
    if ranks:   # launcher, mpirun and ranks at once, as when a machine dies
        subprocess.run(["pkill", "-KILL", "-f", CONFIG])
    else:
        process.kill()
    process.wait()
    most = max(most, check("killed.h5", stride, alive))
    os.remove("killed.h5")
print(f"{KILLS} kills, up to {most} frames")
assert most > 1000
