/* What a job needs to hold together: weights of an earlier run, and a history that fits. */
#include "tests/scheduler/fixture.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#define RUN                                                              \
    "integrator: {timestep: 0.25 fs, steps: 20000}\n"                    \
    "training: {warmup_steps: 400, episode_every_injections: 1000000}\n" \
    "policy: {frequency: 0.05}\n"
#define CONTINUED                                     \
    "integrator: {timestep: 0.25 fs, steps: 20000}\n" \
    "training: {warmup_steps: 400, mode: off}\n"      \
    "policy: {frequency: 0.05}\n"
#define HISTORY_12 "predictor: {inputs: [velocity], history: 12, weights: weights.h5}\n"

/* The driver's weights of a finished run, as that run stores them. */
static void write_weights(struct fixture *f, const char *path)
{
    char form[1024];
    size_t bytes;
    struct hm_weights weights = {0};
    const struct hm_predictor *member = &f->simulation.committee.member[0];
    const void *parameters = member->ops->parameters(member->self, &bytes);
    hm_job_weights_form(&f->job, member, form, sizeof form);
    HM_ASSERT_OK(hm_weights_set(&weights, 0, 1, form, parameters, bytes));
    HM_ASSERT_OK(hm_weights_write(path, true, &weights, NULL));
    hm_weights_release(&weights);
}

/* The run that leaves weights.h5 behind. */
static void run_first(struct fixture *f)
{
    fixture_begin(f, RUN "predictor: {inputs: [velocity], history: 12}\n");
    HM_ASSERT_OK(fixture_advance(&f->simulation, 400));
    CU_ASSERT_EQUAL(f->simulation.state->weights_version, 1);
    write_weights(f, "weights.h5");
}

/* A start with the weights of a run makes the predictions of that run, to the bit, without any training. */
static void test_weights_repeat_their_run(void)
{
    struct fixture first, second;
    run_first(&first);
    fixture_begin(&second, CONTINUED HISTORY_12);
    HM_ASSERT_OK(hm_job_check(&second.job));
    CU_ASSERT_PTR_NULL(second.simulation.trainer.ops);
    CU_ASSERT_EQUAL(second.simulation.state->weights_version, 1); /* before step 0 */
    for (int64_t step = 400; step <= 2000; step += 100) {
        HM_ASSERT_OK(fixture_advance(&first.simulation, step));
        HM_ASSERT_OK(fixture_advance(&second.simulation, step));
        CU_ASSERT_EQUAL(memcmp(first.simulation.state->frame.x, second.simulation.state->frame.x, 48), 0);
        CU_ASSERT_EQUAL(memcmp(first.simulation.state->frame.v, second.simulation.state->frame.v, 48), 0);
    }
    CU_ASSERT_EQUAL(first.simulation.state->injections, second.simulation.state->injections);
    CU_ASSERT_TRUE(second.simulation.state->injections < 200);
    fixture_end(&first);
    fixture_end(&second);
}

/* With weights a warm-up is not needed. */
static void test_weights_without_a_warmup(void)
{
    struct fixture first, second;
    run_first(&first);
    fixture_begin(&second, "integrator: {timestep: 0.25 fs, steps: 20000}\ntraining: {warmup_steps: 0, mode: off}\n"
                           "policy: {type: never}\n" HISTORY_12);
    HM_ASSERT_OK(hm_job_check(&second.job));
    HM_ASSERT_OK(fixture_advance(&second.simulation, 500));
    CU_ASSERT_EQUAL(second.simulation.state->exact_steps, 12); /* until there is a history */
    fixture_end(&first);
    fixture_end(&second);
}

/* Training goes on from the weights: version 1 is theirs. */
static void test_weights_to_go_on_from(void)
{
    struct fixture first, second;
    run_first(&first);
    fixture_begin(&second, RUN HISTORY_12);
    HM_ASSERT_OK(hm_job_check(&second.job));
    CU_ASSERT_EQUAL(second.simulation.state->weights_version, 1);
    HM_ASSERT_OK(fixture_advance(&second.simulation, 100));
    CU_ASSERT_TRUE(second.simulation.state->residual_relative < 1e-6);
    fixture_end(&first);
    fixture_end(&second);
}

/* One line that points at the key and says what is wrong. */
static void check_refused(const char *extra, const char *place, const char *message)
{
    struct hm_job job;
    fixture_job(extra, &job);
    CU_ASSERT_EQUAL(hm_job_check(&job), HM_BAD_CONFIG);
    const char *said = hm_status_message();
    if (strncmp(said, place, strlen(place)) != 0 || !strstr(said, message)) printf("\n      %s ", said);
    CU_ASSERT_EQUAL(strncmp(said, place, strlen(place)), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, message));
    CU_ASSERT_PTR_NULL(strchr(said, '\n'));
    hm_job_release(&job);
}

static void test_weights_of_another_form_are_refused(void)
{
    static const char *const made =
        "linear v1 (history 12, degree 0, 7 weights in each of 1 groups); pair; timestep 0.25 "
        "fs; atoms H Cl";
    static const struct {
        const char *extra, *needed;
    } cases[] = {
        {"integrator: {timestep: 0.25 fs, steps: 9}\ntraining: {mode: off}\n"
         "predictor: {inputs: [velocity], history: 14, weights: weights.h5}\n",
         "linear v1 (history 14, degree 0, 8 weights in each of 1 groups); pair; timestep 0.25 fs; atoms H Cl"},
        {"integrator: {timestep: 0.5 fs, steps: 9}\ntraining: {mode: off}\n" HISTORY_12,
         "linear v1 (history 12, degree 0, 7 weights in each of 1 groups); pair; timestep 0.5 fs; atoms H Cl"},
        {"integrator: {timestep: 0.25 fs, steps: 9}\ntraining: {mode: off}\n"
         "predictor: {inputs: [velocity], history: 12, weights: weights.h5, representation: cartesian}\n",
         "linear v1 (history 12, degree 0, 6 weights in each of 2 groups); cartesian; timestep 0.25 fs; atoms H Cl"},
    };
    struct fixture first;
    run_first(&first);
    fixture_end(&first);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char message[512];
        snprintf(message, sizeof message, "weights.h5 holds weights of '%s'; this run needs '%s'", made,
                 cases[i].needed);
        check_refused(cases[i].extra, "fixture.yaml:5:", message);
    }
}

static void test_weights_that_fit_nobody_are_refused(void)
{
    struct fixture first;
    struct hm_weights weights = {0};
    run_first(&first);
    fixture_end(&first);
    check_refused("integrator: {timestep: 0.25 fs, steps: 9}\npredictor: {type: zero, weights: weights.h5}\n",
                  "fixture.yaml:4:", "the zero predictor has no weights");
    HM_ASSERT_OK(hm_weights_set(&weights, 0, 1, "a form", "12345678", 8));
    HM_ASSERT_OK(hm_weights_set(&weights, 1, 2, "a form", "12345678", 8));
    HM_ASSERT_OK(hm_weights_write("two.h5", true, &weights, NULL));
    hm_weights_release(&weights);
    check_refused("integrator: {timestep: 0.25 fs, steps: 9}\npredictor: {weights: two.h5}\n",
                  "fixture.yaml:4:", "two.h5 holds the weights of 2 members and predictor.committee is 1");
    HM_ASSERT_OK(hm_weights_set(&weights, 1, 2, "a form", "12345678", 8));
    HM_ASSERT_OK(hm_weights_write("second.h5", true, &weights, NULL));
    hm_weights_release(&weights);
    check_refused("integrator: {timestep: 0.25 fs, steps: 9}\npredictor: {weights: second.h5}\n",
                  "fixture.yaml:4:", "second.h5 has no weights of member 0");
}

/* Also where nobody checked the job before. */
static void test_weights_cut_short_are_not_adopted(void)
{
    struct hm_job job;
    struct hm_layout layout;
    struct hm_simulation simulation;
    fixture_job(RUN, &job);
    HM_ASSERT_OK(hm_weights_set(&job.weights, 0, 1, "a form", "12345678", 8));
    HM_ASSERT_OK(hm_layout_plan(job.config, 1, 1, &layout));
    CU_ASSERT_EQUAL(hm_simulation_create(&job, &layout, HM_NO_INTERRUPT, &simulation), HM_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "weights of 8 bytes"));
    hm_job_release(&job);
}

static void test_training_off_needs_weights(void)
{
    struct hm_job job;
    check_refused("integrator: {timestep: 0.25 fs, steps: 9}\ntraining: {mode: off}\n", "fixture.yaml:4:12: ",
                  "off keeps the weights as loaded: name a file of an earlier run with predictor.weights");
    fixture_job("integrator: {timestep: 0.25 fs, steps: 9}\ntraining: {mode: off}\npredictor: {type: zero}\n", &job);
    HM_ASSERT_OK(hm_job_check(&job)); /* it needs none */
    hm_job_release(&job);
}

static void test_history_fits_into_the_warmup(void)
{
    struct hm_job job;
    check_refused("integrator: {timestep: 0.25 fs, steps: 9}\ntraining: {warmup_steps: 40}\n"
                  "predictor: {history: 40}\n",
                  "fixture.yaml:5:13: ",
                  "a history of 40 steps does not fit into the warm-up of 40 it is to be learned from: raise "
                  "training.warmup_steps or shorten it");
    fixture_job("integrator: {timestep: 0.25 fs, steps: 9}\ntraining: {warmup_steps: 41}\npredictor: {history: 40}\n",
                &job);
    HM_ASSERT_OK(hm_job_check(&job));
    hm_job_release(&job);
}

static void test_learners(void)
{
    static const struct {
        const char *extra;
        size_t learners;
    } cases[] = {{"", 1},
                 {"training: {mode: asynchronous}\n", 1},
                 {"training: {mode: off}\n", 0},
                 {"predictor: {type: zero}\n", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char extra[256];
        struct hm_job job;
        size_t learners = 4711;
        snprintf(extra, sizeof extra, "integrator: {timestep: 0.25 fs, steps: 9}\n%s", cases[i].extra);
        fixture_job(extra, &job);
        HM_ASSERT_OK(hm_job_learners(&job, &learners));
        CU_ASSERT_EQUAL(learners, cases[i].learners);
        job.replay.has_weights = true; /* stored ones are repeated instead */
        HM_ASSERT_OK(hm_job_learners(&job, &learners));
        CU_ASSERT_EQUAL(learners, 0);
        hm_job_release(&job);
    }
}

static const struct hm_test tests[] = {
    {"weights repeat their run", test_weights_repeat_their_run},
    {"weights without a warm-up", test_weights_without_a_warmup},
    {"weights to go on from", test_weights_to_go_on_from},
    {"weights of another form are refused", test_weights_of_another_form_are_refused},
    {"weights that fit nobody are refused", test_weights_that_fit_nobody_are_refused},
    {"weights cut short are not adopted", test_weights_cut_short_are_not_adopted},
    {"training off needs weights", test_training_off_needs_weights},
    {"the history fits into the warm-up", test_history_fits_into_the_warmup},
    {"learners", test_learners},
};

HM_TEST_MAIN("job", tests)
