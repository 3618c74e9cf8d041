"""What the interoperability tests share."""
import os
import pathlib
import subprocess

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR", pathlib.Path(__file__).parents[2]))


def build(name):
    """Compiles tests/interop/<name>.c with the parts of io/ that read and write files; returns the program's path."""
    parts = ["archive", "checkpoint", "elements", "folder", "frame", "log", "records", "rng", "status", "units", "weights"]
    parts += [p.stem for pattern in ("extxyz*.c", "trajectory*.c") for p in (SOURCE / "io").glob(pattern)]
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "hdf5-serial", "zlib"], check=True, capture_output=True, text=True)
    program = os.path.abspath(name)
    subprocess.run([os.environ.get("CC", "cc"), "-std=c17", "-O1", "-D_POSIX_C_SOURCE=200809L", f"-I{SOURCE}", "-o", program,
                    SOURCE / "tests/interop" / f"{name}.c", *(SOURCE / "io" / f"{part}.c" for part in sorted(parts)),
                    *flags.stdout.split(), "-lm"], check=True)
    return program
