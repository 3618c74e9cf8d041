/* The LSTM engines for AVX-512 (see lstm_cell.h); compiled for it whatever the rest is compiled for. */
#include "predictors/lstm_cell.h"

#if defined __x86_64__
#include <immintrin.h>

#define ENGINES hm_lstm_engines_avx512
#define INSTRUCTIONS "AVX-512"
#define VECTOR_BYTES 64
#define ROWS 6
#define EACH_ROW_COUNT(macro) macro(1) macro(2) macro(3) macro(4) macro(5) macro(6)

#define fma_float _mm512_fmadd_ps
#define min_float _mm512_min_ps
#define max_float _mm512_max_ps
#define splat_float _mm512_set1_ps
#define fma_double _mm512_fmadd_pd
#define min_double _mm512_min_pd
#define max_double _mm512_max_pd
#define splat_double _mm512_set1_pd

#include "predictors/lstm_isa.inc"
#endif
