#include "predictors/adam.h"

#include <math.h>

void hm_adam_default(struct hm_adam *adam)
{
    adam->beta1 = 0.9;
    adam->beta2 = 0.999;
    adam->epsilon = 1e-8;
    adam->clip = 1;
}

void hm_adam_step(struct hm_adam *adam, double rate, const double *gradient, double *parameters)
{
    double square = 0;
    for (size_t i = 0; i < adam->count; i++) square += gradient[i] * gradient[i];
    const double norm = sqrt(square), scale = norm > adam->clip ? adam->clip / norm : 1;
    adam->steps++;
    const double k = (double)adam->steps;
    const double first = rate / (1 - pow(adam->beta1, k)), second = 1 / (1 - pow(adam->beta2, k));
    for (size_t i = 0; i < adam->count; i++) {
        const double g = scale * gradient[i];
        adam->m[i] = adam->beta1 * adam->m[i] + (1 - adam->beta1) * g;
        adam->v[i] = adam->beta2 * adam->v[i] + (1 - adam->beta2) * g * g;
        parameters[i] -= first * adam->m[i] / (sqrt(second * adam->v[i]) + adam->epsilon);
    }
}
