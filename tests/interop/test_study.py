"""A study on one and on three ranks: the run is the same without it, its growth laws are those of its table, and what
cannot be analysed is said in one line."""
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
import h5py
import numpy as np

import same_run

HAMLET = os.environ["HAMLET"]
CONFIG = """system: {{initial_velocities: {{temperature: 300 K, seed: {seed}}}}}
hamiltonian: {{type: morse, molecule: CO}}
integrator: {{timestep: 0.25 fs, steps: 8000}}
predictor: {{type: lstm, layers: 1, hidden: 4, history: 6}}
training: {{warmup_steps: 600, seed: {seed}}}
policy: {{type: periodic, frequency: 0.05}}
output: {{trajectory: {name}.h5, stride: 20}}
{study}
"""
STUDY = "study: {branch_every_steps: 400, branch_steps: 600}"


def check(condition, what):
    if not condition:
        sys.exit(f"test_study: {what}")


def hamlet(*arguments, code=0):
    done = subprocess.run([HAMLET, *arguments], capture_output=True, text=True)
    check(done.returncode == code, f"{' '.join(arguments)} ended with {done.returncode}, not {code}: {done.stderr}")
    return done.stdout if code == 0 else done


def run(name, study, seed=1, *options):
    with open(f"{name}.yaml", "w") as file:
        file.write(CONFIG.format(name=name, study=study, seed=seed))
    hamlet("run", f"{name}.yaml", "--quiet", "--overwrite", *options)


# ---- the run does not notice ----

run("plain", "")
run("studied", STUDY)
run("ranks", STUDY, 1, "-n", "3")
different = [line for line in same_run.compare("plain.h5", "studied.h5")
             if not line.startswith(("/hamlet/study", "/hamlet/config"))]
check(not different, "the run is another one with a study: " + "; ".join(different))
different = [line for line in same_run.compare("studied.h5", "ranks.h5") if not line.startswith("/hamlet/config")]
check(not different, "on three ranks: " + "; ".join(different))
plain, studied = (json.loads(hamlet("analyze", f"{name}.h5", "--json")) for name in ("plain", "studied"))
check(plain["study"] is None and plain["study_branches"] is None, "a run without a study has none")
check(plain["oracle_calls"] == studied["oracle_calls"], "calls of branches are counted apart")

# ---- the growth laws are those of the table ----

study = studied["study"]
with h5py.File("studied.h5") as file:
    table = file["hamlet/study"][...]
steps, unforced = np.unique(table["step"]), np.unique(table["unforced"])
check(list(steps) == list(range(600, 7401, 400)), "branches leave every 400 steps")
check(study["branches"] == len(steps) and study["branch_steps"] == 600, "branches and their length")
last = table[table["unforced"] == 600]
check(study["oracle_calls"] == last["oracle_calls"].sum(), "oracle calls of the study")
check((last["oracle_calls"] == 601 + 600 + len(unforced)).all(), "of each branch: exact, baseline, energies")
for which in ("position", "kinetic", "potential", "total"):
    for of, prefix in (("predicted", ""), ("baseline", "baseline_")):
        own = study[of][which]
        values = table[prefix + "kinetic"] + table[prefix + "potential"] if which == "total" else table[prefix + which]
        values = values.reshape(len(steps), len(unforced))
        rms = np.sqrt(np.mean(values ** 2, axis=0))
        curve = np.array(own["curve"], float)
        check((curve[:, 0] == unforced).all() and (curve[:, 4] == len(steps)).all(), f"{of} {which}: points")
        check(np.allclose(curve[:, 1], rms, rtol=1e-7), f"{of} {which}: rms over branches")
        fitted = np.flatnonzero(rms > own["saturation"])
        end = fitted[0] if len(fitted) else len(rms)
        check(own["points"] == end, f"{of} {which}: {own['points']} points are fitted, not {end}")
        n, y = unforced[:end], np.log(rms[:end])
        (p, *_), left_power, *_ = np.polyfit(np.log(n), y, 1, full=True)
        (c, *_), left_exponential, *_ = np.polyfit(n, y, 1, full=True)
        aic = end * np.log(left_exponential[0] / left_power[0])
        check(abs(own["exponent"][0] - p) < 1e-6 and abs(own["rate_per_step"][0] - c) < 1e-6 * abs(c) + 1e-12,
              f"{of} {which}: exponent and rate")
        check(abs(own["aic_difference"] - aic) < 1e-5 * abs(aic), f"{of} {which}: AIC")
        check(own["law"] == ("bounded" if p < 0.2 else "power" if aic > 0 else "exponential"), f"{of} {which}: law")
        check(own["exponent"][1] <= p <= own["exponent"][2], f"{of} {which}: interval")

# ---- several seeds, and what cannot be ----

run("second", STUDY, 2)
together = json.loads(hamlet("analyze", "studied.h5", "second.h5", "--json"))["study"]
check(together["runs"] == 2 and together["branches"] == 2 * len(steps), "two seeds together")
text = hamlet("analyze", "studied.h5", "second.h5", "--curves", "curves")
check("branches of 2 runs" in text and "position, baseline" in text, "the table for people")
check(os.path.getsize("curves/study.csv") > 1000, "the growth as CSV")
failed = hamlet("analyze", "studied.h5", "plain.h5", code=2)
check("plain.h5: has no study" in failed.stderr, failed.stderr)

with open("empty.h5", "w"):
    pass
with h5py.File("foreign.h5", "w") as file:
    file["x"] = 1
with open("studied.h5", "rb") as whole, open("half.h5", "wb") as half:
    half.write(whole.read()[:20000])
with h5py.File("studied.h5") as whole, h5py.File("other.h5", "w") as other:
    for name in whole:
        whole.copy(name, other)
    other["particles/system/species"][0] = 7
for name in ("empty", "foreign", "half", "missing"):
    failed = hamlet("analyze", f"{name}.h5", code=2)
    check(f"{name}.h5" in failed.stderr and failed.stderr.count("\n") == 1 and not failed.stdout,
          f"{name}: one line that names the file: {failed.stderr}")
    failed = hamlet("analyze", "studied.h5", "--json", "--reference", f"{name}.h5", code=2)
    check("without the reference" in failed.stderr and f"{name}.h5" in failed.stderr, failed.stderr)
    check(json.loads(failed.stdout)["steps"] == 8000, "what can be shown is shown")
failed = hamlet("analyze", "studied.h5", "--reference", "other.h5", code=2)
check("other atoms" in failed.stderr and "Growth of errors" in failed.stdout, failed.stderr)
