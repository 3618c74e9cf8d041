"""Segments with turned bonds or other velocities before a run: hydrogen peroxide learns from them, and the run itself does
not know of them."""
import os
import subprocess

import h5py
import numpy as np

HAMLET = os.environ["HAMLET"]
CONFIG = """system: {geometry: peroxide.xyz, initial_velocities: {temperature: 300 K, seed: 3, remove: [momentum, angular_momentum]}}
hamiltonian: {type: xtb}
integrator: {timestep: 0.5 fs, steps: 101}
predictor: {type: surrogate, basis: torsions}
policy: {type: periodic, frequency: 0.01}
output: {trajectory: run.h5, stride: 1}
"""


def run(training):
    with open("run.yaml", "w") as out:
        out.write(CONFIG + f"training: {{warmup_steps: 100, {training}}}\n")
    subprocess.run([HAMLET, "run", "run.yaml", "--overwrite", "--quiet"], check=True)
    with h5py.File("run.h5") as f:
        return f["particles/system/position/value"][:], f["hamlet/training"][0]


with open("peroxide.xyz", "w") as out:
    out.write('4\nProperties=species:S:1:pos:R:3 pbc="F F F"\nO 0 0.7341 -0.05275\nO 0 -0.7341 -0.05275\n'
              'H 0.8395 0.8808 0.422\nH -0.8395 -0.8808 0.422\n')
x, lesson = run("turns: 7, segment_steps: 40")
x_plain, lesson_plain = run("turns: 0")
assert lesson["samples"] == 7 * 40 + 100 and lesson_plain["samples"] == 100, (lesson, lesson_plain)
x_starts, lesson_starts = run("starts: 3, segment_steps: 40")
assert lesson_starts["samples"] == 3 * 40 + 100 and lesson_starts["accepted"], lesson_starts
assert np.abs(x_starts[:100] - x_plain[:100]).max() < 1e-5
assert lesson["accepted"] and lesson_plain["accepted"]
# The run goes on as if nothing had been: its charges start from atoms again, which is what its bits may show.
assert np.abs(x[:100] - x_plain[:100]).max() < 1e-5, np.abs(x[:100] - x_plain[:100]).max()
