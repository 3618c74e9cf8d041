"""A trajectory of known numbers, read by h5py and by MDAnalysis: values, units, times, boxes, tables."""
import subprocess
import sys
import warnings

sys.dont_write_bytecode = True
warnings.filterwarnings("ignore")
import h5py
import MDAnalysis
import numpy as np
from helpers import build

# CODATA 2018: bohr in Angstrom, atomic unit of time in ps, hartree in kJ/mol, electron mass in u, hartree in K.
BOHR, TIME, HARTREE, MASS, KELVIN = 0.529177210903, 2.4188843265857e-5, 2625.4996394799, 5.48579909065e-4, 315775.02480407
FRAMES = 1234    # more than a block of the file
made = build("trajectory_made")
frame, n = np.arange(FRAMES)[:, None, None], np.arange(9).reshape(1, 3, 3)
x = (frame + 0.1 * n) * BOHR
v = 1e-4 * (frame - n) * BOHR / TIME
force = np.where(frame % 2, np.nan, 1e-3 * n * HARTREE / BOHR + 0 * frame)
time = 5 * np.arange(FRAMES) * 20.0 * TIME
potential = -0.01 * np.arange(FRAMES) * HARTREE
kinetic = 0.5 * (1000.0 * np.array([1, 2, 3])[:, None] * (1e-4 * (frame - n)) ** 2).sum((1, 2)) * HARTREE


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12, equal_nan=True)


def check_h5py(path, periodic):
    with h5py.File(path, "r") as f:
        assert list(f["h5md"].attrs["version"]) == [1, 1]
        assert f["h5md/creator"].attrs["name"] == "Hamlet" and f["h5md/creator"].attrs["version"] == "9.8.7"
        assert f["h5md/author"].attrs["name"]
        system = f["particles/system"]
        for name, expected, unit in (("position", x, "Angstrom"), ("velocity", v, "Angstrom ps-1"),
                                     ("force", force, "kJ mol-1 Angstrom-1")):
            close(system[name]["value"][...], expected)
            assert system[name]["value"].attrs["unit"] == unit
            close(system[name]["time"][...], time)
            assert system[name]["time"].attrs["unit"] == "ps"
            assert (system[name]["step"][...] == 5 * np.arange(FRAMES)).all()
            assert system[name]["step"] == system["position/step"], "one step for all: hard links"
            assert system[name]["time"] == system["position/time"]
        assert list(system["species"]) == [8, 1, 1]
        close(system["mass"][...], np.array([1000.0, 2000.0, 3000.0]) * MASS)
        assert system["box"].attrs["dimension"] == 3
        assert list(system["box"].attrs["boundary"]) == ["periodic" if periodic else "none"] * 3
        assert ("edges" in system["box"]) == periodic and ("image" in system) == periodic
        if periodic:
            close(system["box/edges/value"][...], np.tile(np.diag([10.0, 11.0, 12.0]) * BOHR, (FRAMES, 1, 1)))
            assert (system["image/value"][...] == frame - n).all()
        observables = {"potential_energy": potential, "kinetic_energy": kinetic, "total_energy": potential + kinetic,
                       "temperature": 2 * kinetic / HARTREE / 6 * KELVIN}
        assert set(f["observables"]) == set(observables)
        for name, expected in observables.items():
            close(f["observables"][name]["value"][...], expected)
            assert f["observables"][name]["step"] == system["position/step"]
        hamlet = f["hamlet"]
        assert hamlet["config"].asstr()[()] == "text: \u00c5\n"
        assert hamlet["provenance"].attrs["host"] == "castle"
        assert hamlet["run"].attrs["status"] == b"finished" and hamlet["run"].attrs["steps_done"] == 5 * FRAMES
        assert hamlet["bonds"][...].tolist() == [[0, 1]] and hamlet["timing/predict"][()] == 1.25
        decisions = hamlet["decisions"][...]
        assert (decisions["step"] == 5 * np.arange(FRAMES)).all() and (decisions["threshold"] == 0.5).all()
        words = hamlet["decisions"].attrs["reasons"].split()
        assert words[decisions["reason"][7]] == "burst"
        assert hamlet["decisions"].attrs["actions"].split()[decisions["action"][7]] == "inject"


def check_mdanalysis(path, periodic):
    universe = MDAnalysis.Universe.empty(3, trajectory=True)
    universe.load_new(path, format="H5MD")
    assert len(universe.trajectory) == FRAMES
    for k in (0, 1, 2, FRAMES // 2, FRAMES - 1):
        ts = universe.trajectory[k]
        np.testing.assert_allclose(ts.positions, x[k], rtol=1e-6)
        np.testing.assert_allclose(ts.velocities, v[k], rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(ts.forces, force[k], rtol=1e-6, equal_nan=True)
        assert abs(ts.time - time[k]) < 1e-9 and ts.data["step"] == 5 * k
        assert abs(ts.data["potential_energy"] - potential[k]) < 1e-9
        if periodic:
            np.testing.assert_allclose(ts.dimensions, [10 * BOHR, 11 * BOHR, 12 * BOHR, 90, 90, 90], rtol=1e-6)
        else:
            assert ts.dimensions is None
    assert sum(1 for _ in universe.trajectory) == FRAMES


for periodic in (False, True):
    path = f"made_{int(periodic)}.h5"    # each its own: a Universe keeps its file open
    subprocess.run([made, path, str(FRAMES), str(int(periodic))], check=True)
    check_h5py(path, periodic)
    check_mdanalysis(path, periodic)
print("h5py and MDAnalysis agree")
