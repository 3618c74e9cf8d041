"""examples/slurm on a cluster of one node, started here: a run and a sweep are stopped, go back to the queue, go on by
themselves and end with the bits of one that was never stopped. A job that was cancelled stays so.

The cluster lives in a temporary folder and listens to ports of its own; a real one is not touched. Its daemons must be installed
(Debian: slurm-wlm); they run as root or as anybody."""
# Runs alone: daemons and jobs expect answers within seconds.
import getpass
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
sys.path.insert(0, str(SOURCE / "tests/interop"))
import h5py
import same_run

HAMLET, MPIEXEC = os.environ["HAMLET"], os.environ["MPIEXEC"]
HOST = socket.gethostname().split(".")[0]
SETTINGS = ["--set", "predictor={type: linear}", "--set", "policy={type: periodic, frequency: 0.01}",
            "--set", "training.warmup_steps=400", "--set", "output.stride=1000"]
SIZE = ["--nodes=1", "--ntasks=3"]
daemons = []


def skip(why):
    print(f"SKIPPED: {why}")
    sys.exit(77)


def tool(name):
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    return found or skip(f"{name} is not installed (Debian: slurm-wlm)")


def free_ports():
    """The controller's and the node's."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def slurm(*words, check=True):
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 or not check, f"{' '.join(words)}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def wait_for(what, condition, seconds):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited {seconds} s for {what}"
        time.sleep(0.1)


def start_cluster(folder):
    controller, node = tool("slurmctld"), tool("slurmd")
    for name in ("sbatch", "srun", "scontrol", "scancel", "squeue", "sinfo"):
        tool(name)
    ports = free_ports()
    user = getpass.getuser()
    (folder / "slurm.conf").write_text(f"""ClusterName=test
SlurmctldHost={HOST}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/none
AuthInfo=cred_expire=5
CredType=cred/none
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1
ReturnToService=2
KillWait=5
NodeName=here NodeHostname={HOST} NodeAddr=127.0.0.1 CPUs=4
PartitionName=all Nodes=here Default=YES MaxTime=INFINITE State=UP
""")
    for name in ("state", "spool"):
        (folder / name).mkdir()
    os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
    for words in ([controller, "-D", "-i"], [node, "-D", "-N", "here"]):
        log = open(folder / f"{pathlib.Path(words[0]).name}.log", "w")
        daemons.append(subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True))

    def ready():
        for daemon in daemons:
            if daemon.poll() is not None:
                for log in folder.glob("*.log"):
                    print(log.read_text()[-2000:])
                skip(f"{daemon.args[0]} does not run here: code {daemon.returncode}")
        return slurm("sinfo", "-h", "-o", "%T", check=False) == "idle"

    wait_for("the cluster", ready, 30)


def mpi_type():
    """How srun starts ranks of this MPI library; a machine's Slurm may not know it."""
    version = subprocess.run([MPIEXEC, "--version"], capture_output=True, text=True).stdout
    kind = "pmix" if "Open MPI" in version or "OpenRTE" in version or "PRRTE" in version else "pmi2"
    known = subprocess.run(["srun", "--mpi=list"], capture_output=True, text=True)
    return kind if kind in known.stdout + known.stderr else skip(f"srun knows no --mpi={kind}")


def submit(script, *options, settings=()):
    return slurm("sbatch", "--parsable", *SIZE, *options, script, *settings)


def state(job):
    """PENDING, RUNNING, COMPLETED, ..., and how often it went back to the queue."""
    words = dict(word.split("=", 1) for word in slurm("scontrol", "show", "job", "-o", job).split() if "=" in word)
    return words["JobState"], int(words["Restarts"])


def log():
    return pathlib.Path("hcl.log").read_text() if os.path.exists("hcl.log") else ""


def wait_until(job, wanted, restarts, seconds=60):
    wait_for(f"job {job} to be {wanted} after {restarts} restarts\n{log()}", lambda: state(job) == (wanted, restarts), seconds)


def wait_for_start(starts):
    """Until the run has told so often what it does. A job that went back waits for cred_expire, as a rule two minutes."""
    wait_for(f"start {starts} of the run", lambda: log().count(" steps of 0.25 fs") == starts, 60)


def remove_run():
    for name in ("run.h5", "run.chk", "run.chk.old", "hcl.log"):
        if os.path.exists(name):
            os.remove(name)


def stop_twice():
    """By scancel --signal, which reaches the same processes as --signal does before the time is over."""
    steps = ["--set", "integrator.steps=1500000"]
    subprocess.run([HAMLET, "run", "run.yaml", "--quiet", *SETTINGS, *steps], check=True)
    os.rename("run.h5", "reference.h5")
    remove_run()
    job = submit("run.sh", "--time=10", settings=[*SETTINGS, *steps])
    for stop in range(2):
        wait_for_start(stop + 1)
        time.sleep(0.5)
        slurm("scancel", "--signal=USR1", job)
        wait_until(job, "PENDING", stop + 1)
        assert os.path.exists("run.chk"), log()
        with h5py.File("run.h5", "r") as f:
            print(f"stopped after step {f['hamlet/run'].attrs['steps_done']}, back in the queue")
    wait_for_start(3)
    wait_until(job, "COMPLETED", 2)
    assert log().count("resumed after step") == 2 and log().count("hamlet: stopped by signal") == 2, log()
    lines = same_run.compare("reference.h5", "run.h5")
    assert not lines, "\n".join(lines)
    os.remove("reference.h5")


def run_out_of_time():
    """--signal itself, and the example as it is; then the job is cancelled while it runs, and does not come back."""
    remove_run()
    job = submit("run.sh", "--time=1", "--signal=USR1@50")
    wait_until(job, "PENDING", 1, 90)
    assert os.path.exists("run.chk") and "hamlet: stopped by signal 10" in log(), log()
    slurm("scontrol", "update", f"JobId={job}", "TimeLimit=10")
    wait_for_start(2)
    slurm("scancel", job)
    wait_until(job, "CANCELLED", 1)
    time.sleep(2)
    assert state(job) == ("CANCELLED", 1), "a cancelled job came back"
    assert os.path.exists("run.chk")


def stop_sweep():
    """The other script, with a sweep of this test's own. Four runs on three ranks: some are done, others under way."""
    pathlib.Path("base.yaml").write_text("""system: {geometry: hcl.xyz, initial_velocities: {temperature: 300 K}}
hamiltonian: {type: morse, molecule: HCl}
integrator: {timestep: 0.25 fs, steps: 1000000}
training: {warmup_steps: 400}
output: {stride: 1000}
""")
    pathlib.Path("sweep.yaml").write_text("""base: base.yaml
folder: sweep
axes: {system.initial_velocities.seed: {from: 1, count: 4}}
""")
    subprocess.run([HAMLET, "sweep", "sweep.yaml", "--quiet"], check=True)
    os.rename("sweep", "reference")
    job = submit("sweep.sh", "--time=10", "--output=hcl.log")
    wait_for("the sweep", lambda: os.path.exists("sweep/0002.chk"), 60)
    slurm("scancel", "--signal=USR1", job)
    wait_until(job, "PENDING", 1)
    unfinished = [name for name in os.listdir("sweep") if name.endswith(".chk")]
    print(f"stopped with {sorted(unfinished)}")
    assert unfinished, log()
    wait_until(job, "COMPLETED", 1)
    for run in range(1, 5):
        lines = same_run.compare(f"reference/{run:04}.h5", f"sweep/{run:04}.h5")
        assert not lines, f"run {run}: " + "\n".join(lines)
    for name in ("reference", "sweep"):
        shutil.rmtree(name)


def end_cluster():
    if daemons and daemons[0].poll() is None:
        subprocess.run(["scancel", "--user", getpass.getuser()], capture_output=True)
        time.sleep(0.5)
    for daemon in reversed(daemons):
        daemon.send_signal(signal.SIGTERM)
        try:
            daemon.wait(10)
        except subprocess.TimeoutExpired:
            daemon.kill()


for name in (SOURCE / "examples/slurm").iterdir():
    shutil.copy(name, ".")
with tempfile.TemporaryDirectory() as folder:   # short names: sockets have at most 107 characters
    try:
        start_cluster(pathlib.Path(folder))
        os.environ.update(HAMLET=HAMLET, SLURM_MPI_TYPE=mpi_type())
        stop_twice()
        run_out_of_time()
        remove_run()
        stop_sweep()
    except Exception:
        print(slurm("scontrol", "show", "job", check=False), log(), (pathlib.Path(folder) / "slurmctld.log").read_text())
        raise
    finally:
        end_cluster()
