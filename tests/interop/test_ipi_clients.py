#!/usr/bin/python3
"""ASE, CP2K and NWChem as i-PI clients: the energies and stresses that they print themselves, and forces that belong to them."""
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

CP2K_ARGON = """&GLOBAL
  PROJECT argon
  RUN_TYPE DRIVER
  PRINT_LEVEL MEDIUM
&END GLOBAL
&MOTION
  &DRIVER
    HOST ADDRESS
    PORT 1
    UNIX
  &END DRIVER
&END MOTION
&FORCE_EVAL
  METHOD FIST
  STRESS_TENSOR ANALYTICAL
  &MM
    &FORCEFIELD
      &NONBONDED
        &LENNARD-JONES
          ATOMS Ar Ar
          EPSILON [kcalmol] 0.238
          SIGMA [angstrom] 3.405
          RCUT [angstrom] 5.5
        &END LENNARD-JONES
      &END NONBONDED
      &CHARGE
        ATOM Ar
        CHARGE 0
      &END CHARGE
      &SPLINE
        EPS_SPLINE 1e-9
        EMAX_SPLINE 1
      &END SPLINE
    &END FORCEFIELD
    &POISSON
      &EWALD
        EWALD_TYPE NONE
      &END EWALD
    &END POISSON
  &END MM
  &PRINT
    &STRESS_TENSOR
    &END STRESS_TENSOR
  &END PRINT
  &SUBSYS
    &CELL
      ABC 11.4 11.4 11.4
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
    return answer["energy_hartree"], np.array(answer["forces_hartree_per_bohr"]), np.array(answer["virial_hartree"])


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
            if atoms.pbc.all():   # a stress is dE/dstrain over the volume; a virial -dE/dstrain
                virial = -atoms.get_stress(voigt=False) * atoms.get_volume() / ase.units.Ha
                off = np.abs(ours[2] - virial)
                check(off.max() < 1e-7 * np.abs(virial).max() and np.abs(virial[0, 1]) > 1e-3 * np.abs(virial).max(),
                      f"ASE, {kind}, {name}: virial {off.max() / np.abs(virial).max():.1e}")


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


def stress_of_cp2k():
    """A shaken crystal: its energy, and its stress tensor, which is the virial over the volume."""
    if not shutil.which("cp2k"):
        return
    length = 11.4
    x = bulk("Ar", "fcc", length / 2, cubic=True).repeat(2).positions
    x += 0.2 * np.sin(1.3 * np.arange(1, x.size + 1)).reshape(x.shape)
    lines = "\n".join("Ar " + " ".join(f"{v:.17g}" for v in p) for p in x)
    pathlib.Path("template.argon").write_text(CP2K_ARGON.replace("GEOMETRY", lines))
    write("argon.xyz", ["Ar"] * len(x), x, length * np.eye(3))
    pathlib.Path("argon.log").unlink(missing_ok=True)
    command = "sed s/ADDRESS/{address}/ template.argon >{address}.inp && cp2k {address}.inp"
    answer = energy("argon.xyz", f"{{type: ipi, command: '{command}', log: argon.log, restarts: 0}}")
    log = pathlib.Path("argon.log").read_text()
    printed = re.findall(r"ENERGY\| Total FORCE_EVAL.*: +(-[0-9.]+)", log)[-1]
    check(abs(float(printed) - answer[0]) < 1e-12, f"cp2k, argon: it prints {printed}, here it is {answer[0]:.15f}")
    tensor = re.findall(r"STRESS\| +[xyz] +(\S+) +(\S+) +(\S+)", log)[:3]
    if "stress tensor [GPa]" not in log or len(tensor) != 3:
        print("this CP2K prints its stress in another way")
        return
    theirs = np.array(tensor, float) * ase.units.GPa * length**3 / ase.units.Ha
    off = np.abs(answer[2] - theirs).max() / np.abs(theirs).max()
    check(off < 1e-6 and abs(theirs[0, 1]) > 1e-3 * abs(theirs[0, 0]), f"cp2k, argon: virial {off:.1e}")


def main():
    with_ase()
    stress_of_cp2k()
    with_program("cp2k", CP2K, r"ENERGY\| Total FORCE_EVAL.*: +(-[0-9.]+)")
    with_program("nwchem", NWCHEM, r"Total SCF energy = +(-[0-9.]+)")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
