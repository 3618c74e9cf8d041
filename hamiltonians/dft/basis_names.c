#include "hamiltonians/dft/basis_names.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { MAX_NAME = 40 };

struct entry {
    const char *name, *alias;
    const unsigned char *text;
    const size_t *size;
    bool auxiliary;
};

/* One of cmake's embedded files. */
#define DECLARE(symbol)                  \
    extern const unsigned char symbol[]; \
    extern const size_t symbol##_size
DECLARE(hm_basis_sto_3g);
DECLARE(hm_basis_6_31g_d);
DECLARE(hm_basis_6_31g_d_p);
DECLARE(hm_basis_def2_svp);
DECLARE(hm_basis_def2_universal_jfit);
DECLARE(hm_basis_def2_universal_jkfit);

#define FILE_OF(symbol) symbol, &symbol##_size
static const struct entry table[] = {
    {"sto-3g", "sto3g", FILE_OF(hm_basis_sto_3g), false},
    {"6-31g*", "6-31g(d)", FILE_OF(hm_basis_6_31g_d), false},
    {"6-31g**", "6-31g(d,p)", FILE_OF(hm_basis_6_31g_d_p), false},
    {"def2-svp", "def2svp", FILE_OF(hm_basis_def2_svp), false},
    {"def2-universal-jkfit", "def2-svp-jkfit", FILE_OF(hm_basis_def2_universal_jkfit), true},
    {"def2-universal-jfit", "def2-svp-jfit", FILE_OF(hm_basis_def2_universal_jfit), true},
};

bool hm_basis_listed(size_t index, struct hm_basis_text *found)
{
    if (index >= sizeof table / sizeof *table) return false;
    const struct entry *e = &table[index];
    *found = (struct hm_basis_text){e->name, (const char *)e->text, *e->size, e->auxiliary};
    return true;
}

bool hm_basis_find(const char *name, struct hm_basis_text *found)
{
    for (size_t i = 0; hm_basis_listed(i, found); i++)
        if (strcasecmp(name, table[i].name) == 0 || strcasecmp(name, table[i].alias) == 0) return true;
    return false;
}

/* Letters to add, take away or change (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
    size_t row[MAX_NAME + 1];
    const size_t n = strlen(b);
    for (size_t j = 0; j <= n; j++) row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 1; j <= n; j++) {
            size_t best = diagonal + (tolower((unsigned char)a[i]) != tolower((unsigned char)b[j - 1]));
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[n];
}

const char *hm_basis_nearest(const char *name, bool auxiliary)
{
    const char *nearest = NULL;
    size_t least = 4;
    if (strlen(name) > MAX_NAME) return NULL;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const size_t far = distance(name, table[i].name);
        if (table[i].auxiliary != auxiliary || far >= least) continue;
        least = far;
        nearest = table[i].name;
    }
    return nearest;
}
