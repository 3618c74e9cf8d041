#!/bin/bash
# A sweep under Slurm that goes on from job to job until every run of it is finished:
#
#   sbatch sweep.sh
#
# The ranks divide the runs among them. Started again, a sweep skips what is finished and resumes what was stopped, so
# that the command is always the same. Adapt the lines marked with <; run.sh says more about them.

#SBATCH --job-name=hcl-sweep          # <
#SBATCH --time=04:00:00               # <
#SBATCH --nodes=2                     # <
#SBATCH --ntasks=8                    # < as many runs at a time, with ranks_per_run: 1
#SBATCH --cpus-per-task=1
#SBATCH --signal=USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x.log

export SLURM_MPI_TYPE=${SLURM_MPI_TYPE:-pmix}          # < pmi2 for MPICH
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
# module load openmpi hdf5 openblas                    # <
hamlet=${HAMLET:-hamlet}                               # <

srun "$hamlet" sweep sweep.yaml
code=$?
if [ $code -eq 5 ]; then scontrol requeue "$SLURM_JOB_ID"; fi
exit $code
