#!/usr/bin/python3
"""ASE, CP2K and NWChem as i-PI clients: the energies that they print themselves, and forces that belong to them."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import ase.units
import numpy as np
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.cluster import Octahedron

HAMLET = os.environ.get("HAMLET", "hamlet")
os.environ |= {"OMP_NUM_THREADS": "1", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
WATER = [("O", 0, 0, 0), ("H", 0.845, 0.1, 0.557), ("H", -0.845, 0, 0.557)]
failures = 0

ASE_CLIENT = """
import sys
from ase.io import read
from ase.calculators.emt import EMT
from ase.calculators.socketio import SocketClient
atoms = read(sys.argv[2])
atoms.calc = EMT()
kind, name, port = sys.argv[1], sys.argv[3], sys.argv[4]
client = SocketClient(unixsocket=name) if kind == "unix" else SocketClient(host=name, port=int(port))
client.run(atoms, use_stress=atoms.pbc.all())
"""

CP2K = """&GLOBAL
  PROJECT water
  RUN_TYPE DRIVER
&END GLOBAL
&MOTION
  &DRIVER
    HOST ADDRESS
    PORT 1
    UNIX
  &END DRIVER
&END MOTION
&FORCE_EVAL
  METHOD QS
  &DFT
    &QS
      METHOD xTB
      &xTB
        DO_EWALD F
        CHECK_ATOMIC_CHARGES F
      &END xTB
    &END QS
    &SCF
      EPS_SCF 1e-10
    &END SCF
  &END DFT
  &SUBSYS
    &CELL
      ABC 10 10 10
      PERIODIC NONE
    &END CELL
    &COORD
GEOMETRY
    &END COORD
  &END SUBSYS
&END FORCE_EVAL
"""

NWCHEM = """echo
geometry units angstroms noautosym nocenter noautoz
GEOMETRY
end
basis spherical
* library 6-31G*
end
scf
 thresh 1e-8
end
driver
 socket unix ADDRESS
end
task scf optimize
"""


def check(holds, what):
    global failures
    print(f"{what}: {'ok' if holds else 'FAILS'}")
    failures += not holds


def write(name, symbols, positions, cell=None):
    lattice = '' if cell is None else 'Lattice="' + " ".join(f"{v:.17g}" for v in np.array(cell).ravel()) + '" '
    with open(name, "w") as out:
        out.write(f"{len(symbols)}\n{lattice}pbc=\"{'F F F' if cell is None else 'T T T'}\" Properties=species:S:1:pos:R:3\n")
        out.writelines(f"{s} " + " ".join(f"{v:.17g}" for v in p) + "\n" for s, p in zip(symbols, positions))


def energy(name, section):
    done = subprocess.run([HAMLET, "energy", name, "--hamiltonian", section, "--json"], capture_output=True, text=True,
                          timeout=120)
    if done.returncode != 0:
        sys.exit(done.stderr)
    answer = json.loads(done.stdout)
    return answer["energy_hartree"], np.array(answer["forces_hartree_per_bohr"])


def with_ase():
    pathlib.Path("client.py").write_text(ASE_CLIENT)
    cluster, crystal = Octahedron("Cu", 3, 1), bulk("Cu", "fcc", 3.7) * (4, 4, 4)
    for name, atoms in (("cluster", cluster), ("crystal", crystal)):
        atoms.positions += 0.1 * np.sin(1.3 * np.arange(3 * len(atoms))).reshape(-1, 3)
        write(f"{name}.xyz", atoms.get_chemical_symbols(), atoms.positions, atoms.cell if atoms.pbc.all() else None)
        atoms.calc = EMT()
        theirs = atoms.get_potential_energy() / ase.units.Ha, atoms.get_forces() * ase.units.Bohr / ase.units.Ha
        for kind, address in (("unix", "auto"), ("tcp", "tcp:127.0.0.1:0")):
            command = f"{sys.executable} client.py {kind} {name}.xyz {{address}} {{port}}"
            ours = energy(f"{name}.xyz", f"{{type: ipi, command: '{command}', address: '{address}', log: ase.log}}")
            off = abs(ours[0] - theirs[0]) / abs(theirs[0]), np.abs(ours[1] - theirs[1]).max() / np.abs(theirs[1]).max()
            check(off[0] < 1e-7 and off[1] < 1e-7, f"ASE, {kind}, {name}: energy {off[0]:.1e}, forces {off[1]:.1e}")


def with_program(program, text, line):
    """The energy it prints, and two more from which forces come."""
    if not shutil.which(program):
        print(f"{program} is not installed")
        return False
    coordinates = "\n".join(f"{s} {x} {y} {z}" for s, x, y, z in WATER)
    pathlib.Path(f"template.{program}").write_text(text.replace("GEOMETRY", coordinates))
    log = f"{program}.log"
    command = f"sed s/ADDRESS/{{address}}/ template.{program} >{{address}}.inp && {program} {{address}}.inp"
    energies, step = [], 0.005
    for shift in (0, step, -step):
        positions = np.array([w[1:] for w in WATER], float)
        positions[1, 0] += shift
        write("water.xyz", [w[0] for w in WATER], positions)
        pathlib.Path(log).unlink(missing_ok=True)
        answer = energy("water.xyz", f"{{type: ipi, command: '{command}', box: 10 A, log: {log}, restarts: 0}}")
        energies.append(answer[0])
        if shift == 0:
            force = answer[1][1, 0]
            printed = re.findall(line, pathlib.Path(log).read_text())[-1]
            digits = len(printed.split(".")[1])
            check(abs(float(printed) - answer[0]) <= 1.01 * 10.0 ** -min(digits, 12),
                  f"{program}: it prints {printed}, here it is {answer[0]:.{digits}f}")
    slope = -(energies[1] - energies[2]) / (2 * step) * ase.units.Bohr
    check(abs(slope - force) < 1e-4, f"{program}: force {force:.6f}, from energies {slope:.6f}")
    return True


def main():
    with_ase()
    with_program("cp2k", CP2K, r"ENERGY\| Total FORCE_EVAL.*: +(-[0-9.]+)")
    with_program("nwchem", NWCHEM, r"Total SCF energy = +(-[0-9.]+)")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
