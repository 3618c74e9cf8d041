/* How many threads a library computes with, while it is called: OpenMP and OpenBLAS.
 *
 * Both are asked at run time, as whatever the library brought along: it may come with any OpenMP, or with none. Threads
 * of the environment (OMP_NUM_THREADS) do not count: idle ones spin, and on a shared core that costs a hundredfold.
 *
 * Units: none. Errors: none. Owns: nothing. MPI: local.
 */
#ifndef HM_HAMILTONIANS_THREADS_H
#define HM_HAMILTONIANS_THREADS_H

struct hm_threads {
    int openmp, openblas; // 0: that library is not there
};

/* From now on `count`; `before` is what it was. */
void hm_threads_set(int count, struct hm_threads *before);
void hm_threads_restore(const struct hm_threads *before);

#endif
