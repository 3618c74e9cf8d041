"""The learned action on a chain of ten beads: strides of 10 fs, five times a careful Verlet step.

    python3 tests/accuracy/action_chain.py build/hamlet out [--seeds 8] [--only crude ...] [--steps 1000000]

The chain is that of examples/action_chain, started with 600 K at its minimum (240 K are left) and the velocities of each
seed. A careful step is 2 fs, a fifteenth of the fastest period of 29.9 fs: Verlet's energy then fluctuates by 0.5 % of the
kinetic energy. One map is learned, in a run with the seed 0, and drives all trajectories. What is finished in `out` is not
run again; the table of what is there goes to out/table.md. One core: an hour, of which exact runs take a quarter.

    fitted       strides on a surrogate fitted in the same lesson
    crude        strides in the generic field of the example
    respa        r-RESPA on that field, an impulse every 7 fs: the longest that is not refused

    groups       kinetic energy of stretch, bend and torsion, the mean over the trajectories over the mean of the exact
                 ones, and its standard error from the spread of both: exact trajectories of 500 ps differ by a tenth
    drift        |E - E_0| after the last round that was kept, in mean kinetic energies: median and worst
    validation   of the map; beside it the error of its base alone, S = 0
    exact        forces over steps, after the warm-up
"""
import argparse
import json
import pathlib
import sys

import h5py
import numpy

import runs

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples/action_chain/run.yaml"
STRIDES = ["fitted", "crude"]
GROUPS = ["stretch", "bend", "torsion"]
EXACT = ["predictor={type: zero}", "policy={type: always}", "training.starts=0", "training.energies=[1]"]
FREE = "integrator.max_displacement=2 A"  # only their energy stops them
FITTED = ["predictor={type: action, mode: composed, stride: 20, hidden: 16, tolerance: 1e-6, "
          "gate: 0.05, margin: 1.3, guess: none}",
          "training.epochs=5", "training.polish=50", "training.refine=0"]
LESSON = 8000           # exact steps of a run that learns
TAUGHT = 2000           # of one that brings its weights


def crude_field():
    """predictor.hamiltonian of the example, on one line."""
    text = EXAMPLE.read_text().split("  hamiltonian:              #", 1)[1].split("\n", 1)[1].split("\ntraining:", 1)[0]
    fields, section = {}, None
    for line in text.splitlines():
        if line.strip().startswith("- "):
            fields[section].append(line.strip()[2:])
        elif line.strip().endswith(":"):
            section = line.strip()[:-1]
            fields[section] = []
    lists = ", ".join(f"{name}: [{', '.join(entries)}]" for name, entries in fields.items())
    return "{type: valence, " + lists + ", scale_14: {lennard_jones: 0}}"


def respa(every):
    return ["predictor={type: hamiltonian, hamiltonian: " + crude_field() + "}", "training.starts=0", "training.energies=[1]",
            "policy={type: periodic, frequency: %.17g}" % (1 / every), "injection={form: impulse}"]


# Settings, and how many steps of 0.5 fs a step or a stride is long.
ROWS = {
    "exact": (EXACT, 1),
    "exact, 0.25 fs": ([*EXACT, "integrator.timestep=0.25 fs"], 0.5),
    "fitted": (FITTED, 20),
    "crude": ([], 20),
    "respa": (respa(14), 14),
    "verlet-2": ([*EXACT, FREE, "integrator.timestep=2 fs"], 4),
    "verlet-6": ([*EXACT, FREE, "integrator.timestep=6 fs"], 12),
    "verlet-10": ([*EXACT, FREE, "integrator.timestep=10 fs"], 20),
}


def lesson(hamlet, out, row):
    """The run whose weights drive the strides."""
    path = out / f"lesson-{row}.h5"
    if not path.exists():
        code, said = runs.run(hamlet, EXAMPLE, path, [*ROWS[row][0], "system.initial_velocities.seed=0",
                                                      f"training.warmup_steps={LESSON}", f"integrator.steps={LESSON + 4000}"])
        assert code == 0, said
    return path


def settings_of(hamlet, out, row, seed, steps):
    settings, _ = ROWS[row]
    settings = [*settings, f"system.initial_velocities.seed={seed}"]
    if row in STRIDES:
        return [*settings, f"predictor.weights={lesson(hamlet, out, row)}", "training.mode=off", "training.starts=0",
                "training.energies=[1]", f"training.warmup_steps={TAUGHT}", f"integrator.steps={TAUGHT + steps}"]
    ratio = 1 if row == "respa" else ROWS[row][1]
    every = max(1, round(20 / ratio))
    return [*settings, "training.warmup_steps=0", f"output.stride={every}", f"integrator.steps={round(steps / ratio)}"]


def of_strides(path):
    with h5py.File(path) as f:
        table = f["hamlet/strides"][...] if "hamlet/strides" in f else []
        episodes = f["hamlet/training"][...] if "hamlet/training" in f else []
    found = {}
    if len(table):
        kept, tried = table["committed"] > 0, int(table["tried"].sum())
        found = {"strides": int(table["strides"][kept].sum()), "iterations": float(table["iterations"].sum() / tried),
                 "refused": int(((table["strides"] > 0) & ~kept).sum()),
                 "failures": float((tried - table["strides"].sum()) / tried),
                 "drift": float(abs(table["energy_change"][kept][-1]))}
    accepted = [e for e in episodes if e["accepted"]]
    if accepted:
        found |= {"error": float(accepted[0]["held_out_after"]), "error_of_base": float(accepted[0]["held_out_before"])}
    return found


def measure(hamlet, out, row, seed, steps):
    name = row.replace(", ", "-").replace(" ", "")
    result = out / f"{name}-{seed}.json"
    if result.exists():
        return json.loads(result.read_text())
    path = out / f"{name}-{seed}.h5"
    code, said = runs.run(hamlet, EXAMPLE, path, settings_of(hamlet, out, row, seed, steps))
    found = {"row": row, "code": code, "said": runs.last_line(said)}
    if code == 0:
        fields = runs.analyze(hamlet, path)
        found |= {"kelvin": {group: fields["equipartition"][group] * fields["mean_temperature_K"] for group in GROUPS}}
        found |= {key: fields[key] for key in ["injection_fraction", "energy_drift_relative"]} | of_strides(path)
        if row in STRIDES:
            found |= {key: value for key, value in of_strides(lesson(hamlet, out, row)).items() if key.startswith("error")}
    path.unlink(missing_ok=True)
    result.write_text(json.dumps(found, indent=1))
    return found


# ---- the table ----

HEAD = """| | ended | stretch, % off | bend, % off | torsion, % off | drift | validation error (base alone) | iterations | not solved or outside | rounds refused | exact, % |
|---|---|---|---|---|---|---|---|---|---|---|
"""


def off(ended, exact, group):
    """Per cent, and the standard error of that."""
    a, b = (numpy.array([f["kelvin"][group] for f in found]) for found in (ended, exact))
    if len(b) == 0:
        return "–"
    error = lambda x: x.std(ddof=1) / len(x)**0.5 / x.mean() if len(x) > 1 else numpy.nan
    return f"{100 * (a.mean() / b.mean() - 1):+.1f} ± {100 * (error(a)**2 + error(b)**2)**0.5:.1f}"


def line_of(row, found, exact):
    ended = [f for f in found if f["code"] == 0]
    if not ended:
        return f"| {row} | 0 of {len(found)} " + "| – " * 9 + "|"
    of = lambda key: [f[key] for f in ended if f.get(key) is not None]
    two = lambda values, form: (form + " (" + form + ")") % (numpy.median(values), max(values)) if values else "–"
    errors = f"{numpy.median(of('error')):.1e} ({numpy.median(of('error_of_base')):.1e})" if of("error") else "–"
    cells = [row, f"{len(ended)} of {len(found)}", *(off(ended, exact, group) for group in GROUPS), two(of("drift"), "%.3f"),
             errors, two(of("iterations"), "%.1f"), two(of("failures"), "%.0e"), two(of("refused"), "%.0f"),
             two([100 * v for v in of("injection_fraction")], "%.2f")]
    return "| " + " | ".join(cells) + " |"


def print_table(out):
    found = {row: [] for row in ROWS}
    for path in sorted(out.glob("*-[0-9]*.json")):
        result = json.loads(path.read_text())
        found[result["row"]].append(result)
    text = HEAD + "".join(line_of(row, found[row], found["exact"]) + "\n" for row in ROWS if found[row])
    (out / "table.md").write_text(text)
    print(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hamlet", type=lambda name: pathlib.Path(name).resolve())
    parser.add_argument("out", type=lambda name: pathlib.Path(name).resolve())
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--only", nargs="*", choices=ROWS, default=list(ROWS))
    parser.add_argument("--steps", type=int, default=1000000, help="of 0.5 fs, after the warm-up")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for row in arguments.only:
        for seed in range(1, arguments.seeds + 1):
            found = measure(arguments.hamlet, arguments.out, row, seed, arguments.steps)
            print(row, seed, found.get("kelvin", found["said"]), flush=True)
    print_table(arguments.out)


if __name__ == "__main__":
    sys.exit(main())
