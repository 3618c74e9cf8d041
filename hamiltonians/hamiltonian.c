#include "hamiltonians/hamiltonian.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#define HM_HAMILTONIAN(name) extern const struct hm_hamiltonian_ops hm_hamiltonian_##name;
#include "hamiltonians/hamiltonians.def"
#undef HM_HAMILTONIAN

static const struct hm_hamiltonian_ops *const registry[] = {
#define HM_HAMILTONIAN(name) &hm_hamiltonian_##name,
#include "hamiltonians/hamiltonians.def"
#undef HM_HAMILTONIAN
};

static const struct hm_method *const methods[] = {
#define HM_HAMILTONIAN(name) &hm_hamiltonian_##name.method,
#include "hamiltonians/hamiltonians.def"
#undef HM_HAMILTONIAN
};

const struct hm_hamiltonian_ops *hm_hamiltonian_registered(size_t index)
{
    return index < sizeof registry / sizeof *registry ? registry[index] : NULL;
}

enum hm_status hm_hamiltonian_find(const struct hm_config *config, const struct hm_hamiltonian_ops **ops)
{
    size_t index;
    HM_TRY(hm_method_find(config, "hamiltonian.type", methods, sizeof methods / sizeof *methods, &index));
    *ops = registry[index];
    return HM_OK;
}

double hm_hamiltonian_patience(const struct hm_config *config)
{
    const struct hm_hamiltonian_ops *ops;
    return hm_hamiltonian_find(config, &ops) == HM_OK && ops->patience ? ops->patience(config) : 0;
}

/* A key that another method reads would be passed over in silence. */
static enum hm_status check_keys(const struct hm_config *config, const struct hm_hamiltonian_ops *ops)
{
    char key[128];
    const char *other = hm_config_other_key(config, "hamiltonian", ops->keys);
    if (!other) return HM_OK;
    snprintf(key, sizeof key, "hamiltonian.%s", other);
    return hm_config_fault(config, key, "'type: %s' has no '%s'", ops->method.name, other);
}

enum hm_status hm_hamiltonian_create(const struct hm_config *config, const struct hm_frame *frame,
                                     const struct hm_oracle_group *group, struct hm_hamiltonian *hamiltonian)
{
    *hamiltonian = (struct hm_hamiltonian){0};
    const struct hm_hamiltonian_ops *ops;
    HM_TRY(hm_hamiltonian_find(config, &ops));
    HM_TRY(check_keys(config, ops));
    HM_TRY(ops->create(config, frame, group, &hamiltonian->self));
    hamiltonian->ops = ops;
    return HM_OK;
}

void hm_hamiltonian_destroy(struct hm_hamiltonian *hamiltonian)
{
    if (hamiltonian->ops) hamiltonian->ops->destroy(&hamiltonian->self);
    *hamiltonian = (struct hm_hamiltonian){0};
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

enum hm_status hm_hamiltonian_evaluate(struct hm_hamiltonian *hamiltonian, const struct hm_frame *frame,
                                       struct hm_label *label)
{
    const double started = seconds_now();
    for (int k = 0; k < 3; k++) label->dipole[k] = NAN;
    label->status = HM_LABEL_CONVERGED;
    label->iterations = 1;
    HM_TRY(hamiltonian->ops->evaluate(hamiltonian->self, frame, label));

    /* Zero times a finite number is zero: one test instead of one each. Positions count, also of atoms nothing acts on.
     */
    double sum = 0 * label->energy;
    for (size_t k = 0; k < 3 * frame->natom; k++) sum += 0 * label->force[k] + 0 * frame->x[k];
    for (size_t k = 0; k < 9; k++) sum += 0 * label->virial[k];
    if (sum != 0) label->status = HM_LABEL_NOT_FINITE;
    label->seconds = seconds_now() - started;
    return HM_OK;
}

void hm_hamiltonian_save(const struct hm_hamiltonian *hamiltonian, struct hm_archive *archive)
{
    hm_archive_put_tag(archive, "HAMILTON");
    if (hamiltonian->ops->save) hamiltonian->ops->save(hamiltonian->self, archive);
}

enum hm_status hm_hamiltonian_load(struct hm_hamiltonian *hamiltonian, struct hm_archive *archive)
{
    HM_TRY(hm_archive_expect_tag(archive, "HAMILTON"));
    return hamiltonian->ops->load ? hamiltonian->ops->load(hamiltonian->self, archive) : HM_OK;
}

void hm_hamiltonian_reset(struct hm_hamiltonian *hamiltonian)
{
    if (hamiltonian->ops->reset) hamiltonian->ops->reset(hamiltonian->self);
}

const size_t (*hm_hamiltonian_bonds(const struct hm_hamiltonian *hamiltonian, size_t *nbond))[2]
{
    *nbond = 0;
    return hamiltonian->ops->bonds ? hamiltonian->ops->bonds(hamiltonian->self, nbond) : NULL;
}
