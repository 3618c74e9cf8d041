"""The learned action on water: strides of 2, 4 and 6 fs, beside what else one could do at such a step.

    python3 tests/accuracy/action.py build/hamlet out [--seeds 8] [--only pure-2 ...] [--short]

Every trajectory starts from velocities of its own, learns in its own exact warm-up, and is compared with an exact run
from the same start. What is finished in `out` is not run again; the table of what is there is printed at the end, and
goes to out/table.md. One core; the full table takes about half an hour.

    group     kinetic energy of stretch and bend over that of the exact run: the worst of the seeds' means
    drift     median of |E - E_0| in the last tenth of the rounds, in kT
    exact     forces over steps, after the warm-up
"""
import argparse
import json
import os
import pathlib
import re
import sys

import h5py
import numpy

import runs

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples/action_water/run.yaml"
BOND = "{atoms: [0, %d], form: harmonic, k: 45.4 eV/A2, r0: 0.97 A}"
CRUDE = ("type: valence, bonds: [" + BOND % 1 + ", " + BOND % 2 + "], "
         "angles: [{atoms: [1, 0, 2], k: 3.6 eV/rad2, theta0: 104.5 deg}]")
EXACT = ["predictor={type: zero}", "policy={type: always}"]
ON_CRUDE = ["predictor.base={type: hamiltonian}", f"predictor.hamiltonian={{{CRUDE}}}"]
OPEN = ["predictor.gate=1e9", "predictor.margin=10", "predictor.max_error=0.1"]  # whatever it does, it is not stopped
WARMUP = 1008  # steps: a multiple of 8, 16, 24 and 48


def strides(steps, mode, *more):
    return [f"predictor.mode={mode}", f"predictor.stride={steps}", f"output.stride={steps}", *more]


# What is run: settings, strides (None: steps of 0.25 fs) and steps of each.
ROWS = {
    "pure-2": (strides(8, "pure"), 100000, 8),
    "composed-4-crude": (strides(16, "composed", *ON_CRUDE), 50000, 16),
    "composed-4": (strides(16, "composed"), 50000, 16),
    "composed-6-crude": (strides(24, "composed", *ON_CRUDE), 100000, 24),
    "composed-6": (strides(24, "composed"), 100000, 24),
    "composed-12-crude": (strides(48, "composed", *ON_CRUDE), 20000, 48),
    "direct-2": (strides(8, "direct", *OPEN), 100000, 8),
    "direct-2-rescaled": (strides(8, "direct", "predictor.rescale_energy=true", *OPEN), 100000, 8),
    "verlet-2": ([*EXACT, "integrator.timestep=2 fs", "output.stride=1"], 100000, 1),
    "verlet-4": ([*EXACT, "integrator.timestep=4 fs", "output.stride=1"], 50000, 1),
    "respa-2": (["predictor={type: hamiltonian, hamiltonian: {" + CRUDE + "}}", "policy={type: periodic, frequency: 0.125}",
                 "injection={form: impulse}", "output.stride=8"], 100000, 8),
}


def settings_of(row, seed, shorter):
    settings, count, steps = ROWS[row]
    warmup = WARMUP if settings[0].startswith("predictor.mode") else 0
    common = [f"system.initial_velocities.seed={seed}", f"training.seed={seed}", f"training.warmup_steps={warmup}",
              f"integrator.steps={warmup + count * steps // shorter}"]
    return [*settings, *common]


def exact_run(hamlet, out, seed, shorter):
    """200 ps (or less) from the same start: what the groups are compared with."""
    path = out / f"exact-{seed}.h5"
    done = out / f"exact-{seed}.done"
    if not done.exists():
        settings = [*EXACT, f"system.initial_velocities.seed={seed}", "training.warmup_steps=0",
                    f"integrator.steps={800000 // shorter}", "output.stride=8"]
        own = out / f"exact-{seed}.{os.getpid()}.h5"  # another job may be at it
        code, said = runs.run(hamlet, EXAMPLE, own, settings)
        assert code == 0, said
        own.rename(path)
        done.touch()
    return path


def held_out_error(said):
    for line in said.splitlines():
        if "held-out error" in line:
            return float(line.split("held-out error ")[1].split()[0])
    return None


KEPT = ["equipartition", "injection_fraction", "energy_drift_relative", "momentum_drift_relative",
        "angular_momentum_drift_relative", "strides", "iterations_per_stride", "stride_failure_fraction", "rounds_refused",
        "round_energy_drift_kT", "reversibility_max", "wall_seconds", "seconds_train"]


def measure(hamlet, out, row, seed, shorter):
    """One trajectory; a dictionary, kept beside it."""
    result = out / f"{row}-{seed}.json"
    if result.exists():
        return json.loads(result.read_text())
    path = out / f"{row}-{seed}.h5"
    exact = exact_run(hamlet, out, seed, shorter)
    code, said = runs.run(hamlet, EXAMPLE, path, settings_of(row, seed, shorter))
    found = {"code": code, "said": runs.last_line(said), "error": held_out_error(said)}
    if code == 0:
        fields = runs.analyze(hamlet, path, exact)
        found |= {key: fields[key] for key in KEPT}
    path.unlink(missing_ok=True)
    result.write_text(json.dumps(found, indent=1))
    return found


# ---- the table ----

def number(values, form="%.2g"):
    values = [v for v in values if v is not None]
    if not values:
        return "–"
    return (form + " (" + form + ")") % (numpy.median(values), max(values, key=abs))


def line_of(row, found):
    ended = [f for f in found if f["code"] == 0]
    if not ended:
        return f"| {row} | 0/{len(found)} | {found[0]['said'].split(': ', 2)[-1]} |||||||"
    share = lambda group: [f["equipartition"][group] - 1 for f in ended]
    cells = [row, f"{len(ended)}/{len(found)}", number([f["error"] for f in ended], "%.1e"),
             number([100 * v for v in share("stretch")], "%+.2f"), number([100 * v for v in share("bend")], "%+.2f"),
             number([f["round_energy_drift_kT"] for f in ended], "%.1e"), number([f["iterations_per_stride"] for f in ended], "%.1f"),
             number([f["stride_failure_fraction"] for f in ended], "%.1e"), number([f["rounds_refused"] for f in ended], "%.0f"),
             number([100 * f["injection_fraction"] for f in ended], "%.2f")]
    return "| " + " | ".join(cells) + " |"


HEAD = """Median over the trajectories (and the worst).

| | ended | validation error | stretch, % off | bend, % off | drift, kT | iterations | strides not solved or outside | rounds refused | exact, % |
|---|---|---|---|---|---|---|---|---|---|
"""


def print_table(out):
    text = HEAD
    for row in ROWS:
        found = [json.loads(p.read_text()) for p in sorted(out.glob(f"{row}-[0-9]*.json"))]
        if found:
            text += line_of(row, found) + "\n"
    (out / "table.md").write_text(text)
    print(text)


# ---- what holds to rounding, and what a slow oracle gains ----

def momenta(path):
    """Largest changes of P and L after the warm-up, over the sums of |p| and |r||p|."""
    with h5py.File(path) as f:
        system = f["particles/system"]
        first = int(f["hamlet/run"].attrs["warmup_steps"]) // int(f["hamlet/run"].attrs["stride"]) + 2
        mass = system["mass"][...].ravel()
        x, v = system["position/value"][first:], system["velocity/value"][first:]
    p = mass[None, :, None] * v
    total, turning = p.sum(axis=1), numpy.cross(x, p).sum(axis=1)
    scale = numpy.linalg.norm(p, axis=2).sum(axis=1).mean()
    arm = (numpy.linalg.norm(x, axis=2) * numpy.linalg.norm(p, axis=2)).sum(axis=1).mean()
    return float(abs(total - total[0]).max() / scale), float(abs(turning - turning[0]).max() / arm)


def tight(hamlet, out, row):
    """1e4 strides solved to 1e-12."""
    result = out / f"tight-{row}.json"
    if not result.exists():
        path = out / f"tight-{row}.h5"
        settings, _, steps = ROWS[row]
        code, said = runs.run(hamlet, EXAMPLE, path, [*settings, "predictor.tolerance=1e-12", "predictor.max_iterations=200",
                                                      f"training.warmup_steps={WARMUP}",
                                                      f"integrator.steps={WARMUP + 10100 * steps}"])
        assert code == 0, said
        fields = runs.analyze(hamlet, path)
        changes = momenta(path)
        result.write_text(json.dumps({"P": changes[0], "L": changes[1], **{key: fields[key] for key in KEPT}}))
    return json.loads(result.read_text())


def slow_oracle(hamlet, out, row, steps=160000, warmup=1600):
    """Speed-up of what comes after the warm-up, with a force of 10 ms, and what the count of forces allows."""
    result = out / f"slow-{row}.json"
    if result.exists():
        return json.loads(result.read_text())
    settings, _, stride = ROWS[row]
    text = EXAMPLE.read_text()
    path, config = out / f"slow-{row}.h5", out / f"slow-{row}.yaml"
    head, rest = text.split("hamiltonian:", 1)
    inner, tail = rest.split("\nintegrator:", 1)
    inner = "\n".join("  " + line for line in inner.splitlines()[1:])
    config.write_text(head.replace("water.xyz", str(EXAMPLE.parent / "water.xyz"))
                      + f"hamiltonian:\n  type: flaky\n  latency: 10 ms\n  hamiltonian:\n{inner}\nintegrator:" + tail)
    fields = []
    for length in [warmup + 32, warmup + steps]:
        code, said = runs.run(hamlet, config, path, [*settings, f"training.warmup_steps={warmup}", "output.stride=1600",
                                                     f"integrator.steps={length}"])
        assert code == 0, said
        fields.append(runs.analyze(hamlet, path))
    short, long = fields
    aside = lambda f: f["wall_seconds"] - f["seconds_train"] - f["seconds_oracle"]
    force = 1e-3 * float(re.search(r"calls, ([0-9.]+) ms each", said).group(1))
    driven = steps - 32
    took = (long["oracle_calls"] - short["oracle_calls"]) * force + aside(long) - aside(short)
    e = 1 - (long["strides"] - short["strides"]) * stride / driven
    found = {"speedup": driven * force / took, "exact": e,
             "allowed": 1 / (e + (1 - e) / (stride * 50)), "force_ms": 1e3 * force}
    result.write_text(json.dumps(found))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hamlet", type=lambda name: pathlib.Path(name).resolve())
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--only", nargs="*", choices=ROWS, default=list(ROWS))
    parser.add_argument("--shorter", type=int, default=1, help="trajectories of so many times fewer strides")
    parser.add_argument("--tight", nargs="*", choices=ROWS, default=["pure-2", "composed-4-crude"])
    parser.add_argument("--slow", nargs="*", choices=ROWS, default=["pure-2", "composed-4-crude", "composed-4"])
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for row in arguments.only:
        for seed in range(1, arguments.seeds + 1):
            found = measure(arguments.hamlet, arguments.out, row, seed, arguments.shorter)
            print(row, seed, found["said"] if found["code"] else found["equipartition"], flush=True)
    print_table(arguments.out)
    for row in arguments.tight:
        print("to 1e-12,", row, tight(arguments.hamlet, arguments.out, row))
    for row in arguments.slow:
        print("10 ms a force,", row, slow_oracle(arguments.hamlet, arguments.out, row))


if __name__ == "__main__":
    sys.exit(main())
