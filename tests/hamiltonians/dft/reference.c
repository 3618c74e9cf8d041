#include "tests/hamiltonians/dft/reference.h"

#include "tests/test.h"

#include "io/elements.h"
#include "io/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const files[HM_DFT_REFERENCES] = {"co_pbe_6-31gs",     "h2_pbe_6-31gs",    "h2o_b3lyp_6-31gs",
                                                     "h2o_pbe_6-31gs",    "h2o_pbe_def2-svp", "h2o_svwn_6-31gs",
                                                     "n2_b3lyp_def2-svp", "oh_pbe_6-31gs"};

const double hm_dft_water[9] = {0.02, -0.01, 0.22, 0.05, 1.43, -0.89, 0.09, -1.47, -0.85};
const int hm_dft_water_numbers[3] = {8, 1, 1};

static void give_up(const char *what, const char *why)
{
    printf("\n      %s: %s ", what, why);
    abort();
}

/* ---- the files: one object, its keys each once ---- */

static const char *value_of(const char *text, const char *key)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *found = strstr(text, quoted);
    if (!found) give_up(key, "is missing in a reference file");
    return found + strlen(quoted);
}

static void read_word(const char *text, const char *key, char *word, size_t size)
{
    const char *start = strchr(value_of(text, key), '"') + 1;
    snprintf(word, size, "%.*s", (int)strcspn(start, "\""), start);
}

/* The numbers of a list of lists; a plain one is a list of one. */
static void read_numbers(const char *text, const char *key, size_t count, double *values)
{
    const char *at = value_of(text, key);
    for (size_t k = 0; k < count; k++) {
        char *end;
        at += strspn(at, " [],");
        values[k] = strtod(at, &end);
        if (end == at) give_up(key, "has too few numbers");
        at = end;
    }
}

static void read_symbols(const char *text, struct hm_dft_reference *r)
{
    const char *at = value_of(text, "symbols");
    r->natom = 0;
    while (*(at += strcspn(at, "\"]")) == '"') {
        char symbol[4];
        const int length = (int)strcspn(++at, "\"");
        snprintf(symbol, sizeof symbol, "%.*s", length, at);
        at += length + 1;
        if (r->natom == HM_DFT_MOST_ATOMS) give_up("symbols", "are too many");
        r->number[r->natom++] = hm_element_number(symbol);
    }
}

void hm_dft_reference_read(size_t index, struct hm_dft_reference *r)
{
    char path[1024], text[4096] = "";
    double value;
    const char *folder = getenv("SOURCE_DIR");
    snprintf(path, sizeof path, "%s/tests/hamiltonians/dft/%s.json", folder ? folder : ".", files[index]);
    FILE *file = fopen(path, "r");
    if (!file || fread(text, 1, sizeof text - 1, file) == 0) give_up(path, "cannot be read");
    fclose(file);
    read_word(text, "molecule", r->molecule, sizeof r->molecule);
    read_word(text, "functional", r->functional, sizeof r->functional);
    read_word(text, "basis", r->basis, sizeof r->basis);
    read_numbers(text, "charge", 1, &value);
    r->charge = (int)value;
    read_numbers(text, "multiplicity", 1, &value);
    r->multiplicity = (int)value;
    read_symbols(text, r);
    read_numbers(text, "positions_angstrom", 3 * r->natom, r->x);
    for (size_t k = 0; k < 3 * r->natom; k++) r->x[k] /= HM_LENGTH_ANGSTROM;
    read_numbers(text, "energy_hartree", 1, &r->energy);
    read_numbers(text, "gradient_hartree_per_bohr", 3 * r->natom, r->gradient);
}

/* ---- Hamiltonians ---- */

enum hm_status hm_dft_create(const struct hm_frame *frame, const char *keys, const struct hm_oracle_group *group,
                             struct hm_hamiltonian *hamiltonian)
{
    char text[512];
    struct hm_config *config = NULL;
    *hamiltonian = (struct hm_hamiltonian){0};
    snprintf(text, sizeof text, "integrator: {timestep: 1 fs, steps: 1}\nhamiltonian: {type: dft, %s}\n", keys);
    enum hm_status status = hm_config_parse(text, "run.yaml", NULL, 0, &config);
    if (status == HM_OK) status = hm_hamiltonian_create(config, frame, group, hamiltonian);
    hm_config_destroy(&config);
    return status;
}

void hm_dft_frame(size_t natom, const int *number, const double *x, struct hm_frame *frame)
{
    HM_ASSERT_OK(hm_frame_create(natom, frame));
    for (size_t i = 0; i < natom; i++) {
        frame->number[i] = number[i];
        frame->mass[i] = 1;
    }
    memcpy(frame->x, x, 3 * natom * sizeof *x);
}

void hm_dft_start(size_t natom, const int *number, const double *x, const char *keys,
                  const struct hm_oracle_group *group, struct hm_dft_subject *s)
{
    *s = (struct hm_dft_subject){.label = {.force = s->force}};
    hm_dft_frame(natom, number, x, &s->frame);
    if (hm_dft_create(&s->frame, keys, group, &s->hamiltonian) != HM_OK) give_up(keys, hm_status_message());
}

void hm_dft_finish(struct hm_dft_subject *s)
{
    hm_hamiltonian_destroy(&s->hamiltonian);
    hm_frame_release(&s->frame);
}

void hm_dft_ask(struct hm_dft_subject *s)
{
    HM_ASSERT_OK(hm_hamiltonian_evaluate(&s->hamiltonian, &s->frame, &s->label));
}
