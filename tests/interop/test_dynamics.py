"""Exact trajectories against ASE's velocity Verlet, which shares no line with ours: units, masses, force and integrator."""
import os
import subprocess

import ase
import ase.calculators.calculator
import ase.md.verlet
import ase.units
import h5py
import numpy as np


class Bond(ase.calculators.calculator.Calculator):
    """u(r) of one bond between atoms 0 and 1, written down again from the textbook (eV, Angstrom)."""
    implemented_properties = ["energy", "forces"]

    def __init__(self, energy_and_slope):
        super().__init__()
        self.energy_and_slope = energy_and_slope

    def calculate(self, atoms=None, properties=("energy",), system_changes=ase.calculators.calculator.all_changes):
        super().calculate(atoms, properties, system_changes)
        d = self.atoms.positions[1] - self.atoms.positions[0]
        r = np.linalg.norm(d)
        energy, slope = self.energy_and_slope(r)
        self.results = {"energy": energy, "forces": np.array([d, -d]) * slope / r}


def harmonic(r):
    k = 516.3 * ase.units.m ** -2 * ase.units.J
    return 0.5 * k * (r - 1.2746) ** 2, k * (r - 1.2746)


def morse(r):
    decay = np.exp(-1.87 * (r - 1.2746))
    return 4.62 * (1 - decay) ** 2, 2 * 4.62 * 1.87 * decay * (1 - decay)


CASES = {
    "harmonic": (harmonic, "[{atoms: [0, 1], k: 516.3 N/m, r0: 1.2746 A}]"),
    "morse": (morse, "[{atoms: [0, 1], De: 4.62 eV, a: 1.87 1/A, r0: 1.2746 A}]"),
}
STEPS = 2000


def compare(name, energy_and_slope, bonds):
    atoms = ase.Atoms("HCl", positions=[[0, 0, 0], [1.30, 0.05, -0.02]], masses=[1.00782503223, 34.968852682])
    atoms.set_momenta(np.array([[0.05, 0.21, -0.13], [-0.05, -0.21, 0.13]]))
    atoms.write("start.xyz", format="extxyz")   # momenta and masses as ASE writes them
    with open("run.yaml", "w") as f:
        f.write(f"system: {{geometry: start.xyz}}\nhamiltonian: {{type: {name}, bonds: {bonds}}}\n"
                f"integrator: {{timestep: 0.25 fs, steps: {STEPS}}}\npolicy: {{type: always}}\npredictor: {{type: zero}}\n"
                f"output: {{trajectory: {name}.h5, stride: 1}}\n")
    subprocess.run([os.environ["HAMLET"], "run", "run.yaml", "--quiet", "--overwrite"], check=True)

    atoms = ase.io.read("start.xyz")
    atoms.calc = Bond(energy_and_slope)
    x, v, e = [], [], []
    dynamics = ase.md.verlet.VelocityVerlet(atoms, 0.25 * ase.units.fs)

    def record():
        x.append(atoms.get_positions())
        v.append(atoms.get_velocities() * 1e3 * ase.units.fs)   # Angstrom/ps
        e.append(atoms.get_potential_energy() / (ase.units.kJ / ase.units.mol))

    dynamics.attach(record)
    dynamics.run(STEPS - 1)

    with h5py.File(f"{name}.h5") as f:
        system = f["particles/system"]
        ours = system["position/value"][...], system["velocity/value"][...], f["observables/potential_energy/value"][...]
    # CODATA differs in the ninth digit between the programs: phases drift apart by that much.
    for what, a, b, tolerance in (("position", ours[0], np.array(x), 2e-6), ("velocity", ours[1], np.array(v), 2e-4),
                                  ("energy", ours[2], np.array(e), 2e-4)):
        error = np.abs(a - b).max()
        scale = np.abs(b).max()
        print(f"{name} {what}: largest difference {error:.2e} of {scale:.3g}")
        assert error < tolerance * scale, f"{name}: {what} differs by {error}"
        assert np.abs(np.diff(a, axis=0)).max() > 100 * error, "nothing moved"


for case, (function, parameters) in CASES.items():
    compare(case, function, parameters)
