#include "io/units.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define AVOGADRO 6.02214076e23
#define CALORIE_J 4.184

/* SI units in atomic units. */
#define METRE (1e10 / HM_LENGTH_ANGSTROM)
#define SECOND (1e15 / HM_TIME_FS)
#define KILOGRAM (1.0 / HM_MASS_KG)
#define JOULE (1.0 / HM_ENERGY_J)
#define NEWTON (JOULE / METRE)
#define COULOMB (1.0 / 1.602176634e-19)
#define DEGREE (3.14159265358979323846 / 180.0)

enum axis { LENGTH, TIME, MASS, TEMPERATURE, ANGLE, CHARGE, AXES };
enum { NESTING_MAX = 8, POWER_MAX = 9 };

enum bulk { NEVER_MOLAR, MAY_BE_MOLAR, MUST_BE_MOLAR };

struct symbol {
    const char *name;
    double scale;            /* in atomic units */
    signed char power[AXES]; /* length, time, mass, temperature, angle, charge */
    enum bulk bulk;
};

#define LENGTH_AXES \
    {               \
        1, 0, 0, 0  \
    }
#define TIME_AXES  \
    {              \
        0, 1, 0, 0 \
    }
#define MASS_AXES  \
    {              \
        0, 0, 1, 0 \
    }
#define ENERGY_AXES \
    {               \
        2, -2, 1, 0 \
    }
#define FORCE_AXES  \
    {               \
        1, -2, 1, 0 \
    }

#define ANGLE_AXES    \
    {                 \
        0, 0, 0, 0, 1 \
    }
#define CHARGE_AXES      \
    {                    \
        0, 0, 0, 0, 0, 1 \
    }

#define AXES_OF(length, time, mass, temperature) \
    {                                            \
        length, time, mass, temperature          \
    }

static const struct symbol symbols[] = {
#define HM_UNIT(name, scale, axes, bulk) {name, scale, axes, bulk},
#include "io/units_symbols.def"
#undef HM_UNIT
};

static const struct {
    const char *name, *article, *example;
    double sample; /* a number that looks natural before the example unit */
    signed char power[AXES];
} dimensions[HM_DIMENSION_COUNT] = {
    [HM_DIMENSION_NONE] = {"number", "a", "", 1.0, {0, 0, 0, 0}},
    [HM_DIMENSION_LENGTH] = {"length", "a", "A", 1.5, LENGTH_AXES},
    [HM_DIMENSION_TIME] = {"time", "a", "fs", 0.25, TIME_AXES},
    [HM_DIMENSION_WALL_TIME] = {"wall time", "a", "s", 30.0, TIME_AXES},
    [HM_DIMENSION_MASS] = {"mass", "a", "amu", 12.0, MASS_AXES},
    [HM_DIMENSION_ENERGY] = {"energy", "an", "eV", 4.5, ENERGY_AXES},
    [HM_DIMENSION_TEMPERATURE] = {"temperature", "a", "K", 300.0, {0, 0, 0, 1}},
    [HM_DIMENSION_FORCE_CONSTANT] = {"force constant", "a", "N/m", 500.0, {0, -2, 1, 0}},
    [HM_DIMENSION_INVERSE_LENGTH] = {"inverse length", "an", "1/A", 2.0, {-1, 0, 0, 0}},
    [HM_DIMENSION_ANGLE] = {"angle", "an", "deg", 109.5, ANGLE_AXES},
    [HM_DIMENSION_ANGLE_STIFFNESS] = {"angular force constant", "an", "eV/rad^2", 4.0, {2, -2, 1, 0, -2}},
    [HM_DIMENSION_CHARGE] = {"charge", "a", "e", 0.4, CHARGE_AXES},
    [HM_DIMENSION_TRIPLE_DIPOLE] = {"energy times length^9", "an", "Eh bohr^9", 516.0, {11, -2, 1, 0}},
};

/* A unit expression as it is read. */
struct unit {
    double scale;
    int power[AXES];
    int mole;          /* power of mol */
    int reciprocal_cm; /* how often cm^-1 occurs */
    bool may_be_molar, must_be_molar;
};

struct reader {
    const char *at;
    int depth;
    char fault[96]; /* "" while all is well */
};

/* ---- numbers ---- */

static const char *skip_digits(const char *at)
{
    while (isdigit((unsigned char)*at)) at++;
    return at;
}

/* The end of a decimal number at `text`, or `text` itself where there is none. */
static const char *number_end(const char *text)
{
    const char *start = text + (*text == '+' || *text == '-');
    const char *at = skip_digits(start);
    size_t digits = (size_t)(at - start);
    if (*at == '.') {
        const char *fraction = skip_digits(at + 1);
        digits += (size_t)(fraction - at - 1);
        at = fraction;
    }
    if (digits == 0) return text;
    if (*at == 'e' || *at == 'E') {
        const char *exponent = at + 1 + (at[1] == '+' || at[1] == '-');
        if (isdigit((unsigned char)*exponent)) at = skip_digits(exponent);
    }
    return at;
}

static const char *skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t') at++;
    return at;
}

bool hm_number_scan(const char *text, double *value, const char **end)
{
    const char *start = skip_blanks(text);
    const char *stop = number_end(start);
    if (stop == start) return false;
    /* The grammar was checked by hand, so "0x1p3" stops here after its 0 and not where strtod would. */
    if (*start == '0' && (start[1] == 'x' || start[1] == 'X')) return false;
    const double number = strtod(start, NULL);
    if (!isfinite(number)) return false;
    if (!end && *skip_blanks(stop) != '\0') return false;
    *value = number;
    if (end) *end = stop;
    return true;
}

/* ---- unit expressions ---- */

static bool is_symbol_start(char c)
{
    return isalpha((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Reads a power after a symbol: "^-2", "**2", "-2", "2"; 1 where none is written. */
static int read_power(struct reader *reader)
{
    const char *at = reader->at;
    bool marked = false;
    if (*at == '^') {
        at++;
        marked = true;
    } else if (at[0] == '*' && at[1] == '*') {
        at += 2;
        marked = true;
    }
    const bool negative = *at == '-';
    const char *digits = at + (*at == '-' || (marked && *at == '+'));
    const char *stop = skip_digits(digits);
    if (stop == digits) {
        if (marked || negative) snprintf(reader->fault, sizeof reader->fault, "a power must be a whole number");
        return 1;
    }
    reader->at = stop;
    const long power = strtol(digits, NULL, 10);
    if (power > POWER_MAX || *stop == '.') {
        snprintf(reader->fault, sizeof reader->fault, "a power must be a whole number from -%d to %d", POWER_MAX,
                 POWER_MAX);
        return 1;
    }
    return (int)(negative ? -power : power);
}

static void multiply(struct unit *unit, const struct unit *factor, int power)
{
    unit->scale *= pow(factor->scale, power);
    for (int axis = 0; axis < AXES; axis++) unit->power[axis] += power * factor->power[axis];
    unit->mole += power * factor->mole;
    unit->reciprocal_cm += power * factor->reciprocal_cm;
    unit->may_be_molar |= factor->may_be_molar;
    unit->must_be_molar |= factor->must_be_molar;
}

/* Reports an unknown symbol; most are known ones in the wrong case. */
static void unknown_symbol(struct reader *reader, const char *name, size_t length)
{
    const int shown = (int)(length < 24 ? length : 24);
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
        if (strlen(symbols[i].name) == length && strncasecmp(symbols[i].name, name, length) == 0) {
            snprintf(reader->fault, sizeof reader->fault, "unknown unit '%.*s'; did you mean '%s'?", shown, name,
                     symbols[i].name);
            return;
        }
    snprintf(reader->fault, sizeof reader->fault, "unknown unit '%.*s'", shown, name);
}

static void read_symbol(struct reader *reader, struct unit *factor)
{
    const char *name = reader->at;
    const char *at = name;
    while (is_symbol_start(*at) || *at == '_') at++;
    if (strncmp(name, "a0", 2) == 0) at = name + 2; /* the one symbol that ends in a digit */
    const size_t length = (size_t)(at - name);
    reader->at = at;
    if (length == 3 && strncmp(name, "mol", 3) == 0) {
        factor->scale = AVOGADRO;
        factor->mole = 1;
        return;
    }
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        const struct symbol *symbol = &symbols[i];
        if (strlen(symbol->name) != length || strncmp(symbol->name, name, length) != 0) continue;
        factor->scale = symbol->scale;
        for (int axis = 0; axis < AXES; axis++) factor->power[axis] = symbol->power[axis];
        factor->reciprocal_cm = strcmp(symbol->name, "cm") == 0 ? -1 : 0;
        factor->may_be_molar = symbol->bulk != NEVER_MOLAR;
        factor->must_be_molar = symbol->bulk == MUST_BE_MOLAR;
        return;
    }
    unknown_symbol(reader, name, length);
}

static void read_product(struct reader *reader, struct unit *unit);

/* symbol, "1", or a product in parentheses; each with an optional power. */
static void read_factor(struct reader *reader, struct unit *unit, bool divide)
{
    struct unit factor = {.scale = 1.0};
    const char c = *reader->at;
    if (c == '(') {
        reader->at++;
        if (++reader->depth > NESTING_MAX) {
            snprintf(reader->fault, sizeof reader->fault, "too many parentheses");
            return;
        }
        read_product(reader, &factor);
        reader->depth--;
        if (reader->fault[0]) return;
        if (*reader->at != ')') {
            snprintf(reader->fault, sizeof reader->fault, "a parenthesis is not closed");
            return;
        }
        reader->at++;
    } else if (c == '1' && !isdigit((unsigned char)reader->at[1]) && reader->at[1] != '.') {
        reader->at++;
    } else if (is_symbol_start(c)) {
        read_symbol(reader, &factor);
    } else if (c == '\0') {
        snprintf(reader->fault, sizeof reader->fault, "the unit ends too early");
    } else {
        snprintf(reader->fault, sizeof reader->fault, "unexpected '%c' in the unit", c);
    }
    if (reader->fault[0]) return;
    const int power = read_power(reader);
    multiply(unit, &factor, divide ? -power : power);
}

static void read_product(struct reader *reader, struct unit *unit)
{
    bool divide = *reader->at == '/'; /* "1.87 /A" */
    if (divide) reader->at++;
    for (;;) {
        reader->at = skip_blanks(reader->at);
        read_factor(reader, unit, divide);
        if (reader->fault[0]) return;
        reader->at = skip_blanks(reader->at);
        divide = *reader->at == '/';
        if (*reader->at == '/' || *reader->at == '*')
            reader->at++;
        else if (*reader->at == '\0' || *reader->at == ')')
            return;
    }
}

static bool same_axes(const int power[AXES], const signed char expected[AXES])
{
    for (int axis = 0; axis < AXES; axis++)
        if (power[axis] != expected[axis]) return false;
    return true;
}

/* Reads one cm^-1 as the energy h c / cm. */
static void wavenumber_to_energy(struct unit *unit)
{
    static const signed char energy[AXES] = ENERGY_AXES;
    unit->power[LENGTH] += 1;
    for (int axis = 0; axis < AXES; axis++) unit->power[axis] += energy[axis];
    unit->scale *= 1e-2 * METRE / HM_ENERGY_WAVENUMBER_CM;
}

/* The name of what a unit measures, with its article, or NULL. */
static const char *describe(const struct unit *unit, char *text, size_t size)
{
    for (int d = HM_DIMENSION_LENGTH; d < HM_DIMENSION_COUNT; d++)
        if (d != HM_DIMENSION_WALL_TIME && same_axes(unit->power, dimensions[d].power)) {
            snprintf(text, size, "%s %s", dimensions[d].article, dimensions[d].name);
            return text;
        }
    return NULL;
}

/* Checks what the grammar cannot: the dimension, and the mole. */
static void check_unit(struct reader *reader, struct unit *unit, enum hm_dimension dimension)
{
    char what[48];
    struct unit energy = *unit;
    if (unit->reciprocal_cm == 1) wavenumber_to_energy(&energy);
    if (unit->mole == 0 && unit->must_be_molar)
        snprintf(reader->fault, sizeof reader->fault, "kJ and kcal are per mole: write e.g. kJ/mol or kcal/mol");
    else if (unit->mole != 0 && (unit->mole != -1 || !unit->may_be_molar))
        snprintf(reader->fault, sizeof reader->fault, "mol goes with kJ/mol, kcal/mol or g/mol only");
    else if (same_axes(unit->power, dimensions[dimension].power))
        return;
    else if (unit->reciprocal_cm == 1 && same_axes(energy.power, dimensions[dimension].power))
        *unit = energy;
    else if (describe(unit, what, sizeof what))
        snprintf(reader->fault, sizeof reader->fault, "this is %s", what);
    else
        snprintf(reader->fault, sizeof reader->fault, "this is not %s %s", dimensions[dimension].article,
                 dimensions[dimension].name);
}

/* "0.25 fs" out of the user's own number where there is one. */
static void write_example(char *text, size_t size, const char *number, size_t length, enum hm_dimension dimension)
{
    if (length > 0 && length < 24)
        snprintf(text, size, "%.*s %s", (int)length, number, dimensions[dimension].example);
    else
        snprintf(text, size, "%g %s", dimensions[dimension].sample, dimensions[dimension].example);
}

enum hm_status hm_units_parse_named(const char *name, const char *text, enum hm_dimension dimension, double *value)
{
    double number;
    if (dimension == HM_DIMENSION_NONE) {
        if (!hm_number_scan(text, value, NULL))
            return hm_fail(HM_BAD_INPUT, "%s must be a finite number without a unit, not '%.60s'", name, text);
        return HM_OK;
    }
    const char *measure = dimensions[dimension].name, *end = text, *start = skip_blanks(text);
    char example[64];
    if (!hm_number_scan(text, &number, &end)) {
        write_example(example, sizeof example, NULL, 0, dimension);
        return hm_fail(HM_BAD_INPUT, "%s must be a finite number with a unit of %s, e.g. %s; not '%.60s'", name,
                       measure, example, text);
    }
    write_example(example, sizeof example, start, (size_t)(end - start), dimension);
    struct reader reader = {.at = skip_blanks(end)};
    if (*reader.at == '\0') return hm_fail(HM_BAD_INPUT, "%s needs a unit of %s, e.g. %s", name, measure, example);
    struct unit unit = {.scale = 1.0};
    read_product(&reader, &unit);
    if (!reader.fault[0] && *reader.at != '\0')
        snprintf(reader.fault, sizeof reader.fault, "unexpected '%c' in the unit", *reader.at);
    if (!reader.fault[0]) check_unit(&reader, &unit, dimension);
    if (dimension == HM_DIMENSION_WALL_TIME) unit.scale /= SECOND;
    number *= unit.scale;
    if (!reader.fault[0] && !isfinite(number)) snprintf(reader.fault, sizeof reader.fault, "the value is too large");
    if (reader.fault[0])
        return hm_fail(HM_BAD_INPUT, "%s needs a unit of %s, e.g. %s; not '%.60s': %s", name, measure, example, text,
                       reader.fault);
    *value = number;
    return HM_OK;
}

enum hm_status hm_units_parse(const char *text, enum hm_dimension dimension, double *value)
{
    char name[64];
    snprintf(name, sizeof name, "'%.60s'", text);
    return hm_units_parse_named(name, text, dimension, value);
}

const char *hm_units_example(enum hm_dimension dimension)
{
    return dimensions[dimension].example;
}

double hm_units_example_scale(enum hm_dimension dimension)
{
    double scale = 1.0;
    char text[32];
    snprintf(text, sizeof text, "1 %s", dimensions[dimension].example);
    if (dimension != HM_DIMENSION_NONE && hm_units_parse(text, dimension, &scale) != HM_OK) return 1.0;
    return scale;
}

const char *hm_units_dimension_name(enum hm_dimension dimension)
{
    return dimensions[dimension].name;
}
