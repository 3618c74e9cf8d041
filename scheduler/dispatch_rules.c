/* The section `oracle` of the configuration. */
#include "scheduler/dispatch.h"

#include <stdio.h>
#include <string.h>

static enum hm_status read_rung(const struct hm_config *config, size_t place, const char *word,
                                struct hm_dispatch_rules *rules)
{
    char key[64];
    snprintf(key, sizeof key, "oracle.on_failure[%zu]", place);
    for (size_t before = 0; before < place; before++) {
        char earlier[64];
        snprintf(earlier, sizeof earlier, "oracle.on_failure[%zu]", before);
        if (hm_config_is(config, earlier, "stop"))
            return hm_config_fault(config, key, "'%s' is never reached: 'stop' comes before it", word);
    }
    if (strcmp(word, "retry") == 0)
        for (int64_t k = 0; k < hm_config_integer(config, "oracle.retries"); k++)
            rules->rung[rules->nrung++] = HM_RUNG_RETRY;
    if (strcmp(word, "restart_scf") == 0) rules->rung[rules->nrung++] = HM_RUNG_RESTART;
    return HM_OK;
}

enum hm_status hm_dispatch_configure(const struct hm_config *config, struct hm_dispatch *dispatch)
{
    const struct hm_hamiltonian_ops *hamiltonian;
    HM_TRY(hm_hamiltonian_find(config, &hamiltonian));
    struct hm_dispatch_rules rules = {.analytic = hamiltonian->analytic, .patience = hm_hamiltonian_patience(config)};
    if (!hm_config_is(config, "oracle.deadline", "auto")) rules.deadline = hm_config_real(config, "oracle.deadline");
    for (size_t place = 0; place < hm_config_length(config, "oracle.on_failure"); place++) {
        char key[64];
        snprintf(key, sizeof key, "oracle.on_failure[%zu]", place);
        HM_TRY(read_rung(config, place, hm_config_text(config, key), &rules));
    }
    dispatch->rules = rules;
    return HM_OK;
}
