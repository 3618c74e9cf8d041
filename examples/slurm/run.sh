#!/bin/bash
# One run under Slurm that goes on from job to job until it is finished:
#
#   sbatch run.sh                                    or: sbatch run.sh --set policy.max_interval=100
#
# Two minutes before its time is over the job is asked to stop. It leaves a checkpoint, ends with code 5, goes back to
# the queue and goes on from there. Any other code is the job's own. Adapt the lines marked with <.

#SBATCH --job-name=hcl                # <
#SBATCH --time=04:00:00               # < of one job, not of the run
#SBATCH --nodes=2                     # <
#SBATCH --ntasks=5                    # < one drives, three learn (one for each network), one computes forces
#SBATCH --cpus-per-task=1
#
# The signal goes to the tasks that srun started, rank 0 among them. "B:USR1@120" would send it to this script alone, where
# nobody waits for it. Slurm may send it up to a minute early; leave it more than the slowest force takes.
#SBATCH --signal=USR1@120
#
# Back to the queue also when a node fails, and one log for all the jobs of the run.
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x.log

# How srun and the MPI library find each other (srun --mpi=list): pmix for Open MPI, pmi2 for MPICH.
export SLURM_MPI_TYPE=${SLURM_MPI_TYPE:-pmix}          # <
# One thread for each rank, or as many as --cpus-per-task.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# module load openmpi hdf5 openblas                    # < as when the program was built
hamlet=${HAMLET:-hamlet}                               # < on a file system that all nodes see
checkpoint=run.chk                                     # < beside output.trajectory of run.yaml

# The older checkpoint is enough, too: a node may fail at any moment.
if [ -e "$checkpoint" ] || [ -e "$checkpoint.old" ]; then
    srun "$hamlet" resume "$checkpoint"
else
    srun "$hamlet" run run.yaml "$@"
fi
code=$?

# A job that scancel ends does not get here, and so stays ended.
if [ $code -eq 5 ]; then scontrol requeue "$SLURM_JOB_ID"; fi
exit $code
