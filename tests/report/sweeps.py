"""A sweep of 64 runs with baselines, some of which diverge."""
import os
import subprocess

HAMLET, SOURCE = os.environ["HAMLET"], os.environ["SOURCE_DIR"]

FILE = """base: %s/examples/injection_sweep/run.yaml
folder: %s
axes:
  hamiltonian.molecule: [HCl, CO]
  policy.frequency: [0.003, 0.01, 0.1]
  system.initial_velocities.seed + training.seed: {from: 1, count: 4}
baselines: [exact, stretched, longest_stable]
"""


def hamlet(*arguments, code=0):
    done = subprocess.run([HAMLET, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done.stderr


def make(folder):
    with open("sweep.yaml", "w") as out:
        out.write(FILE % (SOURCE, folder))
    hamlet("sweep", "sweep.yaml", "--quiet")
