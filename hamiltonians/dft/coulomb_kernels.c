#include "hamiltonians/dft/coulomb_kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

const struct hm_coulomb_kernels *hm_coulomb_kernels_choose(void)
{
#if defined __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("fma"))
        return &hm_coulomb_kernels_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &hm_coulomb_kernels_avx2;
#endif
    return &hm_coulomb_kernels_portable;
}

static _Alignas(64) double boys[HM_HERMITE_MAX_L + 1][HM_BOYS_POINTS][HM_LANES];
static uint16_t sum[HM_SUMS * HM_SUMS];

static void fill_boys(void)
{
    const double *table = hm_boys_table();
    for (int L = 0; L <= HM_HERMITE_MAX_L; L++)
        for (int i = 0; i < HM_BOYS_POINTS; i++) {
            double factorial = 1;
            for (int k = 0; k <= HM_BOYS_ORDER; k++) {
                if (k > 1) factorial *= k;
                boys[L][i][k] = table[i * HM_BOYS_COLUMNS + L + k] / factorial;
            }
            boys[L][i][HM_BOYS_ORDER + 1] = exp(-(double)i / HM_BOYS_PER_UNIT);
        }
}

static void fill_sums(void)
{
    int power[HM_SUMS][3], n = 0;
    for (int l = 0; n < HM_SUMS; l++)
        for (int t = l; t >= 0; t--)
            for (int u = l - t; u >= 0; u--, n++) {
                power[n][0] = t;
                power[n][1] = u;
                power[n][2] = l - t - u;
            }
    for (int i = 0; i < HM_SUMS; i++)
        for (int j = 0; j < HM_SUMS; j++)
            sum[i * HM_SUMS + j] = (uint16_t)hm_hermite_index(power[i][0] + power[j][0], power[i][1] + power[j][1],
                                                              power[i][2] + power[j][2]);
}

static void fill_tables(void)
{
    fill_boys();
    fill_sums();
}

struct hm_kernel_tables hm_kernel_tables(void)
{
    static once_flag filled = ONCE_FLAG_INIT;
    call_once(&filled, fill_tables);
    return (struct hm_kernel_tables){(const double(*)[HM_BOYS_POINTS][HM_LANES])boys, sum};
}

double *hm_lanes_alloc(size_t count)
{
    const size_t bytes = (count * sizeof(double) / 64 + 1) * 64;
    double *memory = aligned_alloc(64, bytes);
    if (memory) memset(memory, 0, bytes);
    return memory;
}
