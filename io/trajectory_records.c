#include "io/trajectory_internal.h"

#include <string.h>

enum kind { I64, I32, I16, U8, F64, F32 };

struct field {
    const char *name;
    size_t offset;
    enum kind kind;
};

#define FIELD(record, name, kind)                  \
    {                                              \
#name, offsetof(struct record, name), kind \
    }

static const struct field decision_fields[] = {
    FIELD(hm_decision_record, step, I64),         FIELD(hm_decision_record, replica, I32),
    FIELD(hm_decision_record, round, I32),        FIELD(hm_decision_record, weights_version, I32),
    FIELD(hm_decision_record, oracle_group, I16), FIELD(hm_decision_record, action, U8),
    FIELD(hm_decision_record, reason, U8),        FIELD(hm_decision_record, committed, U8),
    FIELD(hm_decision_record, signal, F32),       FIELD(hm_decision_record, threshold, F32),
    FIELD(hm_decision_record, committee, F32),    FIELD(hm_decision_record, base_difference, F32),
    FIELD(hm_decision_record, extremeness, F32),
};

static const struct field injection_fields[] = {
    FIELD(hm_injection_record, step, I64),
    FIELD(hm_injection_record, residual, F64),
    FIELD(hm_injection_record, residual_relative, F64),
    FIELD(hm_injection_record, velocity_mae, F64),
    FIELD(hm_injection_record, velocity_mean, F64),
    FIELD(hm_injection_record, kick_mae, F64),
    FIELD(hm_injection_record, kick_mean, F64),
    FIELD(hm_injection_record, energy, F64),
    FIELD(hm_injection_record, total_energy, F64),
    FIELD(hm_injection_record, restored, F64),
    FIELD(hm_injection_record, seconds, F64),
    FIELD(hm_injection_record, iterations, I32),
    FIELD(hm_injection_record, status, I32),
};

static const struct field training_fields[] = {
    FIELD(hm_training_record, step, I64),
    FIELD(hm_training_record, version, I32),
    FIELD(hm_training_record, member, I32),
    FIELD(hm_training_record, history, I32),
    FIELD(hm_training_record, loss_before, F64),
    FIELD(hm_training_record, loss_after, F64),
    FIELD(hm_training_record, held_out_before, F64),
    FIELD(hm_training_record, held_out_after, F64),
    FIELD(hm_training_record, samples, F64),
    FIELD(hm_training_record, condition, F64),
    FIELD(hm_training_record, terms, I32),
    FIELD(hm_training_record, seconds, F64),
    FIELD(hm_training_record, accepted, U8),
};

static const struct field fault_fields[] = {
    FIELD(hm_fault_record, step, I64),    FIELD(hm_fault_record, request, I64),
    FIELD(hm_fault_record, seconds, F64), FIELD(hm_fault_record, oracle_group, I32),
    FIELD(hm_fault_record, attempt, I32), FIELD(hm_fault_record, iterations, I32),
    FIELD(hm_fault_record, fault, I32),
};

static const struct field study_fields[] = {
    FIELD(hm_study_record, step, I64),
    FIELD(hm_study_record, unforced, I64),
    FIELD(hm_study_record, position, F64),
    FIELD(hm_study_record, kinetic, F64),
    FIELD(hm_study_record, potential, F64),
    FIELD(hm_study_record, baseline_position, F64),
    FIELD(hm_study_record, baseline_kinetic, F64),
    FIELD(hm_study_record, baseline_potential, F64),
    FIELD(hm_study_record, exact_kinetic, F64),
    FIELD(hm_study_record, oracle_calls, I64),
    FIELD(hm_study_record, weights_version, I32),
};

static const struct field round_fields[] = {
    FIELD(hm_round_record, step, I64),          FIELD(hm_round_record, energy_change, F64),
    FIELD(hm_round_record, reversibility, F64), FIELD(hm_round_record, strides, I32),
    FIELD(hm_round_record, tried, I32),         FIELD(hm_round_record, forces, I32),
    FIELD(hm_round_record, iterations, I32),    FIELD(hm_round_record, committed, U8),
};

static const struct {
    const struct field *fields;
    size_t count, bytes;
} layouts[HM_TABLE_COUNT] = {
    {decision_fields, sizeof decision_fields / sizeof *decision_fields, sizeof(struct hm_decision_record)},
    {injection_fields, sizeof injection_fields / sizeof *injection_fields, sizeof(struct hm_injection_record)},
    {training_fields, sizeof training_fields / sizeof *training_fields, sizeof(struct hm_training_record)},
    {fault_fields, sizeof fault_fields / sizeof *fault_fields, sizeof(struct hm_fault_record)},
    {study_fields, sizeof study_fields / sizeof *study_fields, sizeof(struct hm_study_record)},
    {round_fields, sizeof round_fields / sizeof *round_fields, sizeof(struct hm_round_record)},
};

const char *const hm_table_paths[HM_TABLE_COUNT] = {"/hamlet/decisions",     "/hamlet/injections", "/hamlet/training",
                                                    "/hamlet/oracle_faults", "/hamlet/study",      "/hamlet/strides"};

static const size_t kind_bytes[] = {[I64] = 8, [I32] = 4, [I16] = 2, [U8] = 1, [F64] = 8, [F32] = 4};

static hid_t kind_type(enum kind kind)
{
    switch (kind) {
    case I64:
        return H5T_NATIVE_INT64;
    case I32:
        return H5T_NATIVE_INT32;
    case I16:
        return H5T_NATIVE_INT16;
    case U8:
        return H5T_NATIVE_UINT8;
    case F64:
        return H5T_NATIVE_DOUBLE;
    case F32:
        return H5T_NATIVE_FLOAT;
    }
    return -1;
}

size_t hm_record_bytes(enum hm_table_name table)
{
    return layouts[table].bytes;
}

size_t hm_record_packed_bytes(enum hm_table_name table)
{
    size_t bytes = 0;
    for (size_t i = 0; i < layouts[table].count; i++) bytes += kind_bytes[layouts[table].fields[i].kind];
    return bytes;
}

void hm_record_pack(enum hm_table_name table, const void *record, unsigned char *packed)
{
    const struct field *field = layouts[table].fields, *end = field + layouts[table].count;
    for (; field < end; field++) {
        const unsigned char *from = (const unsigned char *)record + field->offset;
        switch (kind_bytes[field->kind]) { /* constant sizes become single moves */
        case 8:
            memcpy(packed, from, 8);
            break;
        case 4:
            memcpy(packed, from, 4);
            break;
        case 2:
            memcpy(packed, from, 2);
            break;
        default:
            *packed = *from;
            break;
        }
        packed += kind_bytes[field->kind];
    }
}

hid_t hm_record_type(enum hm_table_name table, bool packed)
{
    const hid_t type = H5Tcreate(H5T_COMPOUND, packed ? hm_record_packed_bytes(table) : layouts[table].bytes);
    size_t next = 0;
    for (size_t i = 0; type >= 0 && i < layouts[table].count; i++) {
        const struct field *field = &layouts[table].fields[i];
        H5Tinsert(type, field->name, packed ? next : field->offset, kind_type(field->kind));
        next += kind_bytes[field->kind];
    }
    return type;
}
