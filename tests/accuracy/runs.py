"""What the accuracy tables share: runs of Hamlet, what is read from them, other starting phases of an exact run.

Needs h5py and numpy.
"""
import json
import math
import subprocess

import h5py
import numpy

ATOMIC_MASS = 1.66053906660e-27
ASE_TIME_PS = 1e12 * 1e-10 * (ATOMIC_MASS / 1.602176634e-19) ** 0.5   # Angstrom sqrt(u/eV)
SYMBOLS = {1: "H", 6: "C", 7: "N", 8: "O", 17: "Cl", 18: "Ar"}
PHASES = 8              # exact runs of a band, the given one included
MOTIONS = ["stretch", "bend", "torsion", "rotation"]
STRONGEST = 3           # peaks that are compared
MOST_PAIRS = 2e8        # distances that go into one g(r)


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


def peak_difference(fields, reference):
    """From the strongest peaks of the reference to the nearest each, the largest distance; None without peaks."""
    found, expected = fields["vibrational_peaks_cm1"], reference["vibrational_peaks_cm1"][:STRONGEST]
    if not found or not expected:
        return None
    return max(min(abs(peak - other) for other in found) for peak in expected)


def share_difference(fields):
    """Of a run that was analysed beside its exact run: how far the energy of each motion is from there, relative."""
    shares = fields["equipartition"] or {}
    return {key: shares[key] - 1 for key in MOTIONS if shares.get(key) is not None}


def worst(values):
    return max((abs(v) for v in values if v is not None), default=None)


def radial_distribution(path, width=0.1, nearest=3.0):
    """g(r) in bins of `width` from `nearest` to half the box, from frames after the warm-up; None without a box."""
    with h5py.File(path) as f:
        info = f["hamlet/run"].attrs
        if not any(info["periodic"]):
            return None
        box = numpy.array(info["cell_angstrom"]).reshape(3, 3).diagonal()
        x = f["particles/system/position/value"][int(info["warmup_steps"]) // int(info["stride"]):]
    frames, natom = x.shape[:2]
    x = x[::max(1, int(frames * natom**2 / 2 / MOST_PAIRS))]
    edges = numpy.arange(nearest, box.min() / 2, width)
    counts = numpy.zeros(len(edges) - 1)
    for frame in x:
        for i in range(natom - 1):
            d = frame[i + 1:] - frame[i]
            d -= box * numpy.round(d / box)
            counts += numpy.histogram(numpy.sqrt((d * d).sum(axis=1)), bins=len(edges) - 1, range=(nearest, edges[-1]))[0]
    shells = 4 / 3 * math.pi * (edges[1:]**3 - edges[:-1]**3)
    return counts / (len(x) * natom * (natom - 1) / 2 * shells / box.prod())


def rms(a, b):
    return None if a is None or b is None or len(a) != len(b) else float(numpy.sqrt(numpy.mean((a - b)**2)))


def predict_us(fields):
    predicted = fields["steps"] - fields["warmup_steps"] - fields["injections"]
    return 1e6 * fields["seconds_predict"] / predicted if predicted > 0 else None


def heated_parts(path, target, parts=5):
    """What the residual policy made of each part of a run."""
    with h5py.File(path) as f:
        info, injections, decisions = dict(f["hamlet/run"].attrs), f["hamlet/injections"][...], f["hamlet/decisions"][...]
        temperature = f["observables/temperature/value"][...]
    steps, warmup, stride = int(info["steps"]), int(info["warmup_steps"]), int(info["stride"])
    injections, decisions = injections[injections["step"] >= warmup], decisions[decisions["step"] >= warmup]
    found = []
    for part in range(parts):
        first, last = steps * part // parts, steps * (part + 1) // parts
        of = lambda rows: rows[(rows["step"] >= first) & (rows["step"] < last)]
        residual = of(injections)["residual_relative"]
        residual = residual[numpy.isfinite(residual)]
        extreme = of(decisions)["extremeness"]
        extreme = extreme[numpy.isfinite(extreme)]
        kelvin = temperature[first // stride:last // stride]
        found.append(dict(steps=len(of(decisions)), injections=len(of(injections)),
                          residual_median=number(numpy.median(residual)) if len(residual) else None,
                          residual_largest=number(residual.max()) if len(residual) else None,
                          above_target=number((residual > target).mean()) if len(residual) else None,
                          extremeness_median=number(numpy.median(extreme)) if len(extreme) else None,
                          extremeness_largest=number(extreme.max()) if len(extreme) else None,
                          temperature=number(kelvin.mean()) if len(kelvin) else None))
    return found


def number(x):
    return float(x) if math.isfinite(x) else None
