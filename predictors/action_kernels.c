#include "predictors/action_kernels.h"

size_t hm_action_kernels_find(const struct hm_action_kernels *found[HM_ACTION_KERNELS])
{
    size_t count = 0;
#if defined __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
        found[count++] = &hm_action_kernels_avx512;
    if (__builtin_cpu_supports("avx2")) found[count++] = &hm_action_kernels_avx2;
#endif
    found[count++] = &hm_action_kernels_portable;
    return count;
}
