"""The page of a run opens from disk in a browser: no network, no word on the console, every plot drawn.

A run of 1e6 steps beside its exact reference; and pages that were spoiled, which the same check must notice."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import page as pages

pages.need_chromium()
HAMLET, SOURCE = os.environ["HAMLET"], os.environ["SOURCE_DIR"]
CONFIG = SOURCE + "/examples/hcl/run.yaml"


def hamlet(*arguments):
    done = subprocess.run([HAMLET, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, (arguments, done.stderr)


def make_run(name, *settings):
    arguments = [word for s in (*settings, "output.trajectory=" + name) for word in ("--set", s)]
    hamlet("run", CONFIG, "--quiet", *arguments)


LINEAR = ("predictor={type: linear, representation: pair, inputs: [velocity, coordinate], history: 12}",
          "policy={type: threshold, signal: extremeness, above: 1.5, max_interval: 100}")
make_run("long.h5", "integrator.steps=1000000", *LINEAR)
make_run("exact.h5", "integrator.steps=100000", "policy={type: always}")

started = time.monotonic()
hamlet("report", "long.h5", "--reference", "exact.h5", "-o", "long.html")
print("report of 1e6 steps: %.2f s, %.2f MB" % (time.monotonic() - started, os.path.getsize("long.html") / 1e6))
assert os.path.getsize("long.html") < 5e6

page = pages.Page("long.html")
pages.check_drawn(page, ["total-energy", "energies", "temperature", "signals", "residual", "training-loss", "vacf",
                         "vdos", "bond-1", "divergence", "timing"])
assert "100000" in page.text and "long.h5" in page.text

hamlet("run", SOURCE + "/examples/action_water/run.yaml", "--quiet", *[word for setting in (
    "integrator.steps=16000", "training.warmup_steps=3200", "training.epochs=50", "training.polish=100", "predictor.hidden=8",
    "predictor.pairs=300", "predictor.max_error=0.3", "predictor.gate_every=20", "output.trajectory=strides.h5")
    for word in ("--set", setting)])
hamlet("report", "strides.h5", "-o", "strides.html")
strides = pages.Page("strides.html")
pages.check_drawn(strides, ["total-energy", "rounds", "stride-iterations", "reversibility"])
assert "strides of 2 fs" in strides.text and "What became of rounds" in strides.text

# The check is no decoration: a page that asks the network, has a script that fails, and a plot without values, fails it.
text = open("long.html").read()


def put(old, new):
    global text
    assert old in text, old
    text = text.replace(old, new, 1)


put("</footer>", '<img src="http://127.0.0.1:9/x.png"></footer>')
put("var timelines = [];", "var timelines = []; setTimeout(function () { throw new Error('planted'); }, 0);")
start = text.index('"y":[', text.index('"id":"temperature"'))
numbers = text[start:text.index("]", start)]
put(numbers, '"y":[' + ",".join(["null"] * (numbers.count(",") + 1)))
with open("spoilt.html", "w") as out:
    out.write(text)
spoilt = pages.Page("spoilt.html")
assert spoilt.root["requests"] > 0 and any("x.png" in line for line in spoilt.console), spoilt.console
assert any("planted" in line for line in spoilt.console), spoilt.console
assert spoilt.figures["temperature"][1] == "no" and spoilt.root["drawn"] == spoilt.root["plots"] - 1, spoilt.root
