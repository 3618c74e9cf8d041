"""Extended XYZ both ways: ASE writes, extxyz_copy reads and writes back, ASE reads; and the table of elements."""
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import ase
import ase.constraints
import ase.data
import ase.io
import ase.units
import numpy as np
from ase.build import bulk, molecule
from helpers import SOURCE, build

# ASE's constants are those of CODATA 2014, and it writes eight decimals.
CLOSE = dict(rtol=1e-7, atol=2e-8)
copy = build("extxyz_copy")
random = np.random.default_rng(3)


def moving(atoms):
    atoms.set_momenta(random.normal(size=(len(atoms), 3)))
    return atoms


heavy = moving(molecule("H2O"))
heavy.set_masses([15.99491461957, 2.01410177812, 1.00782503207])
skewed = moving(bulk("NaCl", "rocksalt", a=5.64))
slab = moving(bulk("Cu", cubic=True))
slab.pbc = [True, True, False]
frames = [molecule("CH3CH2OH"), heavy, moving(molecule("C6H6")), skewed, slab]
frames[0].info["remark"] = 'a "quoted" word = two'
frames[2].new_array("label", np.arange(12))
frames[2].info["stress"] = np.eye(3)

for columns in (None, ["symbols", "positions", "momenta"]):
    chosen = frames if columns is None else [f for f in frames if f.has("momenta")]
    for f in chosen:
        if columns is None and not f.has("masses"):
            f.set_masses(f.get_masses())
    ase.io.write("from_ase.xyz", chosen, format="extxyz", columns=columns)
    subprocess.run([copy, "from_ase.xyz", "from_us.xyz"], check=True)
    copies = ase.io.read("from_us.xyz", index=":")
    assert len(copies) == len(chosen)
    for k, (f, c) in enumerate(zip(chosen, copies)):
        assert c.get_chemical_symbols() == f.get_chemical_symbols()
        np.testing.assert_allclose(c.positions, f.positions, **CLOSE)
        if columns is None:
            np.testing.assert_allclose(c.get_masses(), f.get_masses(), **CLOSE)
            np.testing.assert_allclose(c.get_velocities(), f.get_velocities(), **CLOSE)
        np.testing.assert_allclose(c.get_momenta(), f.get_momenta(), **CLOSE)
        assert (c.pbc == f.pbc).all()
        np.testing.assert_allclose(c.cell[f.pbc], f.cell[f.pbc], **CLOSE)
        np.testing.assert_allclose(c.get_potential_energy(), -(k + 1) * ase.units.Hartree, **CLOSE)
        force = 0.01 * f.positions / ase.units.Bohr * ase.units.Hartree / ase.units.Bohr
        np.testing.assert_allclose(c.get_forces(), force, **CLOSE)

# Atoms that are held stay held, and at rest.
held = moving(molecule("CH3CH2OH"))
held.set_constraint(ase.constraints.FixAtoms([1, 4]))
ase.io.write("held.xyz", held, format="extxyz", columns=["symbols", "positions", "momenta", "move_mask"])
subprocess.run([copy, "held.xyz", "held_by_us.xyz"], check=True)
back = ase.io.read("held_by_us.xyz")
assert list(back.constraints[0].index) == [1, 4]
assert (back.get_momenta()[[1, 4]] == 0).all() and np.abs(back.get_momenta()[[0, 2, 3]]).min() > 0

# A last frame that is broken is not passed over in silence.
with open("broken.xyz", "w") as f:
    f.write("2\n\nH 0 0 0\nH 0 0 nan\n")
broken = subprocess.run([copy, "broken.xyz", "from_us.xyz"], capture_output=True, text=True)
assert broken.returncode != 0 and "broken.xyz:4:" in broken.stderr, broken.stderr

# ASE has the weights of 2016; none changed by more than these since.
table = re.findall(r'\{"([A-Z][a-z]?)", ([0-9.]+)\}', (SOURCE / "io/elements.c").read_text())
assert [symbol for symbol, _ in table] == ase.data.chemical_symbols[1:119]
for symbol, weight in table:
    z = ase.data.atomic_numbers[symbol]
    stable = z <= 83 and z not in (43, 61) or z in (90, 91, 92)
    limit = 0.01 if stable else 8
    assert abs(float(weight) - ase.data.atomic_masses_iupac2016[z]) < limit, (symbol, weight)
print(f"{len(frames)} structures and {len(table)} elements agree with ASE")
