/* The LSTM engines for AVX2 with FMA (see lstm_cell.h); compiled for it whatever the rest is compiled for. */
#include "predictors/lstm_cell.h"

#if defined __x86_64__
#include <immintrin.h>

#define ENGINES hm_lstm_engines_avx2
#define INSTRUCTIONS "AVX2"
#define VECTOR_BYTES 32
#define ROWS 3
#define EACH_ROW_COUNT(macro) macro(1) macro(2) macro(3)

#define fma_float _mm256_fmadd_ps
#define min_float _mm256_min_ps
#define max_float _mm256_max_ps
#define splat_float _mm256_set1_ps
#define fma_double _mm256_fmadd_pd
#define min_double _mm256_min_pd
#define max_double _mm256_max_pd
#define splat_double _mm256_set1_pd

#include "predictors/lstm_isa.inc"
#endif
