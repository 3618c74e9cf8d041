/* hamlet bench lstm: two layers, 6 inputs, 3 outputs in single precision; the shapes that libraries are compared on. */
#include "scheduler/cli/bench.h"

#include "predictors/lstm_speed.h"

#include <stdio.h>

enum { WINDOW = 32 };

static const size_t HIDDEN[] = {32, 64, 128}, BATCH[] = {1, 3, 64, 512};
enum { NHIDDEN = sizeof HIDDEN / sizeof *HIDDEN, NBATCH = sizeof BATCH / sizeof *BATCH, TRAINED_FROM = 2 };

static void report_step(size_t hidden, size_t batch, double seconds, double rate, double limit, bool json)
{
    if (json)
        printf("{\"hidden\": %zu, \"batch\": %zu, \"step_us\": %.3f, \"gflops\": %.2f, \"sgemm_fraction\": %.3f}\n",
               hidden, batch, 1e6 * seconds, 1e-9 * rate, rate / limit);
    else
        printf("hidden %3zu  batch %3zu                  %10.2f us/step   %6.1f GFLOP/s  %3.0f %% of SGEMM\n", hidden,
               batch, 1e6 * seconds, 1e-9 * rate, 100 * rate / limit);
}

static void report_training(size_t hidden, size_t batch, double seconds, double rate, double limit, bool json)
{
    if (json)
        printf("{\"hidden\": %zu, \"batch\": %zu, \"window\": %d, \"train_ms\": %.4f, \"gflops\": %.2f, "
               "\"sgemm_fraction\": %.3f}\n",
               hidden, batch, WINDOW, 1e3 * seconds, 1e-9 * rate, rate / limit);
    else
        printf("hidden %3zu  batch %3zu  window %d  train %10.3f ms/batch  %6.1f GFLOP/s  %3.0f %% of SGEMM\n", hidden,
               batch, WINDOW, 1e3 * seconds, 1e-9 * rate, 100 * rate / limit);
}

enum hm_status hm_bench_lstm(bool json)
{
    const struct hm_lstm_engine *engine = hm_lstm_engine_get(HM_LSTM_FLOAT);
    for (size_t i = 0; i < NHIDDEN; i++) {
        const struct hm_lstm_shape shape = {.nin = 6, .nout = 3, .layers = 2, .hidden = HIDDEN[i]};
        double limit, seconds;
        HM_TRY(hm_lstm_time_limit(&limit)); /* beside what it is compared to: a shared core's speed changes */
        if (json)
            printf("{\"hidden\": %zu, \"instructions\": \"%s\", \"sgemm_gflops\": %.2f}\n", HIDDEN[i],
                   engine->instructions, 1e-9 * limit);
        else
            printf("SGEMM of 1024 x 1024 x 1024 on this core: %.1f GFLOP/s; the engine uses %s\n", 1e-9 * limit,
                   engine->instructions);
        for (size_t b = 0; b < NBATCH; b++) {
            HM_TRY(hm_lstm_time_step(engine, &shape, BATCH[b], &seconds));
            report_step(HIDDEN[i], BATCH[b], seconds, hm_lstm_step_operations(&shape, BATCH[b]) / seconds, limit, json);
        }
        for (size_t b = TRAINED_FROM; b < NBATCH; b++) {
            HM_TRY(hm_lstm_time_training(engine, &shape, BATCH[b], WINDOW, &seconds));
            report_training(HIDDEN[i], BATCH[b], seconds,
                            hm_lstm_training_operations(&shape, BATCH[b], WINDOW) / seconds, limit, json);
        }
        fflush(stdout);
    }
    return HM_OK;
}
