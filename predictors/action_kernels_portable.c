/* The kernels of the action's network in vectors of 16 bytes, which every machine has or the compiler takes apart. */
#define KERNELS hm_action_kernels_portable
#define INSTRUCTIONS "portable"
#define VECTOR_BYTES 16
#define ROWS 2
#define WIDTH 4

#include "predictors/action_kernels.inc"
