#define _DEFAULT_SOURCE /* madvise */
#include "predictors/lstm_network.h"

#include "predictors/lstm_cell.h"

#include <cblas.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { WIDEST = 16 }; /* lanes of a vector: no engine rounds up to more */

static size_t padded(const struct hm_lstm_shape *shape)
{
    return (shape->hidden + WIDEST - 1) / WIDEST * WIDEST;
}

const struct hm_lstm_engine *hm_lstm_engine_of(enum hm_lstm_instructions instructions, enum hm_lstm_precision precision)
{
    switch (instructions) {
    case HM_LSTM_NAIVE:
        return hm_lstm_engines_naive[precision];
#if defined __x86_64__
    case HM_LSTM_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? hm_lstm_engines_avx2[precision] : NULL;
    case HM_LSTM_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
                       __builtin_cpu_supports("fma")
                   ? hm_lstm_engines_avx512[precision]
                   : NULL;
#endif
    case HM_LSTM_PORTABLE:
        return hm_lstm_engines_portable[precision];
    default:
        return NULL;
    }
}

const struct hm_lstm_engine *hm_lstm_engine_get(enum hm_lstm_precision precision)
{
    openblas_set_num_threads(1);
    for (enum hm_lstm_instructions best = HM_LSTM_AVX512; best > HM_LSTM_PORTABLE; best--)
        if (hm_lstm_engine_of(best, precision)) return hm_lstm_engine_of(best, precision);
    return hm_lstm_engine_of(HM_LSTM_PORTABLE, precision);
}

void *hm_lstm_memory(size_t count, size_t size)
{
    const size_t huge = (size_t)1 << 21;
    if (size > 0 && count > (SIZE_MAX - huge) / size) return NULL;
    /* In whole pages: of a part of one the system makes no huge page. */
    const size_t alignment = count * size >= huge / 4 ? huge : 64;
    const size_t bytes = count * size > 0 ? (count * size + alignment - 1) / alignment * alignment : alignment;
    void *memory = aligned_alloc(alignment, bytes);
    if (!memory) return NULL;
#if defined MADV_HUGEPAGE
    if (alignment == huge) {                   /* the weights are streamed at every step */
        madvise(memory, bytes, MADV_DONTNEED); /* small pages of an earlier owner would stay small */
        madvise(memory, bytes, MADV_HUGEPAGE);
    }
#endif
    memset(memory, 0, bytes);
    return memory;
}

size_t hm_lstm_layer_offset(const struct hm_lstm_shape *shape, size_t layer)
{
    const size_t H = shape->hidden;
    size_t offset = 0;
    for (size_t l = 0; l < layer; l++) offset += (hm_lstm_layer_inputs(shape, l) + H + 1) * 4 * H;
    return offset;
}

size_t hm_lstm_parameter_count(const struct hm_lstm_shape *shape)
{
    return hm_lstm_layer_offset(shape, shape->layers) + (shape->hidden + 1) * shape->nout;
}

size_t hm_lstm_state_count(const struct hm_lstm_shape *shape, size_t batch)
{
    return 2 * shape->layers * batch * shape->hidden;
}

void hm_lstm_state_place(const struct hm_lstm_shape *shape, const double *one, size_t b, size_t batch, double *state)
{
    for (size_t l = 0; l < 2 * shape->layers; l++)
        memcpy(&state[(l * batch + b) * shape->hidden], &one[l * shape->hidden], shape->hidden * sizeof *one);
}

size_t hm_lstm_packed_count(const struct hm_lstm_shape *shape)
{
    size_t count = shape->nout * (padded(shape) + 1) + WIDEST;
    for (size_t l = 0; l < shape->layers; l++)
        count += 4 * padded(shape) * (1 + hm_lstm_layer_inputs(shape, l) + shape->hidden + 2 * padded(shape));
    return count;
}

size_t hm_lstm_scratch_count(const struct hm_lstm_shape *shape, size_t batch)
{
    return batch * (shape->nin + 5 * padded(shape)) + WIDEST;
}

size_t hm_lstm_tape_count(const struct hm_lstm_shape *shape, size_t batch, size_t steps)
{
    const size_t layer = (2 * (steps + 1) + 5 * steps) * batch * padded(shape);
    return steps * batch * shape->nin + WIDEST + shape->layers * layer + (steps + 2) * batch * padded(shape) +
           hm_lstm_packed_count(shape);
}

void hm_lstm_parameters_draw(const struct hm_lstm_shape *shape, struct hm_rng_key key, double *parameters)
{
    const size_t H = shape->hidden, count = hm_lstm_parameter_count(shape);
    const double bound = 1 / sqrt((double)H);
    for (size_t i = 0; i < count; i += 2) {
        double u[2];
        hm_rng_uniform2(key, i / 2, 0, u);
        parameters[i] = bound * (2 * u[0] - 1);
        if (i + 1 < count) parameters[i + 1] = bound * (2 * u[1] - 1);
    }
    for (size_t l = 0; l < shape->layers; l++) {
        double *bias = &parameters[hm_lstm_layer_offset(shape, l + 1) - 4 * H];
        for (size_t j = 0; j < H; j++) bias[H + j] = 0;
    }
    memset(&parameters[count - shape->nout], 0, shape->nout * sizeof *parameters);
}
