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


STUDY = """base: base.yaml
folder: %s
axes:
  predictor.history: [4, 12]
  system.initial_velocities.seed + training.seed: {from: 1, count: 2}
"""


def make_study(folder):
    """Four runs of a Morse bond from which branches of pure prediction leave."""
    with open(SOURCE + "/examples/history_study/run.yaml") as base, open("base.yaml", "w") as out:
        out.write(base.read().replace("steps: 40000", "steps: 8000"))
        out.write("study: {branch_every_steps: 500, branch_steps: 400}\n")
    with open("study.yaml", "w") as out:
        out.write(STUDY % folder)
    hamlet("sweep", "study.yaml", "--quiet")
