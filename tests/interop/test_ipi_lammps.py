#!/usr/bin/python3
"""LAMMPS (fix ipi) as the Hamiltonian: the energies and forces it prints itself, over UNIX and TCP sockets; a periodic
liquid with atoms that leave the box; runs with several oracles; LAMMPS killed while the run goes on.

With --time it shows the microseconds of a call.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np

HAMLET = os.environ.get("HAMLET", "hamlet")
SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR", pathlib.Path(__file__).parents[2]))
HARTREE_KCAL, ANGSTROM, BOHR_KCAL = 627.5094740631, 0.529177210903, 627.5094740631 / 0.529177210903
ATMOSPHERE = 68568.415   # atm A^3 in kcal/mol, as LAMMPS has it
LENGTH = 11.4
UNIX = "fix 1 all ipi ${address} 1 unix\nrun 100000000\n"
TCP = "fix 1 all ipi ${address} ${port}\nrun 100000000\n"
failures = 0


def check(holds, what):
    global failures
    print(f"{what}: {'ok' if holds else 'FAILS'}")
    failures += not holds


def run(*words, expect=0):
    done = subprocess.run([HAMLET, *words], capture_output=True, text=True, timeout=120)
    if done.returncode != expect:
        sys.exit(f"hamlet {' '.join(words)}: code {done.returncode}\n{done.stdout[-2000:]}{done.stderr}")
    return done


def argon():
    """A shaken fcc crystal of 32 atoms; some are a few boxes away, which is the same place."""
    corner = np.array([[0, 0, 0], [0, .5, .5], [.5, 0, .5], [.5, .5, 0]])
    cells = np.array([[i, j, k] for i in range(2) for j in range(2) for k in range(2)])
    x = (cells[:, None] + corner[None]).reshape(-1, 3) * LENGTH / 2
    return x + 0.2 * np.sin(1.3 * np.arange(1, x.size + 1)).reshape(x.shape)


def write_argon(x):
    with open("argon.data", "w") as out:
        out.write(f"argon\n\n{len(x)} atoms\n1 atom types\n\n")
        out.writelines(f"{-LENGTH / 2} {LENGTH / 2} {a}lo {a}hi\n" for a in "xyz")
        out.write("\nMasses\n\n1 39.948\n\nAtoms\n\n")
        wrapped = x - LENGTH * np.rint(x / LENGTH)
        out.writelines(f"{i + 1} 1 {p[0]:.17g} {p[1]:.17g} {p[2]:.17g}\n" for i, p in enumerate(wrapped))
    with open("argon.xyz", "w") as out:
        far = x + LENGTH * np.array([[(i % 3) - 1, 2 * (i % 2), -(i % 5)] for i in range(len(x))])
        out.write(f'{len(x)}\nLattice="{LENGTH} 0 0 0 {LENGTH} 0 0 0 {LENGTH}" pbc="T T T" Properties=species:S:1:pos:R:3\n')
        out.writelines(f"Ar {p[0]:.17g} {p[1]:.17g} {p[2]:.17g}\n" for p in far)
    system = ("units real\natom_style atomic\nread_data argon.data\npair_style lj/cut 5.5\npair_modify shift yes\n"
              "pair_coeff 1 1 0.238 3.405\nneighbor 0.2 bin\nneigh_modify every 1 delay 0 check yes\n")
    printed = ("thermo_style custom pe pxx pyy pzz pxy pxz pyz vol\nthermo_modify norm no format float %.17g\n"
               "dump 1 all custom 1 forces id fx fy fz\ndump_modify 1 sort id format float %.17g\nvelocity all set 0 0 0\nrun 0\n")
    for name, more in (("alone.in", printed), ("unix.in", UNIX), ("tcp.in", TCP)):
        pathlib.Path(name).write_text(system + more)


def lammps_alone():
    done = subprocess.run(["lmp", "-in", "alone.in", "-log", "none"], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    row = [float(v) for v in lines[max(i for i, l in enumerate(lines) if "PotEng" in l) + 1].split()]
    # Nothing moves: the pressure is the virial over the volume, and in atmospheres.
    xx, yy, zz, xy, xz, yz = (p * row[7] / ATMOSPHERE / HARTREE_KCAL for p in row[1:7])
    virial = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    return row[0] / HARTREE_KCAL, np.loadtxt("forces", skiprows=9)[:, 1:] / BOHR_KCAL, virial


COMMAND = {"unix": "lmp -in unix.in -log none -var address {address}",
           "tcp": "lmp -in tcp.in -log none -var address {address} -var port {port}"}
ADDRESS = {"unix": "auto", "tcp": "tcp:127.0.0.1:0"}


def section(kind, more=""):
    return f"{{type: ipi, command: '{COMMAND[kind]}', address: '{ADDRESS[kind]}'{more}}}"


def compare_energies():
    theirs = lammps_alone()
    for kind in ("unix", "tcp"):
        answer = json.loads(run("energy", "argon.xyz", "--hamiltonian", section(kind), "--json").stdout)
        energy = abs(answer["energy_hartree"] - theirs[0]) / abs(theirs[0])
        force = np.abs(np.array(answer["forces_hartree_per_bohr"]) - theirs[1]).max() / np.abs(theirs[1]).max()
        off = np.abs(np.array(answer["virial_hartree"]) - theirs[2])
        virial, shear = off.max() / np.abs(theirs[2]).max(), off[0, 1] / abs(theirs[2][0, 1])
        # LAMMPS 2021 has CODATA 2014 inside: 3e-8 beside ours
        check(energy < 1e-7 and force < 1e-6, f"{kind}: relative difference of energy {energy:.1e}, forces {force:.1e}")
        check(virial < 1e-6 and shear < 1e-5, f"{kind}: relative difference of virial {virial:.1e}, of its xy {shear:.1e}")


def config(kind, steps, **more):
    sections = {"system": "{geometry: argon.xyz, initial_velocities: {temperature: 90 K, seed: 1}}",
                "hamiltonian": section(kind), "integrator": f"{{timestep: 5 fs, steps: {steps}}}",
                "policy": "{type: always}", "predictor": "{type: zero}", "training": "{warmup_steps: 10}",
                "output": "{trajectory: run.h5, stride: 50}"} | more
    pathlib.Path("run.yaml").write_text("".join(f"{k}: {v}\n" for k, v in sections.items()))


def leftovers():
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    folder = os.getcwd()
    return [l for l in listed.splitlines() if "unix.in" in l and "/bin/sh" not in l and folder == os.getcwd() and "lmp" in l.split()[0]]


def compare_dynamics():
    """500 steps by LAMMPS's forces conserve energy, also across the faces of the box; so do two oracles."""
    config("unix", 500)
    run("run", "run.yaml", "--overwrite", "--quiet")
    drift = json.loads(run("analyze", "run.h5", "--json").stdout)["energy_drift_relative"]
    check(abs(drift) < 5e-3, f"drift of 500 steps {drift:.1e}")
    config("unix", 200, ranks="{predictors: 0, oracles: 2}", hamiltonian=section("unix", ", log: client.log").replace(
        "'auto'", f"'unix:hamlet-groups-{os.getpid()}'"))
    said = run("run", "run.yaml", "-n", "3", "--overwrite").stdout
    check("2 oracle groups" in said, "two clients of two oracle groups")
    check(pathlib.Path("client.log").read_text().count("LAMMPS (") >= 2, "their output is in the log")


def kill_clients():
    """LAMMPS is killed again and again: the run goes on."""
    config("unix", 3000, hamiltonian=section("unix", ", restarts: 1000"))
    run_it = subprocess.Popen([HAMLET, "run", "run.yaml", "--overwrite", "--quiet"], stderr=subprocess.PIPE, text=True)
    kills = 0
    while run_it.poll() is None and kills < 20:
        time.sleep(0.1)
        found = subprocess.run(["pgrep", "-f", f"^lmp -in unix.in -log none -var address hamlet-{run_it.pid}-"],
                               capture_output=True, text=True).stdout.split()
        for pid in found:
            try:
                os.kill(int(pid), signal.SIGKILL)
                kills += 1
            except ProcessLookupError:
                pass
    said = run_it.communicate(timeout=120)[1]
    check(run_it.returncode == 0 and kills > 0, f"{kills} times killed, the run ends with {run_it.returncode}")
    check(len(re.findall("was ended by signal 9", said)) > 0, "and says so")


def time_calls():
    for kind in ("unix", "tcp"):
        best = 1e9
        for _ in range(5):
            config(kind, 10000)
            said = run("run", "run.yaml", "--overwrite").stdout
            best = min(best, float(re.search(r"calls, ([0-9.]+) us each", said)[1]))
        print(f"{kind}: {best} us per call of LAMMPS, 32 atoms (best of 5 runs)")


def main():
    if not shutil.which("lmp"):
        print("LAMMPS (lmp) is not installed")
        return 77
    if not re.search(r"\bipi\b", subprocess.run(["lmp", "-h"], capture_output=True, text=True).stdout):
        print("this LAMMPS has no fix ipi (package MISC)")
        return 77
    write_argon(argon())
    if "--time" in sys.argv:
        return time_calls()
    compare_energies()
    compare_dynamics()
    kill_clients()
    run("run", str(SOURCE / "examples/water_lammps_ipi/run.yaml"), "--quiet", "--set", "integrator.steps=5000")
    drift = json.loads(run("analyze", "water_lammps_ipi.h5", "--json").stdout)["energy_drift_relative"]
    check(abs(drift) < 1e-3, f"the example: drift {drift:.1e}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
