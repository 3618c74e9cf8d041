#include "predictors/committee.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum hm_status hm_committee_size(const struct hm_config *config, size_t *count)
{
    const struct hm_predictor_ops *ops;
    HM_TRY(hm_predictor_find(config, &ops));
    *count = (size_t)hm_config_integer(config, "predictor.committee");
    if (*count > 1 && !ops->members_differ)
        return hm_config_fault(config, "predictor.committee",
                               "the %s predictor draws no random numbers, so its %zu members would be alike",
                               ops->method.name, *count);
    return HM_OK;
}

static bool allocate(struct hm_committee *c, const struct hm_representation *representation)
{
    const size_t n = 3 * representation->natom, nchannel = representation->nchannel;
    c->member = calloc(c->count, sizeof *c->member);
    c->taught = calloc(c->count, sizeof *c->taught);
    c->scratch = calloc(2 * c->count * nchannel + 3 * n, sizeof *c->scratch);
    c->said = calloc(c->count, sizeof *c->said);
    if (!c->member || !c->taught || !c->scratch || !c->said) return false;
    c->motion = c->scratch;
    c->base = c->motion + c->count * nchannel;
    c->kick = c->base + c->count * nchannel;
    c->mean = c->kick + n;
    c->spread = c->mean + n;
    for (size_t m = 0; m < c->count; m++)
        c->said[m] = (struct hm_prediction){.motion = &c->motion[m * nchannel], .base = &c->base[m * nchannel]};
    return true;
}

enum hm_status hm_committee_member_create(const struct hm_config *config,
                                          const struct hm_representation *representation, size_t member,
                                          struct hm_predictor *predictor)
{
    const struct hm_predictor_setup setup = {
        .config = config,
        .representation = representation,
        .seed = (uint64_t)hm_config_integer(config, "training.seed"),
        .member = member,
    };
    return hm_predictor_create(&setup, predictor);
}

enum hm_status hm_committee_create(const struct hm_config *config, const struct hm_representation *representation,
                                   struct hm_committee *committee)
{
    *committee = (struct hm_committee){0};
    HM_TRY(hm_committee_size(config, &committee->count));
    enum hm_status status =
        allocate(committee, representation) ? HM_OK : hm_fail(HM_OUT_OF_MEMORY, "no memory for the committee");
    for (size_t m = 0; status == HM_OK && m < committee->count; m++) {
        status = hm_committee_member_create(config, representation, m, &committee->member[m]);
    }
    if (status != HM_OK) hm_committee_destroy(committee);
    return status;
}

void hm_committee_destroy(struct hm_committee *committee)
{
    for (size_t m = 0; committee->member && m < committee->count; m++) hm_predictor_destroy(&committee->member[m]);
    free(committee->member);
    free(committee->taught);
    free(committee->scratch);
    free(committee->said);
    *committee = (struct hm_committee){0};
}

bool hm_committee_ready(const struct hm_committee *committee)
{
    if (!hm_committee_learns(committee)) return true;
    for (size_t m = 0; m < committee->count; m++)
        if (!committee->taught[m]) return false;
    return true;
}

size_t hm_committee_history(const struct hm_committee *committee)
{
    return hm_predictor_history(&committee->member[0]);
}

size_t hm_committee_reseed_steps(const struct hm_committee *committee)
{
    return hm_predictor_reseed_steps(&committee->member[0]);
}

size_t hm_committee_burst(const struct hm_committee *committee, bool rescaled)
{
    const size_t reseed = hm_committee_reseed_steps(committee), whole = hm_committee_history(committee) + 1;
    return rescaled && reseed < whole ? whole : reseed;
}

void hm_committee_look_back(struct hm_committee *committee, size_t steps)
{
    for (size_t m = 0; m < committee->count; m++) {
        const struct hm_predictor *member = &committee->member[m];
        if (member->ops->look_back) member->ops->look_back(member->self, steps);
    }
}

enum hm_status hm_committee_adopt(struct hm_committee *committee, size_t member, const void *parameters, size_t bytes)
{
    if (member >= committee->count)
        return hm_fail(HM_BAD_INPUT, "weights of committee member %zu, but there are %zu members", member,
                       committee->count);
    HM_TRY(hm_predictor_adopt(&committee->member[member], parameters, bytes));
    committee->taught[member] = true;
    return HM_OK;
}

int64_t hm_committee_stride(const struct hm_committee *committee)
{
    const struct hm_predictor *member = &committee->member[0];
    return member->ops->stride ? (int64_t)member->ops->stride(member->self) : 1;
}

void hm_committee_prime(struct hm_committee *committee, const struct hm_window *window)
{
    for (size_t m = 0; m < committee->count; m++) {
        const struct hm_predictor *member = &committee->member[m];
        if (member->ops->prime) member->ops->prime(member->self, window);
    }
}

static void decode(const struct hm_window *window, const double *motion, double *kick)
{
    hm_representation_decode(window->representation, window->frame, window->frame->v, motion, kick);
}

/* Welford's recurrence: the mean and the sum of squared deviations in one pass. */
static void include(struct hm_committee *c, size_t m, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        const double before = c->kick[k] - c->mean[k];
        c->mean[k] += before / (double)(m + 1);
        c->spread[k] += before * (c->kick[k] - c->mean[k]);
    }
}

static double sum_of(const double *values, size_t n)
{
    double sum = 0;
    for (size_t k = 0; k < n; k++) sum += values[k];
    return sum;
}

double hm_kick_difference(const double *a, const double *b, size_t count)
{
    double squares = 0;
    for (size_t k = 0; k < count; k++) squares += (a[k] - b[k]) * (a[k] - b[k]);
    return sqrt(squares / (double)count);
}

static void ask_members(struct hm_committee *c, const struct hm_window *window)
{
    const struct hm_predictor_ops *ops = c->member[0].ops;
    for (size_t m = 0; m < c->count; m++) {
        c->said[m].has_base = false;
        c->said[m].extremeness = NAN;
        c->said[m].outside = false;
    }
    if (ops->predict_all) {
        ops->predict_all(c->member, c->count, window, c->said);
        return;
    }
    for (size_t m = 0; m < c->count; m++) ops->predict(c->member[m].self, window, &c->said[m]);
}

void hm_committee_kick(struct hm_committee *committee, const struct hm_window *window, double kick_rms, double *kick,
                       struct hm_signals *signals)
{
    struct hm_committee *c = committee;
    const size_t n = 3 * window->frame->natom;
    memset(c->mean, 0, 2 * n * sizeof *c->mean); /* and the spread behind it */
    ask_members(c, window);
    for (size_t m = 0; m < c->count; m++) {
        decode(window, c->said[m].motion, c->kick);
        include(c, m, n);
    }
    memcpy(kick, c->mean, n * sizeof *kick);
    const struct hm_prediction *last = &c->said[c->count - 1];
    *signals = (struct hm_signals){NAN, NAN, last->extremeness, false};
    for (size_t m = 0; m < c->count; m++) signals->outside = signals->outside || c->said[m].outside;
    if (c->count > 1) signals->committee = sqrt(sum_of(c->spread, n) / (double)(n * (c->count - 1))) / kick_rms;
    if (last->has_base) {
        decode(window, last->base, c->kick);
        signals->base_difference = hm_kick_difference(kick, c->kick, n) / kick_rms;
    }
}

void hm_committee_save(const struct hm_committee *committee, struct hm_archive *archive)
{
    hm_archive_put_tag(archive, "COMMITTE");
    hm_archive_put_size(archive, committee->count);
    hm_archive_put(archive, committee->taught, committee->count * sizeof *committee->taught);
    for (size_t m = 0; m < committee->count; m++) hm_predictor_save(&committee->member[m], archive);
}

enum hm_status hm_committee_load(struct hm_committee *committee, struct hm_archive *archive)
{
    size_t count;
    HM_TRY(hm_archive_expect_tag(archive, "COMMITTE"));
    HM_TRY(hm_archive_get_size(archive, &count));
    if (count != committee->count)
        return hm_fail(HM_BAD_INPUT, "the saved committee has %zu members, this run's %zu", count, committee->count);
    HM_TRY(hm_archive_get(archive, committee->taught, count * sizeof *committee->taught));
    for (size_t m = 0; m < count; m++) HM_TRY(hm_predictor_load(&committee->member[m], archive));
    return HM_OK;
}
