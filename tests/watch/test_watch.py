"""hamlet watch: shows a run while it goes on, ends when it ends, says so when it was killed, and leaves the terminal as it
was."""
import atexit
import os
import pty
import signal
import subprocess
import sys
import termios
import time

HAMLET, SOURCE = os.environ["HAMLET"], os.environ["SOURCE_DIR"]
LINEAR = ["--set", "predictor={type: linear, representation: pair, inputs: [velocity, coordinate], history: 12}",
          "--set", "output.energies=injections", "--set", "output.stride=1000", "--set", "training.warmup_steps=1000"]


def keep(process):
    atexit.register(process.kill)
    return process


def start(name, steps):
    return keep(subprocess.Popen([HAMLET, "run", SOURCE + "/examples/hcl/run.yaml", "--quiet", *LINEAR, "--set",
                             "integrator.steps=%d" % steps, "--set", "output.trajectory=" + name]))


def watch(name, *more):
    return subprocess.Popen([HAMLET, "watch", name, "--every", "0.2", *more], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def wait_for(what, condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain for " + what
        time.sleep(0.05)


def refused(*arguments, code):
    done = subprocess.run([HAMLET, "watch", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode == code, (arguments, done)
    assert done.stderr.startswith("hamlet: ") and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def look_at_terminal(master, slave):
    """An onlooker at a terminal, which is as it was when it has gone."""
    before = termios.tcgetattr(slave)
    looker = subprocess.Popen([HAMLET, "watch", "long.h5"], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                              env={**os.environ, "TERM": "xterm", "LANG": "C.UTF-8"})
    seen = b""
    while b"left" not in seen or b"temperature" not in seen:
        seen += os.read(master, 65536)
    looker.send_signal(signal.SIGINT)
    assert looker.wait(timeout=30) == 0
    os.set_blocking(master, False)
    try:
        while True:
            seen += os.read(master, 65536)
    except BlockingIOError:
        pass
    assert b"\x1b[?25l" in seen and seen.rindex(b"\x1b[?25h") > seen.rindex(b"\x1b[?25l"), seen  # the cursor is back
    assert seen.rindex(b"\x1b[?7h") > seen.rindex(b"\x1b[?7l") and "░".encode() in seen
    assert termios.tcgetattr(slave) == before


# ---- a run that is killed, watched by a pipe and by a terminal ----

run = start("long.h5", 2000000000)
wait_for("the side file", lambda: os.path.exists("long.live"))
fields = dict(line.split(" ", 1) for line in open("long.live").read().splitlines()[1:])
assert int(fields["pid"]) == run.pid and int(fields["steps"]) == 2000000000, fields
assert abs(time.time() - float(fields["updated"])) < 60

plain = watch("long.h5")

try:
    terminal = pty.openpty()
except OSError as error:  # where /dev/pts is not mounted, as in a bare chroot
    print("no terminal to look from:", error)
else:
    look_at_terminal(*terminal)
assert run.poll() is None, "the run ended with its onlooker"

time.sleep(2)
run.kill()
run.wait()
output, errors = plain.communicate(timeout=60)
assert plain.returncode == 1 and "long.h5: was killed after step" in errors and "hamlet resume long.chk" in errors, errors
lines = output.splitlines()
assert len(lines) >= 2 and all(line.startswith("step ") and "steps/s" in line for line in lines), output
assert "\x1b" not in output
steps = [int(line.split()[1]) for line in lines]
assert steps == sorted(steps) and steps[-1] > steps[0]
assert "was killed" in refused("long.h5", code=1)  # whoever comes later hears it, too

# Of another machine nobody can tell; it is shown, and nothing breaks.
text = open("long.live").read()
open("long.live", "w").write(text.replace("host " + fields["host"], "host elsewhere"))
remote = watch("long.h5")
time.sleep(1.5)
remote.send_signal(signal.SIGTERM)
output, errors = remote.communicate(timeout=30)
assert remote.returncode == 0 and output.count("step ") == 1 and not errors, (output, errors)

# Going on with it begins a new side file, and a run that ends takes it away.
resumed = keep(subprocess.Popen([HAMLET, "resume", "long.chk", "--quiet"]))
wait_for("news of the resumed run", lambda: os.path.exists("long.live") and "pid %d\n" % resumed.pid in open("long.live").read())
late = watch("long.h5")
assert late.stdout.readline().startswith("step ")
resumed.send_signal(signal.SIGTERM)
assert resumed.wait(timeout=60) == 5
output, errors = late.communicate(timeout=60)
assert late.returncode == 5 and "was stopped after step" in errors, (output, errors)
assert not os.path.exists("long.live") and not os.path.exists("long.live.new")

# ---- a run that finishes ----

run = start("short.h5", 3000000)
wait_for("the run", lambda: os.path.exists("short.h5"))
short = watch("short.h5")
assert run.wait() == 0
output, errors = short.communicate(timeout=60)
assert short.returncode == 0 and "short.h5: finished, 3000000 steps" in output and not errors, (output, errors)
assert not os.path.exists("short.live")
open("short.live", "w").write("nonsense\n")
assert "finished" in subprocess.run([HAMLET, "watch", "short.h5"], stdout=subprocess.PIPE, text=True).stdout

# ---- strides ----

STRIDES = ["predictor.mode=composed", "predictor.stride=16", "predictor.guess=none", "predictor.hidden=8", "predictor.pairs=200",
           "predictor.max_error=0.1", "predictor.gate=0.1", "training.warmup_steps=1600", "training.epochs=10", "training.polish=50",
           "integrator.steps=1600000000", "output.stride=16000", "output.trajectory=strides.h5"]
run = keep(subprocess.Popen([HAMLET, "run", SOURCE + "/examples/action_water/run.yaml", "--quiet",
                             *[word for setting in STRIDES for word in ("--set", setting)]]))
taken = lambda: int(dict(line.split(" ", 1) for line in open("strides.live").read().splitlines()[1:])["strides"])
wait_for("the side file of strides", lambda: os.path.exists("strides.live"))
wait_for("strides", lambda: taken() > 0)
striding = watch("strides.h5")
line = striding.stdout.readline()
words = line.split()
assert int(words[words.index("strides") + 1]) > 0 and "rounds refused 0" in line, line
run.kill()
run.wait()
striding.communicate(timeout=60)

# ---- bad input ----

assert "absent.h5" in refused("absent.h5", code=2)
open("empty.h5", "w").close()
assert "empty.h5" in refused("empty.h5", code=2)
assert "--every" in refused("short.h5", "--every", "0", code=2)
