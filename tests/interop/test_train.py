"""Training on trajectories that ASE made and wrote: extended XYZ and H5MD of its velocity Verlet. The held-out error must
come down to what the format's rounding leaves, and the weights must drive a run along ASE's own trajectory."""
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
STEPS = 2000


class Bond(ase.calculators.calculator.Calculator):
    """A Morse bond between atoms 0 and 1, from the textbook (eV, Angstrom)."""
    implemented_properties = ["energy", "forces"]

    def calculate(self, atoms=None, properties=("energy",), system_changes=ase.calculators.calculator.all_changes):
        super().calculate(atoms, properties, system_changes)
        d = self.atoms.positions[1] - self.atoms.positions[0]
        r = np.linalg.norm(d)
        decay = np.exp(-1.87 * (r - 1.2746))
        slope = 2 * 4.62 * 1.87 * decay * (1 - decay)
        self.results = {"energy": 4.62 * (1 - decay) ** 2, "forces": np.array([d, -d]) * slope / r}


def simulate():
    atoms = ase.Atoms("HCl", positions=[[0, 0, 0], [1.30, 0.05, -0.02]], masses=[1.00782503223, 34.968852682])
    atoms.set_momenta(np.array([[0.05, 0.21, -0.13], [-0.05, -0.21, 0.13]]))
    atoms.write("start.xyz", format="extxyz")
    atoms = ase.io.read("start.xyz")
    atoms.calc = Bond()
    frames = []
    dynamics = ase.md.verlet.VelocityVerlet(atoms, 0.25 * ase.units.fs)
    dynamics.attach(lambda: frames.append(atoms.copy()))
    dynamics.run(STEPS)
    return frames


def write_h5md(path, frames, dtype):
    """As the H5MD paper lays it out, with a fixed step and time, in nm."""
    with h5py.File(path, "w") as f:
        f.create_group("h5md").attrs["version"] = [1, 1]
        group = f.create_group("particles/molecule")
        group.create_group("box").attrs["boundary"] = ["none"] * 3
        group["box"].attrs["dimension"] = 3
        group["position/value"] = np.array([0.1 * a.positions for a in frames]).astype(dtype)
        group["position/value"].attrs["unit"] = "nm"
        group["position/step"] = 1
        group["position/time"] = 2.5e-4
        group["position/time"].attrs["unit"] = "ps"
        group["species"] = frames[0].numbers
        group["mass"] = MASSES
        group["mass"].attrs["unit"] = "u"


def train(source, *more):
    done = subprocess.run([HAMLET, "train", "run.yaml", "--from", source, "-o", "weights.h5", "--overwrite", *more],
                          capture_output=True, text=True)
    print(source, done.stdout + done.stderr)
    return done


def error_of(done):
    assert done.returncode == 0
    return float(re.search(r"held-out error (\S+) of the rms", done.stdout).group(1))


frames = simulate()
MASSES = frames[0].get_masses()
with open("run.yaml", "w") as f:
    f.write("system: {geometry: start.xyz}\n"
            "hamiltonian: {type: morse, bonds: [{atoms: [0, 1], De: 4.62 eV, a: 1.87 1/A, r0: 1.2746 A}]}\n"
            "integrator: {timestep: 0.25 fs, steps: 1900}\npredictor: {type: linear, degree: 12}\n")

# Momenta and masses as ASE writes them are enough: they tell the time step.
ase.io.write("momenta.xyz", frames, format="extxyz")
done = train("momenta.xyz")
assert "positions have 8 decimals" in done.stdout and error_of(done) < 1e-4
assert "warning" not in done.stdout

# The fit is better than the data: on the smooth trajectory, weights from the rounded one err less than they could tell.
write_h5md("double.h5", frames, "f8")
os.rename("weights.h5", "rounded.h5")
smooth = train("double.h5")
assert error_of(smooth) < 1e-9
again = train("double.h5", "--set", "predictor.weights=rounded.h5")
before = float(re.search(r"held-out error (\S+) before", again.stdout).group(1))
assert before < 1e-5, f"weights from eight decimals err by {before}"

# Frames with a time but neither momenta nor masses: the system's masses are believed, and doubted when kicks do not cancel.
for n, frame in enumerate(frames):
    frame.info["time"] = 0.25 * n
    del frame.arrays["momenta"]
    del frame.arrays["masses"]
ase.io.write("time.xyz", frames, format="extxyz")
assert error_of(train("time.xyz")) < 1e-4
atoms = ase.io.read("start.xyz")
atoms.set_masses([2.014, 34.968852682])    # deuterium
atoms.write("start_heavy.xyz", format="extxyz")
assert "does not cancel" in train("time.xyz", "--set", "system.geometry=start_heavy.xyz").stdout

write_h5md("single.h5", frames, "f4")
single = train("single.h5")
assert "single precision" in single.stdout and 1e-6 < error_of(single) < 1e-2

ase.io.write("tenth.xyz", frames[::10], format="extxyz")
done = train("tenth.xyz")
assert done.returncode == 2 and "frames are 10 steps (2.5 fs) apart" in done.stderr
for frame in frames:
    frame.info.pop("time")
ase.io.write("bare.xyz", frames, format="extxyz")
done = train("bare.xyz")
assert done.returncode == 2 and "neither time nor step nor velocities" in done.stderr

# Hamlet on ASE's weights alone follows ASE.
assert error_of(train("double.h5")) < 1e-9
subprocess.run([HAMLET, "run", "run.yaml", "--quiet", "--overwrite", "--set", "predictor.weights=weights.h5",
                "--set", "training={mode: off, warmup_steps: 13}", "--set", "policy.type=never",
                "--set", "output={trajectory: driven.h5, stride: 1}"], check=True)
with h5py.File("driven.h5") as f:
    ours = f["particles/system/position/value"][...]
    predicted = (f["hamlet/decisions"]["action"] == 0).mean()
error = np.abs(ours - np.array([a.positions for a in frames[:len(ours)]])).max()
print(f"{100 * predicted:.1f} % predicted, largest distance from ASE's trajectory {error:.1e} Angstrom")
assert predicted > 0.99 and error < 1e-5
