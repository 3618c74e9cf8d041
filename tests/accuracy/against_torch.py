#!/usr/bin/python3
"""The LSTM engine against PyTorch's on the same shapes, one thread each, measured in turns.

    tests/accuracy/against_torch.py --hamlet build/release/hamlet [--rounds 5] [--python "python3"] [--json FILE]

Two stacked layers, 6 inputs, linear head to 3 outputs, single precision:
step_us    one stateful time step for B sequences (median)
train_ms   forward + backward + Adam on a batch of B windows of 32 steps (median)
Every round runs `hamlet bench lstm --json` and then PyTorch (python3-torch on Debian; --python names an interpreter that
has it). A row shows the medians over the rounds, the median of the rounds' ratios and their range, what the ratio should
be at least, and the engine's share of the SGEMM rate (1024^3) of the same core in the same run. Exit code 1: a ratio or a
share is missed. Measure on an idle machine.
"""
import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import time

# (hidden, batch, what): least ratio
WANTED = {(32, 1, "step_us"): 45, (64, 1, "step_us"): 20, (128, 1, "step_us"): 9, (32, 64, "step_us"): 4,
          (64, 64, "step_us"): 2.2, (32, 64, "train_ms"): 3.5, (64, 64, "train_ms"): 2}
# Least share of the SGEMM rate: at most 4 times the floor it sets for one sequence; 60 % in training.
SHARE = {(128, 1, "step_us"): 0.25, (64, 64, "train_ms"): 0.6}


def median_seconds(call, repeats, warmup=3):
    for _ in range(warmup):
        call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def peer():
    import torch
    torch.set_num_threads(1)
    for hidden in (32, 64, 128):
        lstm, head = torch.nn.LSTM(6, hidden, 2, batch_first=True), torch.nn.Linear(hidden, 3)
        with torch.no_grad():
            for batch in (1, 3, 64, 512):
                x = torch.randn(batch, 1, 6)
                state = (torch.zeros(2, batch, hidden), torch.zeros(2, batch, hidden))
                t = median_seconds(lambda: head(lstm(x, state)[0][:, -1]), 200 if batch < 100 else 40)
                print(json.dumps({"hidden": hidden, "batch": batch, "step_us": 1e6 * t}), flush=True)
        parameters = list(lstm.parameters()) + list(head.parameters())
        for batch in (64, 512):
            optimiser = torch.optim.Adam(parameters, 1e-3)
            x, y = torch.randn(batch, 32, 6), torch.randn(batch, 3)

            def train():
                optimiser.zero_grad()
                ((head(lstm(x)[0][:, -1]) - y) ** 2).mean().backward()
                optimiser.step()
            t = median_seconds(train, 20 if batch == 64 else 8)
            print(json.dumps({"hidden": hidden, "batch": batch, "window": 32, "train_ms": 1e3 * t}), flush=True)


def measure(command):
    environment = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    lines = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.splitlines()
    rows = {}
    for row in map(json.loads, lines):
        for what in ("step_us", "train_ms"):
            if what in row:
                rows[row["hidden"], row["batch"], what] = row
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hamlet", help="the program")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--python", default=sys.executable, help="a command that runs Python with PyTorch")
    parser.add_argument("--json", help="also write every row to this file")
    parser.add_argument("--peer", action="store_true", help="only PyTorch's times")
    options = parser.parse_args()
    if options.peer:
        return peer()
    if not options.hamlet:
        parser.error("--hamlet is missing")
    rounds = [(measure([options.hamlet, "bench", "lstm", "--json"]),
               measure(shlex.split(options.python) + [os.path.abspath(__file__), "--peer"]))
              for _ in range(options.rounds)]
    rows, missed = [], 0
    for key in rounds[0][0]:
        hidden, batch, what = key
        ratios = [theirs[key][what] / ours[key][what] for ours, theirs in rounds]
        share = statistics.median(ours[key]["sgemm_fraction"] for ours, _ in rounds)
        row = dict(hidden=hidden, batch=batch, what=what, share=share, ratio=statistics.median(ratios),
                   least=min(ratios), most=max(ratios), wanted=WANTED.get(key), wanted_share=SHARE.get(key),
                   hamlet=statistics.median(ours[key][what] for ours, _ in rounds),
                   torch=statistics.median(theirs[key][what] for _, theirs in rounds))
        bad = row["ratio"] < (row["wanted"] or 0) or share < (row["wanted_share"] or 0)
        missed += bad
        rows.append(row)
        print(f"hidden {hidden:3} batch {batch:3} {what:8} hamlet {row['hamlet']:10.3f} torch {row['torch']:10.3f} "
              f"ratio {row['ratio']:6.2f} ({row['least']:.2f} to {row['most']:.2f})"
              + (f" wanted {row['wanted']}" if row["wanted"] else "")
              + f" | {100 * share:.0f} % of SGEMM" + (f" wanted {100 * SHARE[key]:.0f}" if key in SHARE else "")
              + ("  MISSED" if bad else ""))
    if options.json:
        with open(options.json, "w") as file:
            json.dump(rows, file, indent=1)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
