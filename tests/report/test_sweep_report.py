"""What the report of a sweep says, against the table it is made of; and sweeps that are unfinished, damaged or none."""
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sweeps import HAMLET, hamlet, make, make_study


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def said(message, *words):
    assert message.startswith("hamlet: ") and message.count("\n") == 1, message
    for word in words:
        assert word in message, (word, message)


def text(path):
    return open(path, encoding="utf-8").read()


make("out")
hamlet("report", "out", "--format", "csv", "-o", "numbers")
hamlet("report", "out/", "--format", "svg", "-o", "drawings")
table = rows("out/index.csv")
assert len(table) == 64


def deviation(row):
    drift, block = row["energy_drift_relative"], row["energy_max_block_deviation_relative"]
    return max(abs(float(drift)), abs(float(block))) if drift and block else None


def group(kind, **axes):
    found = [r for r in table if r["kind"] == kind and r["status"] == "finished" and
             all(r[k.replace("__", ".")] == v for k, v in axes.items())]
    return [d for d in map(deviation, found) if d is not None]


points = rows("numbers/error-fraction.csv")
checked = 0
for molecule in "HCl", "CO":
    mine = [p for p in points if p["series"] == "molecule " + molecule]
    assert len(mine) == 3, mine
    for point, frequency in zip(mine, ("0.003", "0.01", "0.1")):
        values = group("run", hamiltonian__molecule=molecule, policy__frequency=frequency)
        assert len(values) == 4
        for column, expected in (("deviation", statistics.median(values)), ("least", min(values)), ("largest", max(values))):
            assert abs(float(point[column]) / expected - 1) < 1e-9, (point, expected)
            checked += 1
        assert 0.5 < float(point["exact forces per step"]) / float(frequency) < 1.5
    exact = [p for p in points if p["series"] == "exact, molecule " + molecule]
    assert abs(float(exact[0]["deviation"]) / statistics.median(group("exact", hamiltonian__molecule=molecule)) - 1) < 1e-9
assert checked == 18

# Plain leapfrog at dt/f takes as many forces as the run it stands for.
stretched = [p for p in points if p["series"].startswith("stretched")]
assert stretched and all(abs(float(p["exact forces per step"]) - 0.1) < 1e-6 for p in stretched), stretched
assert not any(p["series"].startswith(("exact", "stretched")) for p in rows("numbers/residual-fraction.csv"))

# Nothing on the front is beaten, everything else is.
for number, molecule in (1, "HCl"), (2, "CO"):
    cost = rows("numbers/cost-forces-%d.csv" % number)
    place = lambda p: (float(p["exact forces per simulated ps"]), float(p["deviation"]))
    front = [place(p) for p in cost if p["series"].startswith("front")]
    others = [place(p) for p in cost if not p["series"].startswith("front")]
    beaten = lambda p: any(q != p and q[0] <= p[0] and q[1] <= p[1] for q in others)
    assert front and sorted(set(front)) == sorted({p for p in others if not beaten(p)}), (front, others)

heat = rows("numbers/map-1.csv")
assert [r["molecule"] for r in heat] == ["HCl", "CO"]
for r in heat:
    for frequency in "0.003", "0.01", "0.1":
        expected = statistics.median(group("run", hamiltonian__molecule=r["molecule"], policy__frequency=frequency))
        assert abs(float(r[frequency]) / expected - 1) < 1e-9
troubled = rows("numbers/troubled.csv")
assert len(troubled) == sum(r["status"] != "finished" for r in table) > 0 and all(r["reason"] for r in troubled)
assert sorted(name[:-4] for name in os.listdir("drawings")) == sorted(
    name[:-4] for name in os.listdir("numbers") if name[:-4] not in ("groups", "runs", "troubled"))

# A study of several seeds says what `hamlet analyze` says of them together.
make_study("study")
hamlet("report", "study", "--format", "csv", "-o", "growth")
together = json.loads(subprocess.run([HAMLET, "analyze", "study/0001.h5", "study/0002.h5", "--json"], check=True,
                                     stdout=subprocess.PIPE).stdout)
law = [r for r in rows("growth/growth.csv") if r["runs"] == "history 4" and r["difference of"] == "position"]
assert int(law[0]["branches"]) == together["study_branches"] > 0, law
assert abs(float(law[0]["power"].split()[0]) / together["study_position_exponent"] - 1) < 5e-3, law
curve = [r for r in rows("growth/growth-position.csv") if r["series"] == "history 4"]
assert len({r["series"] for r in rows("growth/growth-position.csv")}) == 2 and len(curve) > 20
assert all(float(r["least"]) <= float(r["rms difference, Angstrom"]) <= float(r["largest"]) for r in curve)
# Seeds by themselves are in the table of groups, which has such columns only where a study fills them.
seeds, groups = rows("study/index.csv"), rows("growth/groups.csv")
for heading, field in (("power of positions", "study_position_exponent"), ("their rate, 1/ps", "study_position_rate_per_ps"),
                       ("power of K", "study_kinetic_exponent"), ("power of U", "study_potential_exponent")):
    for r in groups:
        known = [float(s[field]) for s in seeds if s["predictor.history"] == r["history"] and s[field]]
        assert known, (field, r)
        assert abs(float(r[heading].split()[0]) / statistics.median(known) - 1) < 5e-3, (heading, r, known)
assert "iterations of a stride" not in groups[0] and "power of K" not in rows("numbers/groups.csv")[0]
os.remove("study/0002.h5")  # what is left is shown
assert "study/0002.h5: cannot be opened" in hamlet("report", "study", "--format", "csv", "-o", "less", code=2)
less = [r for r in rows("less/growth.csv") if r["runs"] == "history 4"]
assert 0 < int(less[0]["branches"]) < int(law[0]["branches"])

# ---- unfinished, damaged, none ----

lines = text("out/index.csv").splitlines(keepends=True)


def variant(name, content, plan=True):
    os.mkdir(name)
    if plan:
        shutil.copy("out/plan.txt", name)
    if content is not None:
        with open(name + "/index.csv", "w", encoding="utf-8") as out:
            out.write(content)
    return name


# A run that failed, with a reason that is not to be trusted, and a last line that was never finished.
cells = lines[1].split(",")
failed = ",".join([*cells[:5], "failed", '"a full disk, <script>alert(1)</script>\n""and so on"'] + [""] * (len(cells) - 7)) + "\n"
hamlet("report", variant("part", "".join([lines[0], failed, *lines[2:30], lines[31][:40]])), "-o", "part.html")
page = text("part.html")
assert "29 of 64 runs so far" in page and "&lt;script&gt;alert(1)" in page and "<script>alert(1)" not in page

hamlet("report", variant("hopeless", lines[0] + failed), "-o", "hopeless.html")
assert "No run finished" in text("hopeless.html") and "a full disk" in text("hopeless.html")
said(hamlet("report", variant("fresh", None), code=2), "fresh", "no run of this sweep has ended yet")
said(hamlet("report", variant("header", lines[0]), code=2), "header", "no run of this sweep has ended yet")
said(hamlet("report", variant("foreign", None, plan=False), code=2), "foreign", "not the folder of a sweep")
said(hamlet("report", variant("other", "a,b\n1,2\n", plan=False), code=2), "index.csv", "no table of a sweep")
said(hamlet("report", variant("torn", lines[0] + lines[1].replace("finished,", "")), code=2), "index.csv:2", "damaged")
said(hamlet("report", variant("word", lines[0] + lines[1].replace(",20000,", ",many,", 1)), code=2), "index.csv:2", "many")
said(hamlet("report", "out", "--reference", "out/0001.h5", code=2), "--reference")
