#include "hamiltonians/dft/potential.h"

const struct hm_potential_kernels *hm_potential_kernels_available(size_t index)
{
    const struct hm_potential_kernels *found[3];
    size_t count = 0;
#if defined __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        found[count++] = &hm_potential_kernels_avx512;
    if (__builtin_cpu_supports("avx2")) found[count++] = &hm_potential_kernels_avx2;
#endif
    found[count++] = &hm_potential_kernels_portable;
    return index < count ? found[index] : NULL;
}
