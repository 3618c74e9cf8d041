"""Runs in a heat bath as a user has them: energies by kind of motion, a conserved energy, a ramp, bits that repeat, atoms that
are held as ASE writes it, and the canonical distribution of a bond's length."""
import json
import os
import subprocess

import ase
import ase.constraints
import ase.io
import ase.units
import h5py
import numpy as np

import same_run

HAMLET = os.environ["HAMLET"]
WATER = """system: {geometry: water.xyz, initial_velocities: {temperature: 300 K, seed: 7}}
hamiltonian:
  type: valence
  bonds:
    - {atoms: [0, 1], form: harmonic, k: 8.45 mdyn/A, r0: 0.9572 A}
    - {atoms: [0, 2], form: harmonic, k: 8.45 mdyn/A, r0: 0.9572 A}
  angles: [{atoms: [1, 0, 2], k: 4.0 eV/rad2, theta0: 104.5 deg}]
integrator: {timestep: 0.25 fs, steps: 200000}
predictor: {type: zero}
policy: {type: always}
thermostat: {type: langevin, temperature: 300 K, time_constant: 20 fs, seed: 1}
output: {trajectory: run.h5, stride: 10}
"""
ase.Atoms("OH2", positions=[[0, 0, 0], [0.9572, 0, 0], [-0.24, 0.9266, 0]]).write("water.xyz", format="extxyz")
with open("water.yaml", "w") as f:
    f.write(WATER)


def run(config, *settings):
    more = [word for setting in settings for word in ("--set", setting)]
    subprocess.run([HAMLET, "run", config, "--quiet", "--overwrite", *more], check=True)


def analyze(path, *more):
    out = subprocess.run([HAMLET, "analyze", path, "--json", *more], check=True, capture_output=True, text=True).stdout
    return json.loads(out)


# ---- equipartition and the conserved energy ----
for kind, at_rest in (("langevin", 0), ("bussi", 3)):
    run("water.yaml", f"thermostat.type={kind}")
    found = analyze("run.h5")
    print(kind, found["mean_temperature_K"], found["equipartition"], found["energy_drift_relative"])
    assert found["energy_drift_of"] == "conserved_energy"
    assert abs(found["energy_drift_relative"]) < 1e-3 and found["energy_max_block_deviation_relative"] < 1e-2
    assert (found["momentum_drift_relative"] is None) == (kind == "langevin")
    with h5py.File("run.h5") as f:
        observables = {name: f["observables"][name]["value"][...] for name in f["observables"]}
        assert f["hamlet/run"].attrs["degrees_of_freedom"] == 9 - at_rest
        unit = f["observables/conserved_energy/value"].attrs["unit"]
    assert unit in ("kJ mol-1", b"kJ mol-1")
    kinetic = observables["kinetic_energy"]
    temperature = 2 * kinetic / (9 - at_rest) / (8.31446261815324e-3)
    assert np.allclose(temperature, observables["temperature"], rtol=1e-9)
    assert np.std(observables["total_energy"]) > 20 * np.std(observables["conserved_energy"])
    if kind == "langevin":   # every mode of its own has reached its temperature
        assert abs(found["mean_temperature_K"] / 300 - 1) < 0.04
        for group in ("translation", "rotation", "stretch", "bend", "O", "H", "stretch H-O", "bend H-O-H"):
            assert abs(found["equipartition"][group] - 1) < 0.15, group
        assert "torsion" not in found["equipartition"]
    else:                    # the momentum of the whole stays as it was, which is none
        assert "translation" not in found["equipartition"]
ratios = analyze("run.h5", "--reference", "run.h5")["equipartition"]
assert all(abs(value - 1) < 1e-12 for value in ratios.values())

# ---- a ramp, and the same bits again ----
run("water.yaml", "thermostat.temperature=[100 K, 900 K]", "output.trajectory=ramp.h5")
with h5py.File("ramp.h5") as f:
    parts = f["observables/temperature/value"][...].reshape(8, -1).mean(axis=1)
print("ramp", parts)
for part, mean in enumerate(parts):
    assert abs(mean - (150 + 100 * part)) < 0.35 * (150 + 100 * part)
HYBRID = ["hamiltonian={type: morse, molecule: HCl}", "system={initial_velocities: {temperature: 300 K}}", "predictor={type: linear}",
          "policy={type: periodic, frequency: 0.05}", "training={warmup_steps: 1000}", "integrator.steps=20000"]
for kind in ("langevin", "bussi"):
    run("water.yaml", *HYBRID, f"thermostat.type={kind}", "output.trajectory=first.h5")
    run("water.yaml", *HYBRID, f"thermostat.type={kind}", "output.trajectory=again.h5", "policy={type: replay, log: first.h5}")
    with h5py.File("first.h5") as a, h5py.File("again.h5") as b:
        assert (a["particles/system/position/value"][...] == b["particles/system/position/value"][...]).all()
        assert (a["observables/conserved_energy/value"][...] == b["observables/conserved_energy/value"][...]).all()
        assert 900 < (a["hamlet/decisions"]["action"][1000:] == 1).sum() < 1000
    run("water.yaml", *HYBRID, f"thermostat.type={kind}", "output.trajectory=other.h5", "thermostat.seed=2")
    with h5py.File("first.h5") as a, h5py.File("other.h5") as b:
        assert (a["particles/system/position/value"][-1] != b["particles/system/position/value"][-1]).all()
    subprocess.run([HAMLET, "run", "water.yaml", "--quiet", "--overwrite", "-n", "3", "--set", "output.trajectory=three.h5",
                    "--set", f"thermostat.type={kind}", *[word for s in HYBRID for word in ("--set", s)]], check=True)
    assert not [line for line in same_run.compare("first.h5", "three.h5") if "config" not in line]

# ---- atoms that are held, by the geometry as ASE writes it and by the configuration ----
atoms = ase.io.read("water.xyz")
atoms.set_constraint(ase.constraints.FixAtoms([0]))
ase.io.write("held.xyz", atoms, format="extxyz", columns=["symbols", "positions", "move_mask"])
for settings in (["system.geometry=held.xyz"], ["system.frozen=[0]"]):
    run("water.yaml", *settings, "thermostat=none", "integrator.steps=20000", "output.trajectory=held.h5")
    found = analyze("held.h5")
    with h5py.File("held.h5") as f:
        x, v = (f[f"particles/system/{name}/value"][:, 0] for name in ("position", "velocity"))
        assert (x == x[0]).all() and (v == 0).all()
        assert f["hamlet/run"].attrs["degrees_of_freedom"] == 6 and list(f["hamlet/frozen"]) == [0]
    assert found["energy_drift_of"] == "total_energy" and abs(found["energy_drift_relative"]) < 1e-4
    assert found["momentum_drift_relative"] is None and found["angular_momentum_drift_relative"] is None
    assert "O" not in found["equipartition"] and "translation" not in found["equipartition"]
# A surrogate learns the law from those that move.
run("water.yaml", "system.frozen=[0]", "thermostat=none", "integrator.steps=20000", "output.trajectory=held.h5",
    "predictor={type: surrogate}", "training={warmup_steps: 1000}", "policy={type: periodic, frequency: 0.01}")
found = analyze("held.h5")
print("held, surrogate", found["residual_rms_relative"], found["energy_drift_relative"])
assert found["residual_rms_relative"] < 1e-6 and abs(found["energy_drift_relative"]) < 1e-4

# ---- the length of an anharmonic bond: p(r) ~ r^2 exp(-U/kT) ----
ase.Atoms("HCl", positions=[[0, 0, 0], [1.2746, 0, 0]]).write("hcl.xyz", format="extxyz")
DEPTH, WIDTH, R0, HOT = 4.62, 1.87, 1.2746, 2000
run("water.yaml", "system={geometry: hcl.xyz, initial_velocities: {temperature: 2000 K}}", f"thermostat.temperature={HOT} K",
    f"hamiltonian={{type: morse, bonds: [{{atoms: [0, 1], De: {DEPTH} eV, a: {WIDTH} 1/A, r0: {R0} A}}]}}", "integrator.steps=400000",
    "output.trajectory=hot.h5")
r = np.linspace(0.8, 2.5, 20001)
weight = r ** 2 * np.exp(-DEPTH * (1 - np.exp(-WIDTH * (r - R0))) ** 2 / (ase.units.kB * HOT))
mean = (weight * r).sum() / weight.sum()
spread = np.sqrt((weight * (r - mean) ** 2).sum() / weight.sum())
bond = analyze("hot.h5")["bonds"][0]
print(f"bond at {HOT} K: {bond['mean_angstrom']:.5f} +- {bond['std_angstrom']:.5f} A; canonical {mean:.5f} +- {spread:.5f} A")
assert abs(bond["mean_angstrom"] - mean) < 0.05 * spread
assert abs(bond["std_angstrom"] / spread - 1) < 0.04
