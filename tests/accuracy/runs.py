"""What the accuracy tables share: runs of Hamlet, their analysis, and other starting phases of an exact run. Needs h5py."""
import json
import subprocess

import h5py

ATOMIC_MASS = 1.66053906660e-27
ASE_TIME_PS = 1e12 * 1e-10 * (ATOMIC_MASS / 1.602176634e-19) ** 0.5   # Angstrom sqrt(u/eV)
SYMBOLS = {1: "H", 6: "C", 7: "N", 8: "O", 17: "Cl", 18: "Ar"}
PHASES = 8   # exact runs of a band, the given one included


def run(hamlet, config, out, settings, baseline=None):
    """One run; its exit code, and all it says."""
    command = [hamlet, "run", str(config), "--overwrite"]
    for setting in [*settings, f"output.trajectory={out}"]:
        command += ["--set", setting]
    if baseline:
        command += ["--baseline", baseline]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout.strip()


def last_line(said):
    return said.splitlines()[-1] if said else ""


def analyze(hamlet, path, reference=None):
    command = [hamlet, "analyze", "--json", str(path)] + (["--reference", str(reference)] if reference else [])
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def deviation(fields):
    """The larger of the two estimators of energy conservation; NaN where one is not known."""
    values = [fields["energy_drift_relative"], fields["energy_max_block_deviation_relative"]]
    return max(abs(v) for v in values) if None not in values else float("nan")


def phase_frames(exact):
    """The frames at which the other runs of a band start: as far apart as the exact run allows."""
    with h5py.File(exact) as f:
        frames = len(f["particles/system/position/value"])
    return [frames * phase // PHASES for phase in range(1, PHASES)]


def write_start(exact, frame, path):
    """One frame of an exact run as a starting geometry with velocities and masses (extended XYZ, ASE's units)."""
    with h5py.File(exact) as f:
        system = f["particles/system"]
        species, mass = system["species"][...].ravel(), system["mass"][...].ravel()
        x, v = system["position/value"][frame], system["velocity/value"][frame]
        cell, periodic = f["hamlet/run"].attrs["cell_angstrom"], f["hamlet/run"].attrs["periodic"]
    box = f'Lattice="{" ".join(f"{c:.17g}" for c in cell)}" ' if any(cell) else ""
    pbc = " ".join("T" if p else "F" for p in periodic)
    lines = [str(len(species)), f'{box}Properties=species:S:1:pos:R:3:vel:R:3:masses:R:1 pbc="{pbc}"']
    for z, m, xi, vi in zip(species, mass, x, v):
        lines.append(" ".join([SYMBOLS[int(z)]] + [f"{n:.17g}" for n in [*xi, *(vi * ASE_TIME_PS), m]]))
    path.write_text("\n".join(lines) + "\n")
