/* The analysis as one JSON object, and as a table for people. */
#include "io/analysis/analyze.h"

#include "io/analysis/analysis_internal.h"
#include "io/units.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { LABEL_WIDTH = 38, VALUE_WIDTH = 12, BONDS_SHOWN = 12 };

/* The scalar fields as a table; a section has no name. */
enum format { SECTION, COUNT, REAL, EVENT };

static const struct field {
    enum format format;
    const char *name, *label, *unit;
    size_t offset;
} fields[] = {
#define HM_SECTION(title) {SECTION, NULL, title, "", 0},
#define HM_FIELD(name, format, label, unit) {format, #name, label, unit, offsetof(struct hm_analysis, name)},
#include "io/analysis/fields.def"
#undef HM_FIELD
#undef HM_SECTION
};

enum { FIELDS = sizeof fields / sizeof *fields };

static double field_value(const struct hm_analysis *a, const struct field *field)
{
    return field->format == SECTION ? NAN : *(const double *)((const char *)a + field->offset);
}

double hm_analysis_value(const struct hm_analysis *a, const char *name)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].name && strcmp(fields[i].name, name) == 0) return field_value(a, &fields[i]);
    return NAN;
}

/* ---- JSON ---- */

static void json_number(FILE *out, enum format format, double value)
{
    if (!isfinite(value))
        fputs("null", out);
    else
        fprintf(out, format == COUNT ? "%.0f" : "%.12g", value);
}

static void json_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if (*c < ' ' || *c > '~')
            fprintf(out, "\\u%04x", *c);
        else
            fputc(*c, out);
    }
    fputc('"', out);
}

static void json_equipartition(FILE *out, const struct hm_analysis *a)
{
    fputs(",\n  \"equipartition\": ", out);
    if (a->ngroup == 0) {
        fputs("null", out);
        return;
    }
    for (size_t g = 0; g < a->ngroup; g++) {
        fputs(g == 0 ? "{" : ", ", out);
        json_string(out, a->groups[g].name);
        fputs(": ", out);
        json_number(out, REAL, a->groups[g].ratio);
    }
    fputc('}', out);
}

static void json_modes(FILE *out, const struct hm_analysis *a)
{
    fputs(",\n  \"vibrational_modes\": ", out);
    if (a->modes.count == 0) {
        fputs("null", out);
        return;
    }
    for (size_t k = 0; k < a->modes.count; k++) {
        fprintf(out, "%s{\"temperature_K\": ", k == 0 ? "[" : ", ");
        json_number(out, REAL, a->modes.kt[k] * HM_TEMPERATURE_KELVIN);
        fputs(", \"ratio\": ", out);
        json_number(out, REAL, a->mode_ratio[k]);
        fputc('}', out);
    }
    fputc(']', out);
}

static void json_bonds(FILE *out, const struct hm_analysis *a)
{
    fputs(",\n  \"bonds\": [", out);
    for (size_t b = 0; b < a->nbond; b++) {
        fprintf(out, "%s{\"atoms\": [%zu, %zu], \"mean_angstrom\": ", b == 0 ? "" : ", ", a->bonds[b][0],
                a->bonds[b][1]);
        json_number(out, REAL, a->lengths[b].mean_angstrom);
        fputs(", \"std_angstrom\": ", out);
        json_number(out, REAL, a->lengths[b].std_angstrom);
        fputc('}', out);
    }
    fputc(']', out);
}

static void json_peaks(FILE *out, const struct hm_analysis *a)
{
    fputs(",\n  \"vibrational_peaks_cm1\": ", out);
    if (!a->has_spectrum) {
        fputs("null", out);
        return;
    }
    fputc('[', out);
    for (size_t p = 0; p < a->npeak; p++) {
        if (p > 0) fputs(", ", out);
        json_number(out, REAL, a->peaks_cm[p]);
    }
    fputc(']', out);
}

static void json_divergence(FILE *out, const struct hm_analysis *a)
{
    fputs(",\n  \"position_divergence\": ", out);
    if (!a->has_reference || a->ndivergence == 0) {
        fputs("null", out);
        return;
    }
    for (size_t i = 0; i < a->ndivergence; i++) {
        fprintf(out, "%s{\"step\": %lld, \"rms_angstrom\": ", i == 0 ? "[" : ", ", (long long)a->divergence[i].step);
        json_number(out, REAL, a->divergence[i].rms_angstrom);
        fputc('}', out);
    }
    fputc(']', out);
}

void hm_analysis_print_json(const struct hm_analysis *a, FILE *out)
{
    fputs("{\n  \"status\": ", out);
    json_string(out, a->status);
    for (size_t i = 0; i < FIELDS; i++) {
        if (fields[i].format == SECTION) continue;
        fprintf(out, ",\n  \"%s\": ", fields[i].name);
        json_number(out, fields[i].format, field_value(a, &fields[i]));
    }
    fputs(",\n  \"energy_drift_of\": ", out);
    json_string(out, a->thermostatted ? "conserved_energy" : "total_energy");
    json_equipartition(out, a);
    json_modes(out, a);
    json_bonds(out, a);
    json_peaks(out, a);
    json_divergence(out, a);
    fputs(",\n  \"study\": ", out);
    hm_study_print_json(&a->study, out);
    fputs("\n}\n", out);
}

/* ---- text ---- */

static void text_line(FILE *out, const char *label, const char *value, const char *unit)
{
    fprintf(out, "  %-*s %*s%s%s\n", LABEL_WIDTH, label, VALUE_WIDTH, value, *unit ? " " : "", unit);
}

static void text_number(FILE *out, const char *label, enum format format, double value, const char *unit)
{
    char text[32];
    snprintf(text, sizeof text, format == COUNT ? "%.0f" : "%.6g", value);
    text_line(out, label, isfinite(value) ? text : "-", isfinite(value) ? unit : "");
}

static void text_equipartition(FILE *out, const struct hm_analysis *a)
{
    if (a->ngroup == 0) return;
    fprintf(out, "\nEquipartition (kT over %s)\n", a->has_reference ? "that of the reference" : "the mean");
    for (size_t g = 0; g < a->ngroup; g++) text_number(out, a->groups[g].name, REAL, a->groups[g].ratio, "");
}

static void text_bonds(FILE *out, const struct hm_analysis *a)
{
    if (a->nbond == 0) return;
    fputs("\nBonds\n", out);
    for (size_t b = 0; b < a->nbond && b < BONDS_SHOWN; b++) {
        char label[64], value[64];
        snprintf(label, sizeof label, "atoms %zu and %zu", a->bonds[b][0], a->bonds[b][1]);
        snprintf(value, sizeof value, "%.5f", a->lengths[b].mean_angstrom);
        const bool known = isfinite(a->lengths[b].mean_angstrom);
        char unit[48] = "";
        if (known) snprintf(unit, sizeof unit, "A, standard deviation %.5f", a->lengths[b].std_angstrom);
        text_line(out, label, known ? value : "-", unit);
    }
    if (a->nbond > BONDS_SHOWN) fprintf(out, "  and %zu more\n", a->nbond - BONDS_SHOWN);
}

static void text_peaks(FILE *out, const struct hm_analysis *a)
{
    if (!a->has_spectrum) return;
    fprintf(out, "\nVibrational peaks (%s)\n", a->peaks_of_bonds ? "bonds" : "velocities");
    for (size_t p = 0; p < a->npeak; p++) {
        char value[32];
        snprintf(value, sizeof value, "%.1f", a->peaks_cm[p]);
        text_line(out, p == 0 ? "strongest first" : "", value, "cm^-1");
    }
    if (a->npeak == 0) fputs("  none above 50 cm^-1\n", out);
}

static void text_divergence(FILE *out, const struct hm_analysis *a)
{
    if (a->ndivergence == 0) return;
    fputs("\nDistance from the reference (rms)\n", out);
    for (size_t i = 0; i < a->ndivergence; i++) {
        char label[48];
        snprintf(label, sizeof label, "step %lld", (long long)a->divergence[i].step);
        text_number(out, label, REAL, a->divergence[i].rms_angstrom, "A");
    }
}

/* A section of which nothing is known is left out. */
static bool section_is_known(const struct hm_analysis *a, size_t section)
{
    for (size_t i = section + 1; i < FIELDS && fields[i].format != SECTION; i++)
        if (isfinite(field_value(a, &fields[i]))) return true;
    return false;
}

void hm_analysis_print_text(const struct hm_analysis *a, FILE *out)
{
    bool shown = false;
    fputs("Run\n", out);
    text_line(out, "status", a->status, "");
    if (a->thermostatted) text_line(out, "energy drifts are of the", "conserved energy", "");
    for (size_t i = 0; i < FIELDS; i++) {
        const struct field *field = &fields[i];
        const double value = field_value(a, field);
        if (field->format == SECTION) {
            shown = section_is_known(a, i);
            if (shown && i > 0) fprintf(out, "\n%s\n", field->label); /* the first one is open */
        } else if (shown && (field->format != EVENT || isfinite(value))) {
            text_number(out, field->label, field->format, value, field->unit);
        }
    }
    text_equipartition(out, a);
    text_bonds(out, a);
    text_peaks(out, a);
    text_divergence(out, a);
    hm_study_print_text(&a->study, out);
}
