#!/usr/bin/python3
"""Lennard-Jones dynamics against LAMMPS on the same liquid, one core each, measured in turns.

    tests/accuracy/against_lammps.py --hamlet build/release/hamlet [--rounds 5] [--lammps lmp] [--json FILE]

rho* = 0.8442, an fcc crystal started at T* = 1.44 and melted for 300 steps, dt* = 0.005, cutoff 2.5 sigma, skin 0.3 sigma,
neighbour lists made again when an atom has moved half the skin, NVE: seconds per step, lists and integration included.
LAMMPS runs `lj/cut`; with the three-body term `lj/cut` and `atm` (cutoff 2 sigma; ours is tapered over the last Angstrom).
Every round runs `hamlet bench forces --json` and then LAMMPS. A row shows the medians over the rounds, the median of the
rounds' ratios and their range, and what the ratio may be at most. Exit code 1: one is above. Measure on an idle machine.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

# name: cubic cells along an edge, measured steps, largest ratio
CASES = {"lennard_jones 864": (6, 1000, 1.2), "lennard_jones 10976": (14, 100, 1.2), "axilrod_teller 864": (6, 30, None)}

INPUT = """units lj
atom_style atomic
lattice fcc 0.8442
region box block 0 {edge} 0 {edge} 0 {edge}
create_box 1 box
create_atoms 1 box
mass 1 1.0
velocity all create 1.44 87287 loop geom
{style}
neighbor 0.3 bin
neigh_modify delay 0 every 1 check yes
fix 1 all nve
thermo 1000000
timestep 0.005
run {melting}
run {steps}
"""
PAIRS = "pair_style lj/cut 2.5\npair_coeff 1 1 1.0 1.0"
# 73.2e-84 erg cm^9 of argon in reduced units
TRIANGLES = ("pair_style hybrid/overlay lj/cut 2.5 atm 2.0 2.0\npair_coeff 1 1 lj/cut 1.0 1.0\n"
             "pair_coeff * * atm 1 0.072")
ENVIRONMENT = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")


def hamlet(program):
    lines = subprocess.run([program, "bench", "forces", "--json"], check=True, capture_output=True, text=True,
                           env=ENVIRONMENT).stdout.splitlines()
    return {row["case"]: 1e-6 * row["median"] for row in map(json.loads, lines) if row.get("unit") == "us/step"}


def lammps(program):
    seconds = {}
    for name, (edge, steps, _) in CASES.items():
        triangles = name.startswith("axilrod")
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/in", "w") as out:
                out.write(INPUT.format(edge=edge, steps=steps, melting=100 if triangles else 300,
                                       style=TRIANGLES if triangles else PAIRS))
            text = subprocess.run([program, "-in", "in", "-log", "none"], cwd=folder, check=True, capture_output=True,
                                  text=True, env=ENVIRONMENT).stdout
        loop = re.findall(r"Loop time of (\S+) on 1 procs for (\d+) steps with (\d+) atoms", text)[-1]
        assert int(loop[1]) == steps and name.endswith(" " + loop[2]), loop
        seconds[name] = float(loop[0]) / steps
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hamlet", required=True, help="the program")
    parser.add_argument("--lammps", default="lmp", help="the other program")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", help="also write every row to this file")
    options = parser.parse_args()
    rounds = [(hamlet(options.hamlet), lammps(options.lammps)) for _ in range(options.rounds)]
    rows, missed = [], 0
    for name, (_, _, most) in CASES.items():
        ratios = [ours[name] / theirs[name] for ours, theirs in rounds]
        row = dict(case=name, hamlet=statistics.median(ours[name] for ours, _ in rounds),
                   lammps=statistics.median(theirs[name] for _, theirs in rounds), ratio=statistics.median(ratios),
                   least=min(ratios), largest=max(ratios), wanted=most)
        bad = most is not None and row["ratio"] > most
        missed += bad
        rows.append(row)
        print(f"{name:20} hamlet {1e6 * row['hamlet']:9.1f} us/step  LAMMPS {1e6 * row['lammps']:9.1f}  ratio "
              f"{row['ratio']:5.2f} ({row['least']:.2f} to {row['largest']:.2f})"
              + (f"  wanted at most {most}" if most else "") + ("  MISSED" if bad else ""))
    if options.json:
        with open(options.json, "w") as file:
            json.dump(rows, file, indent=1)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
