#!/usr/bin/python3
"""The accuracy table of molecules and liquids: predicted runs against exact ones, over seeds.

    tests/accuracy/molecules.py --hamlet build/release/hamlet [--case 'water-*'] [--seeds 20] [--jobs 2] [--json rows.json]

For each system and seed there is an exact run, exact runs from seven more starting phases of that trajectory, and the
cases: runs with one exact force in a hundred after the warm-up, or with fewer forces and no predictor (the baselines, as
`hamlet run --baseline` makes them). A seed is that of the velocities and of the training.

deviation   the larger of |energy_drift_relative| and energy_max_block_deviation_relative, a frame every 10 steps
beyond it   how much larger it is than that of the exact run from the same start
band        three times the largest deviation of the eight exact runs; a row is within if deviation <= max(target, band)
peaks       from the three strongest vibrational peaks of the exact run to the nearest of the run, the largest, 1/cm
shares      of the kinetic energies of stretches, bends, torsions and rotation over those of the exact run, less 1, the
            largest. Beside both stands what the exact runs from other phases come to: they are other trajectories, and
            what differs between them says nothing about a predictor.
residual    rms error of the predicted kicks over the rms kick, at injections
g(r)        rms difference from the exact run's; beside it that of two exact runs from different seeds
speed-up    median exact force call x steps of the exact run / wall time, energies known at injections only

What became of the runs of a case: within; diverged (exit code 4: the run says so itself); warned (out of bound, the run
printed a warning); silent (out of bound, and nothing said so); failed (anything else, with its message).
Heated runs (Langevin, 200 to 600 K, residual policy) have a table of their own, in five parts of the run.

Needs h5py and numpy. A case name may be a pattern; `water-morse:*` are the baselines of a system. Times are worth
something on an idle machine with --jobs 1 only.
"""
import argparse
import concurrent.futures
import fnmatch
import json
import math
import pathlib
import shutil
import statistics
import sys
import tempfile

from runs import (MOTIONS, analyze, deviation, heated_parts, last_line, peak_difference, phase_frames, predict_us,
                  radial_distribution, rms, run, share_difference, worst, write_start)

ROOT = pathlib.Path(__file__).resolve().parents[2]
SURROGATE = "type: surrogate"
CORRECTED = "type: lstm, base: {type: surrogate}"
BASELINES = ["exact", "stretched", "longest_stable", "linear", "respa"]
NO_PREDICTOR = ("exact", "stretched", "longest_stable")
PARTS = 5               # of a heated run

# ---- what is run ----


def molecule(path, warmup=500, settings=()):
    return dict(config=ROOT / path, warmup=warmup, steps=100000, settings=list(settings), timed=False, geometry=None)


def argon(path, atoms):
    return dict(config=ROOT / "examples/argon" / path, warmup=100, steps=10000, settings=[], timed=True,
                geometry=ROOT / f"examples/argon/argon{atoms}.xyz")


WATERS = {"water-harmonic": "examples/water/run.yaml", "water-morse": "examples/water/run_morse.yaml"}
CHAINS = {"methanol": "examples/methanol/run.yaml", "chain10": "tests/accuracy/chain10.yaml"}
HOT = 600   # the examples start at a minimum: half of the kinetic energy goes into the springs
SYSTEMS = {
    **{name: molecule(path) for name, path in WATERS.items()},
    **{f"{name}-turning": molecule(path, settings=["system.initial_velocities.remove=[momentum]"])
       for name, path in WATERS.items()},
    **{f"{name}-{scale}E": molecule(path, settings=[f"system.initial_velocities.scale_energy={scale}"])
       for name, path in WATERS.items() for scale in (0.8, 1.2)},
    **{f"{name}-heated": molecule(path) for name, path in WATERS.items()},
    **{name: molecule(path, warmup=1000) for name, path in CHAINS.items()},
    **{f"{name}-{HOT}K": molecule(path, 1000 if name in CHAINS else 500,
                                  [f"system.initial_velocities.temperature={HOT} K"])
       for name, path in {**WATERS, **CHAINS}.items()},
    "argon108": argon("run.yaml", 108),
    "argon864": argon("run.yaml", 864),
    "argon108-triples": argon("run_axilrod_teller.yaml", 108),
    "argon864-triples": argon("run_axilrod_teller.yaml", 864),
}
TARGETS = {"water-harmonic": 1e-5, "water-morse": 1e-4, "methanol": 1e-3, "chain10": 1e-3, "argon108": 1e-4, "argon864": 1e-4,
           "argon108-triples": 1e-3, "argon864-triples": 1e-3}
HEATED_TARGET = 0.01    # of the residual policy


def case(system, target, predictor=SURROGATE, **more):
    return dict(system=system, target=target, predictor=predictor, **more)


def make_cases():
    cases = {}
    for water in WATERS:
        target = TARGETS[water]
        cases[water] = case(water, target)
        cases[f"{water}-{HOT}K"] = case(f"{water}-{HOT}K", target)
        cases[f"{water}-turning"] = case(f"{water}-turning", target)
        cases[f"{water}-distances"] = case(water, target, SURROGATE + ", basis: distances")
        cases[f"{water}-lstm"] = case(water, 1e-4, CORRECTED, beside=water)
        for degree in (2, 3, 4):
            fixed = f", degree: {degree}"
            cases[f"{water}-degree{degree}"] = case(water, target, SURROGATE + fixed)
            cases[f"{water}-lstm-degree{degree}"] = case(water, 1e-4, CORRECTED + fixed, beside=f"{water}-degree{degree}")
        for scale in (0.8, 1.2):    # frozen weights at another energy than the one they were trained at
            cases[f"{water}-{scale}E"] = case(f"{water}-{scale}E", 1e-3, trained_on=water)
        for degree in ("auto", 2, 3, 4):
            cases[f"{water}-heated-{degree}"] = case(f"{water}-heated", None, SURROGATE + f", degree: {degree}", heated=True)
    for name in ("methanol", "chain10", "argon108", "argon864", "argon108-triples", "argon864-triples"):
        cases[name] = case(name, TARGETS[name])
        if name in CHAINS:
            cases[f"{name}-{HOT}K"] = case(f"{name}-{HOT}K", TARGETS[name])
    for name, target in TARGETS.items():
        for kind in BASELINES:
            cases[f"{name}:{kind}"] = case(name, target, baseline=kind)
    return cases


CASES = make_cases()


def common(system, seed, options):
    """Settings that the exact run and all its rivals share."""
    s = SYSTEMS[system]
    warmup, steps = s["warmup"], options.steps or s["steps"]
    settings = [f"training={{warmup_steps: {warmup}, seed: {seed}}}", f"integrator.steps={steps}", "output={stride: 10}"]
    if s["geometry"]:
        return settings + [f"system={{geometry: {s['geometry']}, initial_velocities: {{temperature: 94.4 K, seed: {seed}}}}}"]
    return settings + [f"system.initial_velocities.seed={seed}"] + s["settings"]


EXACT = ["predictor={type: zero}", "policy={type: always}"]


def hybrid(predictor):
    return [f"predictor={{{predictor}}}", "policy={type: periodic, frequency: 0.01}"]


# ---- what is measured ----


class Bench:
    """One system and seed: its exact runs are made once for all cases."""

    def __init__(self, system, seed, options, folder):
        self.system, self.seed, self.options, self.folder = system, seed, options, folder
        self.config, self.timed = SYSTEMS[system]["config"], SYSTEMS[system]["timed"]
        self.settings = common(system, seed, options)
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, name, settings, baseline=None):
        out = self.folder / f"{name}.h5"
        code, said = run(self.options.hamlet, self.config, out, self.settings + settings, baseline)
        return out, code, said

    def must_run(self, name, settings):
        out, code, said = self.run(name, settings)
        if code != 0:
            raise RuntimeError(f"{self.system}, seed {self.seed}: exact run failed: {said}")
        return out

    def make_exact(self):
        self.exact = self.must_run("exact", EXACT)
        self.reference = analyze(self.options.hamlet, self.exact)
        found = [dict(deviation=deviation(self.reference))]
        for frame in phase_frames(self.exact):
            start = self.folder / "start.xyz"
            write_start(self.exact, frame, start)
            fields = analyze(self.options.hamlet, self.must_run("phase", EXACT + [f"system={{geometry: {start}}}"]), self.exact)
            found.append(dict(deviation=deviation(fields), peaks=peak_difference(fields, self.reference),
                              shares=worst(share_difference(fields).values())))
        self.phases = found
        self.radial = radial_distribution(self.exact)
        self.spread = self.seconds = None
        if self.radial is not None:
            other = self.must_run("other", EXACT + [f"system.initial_velocities.seed={self.seed + 1000}"])
            self.spread = rms(radial_distribution(other), self.radial)
        if self.timed:    # what speedup_vs_exact calls an exact run's time: its median force call, as often as it has steps
            fields = analyze(self.options.hamlet, self.must_run("clock", EXACT + ["output.energies=injections"]))
            self.seconds = fields["speedup_vs_exact"] * fields["wall_seconds"]

    def shown(self):
        """What the exact runs come to, of which every row has a copy."""
        return dict(exact=self.phases[0]["deviation"], band=3 * max(p["deviation"] for p in self.phases),
                    phase_peaks=worst(p.get("peaks") for p in self.phases),
                    phase_shares=worst(p.get("shares") for p in self.phases), spread=self.spread)

    def case_settings(self, c):
        if "trained_on" not in c:
            return hybrid(c["predictor"])
        weights = self.folder / "trained.h5"
        if not weights.exists():
            code, said = run(self.options.hamlet, SYSTEMS[c["trained_on"]]["config"], weights,
                             common(c["trained_on"], self.seed, self.options) + hybrid(c["predictor"]))
            if code != 0:
                raise RuntimeError(f"{self.system}, seed {self.seed}: the run that trains failed: {said}")
        return hybrid(f"{c['predictor']}, weights: {weights}") + ["training.mode=off"]

    def outcome(self, row, c, code, said):
        row.update(exit=code, warnings=[line for line in said.splitlines() if "warning:" in line])
        if code == 4:
            row.update(result="diverged", message=last_line(said))
        elif code != 0:
            row.update(result="failed", message=last_line(said))
        elif row["deviation"] is not None and row["deviation"] <= max(c["target"], row["band"]):
            row["result"] = "within"
        else:
            row["result"] = "warned" if row["warnings"] else "silent"

    def measure(self, name):
        c = CASES[name]
        settings, baseline = self.case_settings(c), c.get("baseline")
        # Where every force is exact its energy is known in every step, and one run serves for accuracy and time.
        forces_only = self.timed and baseline in NO_PREDICTOR
        clock = ["output.energies=injections"]
        path, code, said = self.run(name.replace(":", "."), settings + (clock if forces_only else []), baseline)
        row = dict(case=name, system=self.system, seed=self.seed, target=c["target"], deviation=None, **self.shown())
        if code == 0:
            same_step = baseline not in ("stretched", "longest_stable")
            fields = analyze(self.options.hamlet, path, self.exact if same_step else None)
            self.read(row, fields, path)
            if baseline in NO_PREDICTOR:
                row["residual"] = None
            if same_step:
                row["share_differences"] = share_difference(fields)
                row["shares"] = worst(row["share_differences"].values())
            if self.timed:
                timing = fields
                if not forces_only:
                    timing = analyze(self.options.hamlet, self.run("clock", settings + clock, baseline)[0])
                row["speedup"] = self.seconds / timing["wall_seconds"]
                row["speedup_vs_exact"] = timing["speedup_vs_exact"]
                row["predict_us"] = predict_us(timing)
        self.outcome(row, c, code, said)
        if self.options.keep:
            path.with_suffix(".log").write_text(said + "\n")
        else:
            path.unlink(missing_ok=True)
        return row

    def read(self, row, fields, path):
        value = deviation(fields)
        if not math.isnan(value):
            row.update(deviation=value, beyond=max(0, value - row["exact"]))
        row.update(timestep_fs=fields["timestep_fs"], radial=rms(radial_distribution(path), self.radial),
                   peaks=peak_difference(fields, self.reference), residual=fields["residual_rms_relative"],
                   fraction=fields["injection_fraction"], predict_us=predict_us(fields), fields=fields)

    def measure_heated(self, name):
        c = CASES[name]
        settings = [f"predictor={{{c['predictor']}}}", f"policy={{type: residual, target: {HEATED_TARGET}}}",
                    "system.initial_velocities.temperature=200 K",
                    f"thermostat={{type: langevin, temperature: [200 K, 600 K], time_constant: 100 fs, seed: {self.seed}}}"]
        path, code, said = self.run(name, settings)
        row = dict(case=name, system=self.system, seed=self.seed, exit=code, message=last_line(said) if code else None,
                   warnings=[line for line in said.splitlines() if "warning:" in line], parts=[])
        row["result"] = {0: "finished", 4: "diverged"}.get(code, "failed")
        if code in (0, 4):
            row["parts"] = heated_parts(path, HEATED_TARGET, PARTS)
        if self.options.keep:
            path.with_suffix(".log").write_text(said + "\n")
        return row


def measure_all(system, names, seed, options, folder):
    bench = Bench(system, seed, options, folder)
    if not all(CASES[name].get("heated") for name in names):
        bench.make_exact()
    rows = [bench.measure_heated(name) if CASES[name].get("heated") else bench.measure(name) for name in names]
    by_name = {row["case"]: row for row in rows}
    for row in rows:
        beside = by_name.get(CASES[row["case"]].get("beside"))
        if beside and row.get("residual") is not None and beside.get("residual"):
            row["residual_ratio"] = row["residual"] / beside["residual"]
    if not options.keep:
        shutil.rmtree(folder)
    return rows


# ---- tables ----


def of(rows, key):
    return [row[key] for row in rows if row.get(key) is not None]


def cell(values, form="{:.1e}"):
    if not values:
        return "-"
    middle, most = form.format(statistics.median(values)), form.format(max(values))
    return middle if len(values) == 1 or middle == most else f"{middle}, {most}"


def table(title, columns, lines):
    if lines:
        print(f"\n{title}\n\n| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
        print("\n".join("| " + " | ".join(line) + " |" for line in lines), flush=True)


def count(rows, result):
    number = sum(row["result"] == result for row in rows)
    return str(number) if number else ""


def energy_line(name, rows):
    return [f"`{name}`", f"{count(rows, 'within') or 0}/{len(rows)}",
            *(count(rows, result) for result in ("diverged", "warned", "silent", "failed")),
            cell(of(rows, "deviation")), cell(of(rows, "exact")), cell(of(rows, "beyond")), cell(of(rows, "band")), f"{rows[0]['target']:.0e}",
            cell(of(rows, "residual")), cell(of(rows, "residual_ratio"), "{:.2f}"), cell(of(rows, "fraction"), "{:.3f}"),
            cell(of(rows, "predict_us"), "{:.2f}")]


def motion_line(name, rows):
    by_motion = [cell([abs(row["share_differences"][key]) for row in rows if key in row.get("share_differences", {})])
                 for key in MOTIONS]
    return [f"`{name}`", cell(of(rows, "peaks"), "{:.2f}"), cell(of(rows, "phase_peaks"), "{:.2f}"), *by_motion,
            cell(of(rows, "phase_shares"))]


def liquid_line(name, rows):
    return [f"`{name}`", cell(of(rows, "radial")), cell(of(rows, "spread")), cell(of(rows, "timestep_fs"), "{:.3g}"),
            cell(of(rows, "speedup"), "{:.2f}")]


def heated_lines(name, rows):
    lines = []
    for part in range(PARTS):
        parts = [row["parts"][part] for row in rows if row["parts"] and row["parts"][part]["steps"]]
        lines.append([f"`{name}`" if part == 0 else "", f"{part + 1}/{PARTS}", str(len(parts)),
                      cell(of(parts, "injections"), "{:.0f}"), cell(of(parts, "residual_median")),
                      cell(of(parts, "residual_largest")),
                      cell(of(parts, "above_target"), "{:.0%}"), cell(of(parts, "extremeness_median"), "{:.1f}"),
                      cell(of(parts, "extremeness_largest"), "{:.1f}"), cell(of(parts, "temperature"), "{:.0f}")])
    ended = [row["seed"] for row in rows if row["result"] != "finished"]
    lines[-1][-1] += f"; not finished: {len(ended)} of {len(rows)}" if ended else f"; all {len(rows)} finished"
    return lines


def report(rows):
    names = [name for name in CASES if any(row["case"] == name for row in rows)]
    by_name = {name: sorted((row for row in rows if row["case"] == name), key=lambda row: row["seed"]) for name in names}
    heated = [name for name in names if CASES[name].get("heated")]
    plain = [name for name in names if name not in heated]
    print("Two numbers are the median and the worst over the seeds.")
    table("Energy, over the mean kinetic energy",
          ["case", "within", "diverged", "warned", "silent", "failed", "deviation", "exact run's", "beyond it", "band", "target", "residual",
           "over the surrogate's", "exact fraction", "us per prediction"], [energy_line(n, by_name[n]) for n in plain])
    moving = [n for n in plain if of(by_name[n], "peaks") or of(by_name[n], "shares")]
    table("Motion, differences from the exact run (peaks in 1/cm, kinetic energies relative)",
          ["case", "peaks", "peaks, other phases", *MOTIONS, "shares, other phases"],
          [motion_line(n, by_name[n]) for n in moving])
    table("Liquids", ["case", "g(r)", "two exact runs", "time step / fs", "speed-up"],
          [liquid_line(n, by_name[n]) for n in plain if SYSTEMS[CASES[n]["system"]]["timed"]])
    table(f"Heated from 200 to 600 K, residual policy with a target of {HEATED_TARGET}",
          ["case", "part", "runs", "injections", "median residual", "largest", "above target", "median extremeness", "largest",
           "temperature / K"], [line for n in heated for line in heated_lines(n, by_name[n])])
    said = {}    # one example of each kind for a case; all of them are in the JSON
    for name in names:
        for row in by_name[name]:
            for kind, text in [(row["result"], row.get("message")), *(("warned", line) for line in row["warnings"])]:
                if text:
                    said.setdefault((name, kind), []).append(f"seed {row['seed']}: {text}")
    if said:
        print("\nWhat runs said\n")
    for (name, kind), lines in said.items():
        print(f"- `{name}`, {kind}, {len(lines)} of {len(by_name[name])}; {lines[0]}")


def finite(value):
    """JSON has no NaN."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hamlet", required=True, type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--case", nargs="+", action="extend", help="names or patterns; all by default")
    parser.add_argument("--list", action="store_true", help="print the names of the cases that are chosen")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, help="instead of those of each system")
    parser.add_argument("--jobs", type=int, default=1, help="systems and seeds that run at the same time")
    parser.add_argument("--json", type=pathlib.Path, help="also write every row to this file")
    parser.add_argument("--keep", type=pathlib.Path, help="keep trajectories and logs in this folder")
    options = parser.parse_args()
    patterns = options.case or ["*"]
    for pattern in patterns:
        if not fnmatch.filter(CASES, pattern):
            parser.error(f"no case is called {pattern}; they are {' '.join(CASES)}")
    return options, [name for name in CASES if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]


def main():
    options, names = parse()
    if options.list:
        print("\n".join(names))
        return
    rows, missing = [], []
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        base = options.keep.resolve() if options.keep else pathlib.Path(scratch)
        systems = dict.fromkeys(CASES[name]["system"] for name in names)
        work = {pool.submit(measure_all, system, [n for n in names if CASES[n]["system"] == system], seed, options,
                            base / f"{system}-{seed}"): (system, seed)
                for seed in range(1, options.seeds + 1) for system in systems}
        for done in concurrent.futures.as_completed(work):
            try:
                rows += done.result()
                print("done: %s, seed %d" % work[done], file=sys.stderr, flush=True)
            except RuntimeError as fault:    # there is nothing to compare with
                missing.append(str(fault))
                print(fault, file=sys.stderr, flush=True)
            if options.json:    # as far as they are
                options.json.write_text(json.dumps(finite(rows), indent=1))
    report(rows)
    if missing:
        sys.exit("without a table: " + "; ".join(missing))


if __name__ == "__main__":
    main()
