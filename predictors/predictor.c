#include "predictors/predictor.h"

#include <string.h>

#define HM_PREDICTOR(name) extern const struct hm_predictor_ops hm_predictor_##name;
#include "predictors/predictors.def"
#undef HM_PREDICTOR

static const struct hm_predictor_ops *const registry[] = {
#define HM_PREDICTOR(name) &hm_predictor_##name,
#include "predictors/predictors.def"
#undef HM_PREDICTOR
};

static const struct hm_method *const methods[] = {
#define HM_PREDICTOR(name) &hm_predictor_##name.method,
#include "predictors/predictors.def"
#undef HM_PREDICTOR
};

const struct hm_predictor_ops *hm_predictor_registered(size_t index)
{
    return index < sizeof registry / sizeof *registry ? registry[index] : NULL;
}

enum hm_status hm_predictor_find(const struct hm_config *config, const struct hm_predictor_ops **ops)
{
    size_t index;
    HM_TRY(hm_method_find(config, "predictor.type", methods, sizeof methods / sizeof *methods, &index));
    *ops = registry[index]->variant ? registry[index]->variant(config) : registry[index];
    return HM_OK;
}

enum hm_status hm_predictor_create(const struct hm_predictor_setup *setup, struct hm_predictor *predictor)
{
    *predictor = (struct hm_predictor){0};
    const struct hm_predictor_ops *ops;
    HM_TRY(hm_predictor_find(setup->config, &ops));
    HM_TRY(ops->create(setup, &predictor->self));
    predictor->ops = ops;
    return HM_OK;
}

void hm_predictor_destroy(struct hm_predictor *predictor)
{
    if (predictor->ops) predictor->ops->destroy(&predictor->self);
    *predictor = (struct hm_predictor){0};
}

enum hm_status hm_predictor_adopt(struct hm_predictor *predictor, const void *parameters, size_t bytes)
{
    size_t expected;
    predictor->ops->parameters(predictor->self, &expected);
    if (bytes != expected)
        return hm_fail(HM_BAD_INPUT, "weights of %zu bytes, this predictor has %zu", bytes, expected);
    predictor->ops->adopt(predictor->self, parameters);
    return HM_OK;
}

void hm_predictor_save(const struct hm_predictor *predictor, struct hm_archive *archive)
{
    hm_archive_put_tag(archive, "PREDICT");
    hm_archive_put_text(archive, predictor->ops->method.name);
    size_t bytes = 0;
    const void *parameters = predictor->ops->parameters ? predictor->ops->parameters(predictor->self, &bytes) : NULL;
    hm_archive_put_size(archive, bytes);
    if (bytes > 0) hm_archive_put(archive, parameters, bytes);
    if (predictor->ops->save) predictor->ops->save(predictor->self, archive);
}

enum hm_status hm_predictor_load(struct hm_predictor *predictor, struct hm_archive *archive)
{
    const struct hm_predictor_ops *ops = predictor->ops;
    const char *name;
    size_t expected = 0, bytes;
    HM_TRY(hm_archive_expect_tag(archive, "PREDICT"));
    HM_TRY(hm_archive_get_text(archive, &name));
    if (strcmp(name, ops->method.name) != 0)
        return hm_fail(HM_BAD_INPUT, "the saved predictor is '%s', this run's is '%s'", name, ops->method.name);
    if (ops->parameters) ops->parameters(predictor->self, &expected);
    HM_TRY(hm_archive_get_size(archive, &bytes));
    if (bytes != expected)
        return hm_fail(HM_BAD_INPUT, "the saved %s predictor has %zu bytes of parameters, this run's has %zu", name,
                       bytes, expected);
    if (bytes > archive->size - archive->cursor) return hm_fail(HM_BAD_INPUT, "the saved parameters are cut short");
    if (bytes > 0) ops->adopt(predictor->self, archive->bytes + archive->cursor);
    archive->cursor += bytes;
    return ops->load ? ops->load(predictor->self, archive) : HM_OK;
}
