#include "hamiltonians/dft/point_kernels.h"

const struct hm_point_kernels *hm_point_kernels_available(size_t index)
{
    const struct hm_point_kernels *found[3];
    size_t count = 0;
#if defined __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        found[count++] = &hm_point_kernels_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found[count++] = &hm_point_kernels_avx2;
#endif
    found[count++] = &hm_point_kernels_portable;
    return index < count ? found[index] : NULL;
}
