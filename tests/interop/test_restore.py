"""Energy restoring in a molecule with several vibrations, and the energies at injections: predictions that are exact need
nothing put back, a fraction is what it says, and what the file tells of injections agrees with its frames."""
import json
import os
import subprocess

import h5py
import numpy as np

HAMLET = os.environ["HAMLET"]
CONFIG = """system: {geometry: water.xyz, initial_velocities: {temperature: 300 K, seed: 5, remove: [momentum, angular_momentum]}}
hamiltonian: &exact
  type: valence
  bonds:
  - {atoms: [0, 1], form: morse, De: 4.7 eV, a: 2.28 1/A, r0: 0.9572 A}
  - {atoms: [0, 2], form: morse, De: 4.7 eV, a: 2.28 1/A, r0: 0.9572 A}
  angles: [{atoms: [1, 0, 2], k: %s eV/rad2, theta0: 104.5 deg}]
integrator: {timestep: 0.5 fs, steps: 6000}
predictor:
  type: hamiltonian
  hamiltonian:
    type: valence
    bonds:
    - {atoms: [0, 1], form: morse, De: 4.7 eV, a: 2.28 1/A, r0: 0.9572 A}
    - {atoms: [0, 2], form: morse, De: 4.7 eV, a: 2.28 1/A, r0: 0.9572 A}
    angles: [{atoms: [1, 0, 2], k: 4.0 eV/rad2, theta0: 104.5 deg}]
training: {warmup_steps: 100}
policy: {type: periodic, frequency: 0.02, jitter: 1}
injection: {restore_energy: true, restore_fraction: %g}
output: {trajectory: run.h5, stride: 10, energies: injections}
"""


def run(stiffness, fraction):
    with open("run.yaml", "w") as out:
        out.write((CONFIG % (stiffness, fraction)).replace(" &exact", ""))
    subprocess.run([HAMLET, "run", "run.yaml", "--overwrite", "--quiet"], check=True)
    with h5py.File("run.h5") as f:
        observables = f["observables"]
        return (f["hamlet/injections"][:], observables["kinetic_energy/step"][:],
                observables["total_energy/value"][:], observables["kinetic_energy/value"][:])


with open("water.xyz", "w") as out:
    out.write('3\nProperties=species:S:1:pos:R:3 pbc="F F F"\nO 0 0 0\nH 0.9572 0 0\nH -0.24 0.9266 0\n')


injections, steps, total, kinetic = run("4.0", 1)
after = injections[injections["step"] >= 100]
assert len(after) == 118, len(after)
assert np.abs(after["restored"]).max() < 3e-3 * kinetic.mean(), np.abs(after["restored"]).max() / kinetic.mean()

# The energy at an injection is that of the frame; the blocks of the analysis are made of all of them.
known = dict(zip(injections["step"], injections["total_energy"]))
both = [(total[k], known[s]) for k, s in enumerate(steps) if s in known]
assert len(both) > 15 and all(abs(a - b) < 1e-5 for a, b in both), both
told = json.loads(subprocess.run([HAMLET, "analyze", "run.h5", "--json"], check=True, capture_output=True, text=True).stdout)
size = (6000 - 100) // 20
blocks = [after["total_energy"][(after["step"] - 100) // size == b].mean() for b in range(20)]
expected = np.abs(np.array(blocks) - np.mean(blocks)).max() / kinetic[steps >= 100].mean()
assert abs(told["energy_max_block_deviation_relative"] / expected - 1) < 1e-3, (told, expected)

# A predictor that is wrong: of what is missing at the first injection the fraction is put back.
whole, part = run("4.4", 1)[0], run("4.4", 0.25)[0]
first = np.flatnonzero(whole["step"] >= 100)[0]
assert abs(whole["restored"][first]) > 0
assert abs(part["restored"][first] / whole["restored"][first] - 0.25) < 1e-9
