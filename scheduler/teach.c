#include "scheduler/teach.h"

#include "predictors/memory.h"
#include "scheduler/integrator.h"

#include <math.h>

enum hm_status hm_teach_take(struct hm_propagator *p, struct hm_state *s, struct hm_lesson *lesson)
{
    if (lesson->parameters) {
        HM_TRY(hm_committee_adopt(p->committee, lesson->member, lesson->parameters, lesson->bytes));
        s->weights_version++;
        s->primed = false;
    }
    lesson->record.version = s->weights_version;
    if (lesson->episode && !lesson->record.accepted) s->rounds.held_out = lesson->record.held_out_after;
    return p->observer.lesson ? p->observer.lesson(p->observer.self, s, lesson) : HM_OK;
}

enum hm_status hm_teach_collect(struct hm_propagator *propagator, struct hm_state *state)
{
    struct hm_lesson lesson;
    bool got = true;
    if (!propagator->trainer->ops) return HM_OK;
    while (got) {
        HM_TRY(hm_trainer_poll(propagator->trainer, state->step - 1, state->lessons_due, &lesson, &got));
        state->lessons_due = false; /* they are all there */
        if (got) HM_TRY(hm_teach_take(propagator, state, &lesson));
    }
    return HM_OK;
}

enum hm_status hm_teach_start(struct hm_propagator *propagator, struct hm_state *state)
{
    const struct hm_weights *given = propagator->given;
    for (size_t k = 0; given && k < given->count; k++) {
        struct hm_lesson lesson = {
            .member = given->of[k].member,
            .parameters = given->of[k].bytes,
            .bytes = given->of[k].size,
        };
        HM_TRY(hm_teach_take(propagator, state, &lesson));
    }
    return HM_OK;
}

/* The new label, and before it what its history needs and the trainer does not have. */
static enum hm_status teach_rows(struct hm_propagator *p, struct hm_state *s, int64_t step)
{
    const size_t context = hm_committee_history(p->committee), filled = s->window->filled;
    const size_t missing = (size_t)(step + 1 - s->untaught);
    size_t count = context + 1 < filled ? context + 1 : filled;
    if (missing < count) count = missing;
    hm_window_rows(s->window, step, count, step, p->rows);
    s->untaught = step + 1;
    return hm_trainer_teach(p->trainer, p->rows, count);
}

/* A map is fitted for long: it waits until there is a sixteenth more to learn from. */
static int64_t episode_interval(const struct hm_propagator *p, const struct hm_state *s)
{
    enum { USUAL = 50, SHARE = 16 };
    if (p->schedule.episode_every_injections > 0) return p->schedule.episode_every_injections;
    return p->strides.stride > 0 && s->exact_steps > USUAL * SHARE ? s->exact_steps / SHARE : USUAL;
}

static bool episode_is_due(const struct hm_propagator *p, const struct hm_state *s, const struct hm_step *now)
{
    const struct hm_schedule *schedule = &p->schedule;
    if (now->step < schedule->warmup_steps) return now->step == schedule->warmup_steps - 1;
    if (s->segment_left > 1) return false; /* a segment that is cut in two gives fewer pairs */
    const bool asked = now->episode_asked && s->injections_since_episode >= schedule->episode_min_injections;
    return asked || s->injections_since_episode >= episode_interval(p, s);
}

/* `history: auto` is settled once, by what the warm-up shows. */
static enum hm_status settle_history(struct hm_propagator *p, const struct hm_state *s, size_t *history)
{
    *history = 0;
    if (s->weights_version > 0 || !p->committee->member[0].ops->look_back) return HM_OK;
    HM_TRY(hm_memory_length(s->window, history));
    hm_committee_look_back(p->committee, *history);
    return HM_OK;
}

static enum hm_status request_episode(struct hm_propagator *p, struct hm_state *s, int64_t step)
{
    size_t history;
    HM_TRY(settle_history(p, s, &history));
    HM_TRY(hm_trainer_request(p->trainer, step, history));
    s->lessons_due = p->schedule.wait_for_training;
    s->injections_since_episode = 0;
    s->untaught = 0; /* the next label brings its context again */
    return HM_OK;
}

enum hm_status hm_teach_step(struct hm_propagator *p, struct hm_state *s, const struct hm_step *now)
{
    if (!p->trainer->ops || !now->label) return HM_OK;
    HM_TRY(teach_rows(p, s, now->step));
    s->injections_since_episode++;
    return episode_is_due(p, s, now) ? request_episode(p, s, now->step) : HM_OK;
}

/* ---- segments ---- */

static enum hm_status teach_exact_step(struct hm_propagator *p, struct hm_state *s, int64_t number)
{
    int group;
    const size_t natom = s->frame.natom;
    hm_window_open(s->window);
    HM_TRY(hm_propagator_ask(p, &s->frame, s->step, &group));
    hm_window_close(s->window, s->frame.v, p->kick_exact, true);
    hm_leapfrog_kick(natom, p->kick_exact, s->frame.v);
    hm_window_rows(s->window, number, 1, number, p->rows);
    HM_TRY(hm_trainer_teach(p->trainer, p->rows, 1));
    hm_leapfrog_drift(natom, p->schedule.timestep, s->frame.v, s->frame.x, s->x_spare);
    double *const x_now = s->frame.x;
    s->frame.x = s->x_spare;
    s->x_spare = x_now;
    s->step++;
    return HM_OK;
}

enum hm_status hm_teach_segment(struct hm_propagator *propagator, const struct hm_state *state,
                                const struct hm_frame *start, int64_t steps, size_t number)
{
    struct hm_state *segment;
    int group;
    HM_TRY(hm_state_create(start, state->window->representation, 1, &segment));
    enum hm_status status = hm_propagator_ask(propagator, &segment->frame, 0, &group);
    if (status == HM_OK)
        hm_leapfrog_start(&segment->frame, propagator->schedule.timestep, propagator->label.force, segment->frame.v);
    /* Row numbers before the run's own, apart from those of the other segments. */
    const int64_t first = -((int64_t)number + 1) * (steps + 1);
    for (int64_t k = 0; status == HM_OK && k < steps; k++) {
        status = hm_interrupt_check(&propagator->interrupt);
        if (status == HM_OK) status = teach_exact_step(propagator, segment, first + k);
    }
    hm_state_destroy(&segment);
    return status;
}
