"""What stands in a report: peaks survive the thinning, text from files is harmless, bad files are refused or shown as far
as they go, and the forms svg and csv hold what the page shows."""
import csv
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree

import h5py
import numpy

HAMLET, SOURCE = os.environ["HAMLET"], os.environ["SOURCE_DIR"]
CONFIG = SOURCE + "/examples/hcl/run.yaml"
LINEAR = ("--set", "predictor={type: linear, representation: pair, inputs: [velocity, coordinate], history: 12}",
      "--set", "training.warmup_steps=1000")


def hamlet(*arguments, code=0):
    done = subprocess.run([HAMLET, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done.stderr


def run(name, *settings):
    hamlet("run", CONFIG, "--quiet", "--overwrite", *LINEAR, *[w for s in settings for w in ("--set", s)],
           "--set", "output.trajectory=" + name)


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def said(message, *words):
    for word in words:
        assert word in message, (word, message)
    assert "\n" == message[-1] and message.startswith("hamlet: "), message


# ---- numbers ----

run("run.h5", "integrator.steps=50000")
run("exact.h5", "integrator.steps=50000", "policy={type: always}")
hamlet("report", "run.h5", "--reference", "exact.h5", "-o", "page.html")
hamlet("report", "run.h5", "--reference", "exact.h5", "--format", "csv", "-o", "numbers")
hamlet("report", "run.h5", "--reference", "exact.h5", "--format", "svg", "-o", "drawings")
page = open("page.html", encoding="utf-8").read()
plots = [name[:-4] for name in sorted(os.listdir("drawings"))]
assert len(plots) >= 8 and all('id="%s"' % name in page for name in plots), plots
for name in plots:
    root = xml.etree.ElementTree.parse("drawings/%s.svg" % name).getroot()
    assert root.tag.endswith("svg") and len(list(root.iter())) > 10, name
    assert os.path.getsize("numbers/%s.csv" % name) > 40, name

with h5py.File("run.h5") as f:
    total = f["observables/total_energy/value"][:]
    decisions = f["hamlet/decisions"][:]
    kinetic = f["observables/kinetic_energy/value"][:]
    residual = f["hamlet/injections"]["residual_relative"]
    bond = numpy.linalg.norm(numpy.diff(f["particles/system/position/value"][100:], axis=1), axis=2).ravel()

shown = [r for r in rows("numbers/total-energy.csv") if r["series"] == "total energy"]
low, high = (numpy.array([float(r[k]) for r in shown]) for k in ("least", "largest"))
span = numpy.ptp(total)
assert len(shown) <= 1600 < len(total)
assert abs(high.max() - (total.max() - total.mean())) < 1e-9 * span and abs(low.min() - (total.min() - total.mean())) < 1e-9 * span
# Every stretch by itself, against NumPy.
edges = numpy.searchsorted(numpy.arange(len(total)) * len(shown) // len(total), numpy.arange(len(shown)))
assert numpy.allclose(high, numpy.maximum.reduceat(total, edges) - total.mean(), rtol=0, atol=1e-9 * span)
assert numpy.allclose(low, numpy.minimum.reduceat(total, edges) - total.mean(), rtol=0, atol=1e-9 * span)

# Blocks are those of the drift: a twentieth of the steps after the warm-up, here 2450 steps.
blocks = [float(r["E − mean, kJ/mol"] or "nan") for r in rows("numbers/total-energy.csv") if r["series"] == "means of blocks"]
expected = total[100:].reshape(20, 245).mean(axis=1) - total.mean()
assert len(set(blocks[50:])) == 20 and numpy.allclose(sorted(set(blocks[50:])), sorted(expected), rtol=0, atol=1e-9 * span)

# Frames that do not know their energy (multiples of 10 here, exact steps never): that of exact steps is shown.
run("rare.h5", "integrator.steps=50000", "output.energies=injections")
hamlet("report", "rare.h5", "--format", "csv", "-o", "rare")
with h5py.File("rare.h5") as f:
    at_injections = f["hamlet/injections"]["total_energy"]
    assert not numpy.isfinite(f["observables/total_energy/value"][-1000:]).all()
shown = [float(r["E − mean, kJ/mol"] or "nan") for r in rows("rare/total-energy.csv") if r["series"] == "total energy"]
assert numpy.isfinite(shown[-len(shown) // 2:]).any()
assert abs(numpy.nanmax(shown) - (at_injections.max() - at_injections.mean())) < 0.05 * numpy.ptp(at_injections)

# Page and analysis take the energy from the same places: frames where all know it, else whichever know it more often.
def drift_of(steps, energy, kinetic):
    """Slope of the block means over the steps after the warm-up (1000), over the mean kinetic energy."""
    first, size = 1000, (50000 - 1000) // 20
    known = numpy.isfinite(energy) & (steps >= first)
    block = (steps[known] - first) // size
    times, means = ([numpy.mean(values[known][block == b]) for b in range(20)] for values in (steps, energy))
    return numpy.polyfit(times, means, 1)[0] * 49000 / kinetic


for name, settings in (("often", ["policy={type: periodic, frequency: 0.57}"]),
                       ("bath", ["thermostat={type: bussi, temperature: 300 K, time_constant: 100 fs}",
                                 "policy={type: periodic, frequency: 0.13}"])):
    run(name + ".h5", "integrator.steps=50000", "output.energies=injections", *settings)
    hamlet("report", name + ".h5", "--format", "csv", "-o", name)
    with h5py.File(name + ".h5") as f:
        table, frames = f["hamlet/injections"][:], f["observables/kinetic_energy"]
        told = f["observables/%s_energy/value" % ("conserved" if name == "bath" else "total")][100:]
        mean_kinetic = frames["value"][100:].mean()
    assert 0 < numpy.isfinite(told).sum() < len(told), name
    shown = [r for r in rows(name + "/total-energy.csv") if r["series"] != "means of blocks"]
    assert {r["series"] for r in shown} == {"less the heat of the bath" if name == "bath" else "total energy"}
    at = numpy.searchsorted(table["step"], 0)  # every injection of the run is on the page
    low, high = (numpy.array([float(r[k]) for r in shown]) for k in ("least", "largest"))
    assert abs(numpy.ptp(table["total_energy"][at:]) - (high.max() - low.min())) < 1e-9 * span, name
    drift = {r["name"]: float(r["value"]) for r in rows(name + "/analysis.csv") if r["name"] == "energy_drift_relative"}
    expected = drift_of(table["step"], table["total_energy"], mean_kinetic)
    assert abs(drift["energy_drift_relative"] / expected - 1) < 1e-4, (name, drift, expected)

# ---- rounds of strides ----

MORSE = "{atoms: [0, %d], form: morse, De: 4.7 eV, a: 2.28 1/A, r0: 0.9572 A}"
with open("strides.yaml", "w") as file:
    file.write("system: {geometry: %s/examples/action_water/water.xyz, initial_velocities: {temperature: 600 K, seed: 1, "
               "remove: [momentum, angular_momentum]}}\n" % SOURCE +
               "hamiltonian: {type: valence, bonds: [%s, %s], angles: [{atoms: [1, 0, 2], k: 4.0 eV/rad2, theta0: "
               "104.5 deg}]}\n" % (MORSE % 1, MORSE % 2) +
               "integrator: {timestep: 0.25 fs, steps: 12000}\n"
               "predictor: {type: action, mode: pure, stride: 8, hidden: 8, pairs: 300, gate_every: 20, gate: 0.02, "
               "max_error: 0.3}\n"
               "training: {warmup_steps: 3200, epochs: 50, polish: 200, episode_every_injections: 100000}\n"
               "policy: {type: never}\noutput: {trajectory: strides.h5, stride: 8}\n")
hamlet("run", "strides.yaml", "--quiet")
hamlet("report", "strides.h5", "--format", "csv", "-o", "strides")
hamlet("report", "strides.h5", "-o", "strides.html")
with h5py.File("strides.h5") as f:
    table = f["hamlet/strides"][:]
assert len(table) <= 1600  # nothing is thinned
kept, refused = table["committed"] == 1, (table["committed"] == 0) & (table["strides"] > 0)
for series, column, which, values in (
        ("rounds that count", "|E − E_ref| / mean K", kept, abs(table["energy_change"])),
        ("refused by the gate", "|E − E_ref| / mean K", refused, abs(table["energy_change"])),
        ("iterations", "iterations", table["tried"] > 0, table["iterations"] / table["tried"]),
        ("reversibility", "residual", table["strides"] > 0, numpy.maximum(table["reversibility"], 2.0 ** -52))):
    file = {"iterations": "stride-iterations", "reversibility": "reversibility"}.get(series, "rounds")
    shown = [(float(r["time, ps"]), float(r[column])) for r in rows("strides/%s.csv" % file)
             if r["series"] == series and r[column]]
    expected = numpy.transpose([table["step"] * 0.25e-3, values])[which]
    assert numpy.allclose(numpy.reshape(shown, (-1, 2)), expected, rtol=1e-9, atol=0), (series, len(shown), which.sum())
assert [float(r["|E − E_ref| / mean K"]) for r in rows("strides/rounds.csv") if r["series"] == "gate"] == [0.02]
whole, none = kept & (table["tried"] == table["strides"]), table["strides"] == 0
ends = {r["round"].split(" ")[0] + r["round"].split(" ")[1]: (int(r["rounds"]), int(r["strides"]))
        for r in rows("strides/round-ends.csv")}
expected = {"counts,every": whole, "counts,up": kept & ~whole, "refusedby": refused, "endedwith": none}
expected = {name: (which.sum(), table["strides"][which].sum()) for name, which in expected.items() if which.any()}
assert ends == expected, (ends, expected)
predicted = [r for r in rows("strides/reasons.csv") if r["step was"] == "predicted"]
assert sum(int(r["steps"]) for r in predicted) == 8 * table["strides"][kept].sum(), predicted
text = open("strides.html", encoding="utf-8").read()
assert "strides of 2 fs" in text and "%d of %d" % (refused.sum(), len(table)) in text

kick = rows("numbers/residual.csv")
assert abs(max(float(r["largest"] or r["relative error"]) for r in kick if r["relative error"]) / numpy.nanmax(residual) - 1) < 1e-9
lengths = [r for r in rows("numbers/bond-1.csv") if r["series"] != "reference"]
x, y = (numpy.array([float(r[k]) for r in lengths]) for k in ("length, Å", "density, 1/Å"))
assert abs(y.sum() * (x[-1] - x[0]) / (len(x) - 1) - 1) < 1e-8
assert abs((x * y).sum() / y.sum() - bond.mean()) < x[1] - x[0]

exact = {r["reason"]: int(r["steps"]) for r in rows("numbers/reasons.csv") if r["step was"] == "exact"}
assert sum(exact.values()) == (decisions["action"] == 1).sum(), exact
names = {r["name"]: r["value"] for r in rows("numbers/analysis.csv")}
assert int(float(names["steps"])) == 50000 and abs(float(names["mean_temperature_K"]) - kinetic[100:].mean() * 2 / 3 / 8.31446e-3) < 0.01

# ---- text from files ----

evil = '<script>alert("x")</script>&\u2028</style>'
shutil.copy("run.h5", "evil.h5")
with h5py.File("evil.h5", "r+") as f:
    del f["hamlet/config"]
    f["hamlet/config"] = "# " + evil
os.rename("evil.h5", "<b>evil & co.h5")
hamlet("report", "<b>evil & co.h5", "-o", "evil.html")
text = open("evil.html", encoding="utf-8").read()
assert evil not in text and "&lt;script&gt;alert(&quot;x&quot;)" in text
assert "<b>evil" not in text and "&lt;b&gt;evil &amp; co.h5" in text

# ---- bad input ----

open("empty.h5", "w").close()
said(hamlet("report", "empty.h5", code=2), "empty.h5")
with h5py.File("foreign.h5", "w") as f:
    f["x"] = 1
said(hamlet("report", "foreign.h5", code=2), "foreign.h5")
with open("run.h5", "rb") as whole, open("cut.h5", "wb") as cut:
    cut.write(whole.read(3000))
said(hamlet("report", "cut.h5", code=2), "cut.h5")
said(hamlet("report", "absent.h5", code=2), "absent.h5")
said(hamlet("report", "run.h5", "--format", "pdf", code=2), "html, svg or csv")
said(hamlet("report", "run.h5", "-o", "run.h5", code=2), "run.h5")
said(hamlet("report", "run.h5", "-o", "exact.h5", code=2), "exact.h5", "no report")
assert h5py.is_hdf5("exact.h5")
assert not os.path.exists("report.html")
hamlet("report", "run.h5", "-o", "page.html")  # a report may be replaced

# What can be shown is shown: other atoms, and a damaged table.
hamlet("run", SOURCE + "/examples/water/run.yaml", "--quiet", "--set", "integrator.steps=1000", "--set",
       "output.trajectory=water.h5")
said(hamlet("report", "run.h5", "--reference", "water.h5", "-o", "other.html", code=2), "water.h5", "other atoms")
text = open("other.html", encoding="utf-8").read()
assert "other atoms" in text and 'id="total-energy"' in text and 'id="divergence"' not in text
said(hamlet("report", "run.h5", "--reference", "foreign.h5", "-o", "other.html", code=2), "foreign.h5")
shutil.copy("run.h5", "damaged.h5")
with h5py.File("damaged.h5", "r+") as f:
    del f["hamlet/correlations/spectrum"]
    f["hamlet/correlations/spectrum"] = numpy.zeros((1, 3))
said(hamlet("report", "damaged.h5", "-o", "damaged.html", code=2), "damaged")
text = open("damaged.html", encoding="utf-8").read()
assert "Not everything could be shown" in text and 'id="total-energy"' in text and 'id="vacf"' not in text
