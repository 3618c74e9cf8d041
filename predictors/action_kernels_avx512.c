/* The kernels of the action's network for AVX-512; compiled for it whatever the rest is compiled for. */
#if defined __x86_64__
#define KERNELS hm_action_kernels_avx512
#define INSTRUCTIONS "AVX-512"
#define VECTOR_BYTES 64
#define ROWS 4
#define WIDTH 4

#include "predictors/action_kernels.inc"
#endif
