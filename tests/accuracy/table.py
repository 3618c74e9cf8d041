#!/usr/bin/python3
"""The accuracy table: predicted runs against exact ones, over molecules and seeds.

    tests/accuracy/table.py --hamlet build/release/hamlet [--steps 1000000] [--seeds 5] [--case pair-coordinate ...]

For each molecule and seed it runs the case, the same run with every step exact, and exact runs from seven more starting
phases of that trajectory. `deviation` is the larger of |energy_drift_relative| and energy_max_block_deviation_relative;
`band` is three times the largest deviation among the eight exact runs; a row holds if deviation <= max(target, band).
Every row also shows how far mean bond length and vibrational peak are from the exact run, and `shift`, the difference of
the mean total energies of the two runs over the mean kinetic energy: a run that relaxes to another energy at once has a
shift and no deviation. Needs h5py.
"""
import argparse
import json
import pathlib
import statistics
import sys
import tempfile

from runs import PHASES, analyze, deviation, last_line, run, write_start

HARMONIC = ["HCl", "CO", "N2", "H2"]
SEVERAL = "training.energies=[0.6, 0.7, 0.85, 1, 1.15, 1.3, 1.45]"
CASES = {
    "pair-coordinate": dict(target=1e-6, type="harmonic", molecules=HARMONIC, settings=[]),
    "pair-history": dict(target=2e-5, type="harmonic", molecules=HARMONIC,
                         settings=["predictor.inputs=[velocity]", "predictor.history=12", "injection.burst=auto"]),
    "morse-history": dict(target=2e-5, type="morse", molecules=["HCl", "CO"],
                          settings=["predictor.inputs=[velocity]", "predictor.history=32", "injection.burst=auto"]),
    "morse-coordinate": dict(target=2e-5, type="morse", molecules=["HCl", "CO"],
                             settings=["predictor.history=32", "injection.burst=auto"]),
    "lstm": dict(target=3e-4, type="harmonic", molecules=HARMONIC, settings=["predictor.type=lstm"]),
    "lstm-morse": dict(target=2e-4, type="morse", molecules=["HCl", "CO"], settings=["predictor.type=lstm"]),
    "lstm-several": dict(target=3e-4, type="harmonic", molecules=HARMONIC, settings=["predictor.type=lstm", SEVERAL]),
    "lstm-original": dict(target=1e-3, type="harmonic", molecules=HARMONIC, remove="[momentum, angular_momentum]",
                          settings=["predictor.type=lstm", "predictor.representation=cartesian",
                                    "predictor.inputs=[velocity]"]),
    # Frozen weights at other energies than the one they were trained at.
    "transfer": dict(target=1e-2, type="harmonic", molecules=HARMONIC, settings=["predictor.type=lstm", SEVERAL],
                     start_at=[0.8, 1.2]),
    "transfer-one-energy": dict(target=1e-2, type="harmonic", molecules=HARMONIC, settings=["predictor.type=lstm"],
                                start_at=[0.8, 1.2]),
    "transfer-on-linear": dict(target=1e-3, type="harmonic", molecules=HARMONIC, start_at=[0.8, 1.2],
                               settings=["predictor.type=lstm", "predictor.base.type=linear"]),
    "zero": dict(target=1e-6, type="harmonic", molecules=HARMONIC, settings=["predictor.type=zero"]),
}
BASE = """system: {{initial_velocities: {{temperature: 300 K, seed: {seed}, remove: {remove}}}}}
hamiltonian: {{type: {type}, molecule: {molecule}}}
integrator: {{timestep: 0.25 fs, steps: {steps}}}
training: {{seed: {seed}}}
output: {{stride: 10}}
"""


def exact_band(hamlet, case, molecule, steps, exact, first, folder):
    worst = first
    out = folder / "phase.h5"
    for phase in range(1, PHASES):
        geometry = folder / "start.xyz"
        write_start(exact, 37 * phase, geometry)
        config = folder / "phase.yaml"
        config.write_text(f"system: {{geometry: {geometry}}}\nhamiltonian: {{type: {case['type']}, molecule: {molecule}}}\n"
                          f"integrator: {{timestep: 0.25 fs, steps: {steps}}}\npolicy: {{type: always}}\n"
                          "predictor: {type: zero}\noutput: {stride: 10}\n")
        code, said = run(hamlet, config, out, [])
        if code != 0:
            sys.exit(f"exact run failed: {last_line(said)}")
        worst = max(worst, deviation(analyze(hamlet, out)))
    return 3 * worst


def measure(hamlet, name, case, molecule, seed, steps, scale, folder):
    config = folder / "run.yaml"
    config.write_text(BASE.format(seed=seed, type=case["type"], molecule=molecule, steps=steps,
                                  remove=case.get("remove", "[momentum]")))
    settings = list(case["settings"])
    if scale:
        weights = folder / f"weights-{name}-{molecule}-{seed}.h5"
        if not weights.exists():
            code, said = run(hamlet, config, weights, settings + ["integrator.steps=5000"])
            if code != 0:
                sys.exit(f"training failed: {last_line(said)}")
        text = config.read_text().replace("remove:", f"scale_energy: {scale}, remove:")
        config.write_text(text)
        settings += [f"predictor.weights={weights}", "training.mode=off"]
    exact, predicted = folder / "exact.h5", folder / "predicted.h5"
    code, said = run(hamlet, config, exact, ["policy.type=always", "predictor.type=zero"])
    if code != 0:
        sys.exit(f"exact run failed: {last_line(said)}")
    reference = analyze(hamlet, exact)
    code, said = run(hamlet, config, predicted, settings)
    row = dict(case=name, molecule=molecule, seed=seed, scale=scale, exit=code, band=exact_band(
        hamlet, case, molecule, steps, exact, deviation(reference), folder), exact=deviation(reference))
    fields = analyze(hamlet, predicted, exact)
    row["deviation"] = deviation(fields) if code == 0 else float("inf")
    row["holds"] = row["deviation"] <= max(case["target"], row["band"])
    if code == 0:
        row["momentum"] = fields["momentum_drift_relative"]
        row["angular_momentum"] = fields["angular_momentum_drift_relative"]
        row["bond"] = abs(fields["bonds"][0]["mean_angstrom"] - reference["bonds"][0]["mean_angstrom"])
        row["peak"] = abs(fields["vibrational_peaks_cm1"][0] - reference["vibrational_peaks_cm1"][0])
        row["shift"] = abs(fields["energy_shift_relative"])
        row["inaccuracy_percent"] = None if fields["velocity_accuracy_percent"] is None else (
            100 - fields["velocity_accuracy_percent"])
        row["fraction"] = fields["injection_fraction"]
    else:
        row["message"] = last_line(said)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hamlet", required=True)
    parser.add_argument("--steps", type=int, default=1000000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--case", action="append", choices=CASES)
    parser.add_argument("--molecule", action="append", help="only these of a case's molecules")
    parser.add_argument("--json", help="also write every row to this file")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.case or CASES:
            for molecule in [m for m in CASES[name]["molecules"] if m in (options.molecule or CASES[name]["molecules"])]:
                found = [measure(options.hamlet, name, CASES[name], molecule, seed, options.steps, scale,
                                 pathlib.Path(folder))
                         for seed in range(1, options.seeds + 1) for scale in CASES[name].get("start_at", [None])]
                rows += found
                of = lambda key: [row[key] for row in found if row.get(key) is not None]
                print(f"{name:16} {molecule:4} deviation median {statistics.median(of('deviation')):.1e} "
                      f"worst {max(of('deviation')):.1e} | band {min(of('band')):.1e}..{max(of('band')):.1e} | "
                      f"holds {sum(of('holds'))}/{len(found)} | "
                      + " ".join(f"{key} {max(of(key), default=float('nan')):.1e}"
                                 for key in ("momentum", "angular_momentum", "bond", "peak", "shift", "inaccuracy_percent")), flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
