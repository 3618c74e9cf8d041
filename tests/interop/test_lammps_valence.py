"""The valence Hamiltonian against LAMMPS: energies and forces of molecules, off their equilibrium in every coordinate.

LAMMPS gets the same parameters as input of its own (bond_style harmonic and morse, angle_style harmonic, dihedral_style
charmm, pair_style lj/cut/coul/cut with a cutoff beyond the molecule, special_bonds), all in its units `electron`: hartree and
bohr. Its harmonic energies leave out the 1/2, so its K is k/2. --print shows the reference numbers that
tests/hamiltonians/test_valence.c keeps."""
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys

import h5py
import numpy as np
import yaml

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR", pathlib.Path(__file__).parents[2]))
MOLECULES = ["examples/water/run.yaml", "examples/water/run_morse.yaml", "examples/methanol/run.yaml",
             "tests/accuracy/chain10.yaml", "tests/interop/ring.yaml"]
# CODATA 2018, one atomic unit in ...
ANGSTROM, EV, KJ, NEWTON_PER_METRE = 0.529177210903, 27.211386245988, 2625.4996394799, 1556.89310282189
UNITS = {"A": 1 / ANGSTROM, "1/A": ANGSTROM, "eV": 1 / EV, "kcal/mol": 4.184 / KJ, "kJ/mol": 1 / KJ, "e": 1, "deg": 1,
         "eV/rad2": 1 / EV, "kcal/mol/rad2": 4.184 / KJ, "kJ/mol/rad2": 1 / KJ, "mdyn/A": 100 / NEWTON_PER_METRE,
         "kcal/mol/A^2": 4.184 / KJ * ANGSTROM ** 2}


def atomic(text):
    number, unit = text.split()
    return float(number) * UNITS[unit]


def read_xyz(path):
    """Species, positions in bohr, masses where the file has them."""
    lines = path.read_text().splitlines()
    rows = [line.split() for line in lines[2:2 + int(lines[0])]]
    masses = [float(row[4]) if "masses:R:1" in lines[1] else 1.0 for row in rows]
    return [row[0] for row in rows], np.array([row[1:4] for row in rows], dtype=float) / ANGSTROM, masses


def shaken(x):
    """Off the minimum in every coordinate, the same in the C test."""
    return x + 0.15 * np.sin(1.7 * np.arange(x.size) + 0.3).reshape(x.shape)


def terms(title, items):
    """The counts and a section of the data file: one type per term, so that coefficients stay with their atoms."""
    kind = title.lower()
    rows = [f"{i + 1} {i + 1} " + " ".join(str(a + 1) for a in item["atoms"]) for i, item in enumerate(items)]
    return [f"{len(items)} {kind}", f"{len(items)} {kind[:-1]} types"], [title, "", *rows, ""] if rows else []


def write_data(species, x, masses, force_field):
    head, body = ["by the test", "", f"{len(x)} atoms", f"{len(x)} atom types"], []
    for title in ("Bonds", "Angles", "Dihedrals"):
        counts, rows = terms(title, force_field.get(title.lower(), []))
        head, body = head + counts, body + rows
    box = [f"-500 500 {axis}lo {axis}hi" for axis in "xyz"]
    charges = [atomic(q) for q in force_field["charges"]] if "charges" in force_field else [0.0] * len(x)
    atoms = [f"{i + 1} 1 {i + 1} {charges[i]!r} " + " ".join(repr(float(v)) for v in x[i]) for i in range(len(x))]
    lines = head + box + ["", "Masses", ""] + [f"{i + 1} {m!r}" for i, m in enumerate(masses)]
    pathlib.Path("molecule.data").write_text("\n".join(lines + ["", "Atoms # full", ""] + atoms + [""] + body) + "\n")


def coefficients(species, force_field):
    """One atom type for each atom, so that a pair can be any two of them."""
    lines = []
    for i, bond in enumerate(force_field.get("bonds", []), 1):
        if bond["form"] == "harmonic":
            lines.append(f"bond_coeff {i} harmonic {atomic(bond['k']) / 2!r} {atomic(bond['r0'])!r}")
        else:
            lines.append(f"bond_coeff {i} morse {atomic(bond['De'])!r} {atomic(bond['a'])!r} {atomic(bond['r0'])!r}")
    for i, angle in enumerate(force_field.get("angles", []), 1):
        lines.append(f"angle_coeff {i} {atomic(angle['k']) / 2!r} {atomic(angle['theta0'])!r}")
    for i, d in enumerate(force_field.get("dihedrals", []), 1):
        lines.append(f"dihedral_coeff {i} {atomic(d['k'])!r} {d['n']} {int(atomic(d.get('phase', '0 deg')))} 0.0")
    lines.append("pair_coeff * * 0.0 1.0")
    pairs = force_field.get("pairs", [])
    for pair in sorted(pairs, key=lambda pair: "atoms" in pair):   # the later of two counts
        for i, j in itertools.combinations(range(len(species)), 2):
            if [i, j] == sorted(pair.get("atoms", [])) or sorted((species[i], species[j])) == sorted(pair.get("species", [])):
                lines.append(f"pair_coeff {i + 1} {j + 1} {atomic(pair['epsilon'])!r} {atomic(pair['sigma'])!r}")
    return lines


def lammps(species, x, masses, force_field):
    write_data(species, x, masses, force_field)
    scale = {"lennard_jones": 1, "coulomb": 1, **force_field.get("scale_14", {})}
    styles = (["bond_style hybrid harmonic morse", "angle_style harmonic"] +
              (["dihedral_style charmm"] if "dihedrals" in force_field else []))
    commands = ["units electron", "atom_style full", "boundary f f f", "pair_style lj/cut/coul/cut 300.0", *styles,
                f"special_bonds lj 0 0 {scale['lennard_jones']} coul 0 0 {scale['coulomb']}", "read_data molecule.data",
                *coefficients(species, force_field), "neighbor 2.0 bin", "thermo_style custom step pe",
                'thermo_modify format float "%.15g"', "dump 1 all custom 1 forces.dump id fx fy fz",
                'dump_modify 1 sort id format float "%.15g"', "run 0", 'print "ENERGY $(pe:%.15g)"']
    pathlib.Path("in.molecule").write_text("\n".join(commands) + "\n")
    out = subprocess.run(["lmp", "-in", "in.molecule", "-log", "none"], capture_output=True, text=True)
    energy = re.search(r"^ENERGY (\S+)", out.stdout, re.M)
    assert energy, out.stdout[-2000:] + out.stderr[-2000:]
    rows = np.loadtxt("forces.dump", skiprows=9, ndmin=2)
    return float(energy.group(1)), rows[:, 1:]


def hamlet(force_field, x, masses, species):
    """One step from rest: of the example only its Hamiltonian counts."""
    rows = [f"{s} {' '.join(repr(float(v * ANGSTROM)) for v in p)} {m!r}" for s, p, m in zip(species, x, masses)]
    header = 'Properties=species:S:1:pos:R:3:masses:R:1 pbc="F F F"'
    pathlib.Path("shaken.xyz").write_text("\n".join([str(len(x)), header, *rows]) + "\n")
    config = {"system": {"geometry": "shaken.xyz", "initial_velocities": {"temperature": "0 K"}}, "hamiltonian": force_field,
              "integrator": {"timestep": "0.5 fs", "steps": 1}, "predictor": {"type": "zero"}, "policy": {"type": "always"},
              "output": {"trajectory": "shaken.h5", "stride": 1}}
    pathlib.Path("shaken.yaml").write_text(yaml.safe_dump(config))
    subprocess.run([os.environ["HAMLET"], "run", "shaken.yaml", "--quiet", "--overwrite"], check=True)
    with h5py.File("shaken.h5") as f:
        return (f["observables/potential_energy/value"][0] / KJ,
                f["particles/system/force/value"][0] / KJ * ANGSTROM)


def main():
    if not shutil.which("lmp"):
        print("SKIPPED: lmp (Debian: apt install lammps) is not installed")
        sys.exit(77)
    for name in MOLECULES:
        config = yaml.safe_load((SOURCE / name).read_text())
        species, x, masses = read_xyz((SOURCE / name).parent / config["system"]["geometry"])
        x = shaken(x)
        energy, force = lammps(species, x, masses, config["hamiltonian"])
        if "--print" in sys.argv:
            print(f"{name}\n{energy:.15g},")
            print(",\n".join("{" + ", ".join(f"{v:.15g}" for v in row) + "}" for row in force))
            continue
        ours, our_force = hamlet(config["hamiltonian"], x, masses, species)
        scale = np.abs(force).max()
        print(f"{name}: energy {ours:.12f} and {energy:.12f} Eh, forces differ by {np.abs(our_force - force).max() / scale:.1e}")
        assert scale > 1e-2 and abs(energy) > 1e-3, "the molecule is at rest"
        assert abs(ours - energy) < 1e-11 * abs(energy), name
        assert np.abs(our_force - force).max() < 1e-11 * scale, name


main()
