#!/bin/sh
# Every example's configuration is valid, and says in a few lines what to look at.
set -u
failures=0
count=0
for config in "$SOURCE_DIR"/examples/*/run*.yaml; do
    [ -f "$config" ] || continue
    count=$((count + 1))
    folder=$(dirname "$config")
    case $folder in # validation looks for the program that such a run starts
    */*_lammps_ipi) command -v lmp >/dev/null || { echo "$config: LAMMPS (lmp) is not installed"; continue; } ;;
    esac
    "$HAMLET" validate "$config" || { echo "$config is not valid"; failures=1; }
    [ -s "$folder/README.md" ] || { echo "$folder has no README.md"; failures=1; }
done
for sweep in "$SOURCE_DIR"/examples/*/sweep.yaml; do
    [ ! -f "$sweep" ] || "$HAMLET" sweep "$sweep" --dry-run >plan || { echo "$sweep is not valid"; failures=1; }
done
if [ $count -eq 0 ]; then echo 'there is no examples/*/run.yaml'; failures=1; fi
exit $failures
