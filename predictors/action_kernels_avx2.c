/* The kernels of the action's network for AVX2; compiled for it whatever the rest is compiled for. */
#if defined __x86_64__
#define KERNELS hm_action_kernels_avx2
#define INSTRUCTIONS "AVX2"
#define VECTOR_BYTES 32
#define ROWS 2
#define WIDTH 4

#include "predictors/action_kernels.inc"
#endif
