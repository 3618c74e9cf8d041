#include "hamiltonians/dft/basis_g94.h"

#include "io/elements.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_TOKENS = 40, MAX_TOKEN = 40 };

static const char letters[] = "spdfghiklmno"; // angular momentum 0, 1, 2 ...; there is no j

struct reader {
    const char *name; // of the file, for messages
    const char *at, *end;
    size_t line; // of the tokens, from 1
    int max_l;
    const bool *wanted;
    struct hm_basis_library *library;
    size_t shell_room, value_room;

    size_t ntoken;
    char token[MAX_TOKENS][MAX_TOKEN]; // of the line; long ones are cut, which makes them no number and no name

    size_t nelement; // of the block
    int element[MAX_TOKENS];
};

/* ---- lines ---- */

HM_PRINTF(2, 3) static enum hm_status fault(const struct reader *reader, const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return hm_fail(HM_BAD_CONFIG, "%s:%zu: %s", reader->name, reader->line, message);
}

/* A token as it may be printed: what is not ASCII text is a question mark. */
static const char *shown(const struct reader *reader, size_t index, char text[MAX_TOKEN])
{
    snprintf(text, MAX_TOKEN, "%s", reader->token[index]);
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 33 || (unsigned char)*c > 126) *c = '?';
    return text;
}

static void split(struct reader *reader, const char *from, const char *to)
{
    reader->ntoken = 0;
    while (from < to) {
        while (from < to && isspace((unsigned char)*from)) from++;
        const char *start = from;
        while (from < to && !isspace((unsigned char)*from)) from++;
        if (start == from || reader->ntoken == MAX_TOKENS) return;
        size_t length = (size_t)(from - start);
        if (length >= MAX_TOKEN) length = MAX_TOKEN - 1;
        memcpy(reader->token[reader->ntoken], start, length);
        reader->token[reader->ntoken++][length] = '\0';
    }
}

/* The next line that holds more than a comment; false at the end of the file. */
static bool next_line(struct reader *reader)
{
    while (reader->at < reader->end) {
        const char *start = reader->at, *stop = start;
        while (stop < reader->end && *stop != '\n') stop++;
        reader->at = stop < reader->end ? stop + 1 : stop;
        reader->line++;
        for (const char *c = start; c < stop; c++)
            if (*c == '!' || *c == '#') stop = c;
        split(reader, start, stop);
        if (reader->ntoken > 0) return true;
    }
    reader->line++;
    return false;
}

static bool is_end_of_block(const struct reader *reader)
{
    return strncmp(reader->token[0], "****", 4) == 0;
}

/* ---- numbers ---- */

/* Fortran's 1.0D+01 is a number, hexadecimal and "inf" are not. */
static bool read_real(const char *token, double *value)
{
    char text[MAX_TOKEN], *stop;
    size_t i = 0;
    for (; token[i]; i++) {
        if (!strchr("0123456789.+-eEdD", token[i])) return false;
        text[i] = token[i];
        if (text[i] == 'd' || text[i] == 'D') text[i] = 'e';
    }
    text[i] = '\0';
    *value = strtod(text, &stop);
    return i > 0 && i < MAX_TOKEN - 1 && *stop == '\0' && isfinite(*value);
}

static bool read_count(const char *token, size_t *count)
{
    const size_t digits = strspn(token, "0123456789");
    *count = digits < 10 ? strtoul(token, NULL, 10) : HM_LIBRARY_MAX_PRIMITIVES + 1; // too many, whatever it is
    return digits > 0 && token[digits] == '\0';
}

static int element_of(const char *token)
{
    char symbol[MAX_TOKEN];
    if (*token == '-') token++; // Gaussian's "-H": also where the molecule has none
    snprintf(symbol, sizeof symbol, "%s", token);
    for (size_t i = 0; symbol[i]; i++)
        symbol[i] = (char)(i ? tolower((unsigned char)symbol[i]) : toupper((unsigned char)symbol[i]));
    return strcmp(symbol, "D") && strcmp(symbol, "T") ? hm_element_number(symbol) : 0;
}

/* ---- shells ---- */

static enum hm_status make_room(struct reader *reader, size_t nshell, size_t nvalue)
{
    struct hm_basis_library *library = reader->library;
    if (library->nshell + nshell > reader->shell_room) {
        const size_t room = 2 * reader->shell_room + nshell + 64;
        void *grown = realloc(library->shell, room * sizeof *library->shell);
        if (!grown) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the basis set %s", reader->name);
        library->shell = grown;
        reader->shell_room = room;
    }
    if (library->nvalue + nvalue > reader->value_room) {
        const size_t room = 2 * reader->value_room + nvalue + 1024;
        void *grown = realloc(library->value, room * sizeof *library->value);
        if (!grown) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the basis set %s", reader->name);
        library->value = grown;
        reader->value_room = room;
    }
    return HM_OK;
}

/* "C 0", or "C O 0": the elements of a block, if this line begins one. */
static bool begins_block(const struct reader *reader)
{
    if (reader->ntoken < 2 || strcmp(reader->token[reader->ntoken - 1], "0") != 0) return false;
    for (size_t i = 0; i + 1 < reader->ntoken; i++)
        if (element_of(reader->token[i]) == 0) return false;
    return true;
}

/* The angular momenta of "S", "SP" or "L=4". */
static enum hm_status read_letters(const struct reader *reader, size_t *ncolumn, int l[MAX_TOKEN])
{
    char text[MAX_TOKEN];
    const char *token = reader->token[0];
    *ncolumn = 0;
    if (begins_block(reader))
        return fault(reader, "'%s 0' begins another element, but **** does not end the block before it",
                     shown(reader, 0, text));
    if (strstr(token, "-ECP") || strstr(token, "-ecp"))
        return fault(reader, "'%s': effective core potentials are not supported, take a basis set of all electrons",
                     shown(reader, 0, text));
    if ((token[0] == 'l' || token[0] == 'L') && token[1] == '=' && isdigit((unsigned char)token[2])) {
        l[(*ncolumn)++] = token[3] ? HM_LIBRARY_ELEMENTS : token[2] - '0'; // two digits: above any limit
    } else {
        for (const char *c = token; *c; c++) {
            const char *letter = strchr(letters, tolower((unsigned char)*c));
            if (!letter)
                return fault(reader,
                             "'%s' is no shell: there are s, p, d, f ..., and sp for both with the same "
                             "exponents",
                             shown(reader, 0, text));
            l[(*ncolumn)++] = (int)(letter - letters);
        }
    }
    for (size_t i = 0; i < *ncolumn; i++)
        if (l[i] > reader->max_l)
            return fault(reader, "shell '%s': this basis may have shells up to %c", shown(reader, 0, text),
                         letters[reader->max_l]);
    return HM_OK;
}

/* A line of an exponent and a coefficient for each letter, into columns of `count` values. */
static enum hm_status read_primitive(struct reader *reader, size_t ncolumn, size_t count, double *value)
{
    char text[MAX_TOKEN];
    const char *s = ncolumn == 1 ? "" : "s";
    for (size_t k = 0; k < reader->ntoken; k++) {
        double number;
        if (!read_real(reader->token[k], &number))
            return fault(reader, "'%s' is no number: a primitive is an exponent and %zu coefficient%s",
                         shown(reader, k, text), ncolumn, s);
        if (k <= ncolumn) value[k * count] = number;
    }
    if (reader->ntoken != ncolumn + 1)
        return fault(reader, "%zu number%s where an exponent and %zu coefficient%s were expected", reader->ntoken,
                     reader->ntoken == 1 ? "" : "s", ncolumn, s);
    if (!(value[0] > 0)) return fault(reader, "exponent %s: it must be above zero", shown(reader, 0, text));
    return HM_OK;
}

/* Some files have a zero behind the scale, which says nothing. */
static bool has_zero_behind(const struct reader *reader)
{
    double value;
    return reader->ntoken == 4 && read_real(reader->token[3], &value) && value == 0;
}

static enum hm_status read_header(struct reader *reader, size_t *count, double *scale)
{
    char text[MAX_TOKEN];
    *scale = 1;
    if (reader->ntoken < 2 || (reader->ntoken > 3 && !has_zero_behind(reader)) || !read_count(reader->token[1], count))
        return fault(reader, "a shell begins with a line like 'S 3 1.00': letter, number of primitives, scale");
    if (*count < 1 || *count > HM_LIBRARY_MAX_PRIMITIVES)
        return fault(reader, "a shell of %s primitives: there may be 1 to %d", shown(reader, 1, text),
                     HM_LIBRARY_MAX_PRIMITIVES);
    if (reader->ntoken > 2 && (!read_real(reader->token[2], scale) || !(*scale > 0)))
        return fault(reader, "'%s' is no scale of exponents: a number above zero, mostly 1.00", shown(reader, 2, text));
    return HM_OK;
}

/* The shell whose first line is read. */
static enum hm_status read_shell(struct reader *reader)
{
    struct hm_basis_library *library = reader->library;
    size_t ncolumn, count = 0, line;
    double scale;
    int l[MAX_TOKEN];
    HM_TRY(read_letters(reader, &ncolumn, l));
    HM_TRY(read_header(reader, &count, &scale));
    HM_TRY(make_room(reader, ncolumn * reader->nelement, (ncolumn + 1) * count));
    const size_t exponent = library->nvalue;
    line = reader->line;
    for (size_t i = 0; i < count; i++) {
        double *value = library->value + exponent + i;
        if (!next_line(reader) || is_end_of_block(reader))
            return fault(reader, "the shell of line %zu ends after %zu of %zu primitives", line, i, count);
        HM_TRY(read_primitive(reader, ncolumn, count, value));
        *value *= scale * scale;
    }
    library->nvalue += (ncolumn + 1) * count;
    for (size_t e = 0; e < reader->nelement; e++)
        for (size_t k = 0; k < ncolumn; k++)
            library->shell[library->nshell++] = (struct hm_library_shell){
                .number = reader->element[e],
                .l = l[k],
                .line = line,
                .nprimitive = count,
                .exponent = exponent,
                .coefficient = exponent + (k + 1) * count,
            };
    return HM_OK;
}

/* ---- blocks ---- */

/* The rest of the block whose first line is read; `more` tells whether the file goes on with another's first line. */
static enum hm_status read_block(struct reader *reader, bool *more)
{
    struct hm_basis_library *library = reader->library;
    const size_t before = library->nshell;
    reader->nelement = 0;
    *more = false;
    for (size_t i = 0; i + 1 < reader->ntoken; i++) {
        const int number = element_of(reader->token[i]);
        if (!reader->wanted[number]) continue;
        if (library->present[number]) return fault(reader, "a second block for %s", hm_element_symbol(number));
        library->present[number] = true;
        reader->element[reader->nelement++] = number;
    }
    while (next_line(reader)) {
        if (is_end_of_block(reader)) {
            if (reader->nelement > 0 && library->nshell == before) return fault(reader, "a block without shells");
            return HM_OK;
        }
        if (reader->nelement > 0)
            HM_TRY(read_shell(reader));
        else if ((*more = begins_block(reader)))
            return HM_OK;
    }
    if (reader->nelement == 0) return HM_OK;
    return fault(reader, "the file ends within the block of %s: **** ends it", hm_element_symbol(reader->element[0]));
}

static bool says_functions(struct reader *reader)
{
    if (reader->ntoken != 1) return false;
    if (strcasecmp(reader->token[0], "spherical") == 0)
        reader->library->functions = HM_LIBRARY_SPHERICAL;
    else if (strcasecmp(reader->token[0], "cartesian") == 0)
        reader->library->functions = HM_LIBRARY_CARTESIAN;
    else
        return false;
    return true;
}

static enum hm_status read_blocks(struct reader *reader)
{
    char text[MAX_TOKEN];
    bool any = false, more = false;
    while (more || next_line(reader)) {
        if (!more && (is_end_of_block(reader) || (!any && says_functions(reader)))) continue;
        if (!begins_block(reader))
            return fault(reader, "'%s' where an element was expected, as in 'O 0'%s", shown(reader, 0, text),
                         any ? "" : ": is this a basis set in the format of Gaussian 94?");
        any = true;
        HM_TRY(read_block(reader, &more));
    }
    return any ? HM_OK : fault(reader, "no element in this file");
}

enum hm_status hm_basis_g94_read(const char *text, size_t size, const char *name, int max_l,
                                 const bool wanted[HM_LIBRARY_ELEMENTS], struct hm_basis_library *library)
{
    *library = (struct hm_basis_library){0};
    struct reader reader = {
        .name = name, .at = text, .end = text + size, .max_l = max_l, .wanted = wanted, .library = library};
    const enum hm_status status = read_blocks(&reader);
    if (status != HM_OK) hm_basis_library_release(library);
    return status;
}

void hm_basis_library_release(struct hm_basis_library *library)
{
    free(library->shell);
    free(library->value);
    *library = (struct hm_basis_library){0};
}
