/* hamlet validate FILE, hamlet explain [KEY], hamlet energy GEOMETRY --hamiltonian '{...}': no run, no ranks. */
#include "scheduler/cli/command.h"
#include "scheduler/job.h"

#include "io/elements.h"
#include "io/extxyz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct arguments {
    const char *operand;
    const char *hamiltonian;
    struct hm_words settings;
    bool json;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 's':
        return hm_command_fault(hm_words_add(&a->settings, argument));
    case 'H':
        a->hamiltonian = argument;
        return 0;
    case 'j':
        a->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (a->operand) return hm_command_fault(hm_fail(HM_BAD_USAGE, "'%s' is one argument too many", argument));
        a->operand = argument;
        return 0;
    default:
        return hm_command_other(key, state);
    }
}

/* ---- validate ---- */

static const struct argp_option validate_options[] = {
    {"set", 's', "KEY=VALUE", 0, "change one key of the configuration; may be repeated", 0},
    {0},
};
static const struct argp validate_parser = {
    validate_options, parse_option, "FILE", "Check a configuration and the files it names.", NULL, NULL, NULL};

enum hm_status hm_command_validate(int argc, char **argv)
{
    struct arguments a = {0};
    struct hm_job job = {0};
    bool finished;
    enum hm_status status;
    HM_TRY_GOTO(status, hm_command_parse(&validate_parser, argc, argv, &a, &finished), out);
    if (finished) goto out;
    if (!a.operand) {
        status = hm_fail(HM_BAD_USAGE, "validate which file? hamlet validate FILE");
        goto out;
    }
    HM_TRY_GOTO(status, hm_job_prepare(a.operand, a.settings.word, a.settings.count, &job), out);
    HM_TRY_GOTO(status, hm_job_check(&job), out);
    printf("%s: valid\n", a.operand);
out:
    hm_job_release(&job);
    hm_words_release(&a.settings);
    return status;
}

/* ---- explain ---- */

static const struct argp explain_parser = {NULL, parse_option, "[KEY]", "Explain one key of the configuration, or all.",
                                           NULL, NULL,         NULL};

static void list_method(const struct hm_method *method)
{
    printf("    %-10s %s\n", method->name, method->summary);
}

/* The families know their methods; the schema only knows that there is a name. */
static void list_methods(const char *key)
{
    if (strcmp(key, "hamiltonian.type") == 0)
        for (size_t i = 0; hm_hamiltonian_registered(i); i++) list_method(&hm_hamiltonian_registered(i)->method);
    if (strcmp(key, "predictor.type") == 0)
        for (size_t i = 0; hm_predictor_registered(i); i++) list_method(&hm_predictor_registered(i)->method);
    if (strcmp(key, "policy.type") == 0)
        for (size_t i = 0; hm_policy_registered(i); i++) list_method(&hm_policy_registered(i)->method);
}

enum hm_status hm_command_explain(int argc, char **argv)
{
    struct arguments a = {0};
    bool finished;
    HM_TRY(hm_command_parse(&explain_parser, argc, argv, &a, &finished));
    if (finished) return HM_OK;
    HM_TRY(hm_config_explain(a.operand, stdout));
    if (a.operand) list_methods(a.operand);
    return HM_OK;
}

/* ---- energy ---- */

static const struct argp_option energy_options[] = {
    {"hamiltonian", 'H', "YAML", 0, "the section `hamiltonian` of a configuration, '{type: harmonic, molecule: HCl}'",
     0},
    {"json", 'j', NULL, 0, "one JSON object", 0},
    {0},
};
static const struct argp energy_parser = {
    energy_options, parse_option, "GEOMETRY", "Energy and forces of one geometry (extended XYZ).", NULL, NULL, NULL};

static void print_energy(const struct hm_frame *frame, const struct hm_label *label, bool json)
{
    const size_t n = frame->natom;
    const bool converged = label->status == HM_LABEL_CONVERGED, known = label->iterations != HM_ITERATIONS_UNKNOWN;
    char iterations[16];
    snprintf(iterations, sizeof iterations, "%d", label->iterations);
    if (json) {
        printf("{\"energy_hartree\": %.15g, \"forces_hartree_per_bohr\": [", label->energy);
        for (size_t i = 0; i < n; i++)
            printf("%s[%.15g, %.15g, %.15g]", i ? ", " : "", label->force[3 * i], label->force[3 * i + 1],
                   label->force[3 * i + 2]);
        printf("], \"virial_hartree\": [");
        for (size_t k = 0; k < 3; k++)
            printf("%s[%.15g, %.15g, %.15g]", k ? ", " : "", label->virial[3 * k], label->virial[3 * k + 1],
                   label->virial[3 * k + 2]);
        printf("], \"converged\": %s, \"iterations\": %s, \"seconds\": %.3g}\n", converged ? "true" : "false",
               known ? iterations : "null", label->seconds);
        return;
    }
    printf("energy %.12g Hartree (%s, %s iterations, %.3g s)\n", label->energy,
           converged ? "converged" : "not converged", known ? iterations : "unknown", label->seconds);
    printf("forces, Hartree/bohr\n");
    for (size_t i = 0; i < n; i++)
        printf("%4zu %-2s %18.12f %18.12f %18.12f\n", i, hm_element_symbol(frame->number[i]), label->force[3 * i],
               label->force[3 * i + 1], label->force[3 * i + 2]);
}

enum hm_status hm_command_hamiltonian(const char *name, const char *hamiltonian, struct hm_config **config)
{
    const size_t size = strlen(hamiltonian) + 16;
    char *setting = malloc(size);
    if (!setting) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the arguments");
    snprintf(setting, size, "hamiltonian=%s", hamiltonian);
    const char *const settings[] = {setting};
    const enum hm_status status =
        hm_config_parse("integrator: {timestep: 1 fs, steps: 1}\n", name, settings, 1, config);
    free(setting);
    return status;
}

enum hm_status hm_command_energy(int argc, char **argv)
{
    struct arguments a = {0};
    struct hm_config *config = NULL;
    struct hm_frame frame = {0};
    struct hm_hamiltonian hamiltonian = {0};
    struct hm_label label = {0};
    bool finished;
    enum hm_status status;
    HM_TRY_GOTO(status, hm_command_parse(&energy_parser, argc, argv, &a, &finished), out);
    if (finished) goto out;
    if (!a.operand || !a.hamiltonian) {
        status = hm_fail(HM_BAD_USAGE, "hamlet energy GEOMETRY --hamiltonian '{type: harmonic, molecule: HCl}'");
        goto out;
    }
    HM_TRY_GOTO(status, hm_command_hamiltonian("energy", a.hamiltonian, &config), out);
    HM_TRY_GOTO(status, hm_extxyz_read(a.operand, 0, &frame), out);
    HM_TRY_GOTO(status, hm_hamiltonian_create(config, &frame, NULL, &hamiltonian), out);
    label.force = calloc(3 * frame.natom, sizeof *label.force);
    if (!label.force) {
        status = hm_fail(HM_OUT_OF_MEMORY, "no memory for %zu atoms", frame.natom);
        goto out;
    }
    HM_TRY_GOTO(status, hm_hamiltonian_evaluate(&hamiltonian, &frame, &label), out);
    if (label.status == HM_LABEL_NOT_FINITE)
        status = hm_fail(HM_ORACLE_FAILED, "%s: the energy is not finite", a.operand);
    else
        print_energy(&frame, &label, a.json);
    if (label.status == HM_LABEL_NOT_CONVERGED)
        status =
            hm_fail(HM_ORACLE_FAILED, "%s: the energy did not converge in %d iterations", a.operand, label.iterations);
out:
    free(label.force);
    hm_hamiltonian_destroy(&hamiltonian);
    hm_frame_release(&frame);
    hm_config_destroy(&config);
    return status;
}
