#!/usr/bin/python3
"""xtb against the program xtb: energies and gradients of the same molecules, and what `hamlet energy` tells of them.

With --print it shows the rows that tests/hamiltonians/xtb_molecules.c holds.
"""
import json
import os
import shutil
import subprocess
import sys

import numpy as np

HAMLET = os.environ.get("HAMLET", "hamlet")
ANGSTROM = 0.529177210903
NUMBER = {"H": 1, "C": 6, "N": 7, "O": 8}
ACCURACY = 0.001  # of both programs

WATER = [("O", 0.02, -0.01, 0.12), ("H", 0.05, 1.46, -0.95), ("H", -0.03, -1.38, -1.01)]
METHYL = [("C", 0.00, 0.05, 0.10), ("H", 2.06, 0.01, -0.08), ("H", -1.02, 1.75, -0.05), ("H", -0.99, -1.80, 0.04)]
AMMONIUM = [("N", 0.02, -0.03, 0.01), ("H", 1.14, 1.11, 1.13), ("H", -1.17, -1.12, 1.09), ("H", 1.10, -1.15, -1.14),
            ("H", -1.12, 1.13, -1.19)]
ETHANOL = [("C", 2.22, -0.71, 0.03), ("C", -0.05, 1.05, -0.04), ("O", -2.27, -0.43, 0.05), ("H", -3.70, 0.69, 0.10),
           ("H", 3.93, 0.40, -0.06), ("H", 2.15, -1.93, 1.69), ("H", 2.18, -1.88, -1.64), ("H", 0.03, 2.30, 1.66),
           ("H", -0.02, 2.25, -1.72)]
# No two atoms share a coordinate: libxtb's gradient leaves out terms of such pairs.
BENZENE = [("C", 2.66, 0.03, 0.02), ("C", 1.31, 2.28, -0.04), ("C", -1.34, 2.31, 0.05), ("C", -2.62, -0.02, 0.01),
           ("C", -1.30, -2.33, -0.03), ("C", 1.35, -2.27, 0.04), ("H", 4.70, 0.05, 0.10), ("H", 2.33, 4.05, -0.07),
           ("H", -2.36, 4.09, 0.03), ("H", -4.72, 0.01, -0.09), ("H", -2.35, -4.04, 0.06), ("H", 2.38, -4.10, -0.05)]

MOLECULES = [("water", WATER, 0, 1), ("methyl", METHYL, 0, 2), ("ammonium", AMMONIUM, 1, 1), ("ethanol", ETHANOL, 0, 1),
             ("benzene", BENZENE, 0, 1), ("water, triplet cation", WATER, 2, 3)]


def program(atoms, gfn, charge, multiplicity):
    """Energy and gradient as the program writes them; bohr in, Hartree and Hartree/bohr out."""
    for old in ("gradient", "energy", "coord.engrad", "xtbrestart", "charges", "wbo"):
        if os.path.exists(old):
            os.remove(old)
    with open("coord", "w") as out:
        out.write("$coord\n" + "".join(f"{x} {y} {z} {s.lower()}\n" for s, x, y, z in atoms) + "$end\n")
    done = subprocess.run(["xtb", "coord", "--gfn", str(gfn), "--grad", "--acc", str(ACCURACY), "--chrg", str(charge),
                           "--uhf", str(multiplicity - 1)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("xtb: " + done.stdout[-2000:] + done.stderr)
    with open("gradient") as text:
        lines = text.read().splitlines()
    gradient = [[float(v.replace("D", "E")) for v in line.split()] for line in lines[2 + len(atoms):2 + 2 * len(atoms)]]
    energy = next(line for line in done.stdout.splitlines() if "TOTAL ENERGY" in line)
    return float(energy.split()[3]), np.array(gradient)


def hamlet(atoms, gfn, charge, multiplicity, more=""):
    with open("molecule.xyz", "w") as out:
        out.write(f"{len(atoms)}\nProperties=species:S:1:pos:R:3 pbc=\"F F F\"\n")
        for s, *x in atoms:
            out.write(f"{s} " + " ".join(f"{v * ANGSTROM:.17g}" for v in x) + "\n")
    wanted = (f"{{type: xtb, method: gfn{gfn}, charge: {charge}, multiplicity: {multiplicity}, accuracy: {ACCURACY}"
              f"{more}}}")
    done = subprocess.run([HAMLET, "energy", "molecule.xyz", "--hamiltonian", wanted, "--json"], capture_output=True,
                          text=True, env={**os.environ, "OMP_NUM_THREADS": "8"})
    if done.stderr and done.returncode == 0:
        sys.exit(f"something was printed: {done.stderr}")
    return done, json.loads(done.stdout) if done.stdout else None


def compare():
    worst = [0.0, 0.0]
    for name, atoms, charge, multiplicity in MOLECULES:
        for gfn in (2, 1):
            energy, gradient = program(atoms, gfn, charge, multiplicity)
            _, ours = hamlet(atoms, gfn, charge, multiplicity)
            assert ours["converged"] is True and ours["iterations"] is None and ours["seconds"] > 0, ours
            off = [abs(ours["energy_hartree"] - energy),
                   np.abs(np.array(ours["forces_hartree_per_bohr"]) + gradient).max()]
            print(f"{name}, GFN{gfn}: energy off by {off[0]:.1e}, gradient by {off[1]:.1e} of {np.abs(gradient).max():.3f}")
            assert off[0] < 1e-8 and off[1] < 2e-8 and np.abs(gradient).max() > 1e-3, name
            worst = [max(w, o) for w, o in zip(worst, off)]
    print("largest differences: {:.1e} Hartree, {:.1e} Hartree/bohr".format(*worst))


def not_converged():
    done, ours = hamlet(WATER, 2, 0, 1, ", max_iterations: 2")
    assert ours["converged"] is False and ours["iterations"] == 2, ours
    assert done.returncode == 3 and done.stderr.count("\n") == 1 and "did not converge" in done.stderr, done


def rows():
    for name, atoms, charge, multiplicity in MOLECULES:
        for gfn in (2, 1) if name == "water" else (2,):
            energy, gradient = program(atoms, gfn, charge, multiplicity)
            print(f'    {{"{name}", "method: gfn{gfn}, charge: {charge}, multiplicity: {multiplicity}", {energy:.12f}, '
                  f"{len(atoms)}, {{")
            for (s, *x), g in zip(atoms, gradient):
                print(f"        {{{NUMBER[s]}, {{{', '.join(map(str, x))}}}, {{{', '.join(f'{v:.13e}' for v in g)}}}}},")
            print("    }},")


if not shutil.which("xtb"):
    print("SKIPPED: the program xtb is not installed")
    sys.exit(77)
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
if "--print" in sys.argv:
    rows()
else:
    compare()
    not_converged()
