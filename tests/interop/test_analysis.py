"""What `hamlet analyze` says of a file, against NumPy, ASE and MDAnalysis on the same file: correlations, spectra, pair
distributions, displacements, bonds and angles, slopes and their errors, rounds of strides."""
import csv
import json
import os
import subprocess
import sys
import warnings

sys.dont_write_bytecode = True
warnings.filterwarnings("ignore")
import ase
import ase.geometry
import h5py
import MDAnalysis
import MDAnalysis.analysis.msd
import MDAnalysis.analysis.rdf
import numpy as np

HAMLET = os.environ["HAMLET"]
SPEED = 2.99792458e-5     # of light, cm/fs
EXACT = 1e-10


def check(condition, what):
    if not condition:
        sys.exit(f"test_analysis: {what}")


def close(one, other, what, tolerance=EXACT):
    one, other = np.asarray(one, float), np.asarray(other, float)
    error = np.max(np.abs(one - other)) / max(1e-300, np.max(np.abs(other)))
    print(f"{what}: {error:.1e}")
    check(error <= tolerance, f"{what} is off by {error:.1e} of the largest value")


def hamlet(*arguments):
    return subprocess.run([HAMLET, *arguments], check=True, capture_output=True, text=True).stdout


def run(name, config):
    with open(f"{name}.yaml", "w") as file:
        file.write(config + f"output: {{trajectory: {name}.h5, stride: 1}}\n")
    hamlet("run", f"{name}.yaml", "--quiet", "--overwrite")
    analysis = json.loads(hamlet("analyze", f"{name}.h5", "--json", "--curves", name))
    with h5py.File(f"{name}.h5") as file:
        system, warmup = file["particles/system"], int(file["hamlet/run"].attrs["warmup_steps"])
        data = {"x": system["position/value"][...], "v": system["velocity/value"][...], "z": system["species"][...],
                "m": system["mass"][...], "t": system["position/time"][...], "warmup": warmup,
                "energy": file["observables/total_energy/value"][...], "dt": file["hamlet/run"].attrs["timestep_fs"]}
        if "edges" in system["box"]:
            data["cell"] = system["box/edges/value"][0]
    return analysis, data


def table(folder, name):
    with open(f"{folder}/{name}.csv") as file:
        rows = list(csv.DictReader(file))
    return {key: [row[key] for row in rows] for key in rows[0]}


def numbers(column):
    return np.array([float(value) if value else np.nan for value in column])


# ---- correlations and spectra ----

def autocorrelation(series):
    """Means over all pairs of steps, normalised; series (steps, ...)."""
    steps = len(series)
    power = np.abs(np.fft.rfft(series.reshape(steps, -1), 2 * steps, axis=0)) ** 2
    sums = np.fft.irfft(power.sum(1))[:steps]
    c = sums / (steps - np.arange(steps))
    return c / c[0]


def spectrum(vacf, lags, dt):
    """Cosine transform under a Hann window at multiples of 1 / (2 lags dt c), of unit area."""
    windowed = np.zeros(2 * lags)
    windowed[:len(vacf)] = vacf * (1 + np.cos(np.pi * np.arange(len(vacf)) / len(vacf))) / 2
    windowed[lags + 1:] = windowed[1:lags][::-1]
    return np.fft.rfft(windowed).real * 2 * dt * SPEED


def check_correlations(name, data):
    vacf, spectra = table(name, "vacf"), table(name, "spectrum")
    total, weight = 0, 0
    for z in dict.fromkeys(data["z"]):
        symbol, own = ase.data.chemical_symbols[z], data["v"][:, data["z"] == z]
        c = autocorrelation(own)
        share = data["m"][data["z"] == z].sum() * np.mean(own ** 2)
        total, weight = total + share * c, weight + share
        half = len(c) * 9 // 10    # the longest lags are single products
        close(numbers(vacf[symbol])[:half], c[:half], f"{name}: VACF of {symbol}")
        lags = len(spectra["total"]) - 1
        close(numbers(spectra[symbol]), spectrum(c, lags, data["dt"]), f"{name}: spectrum of {symbol}")
    close(numbers(vacf["total"])[:half], (total / weight)[:half], f"{name}: mass-weighted VACF")
    close(numbers(spectra["total"]), spectrum(total / weight, lags, data["dt"]), f"{name}: density of states")
    close(numbers(vacf["time_fs"]), np.arange(len(vacf["time_fs"])) * data["dt"], f"{name}: times", 1e-12)
    close(numbers(spectra["wavenumber_cm1"]), np.arange(lags + 1) / (2 * lags * data["dt"] * SPEED),
          f"{name}: wavenumbers", 1e-8)


# ---- displacements ----

def check_msd(name, data):
    msd, diffusion = table(name, "msd"), table(name, "diffusion")
    x, lags = data["x"][data["warmup"]:], len(msd["time_ps"])
    check(lags == len(x), f"{name}: lags of the MSD")
    some = np.unique(np.r_[np.arange(1, 40), np.geomspace(40, lags - 1, 30).astype(int)])
    for group, chosen in [("all", np.ones(len(data["z"]), bool))] + [
            (ase.data.chemical_symbols[z], data["z"] == z) for z in dict.fromkeys(data["z"])]:
        own = x[:, chosen]
        direct = [np.mean(np.sum((own[k:] - own[:-k]) ** 2, axis=2)) for k in some]
        close(numbers(msd[f"{group}_angstrom2"])[some], direct, f"{name}: MSD of {group}")
        t, y = numbers(msd["time_ps"]), numbers(msd[f"{group}_angstrom2"])
        first, last = int(np.ceil(0.1 * (lags - 1))), int(np.floor(0.5 * (lags - 1)))
        slope = np.polyfit(t[first:last + 1], y[first:last + 1], 1)[0] / 6
        own_slope = float(diffusion["diffusion_angstrom2_per_ps"][diffusion["group"].index(group)])
        close(own_slope, slope, f"{name}: diffusion of {group}", 1e-8)


def check_msd_of_mdanalysis(name, data):
    universe = MDAnalysis.Universe.empty(len(data["z"]), trajectory=True)
    universe.load_new(data["x"][data["warmup"]:].astype(np.float32))
    theirs = MDAnalysis.analysis.msd.EinsteinMSD(universe, msd_type="xyz", fft=False).run().results.timeseries
    close(numbers(table(name, "msd")["all_angstrom2"]), theirs, f"{name}: MSD of MDAnalysis (single precision)", 1e-5)


# ---- structure ----

def check_rdf(name, data):
    rdf, x = table(name, "rdf"), data["x"][data["warmup"]:]
    r = numbers(rdf["distance_angstrom"])
    width, bins, n = 2 * r[0], len(r), len(data["z"])
    edges, volume = width * np.arange(bins + 1), abs(np.linalg.det(data["cell"]))
    counts = np.zeros(bins)
    i, j = np.triu_indices(n, 1)
    for frame in x:
        _, d = ase.geometry.find_mic(frame[j] - frame[i], data["cell"], pbc=True)
        counts += np.histogram(d, bins=edges)[0]
    shell = 4 / 3 * np.pi * np.diff(edges ** 3)
    g = counts * volume / (len(x) * n * (n - 1) / 2 * shell)
    symbol = ase.data.chemical_symbols[data["z"][0]]
    close(numbers(rdf[f"g_{symbol}-{symbol}"]), g, f"{name}: RDF by ASE's distances and NumPy's histogram")
    close(numbers(rdf[f"neighbours_{symbol}-{symbol}"]), 2 * np.cumsum(counts) / len(x) / n, f"{name}: neighbours")
    universe = MDAnalysis.Universe.empty(n, trajectory=True)
    lengths = np.tile(np.r_[np.diag(data["cell"]), 90, 90, 90].astype(np.float32), (len(x), 1))
    universe.load_new(x.astype(np.float32), dimensions=lengths)
    theirs = MDAnalysis.analysis.rdf.InterRDF(universe.atoms, universe.atoms, nbins=bins, range=(0, edges[-1]),
                                              exclusion_block=(1, 1)).run().results
    # A distance within single precision of an edge may fall on either side.
    moved = np.abs(np.cumsum(theirs.count / 2 - counts)[:-1])
    check(np.max(moved) <= 1e-5 * counts.sum() + 2, f"{name}: RDF of MDAnalysis: {np.max(moved)} counts moved")
    print(f"{name}: RDF of MDAnalysis: {np.max(moved):.0f} of {counts.sum():.0f} counts across an edge")


def check_internals(name, data, bonds, angles):
    internals, x = table(name, "internals"), data["x"][data["warmup"]:]
    atoms = [ase.Atoms(data["z"], frame) for frame in x]
    for what, width, values in (
            ("H-O", 0.005, np.array([[a.get_distance(*bond) for bond in bonds] for a in atoms])),
            ("H-O-H", 1.0, np.array([[a.get_angle(*angle) for angle in angles] for a in atoms]))):
        rows = [k for k, own in enumerate(internals["name"]) if own == what]
        place, density = numbers(internals["middle_of_cell"])[rows], numbers(internals["density"])[rows]
        first = round(place[0] / width - 0.5)
        edges = width * np.arange(first, first + len(rows) + 1)
        close(density, np.histogram(values, bins=edges)[0] / (values.size * width), f"{name}: distribution of {what}")
        close(numbers(internals["mean"])[rows[0]], values.mean(), f"{name}: mean of {what}")
        close(numbers(internals["standard_deviation"])[rows[0]], values.std(), f"{name}: spread of {what}", 1e-8)


# ---- modes ----

def rotations(x, root):
    """Orthonormal mass-weighted rotations of a geometry about its centre of mass, as columns."""
    return np.linalg.qr(np.array([(root * np.cross(axis, x)).ravel() for axis in np.eye(3)]).T)[0]


def check_modes(name, analysis, data):
    x, v, m = data["x"][data["warmup"]:], data["v"][data["warmup"]:], data["m"][:, None]
    root, c = np.sqrt(m), 0
    x = x - (m * x).sum(1, keepdims=True) / m.sum()
    v = v - (m * v).sum(1, keepdims=True) / m.sum()
    fixed = rotations(x[0], root)
    for place, speed in zip(x, v):
        left, _, right = np.linalg.svd((m * place).T @ x[0])    # Kabsch
        turn = left @ np.diag([1, 1, np.sign(np.linalg.det(left @ right))]) @ right
        u, here = (root * (speed @ turn)).ravel(), rotations(place @ turn, root)
        u = u - here @ (here.T @ u)
        u = u - fixed @ (fixed.T @ u)
        c = c + np.outer(u, u) / len(x)
    kelvin = np.linalg.eigvalsh(c)[::-1][:3 * len(m) - 6] * 0.01 / 0.00831446261815324    # u A2/ps2 = 0.01 kJ/mol
    close([mode["temperature_K"] for mode in analysis["vibrational_modes"]], kelvin, f"{name}: temperatures of modes", 1e-8)


# ---- drift ----

def inefficiency(deviation):
    """As J. D. Chodera defines it (pymbar.timeseries), written out."""
    n, g = len(deviation), 1.0
    for k in range(1, n - 1):
        c = np.sum(deviation[:n - k] * deviation[k:]) / (n - k) / np.mean(deviation ** 2)
        if c <= 0 and k > 3:
            break
        g += 2 * c * (1 - k / n)
    return max(g, 1)


def check_drift(name, analysis, data):
    energy = data["energy"][data["warmup"]:]
    steps = len(energy)
    size = min(10000, steps // 20)
    count = steps // size
    means = energy[:count * size].reshape(count, size).mean(1)
    at = np.arange(count) * size + (size - 1) / 2
    slope, intercept = np.polyfit(at - at.mean(), means, 1)
    left = means - intercept - slope * (at - at.mean())
    g = inefficiency(left)
    error = np.sqrt(np.sum(left ** 2) / (count / g - 2) / np.sum((at - at.mean()) ** 2))
    kinetic = np.mean(0.5 * np.sum(data["m"][:, None] * data["v"][data["warmup"]:] ** 2, (1, 2))) * 0.01  # kJ/mol
    close(analysis["energy_drift_relative"], slope * steps / kinetic, f"{name}: slope of the energy", 1e-6)
    close(analysis["energy_drift_relative_error"], error * steps / kinetic, f"{name}: its error", 1e-6)


# ---- rounds of strides ----

def check_rounds(name, analysis, stride):
    with h5py.File(f"{name}.h5") as file:
        table, decisions = file["hamlet/strides"][...], file["hamlet/decisions"][...]
        run, system = dict(file["hamlet/run"].attrs), file["particles/system"]
        x, v, m = system["position/value"][0], system["velocity/value"][0], system["mass"][...].ravel()
    kept, refused = table["committed"] > 0, (table["committed"] == 0) & (table["strides"] > 0)
    after = int(run["steps_done"] - run["warmup_steps"])
    print(f"{name}: {kept.sum()} rounds, {refused.sum()} refused")
    check(kept.sum() > 10, f"{name}: {kept.sum()} rounds are no test")
    turning = np.linalg.norm((m[:, None] * np.cross(x, v)).sum(0)) / (m * np.linalg.norm(v, axis=1)).sum()
    check(turning < 1e-8, f"{name}: it turns")
    heated = 3 * len(m) - 6
    changes = np.abs(table["energy_change"][kept])
    strides = table["strides"][kept].sum()
    check((decisions["action"] == 3).sum() == strides, f"{name}: decisions of strides")
    forces = table["forces"].sum() + (decisions["action"] == 1).sum()
    expected = {
        "strides": strides, "stride_fs": stride * run["timestep_fs"], "stride_fraction": strides * stride / after,
        "rounds": len(table), "rounds_refused": refused.sum(),
        "iterations_per_stride": table["iterations"].sum() / table["tried"].sum(),
        "stride_failure_fraction": (table["tried"] - table["strides"]).sum() / table["tried"].sum(),
        "round_energy_drift_kT": np.median(changes[-(len(changes) // 10):]) * heated / 2,
        "reversibility_max": np.nanmax(table["reversibility"]),
        "oracle_calls": forces, "injection_fraction": (forces - run["warmup_steps"]) / after,
        "rollbacks": stride * table["strides"][refused].sum()}
    for field, value in expected.items():
        close(analysis[field], value, f"{name}: {field}")


# ---- runs ----

WATER = """system: {geometry: water.xyz, initial_velocities: {temperature: 300 K, seed: 3}}
hamiltonian:
  type: valence
  bonds:
    - {atoms: [0, 1], form: harmonic, k: 8.45 mdyn/A, r0: 0.9572 A}
    - {atoms: [0, 2], form: harmonic, k: 8.45 mdyn/A, r0: 0.9572 A}
  angles: [{atoms: [1, 0, 2], k: 4.0 eV/rad2, theta0: 104.5 deg}]
integrator: {timestep: 0.5 fs, steps: 3000}
training: {warmup_steps: 200, mode: off}
predictor: {type: zero}
policy: {type: always}
"""
MORSE = "{atoms: [0, %d], form: morse, De: 4.7 eV, a: 2.28 1/A, r0: 0.9572 A}"
STRIDES = f"""system:
  geometry: minimum.xyz
  initial_velocities: {{temperature: 600 K, seed: 1, remove: [momentum, angular_momentum]}}
hamiltonian:
  type: valence
  bonds: [{MORSE % 1}, {MORSE % 2}]
  angles: [{{atoms: [1, 0, 2], k: 4.0 eV/rad2, theta0: 104.5 deg}}]
integrator: {{timestep: 0.25 fs, steps: 16000}}
predictor: {{type: action, mode: pure, stride: 8, hidden: 8, pairs: 300, gate_every: 20, gate: 0.03, max_error: 0.3}}
training: {{warmup_steps: 3200, epochs: 50, polish: 200, episode_every_injections: 100000}}
policy: {{type: never}}
output: {{trajectory: strides.h5, stride: 8}}
"""
ARGON = """system: {geometry: argon.xyz, initial_velocities: {temperature: 120 K, seed: 3}}
hamiltonian: {type: lennard_jones, cutoff: 7.5 A, shift: force, pairs: [{species: [Ar, Ar], epsilon: 119.8 kB K, sigma: 3.405 A}]}
integrator: {timestep: 5 fs, steps: 400}
training: {warmup_steps: 100, mode: off}
predictor: {type: zero, representation: cartesian}
policy: {type: always}
"""


def make_geometries():
    with open("water.xyz", "w") as file:
        file.write('3\nProperties=species:S:1:pos:R:3 pbc="F F F"\nO 0 0 0\nH 0.9572 0 0\nH -0.24 0.9266 0\n')
    with open("minimum.xyz", "w") as file:
        file.write("3\n\nO 0 0 0\nH 0.75684806 0 0.58601438\nH -0.75684806 0 0.58601438\n")
    side = 5.4 * 3
    sites = [(a + da, b + db, c + dc) for a in range(3) for b in range(3) for c in range(3)
             for da, db, dc in ((0, 0, 0), (.5, .5, 0), (.5, 0, .5), (0, .5, .5))]
    with open("argon.xyz", "w") as file:
        file.write(f'{len(sites)}\nLattice="{side} 0 0 0 {side} 0 0 0 {side}" Properties=species:S:1:pos:R:3 pbc="T T T"\n')
        for site in sites:
            file.write("Ar %.6f %.6f %.6f\n" % tuple(5.4 * k for k in site))


make_geometries()
analysis, data = run("water", WATER)
check_correlations("water", data)
check_msd("water", data)
check_internals("water", data, [(0, 1), (0, 2)], [(1, 0, 2)])
check_drift("water", analysis, data)
check_modes("water", analysis, data)
analysis, data = run("argon", ARGON)
check_correlations("argon", data)
check_msd("argon", data)
check_msd_of_mdanalysis("argon", data)
check_rdf("argon", data)
check_drift("argon", analysis, data)
with open("strides.yaml", "w") as file:
    file.write(STRIDES)
hamlet("run", "strides.yaml", "--quiet", "--overwrite")
check_rounds("strides", json.loads(hamlet("analyze", "strides.h5", "--json")), 8)
