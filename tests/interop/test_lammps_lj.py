#!/usr/bin/python3
"""lennard_jones against LAMMPS and ASE: energies, forces and pressure tensors of the same atoms.

With --print it shows the numbers that tests/hamiltonians/test_lennard_jones.c holds.
"""
import json
import math
import os
import shutil
import subprocess
import sys

import numpy as np
from ase import Atoms
from ase.calculators.lj import LennardJones

HAMLET = os.environ.get("HAMLET", "hamlet")
EV, ANGSTROM, KELVIN, HARTREE_ERG = 27.211386245988, 0.529177210903, 315775.02480407, 4.3597447222071e-11
EDGE, LENGTH = 3, 18.0
EPSILON, SIGMA = {"Ar": 119.8, "Kr": 167.0}, {"Ar": 3.405, "Kr": 3.633}
NU = 73.2e-84 / (HARTREE_ERG * (1e-8 * ANGSTROM) ** 9)


def crystal(mixed=False):
    """An fcc crystal of 108 atoms, shaken by a formula; the same in the C test."""
    corner = np.array([[0, 0, 0], [0, .5, .5], [.5, 0, .5], [.5, .5, 0]])
    x = np.empty((4 * EDGE ** 3, 3))
    for i in range(len(x)):
        cell = i // 4
        at = [cell % EDGE, cell // EDGE % EDGE, cell // EDGE // EDGE]
        for k in range(3):
            x[i, k] = LENGTH / EDGE * (at[k] + corner[i % 4, k]) + 0.4 * math.sin(1.3 * (3 * i + k + 1))
    symbols = ["Kr" if mixed and i % 3 == 0 else "Ar" for i in range(len(x))]
    return Atoms(symbols, positions=x, cell=[LENGTH] * 3, pbc=True)


def lammps(atoms, commands, style="atomic", more=""):
    """Energy (Hartree), forces (Hartree / bohr), virial (3, 3; Hartree)."""
    kinds = ["Ar", "Kr"][:len(set(atoms.get_chemical_symbols()))]
    with open("data", "w") as out:
        out.write(f"x\n\n{len(atoms)} atoms\n{len(kinds)} atom types\n\n")
        for axis in "xyz":
            out.write(f"0 {LENGTH} {axis}lo {axis}hi\n")
        out.write("\nMasses\n\n" + "".join(f"{k + 1} 40\n" for k in range(len(kinds))) + "\nAtoms\n\n")
        for i, (symbol, p) in enumerate(zip(atoms.get_chemical_symbols(), atoms.positions)):
            out.write(f"{i + 1} {kinds.index(symbol) + 1} " + " ".join(f"{v:.17g}" for v in p) + more + "\n")
    with open("in", "w") as out:
        out.write(f"""units metal
atom_style {style}
read_data data
{commands}
neighbor 2 bin
thermo_style custom pe pxx pyy pzz pxy pxz pyz vol
thermo_modify norm no format float %.17g
dump 1 all custom 1 forces id fx fy fz
dump_modify 1 sort id format float %.17g
velocity all set 0 0 0
run 0
""")
    done = subprocess.run(["lmp", "-in", "in", "-log", "none"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("LAMMPS: " + done.stdout[-2000:] + done.stderr)
    lines = done.stdout.splitlines()
    row = [float(v) for v in lines[max(i for i, l in enumerate(lines) if "PotEng" in l) + 1].split()]
    forces = np.loadtxt("forces", skiprows=9)[:, 1:]
    xx, yy, zz, xy, xz, yz = (p * row[7] / 1.6021765e6 / EV for p in row[1:7])  # LAMMPS's bar
    return row[0] / EV, forces * ANGSTROM / EV, np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])


def hamlet(atoms, more, mixed=False):
    pairs = [f"{{species: [{s}, {s}], epsilon: {EPSILON[s]} kB K, sigma: {SIGMA[s]} A}}" for s in ("Ar", "Kr")]
    section = f"{{type: lennard_jones, pairs: [{', '.join(pairs if mixed else pairs[:1])}], {more}}}"
    with open("atoms.xyz", "w") as out:  # more digits than ASE writes
        out.write(f'{len(atoms)}\nLattice="{LENGTH} 0 0 0 {LENGTH} 0 0 0 {LENGTH}" pbc="T T T" Properties=species:S:1:pos:R:3\n')
        for symbol, p in zip(atoms.get_chemical_symbols(), atoms.positions):
            out.write(symbol + " " + " ".join(f"{v:.17g}" for v in p) + "\n")
    done = subprocess.run([HAMLET, "energy", "atoms.xyz", "--hamiltonian", section, "--json"], capture_output=True,
                          text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    answer = json.loads(done.stdout)
    return answer["energy_hartree"], np.array(answer["forces_hartree_per_bohr"])


def coefficients(style=""):
    lines = []
    for a, one in enumerate(("Ar", "Kr")):
        lines.append(f"pair_coeff {a + 1} {a + 1} {style} {EPSILON[one] / KELVIN * EV:.17g} {SIGMA[one]}")
    return lines


def cases():
    """name: atoms, LAMMPS's energy, forces, virial, our section."""
    pure, mixture = crystal(), crystal(True)
    one, both = coefficients()[0], "\n".join(coefficients())
    yield ("lj/cut, shift yes", pure, "pair_style lj/cut 8.5\npair_modify shift yes\n" + one, "cutoff: 8.5 A, shift: energy")
    yield ("lj/cut", pure, "pair_style lj/cut 6.0\n" + one, "cutoff: 6 A, shift: none")
    yield ("lj/sf/dipole/sf without dipoles", pure, "pair_style lj/sf/dipole/sf 8.5\n" + one, "cutoff: 8.5 A, shift: force")
    yield ("lj/cut with atm", pure, "pair_style hybrid/overlay lj/cut 8.5 atm 6.5 6.5\npair_modify pair lj/cut shift yes\n"
           + coefficients("lj/cut")[0] + f"\npair_coeff * * atm 1 {NU * EV * ANGSTROM ** 9:.17g}",
           "cutoff: 8.5 A, shift: energy, axilrod_teller: {nu: 73.2e-84 erg cm^9, cutoff: 6.5 A, taper: 0 A}")
    yield ("two species, arithmetic mixing", mixture,
           "pair_style lj/cut 8.5\npair_modify shift yes mix arithmetic\n" + both,
           "cutoff: 8.5 A, shift: energy, mixing: lorentz_berthelot")


def compare(name, ours, theirs):
    energy = abs(ours[0] - theirs[0]) / abs(theirs[0])
    force = np.abs(ours[1] - theirs[1]).max() / np.abs(theirs[1]).max()
    good = energy < 1e-12 and force < 1e-12
    print(f"{name}: energy {energy:.1e}, forces {force:.1e}{'' if good else '  DIFFERS'}")
    return good


def main():
    if not shutil.which("lmp"):
        print("LAMMPS (lmp) is not installed")
        return 77
    good = True
    for name, atoms, commands, more in cases():
        dipoles = "dipole" in name
        theirs = lammps(atoms, commands, "hybrid sphere dipole" if dipoles else "atomic", " 1 1 0 0 0 0" if dipoles else "")
        if "--print" in sys.argv:
            print(f"{name}: {theirs[0]:.15g} | force on atom 50: " + " ".join(f"{f:.13g}" for f in theirs[1][50])
                  + " | virial xx xy: " + f"{theirs[2][0, 0]:.12g} {theirs[2][0, 1]:.12g}")
        good &= compare(f"LAMMPS {name}", hamlet(atoms, more, "species" in name), theirs)

    atoms = crystal()
    atoms.calc = LennardJones(epsilon=EPSILON["Ar"] / KELVIN * EV, sigma=SIGMA["Ar"], rc=8.5, smooth=False)
    theirs = atoms.get_potential_energy() / EV, atoms.get_forces() * ANGSTROM / EV
    good &= compare("ASE", hamlet(crystal(), "cutoff: 8.5 A, shift: energy"), theirs)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
