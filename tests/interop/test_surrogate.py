"""A surrogate for water from end to end: the same bits on several ranks and in a replay of its decisions, weights to start from,
and weights trained on a trajectory of ASE, whose forces are written out here."""
import json
import os
import re
import subprocess

import ase
import ase.calculators.calculator
import ase.io
import ase.md.verlet
import ase.units
import h5py
import numpy as np

HAMLET = os.environ["HAMLET"]
DE, A, R0, K, THETA0 = 4.7, 2.28, 0.9572, 4.0, np.radians(104.5)   # eV, 1/A, A, eV/rad2
CONFIG = f"""system: {{geometry: water.xyz, initial_velocities: {{temperature: 300 K, seed: 5}}}}
hamiltonian:
  type: valence
  bonds:
  - {{atoms: [0, 1], form: morse, De: {DE} eV, a: {A} 1/A, r0: {R0} A}}
  - {{atoms: [0, 2], form: morse, De: {DE} eV, a: {A} 1/A, r0: {R0} A}}
  angles: [{{atoms: [1, 0, 2], k: {K} eV/rad2, theta0: 104.5 deg}}]
integrator: {{timestep: 0.5 fs, steps: 4000}}
predictor: {{type: surrogate}}
training: {{warmup_steps: 500, episode_every_injections: 20}}
policy: {{type: periodic, frequency: 0.02}}
output: {{trajectory: first.h5, stride: 5}}
"""


class Water(ase.calculators.calculator.Calculator):
    """Two Morse bonds and a harmonic angle, from the textbook (eV, Angstrom)."""
    implemented_properties = ["energy", "forces"]

    def calculate(self, atoms=None, properties=("energy",), system_changes=ase.calculators.calculator.all_changes):
        super().calculate(atoms, properties, system_changes)
        bonds = self.atoms.positions[1:] - self.atoms.positions[0]
        lengths = np.linalg.norm(bonds, axis=1)
        units = bonds / lengths[:, None]
        decay = np.exp(-A * (lengths - R0))
        outer = -(2 * DE * A * decay * (1 - decay))[:, None] * units
        cosine = units[0] @ units[1]
        theta = np.arccos(cosine)
        for i in (0, 1):
            outer[i] += K * (theta - THETA0) / np.sin(theta) * (units[1 - i] - cosine * units[i]) / lengths[i]
        energy = (DE * (1 - decay) ** 2).sum() + 0.5 * K * (theta - THETA0) ** 2
        self.results = {"energy": energy, "forces": np.vstack([-outer.sum(axis=0), outer])}


def run(*more, ranks=1):
    on = ["-n", str(ranks)] if ranks > 1 else []
    settings = [word for setting in more for word in ("--set", setting)]
    done = subprocess.run([HAMLET, "run", "run.yaml", "--quiet", "--overwrite", *on, *settings], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def read(path, dataset="particles/system/position/value"):
    with h5py.File(path) as f:
        return f[dataset][...]


def check_same(path):
    assert (read(path) == read("first.h5")).all(), path
    for field in ("step", "action", "weights_version"):
        assert (read(path, "hamlet/decisions")[field] == read("first.h5", "hamlet/decisions")[field]).all(), f"{path}: {field}"


water = ase.Atoms("OH2", positions=[[0, 0, 0], [0.9572, 0, 0], [-0.24, 0.9266, 0]])
water.write("water.xyz", format="extxyz")
with open("run.yaml", "w") as f:
    f.write(CONFIG)

# What it does not say anew it says again: other ranks, and a replay.
run()
decisions = read("first.h5", "hamlet/decisions")
predicted = (decisions["action"][500:] == 0).mean()
training = read("first.h5", "hamlet/training")
print(f"{100 * predicted:.1f} % predicted, held-out errors {training['held_out_after']}, terms {training['terms']}")
assert predicted > 0.97
assert training["accepted"][0] == 1 and 20 < training["terms"][0] < 100
run("output.trajectory=ranks.h5", ranks=3)
check_same("ranks.h5")
run("output.trajectory=replay.h5", "policy={type: replay, log: first.h5}")
check_same("replay.h5")

# Its weights alone drive the molecule along the exact run, for a while; and are a start that need not be learned again.
alone = ("integrator.steps=1000", "training={mode: off, warmup_steps: 1}", "predictor.weights=first.h5", "policy.type=never")
run("output.trajectory=alone.h5", *alone)
run("output.trajectory=exact.h5", "integrator.steps=1000", "policy.type=always")
error = np.abs(read("alone.h5") - read("exact.h5")).max()
print(f"1000 steps on its weights alone: {error:.1e} Angstrom from the exact run")
assert (read("alone.h5", "hamlet/decisions")["action"] == 0).mean() > 0.99
assert error < 1e-5
run("output.trajectory=on.h5", "predictor.weights=first.h5", "training.warmup_steps=20")
analysis = json.loads(subprocess.run([HAMLET, "analyze", "on.h5", "--json"], check=True, capture_output=True).stdout)
assert analysis["kick_accuracy_percent"] > 99.99, analysis["kick_accuracy_percent"]

# ASE's trajectory, with the eight decimals of its format.
water.set_momenta(np.array([[0.05, -0.2, 0.1], [0.15, 0.1, -0.04], [-0.2, 0.1, -0.06]]))
water.calc = Water()
frames = []
dynamics = ase.md.verlet.VelocityVerlet(water, 0.5 * ase.units.fs)
dynamics.attach(lambda: frames.append(water.copy()))
dynamics.run(2000)
ase.io.write("ase.xyz", frames, format="extxyz")
done = subprocess.run([HAMLET, "train", "run.yaml", "--from", "ase.xyz", "-o", "weights.h5"], capture_output=True, text=True)
print(done.stdout + done.stderr)
assert done.returncode == 0
assert float(re.search(r"held-out error (\S+) of the rms", done.stdout).group(1)) < 1e-3
frames[0].write("water.xyz", format="extxyz")
run("output.trajectory=driven.h5", "system={geometry: water.xyz}", *alone, "predictor.weights=weights.h5", "output.stride=1")
theirs = np.array([frame.positions for frame in frames[:1001]])
ours = read("driven.h5")
error = np.abs(ours - theirs[:len(ours)]).max()
print(f"on weights from ASE's trajectory {error:.1e} Angstrom from it")
assert error < 1e-4
