/* The LSTM engines in vectors of 16 bytes, which every machine has or the compiler takes apart (see lstm_cell.h). */
#include <stdint.h>

#define ENGINES hm_lstm_engines_portable
#define INSTRUCTIONS "portable"
#define VECTOR_BYTES 16
#define ROWS 2
#define EACH_ROW_COUNT(macro) macro(1) macro(2)

/* a * b + c in two roundings, on every machine; the smaller and the larger, or the second if one is not a number. */
#define OPERATIONS(real, lanes_of_one, integer)                                                    \
    typedef real vector_##real __attribute__((vector_size(VECTOR_BYTES)));                         \
    typedef integer mask_##real __attribute__((vector_size(VECTOR_BYTES)));                        \
    static inline vector_##real fma_##real(vector_##real a, vector_##real b, vector_##real c)      \
    {                                                                                              \
        return a * b + c;                                                                          \
    }                                                                                              \
    static inline vector_##real choose_##real(mask_##real first, vector_##real a, vector_##real b) \
    {                                                                                              \
        return (vector_##real)((first & (mask_##real)a) | (~first & (mask_##real)b));              \
    }                                                                                              \
    static inline vector_##real min_##real(vector_##real a, vector_##real b)                       \
    {                                                                                              \
        return choose_##real(a < b, a, b);                                                         \
    }                                                                                              \
    static inline vector_##real max_##real(vector_##real a, vector_##real b)                       \
    {                                                                                              \
        return choose_##real(a > b, a, b);                                                         \
    }                                                                                              \
    static inline vector_##real splat_##real(real value)                                           \
    {                                                                                              \
        return (vector_##real)lanes_of_one;                                                        \
    }

#define FOUR                       \
    {                              \
        value, value, value, value \
    }
#define TWO          \
    {                \
        value, value \
    }
OPERATIONS(float, FOUR, int32_t)
OPERATIONS(double, TWO, int64_t)

#include "predictors/lstm_isa.inc"
