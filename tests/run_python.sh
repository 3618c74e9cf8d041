#!/bin/sh
# Runs a Python test with the distribution's interpreter, never with one that PATH offers. Exit code 77, and a word why,
# where the interpreter or a module that the test imports is not installed.
set -u
python=/usr/bin/python3

if [ ! -x "$python" ]; then
    echo "SKIPPED: $python is not installed"
    exit 77
fi
for module in h5py MDAnalysis ase numpy yaml; do
    grep -q -E "^[[:space:]]*(import|from) +$module\b" "$1" || continue
    if ! "$python" -c "import importlib.util, sys; sys.exit(importlib.util.find_spec('$module') is None)"; then
        echo "SKIPPED: $python has no module $module"
        exit 77
    fi
done
exec "$python" "$@"
