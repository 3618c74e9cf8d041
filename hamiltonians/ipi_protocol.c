#include "hamiltonians/ipi_protocol.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
    INT = sizeof(int32_t),
    REAL = sizeof(double),
    COUNT_END = HM_IPI_WORD_BYTES + REAL + INT /* of an answer, up to its number of atoms */
};

/* ---- words ---- */

static void pad(const char *word, unsigned char bytes[HM_IPI_WORD_BYTES])
{
    memset(bytes, ' ', HM_IPI_WORD_BYTES);
    memcpy(bytes, word, strlen(word));
}

enum hm_ipi_word hm_ipi_read_word(const unsigned char bytes[HM_IPI_WORD_BYTES])
{
    static const char *const words[] = {
        [HM_IPI_NEEDINIT] = "NEEDINIT",
        [HM_IPI_READY] = "READY",
        [HM_IPI_HAVEDATA] = "HAVEDATA",
        [HM_IPI_FORCEREADY] = "FORCEREADY",
    };
    unsigned char clean[HM_IPI_WORD_BYTES], word[HM_IPI_WORD_BYTES];
    memcpy(clean, bytes, sizeof clean);
    for (int k = HM_IPI_WORD_BYTES - 1; k >= 0 && clean[k] == '\0'; k--) clean[k] = ' '; /* some pad with zeros */
    for (size_t w = 1; w < sizeof words / sizeof *words; w++) {
        pad(words[w], word);
        if (memcmp(clean, word, sizeof word) == 0) return (enum hm_ipi_word)w;
    }
    return HM_IPI_UNKNOWN;
}

void hm_ipi_quote_word(const unsigned char bytes[HM_IPI_WORD_BYTES], char text[4 * HM_IPI_WORD_BYTES + 3])
{
    char *at = text;
    *at++ = '\'';
    for (int k = 0; k < HM_IPI_WORD_BYTES; k++) {
        if (bytes[k] < 128 && isprint(bytes[k]))
            *at++ = (char)bytes[k];
        else
            at += snprintf(at, 5, "\\x%02x", bytes[k]);
    }
    *at++ = '\'';
    *at = '\0';
}

size_t hm_ipi_write_word(unsigned char *out, const char *word)
{
    pad(word, out);
    return HM_IPI_WORD_BYTES;
}

/* ---- what the server sends ---- */

static unsigned char *put(unsigned char *at, const void *data, size_t size)
{
    memcpy(at, data, size);
    return at + size;
}

size_t hm_ipi_write_init(unsigned char *out, int32_t id, const char *text)
{
    const int32_t length = (int32_t)strlen(text);
    unsigned char *at = out + hm_ipi_write_word(out, "INIT");
    at = put(at, &id, INT);
    at = put(at, &length, INT);
    at = put(at, text, (size_t)length);
    return (size_t)(at - out);
}

/* Rows of the inverse are the reciprocal vectors over the volume: b x c, c x a, a x b of the columns a, b, c. */
static void invert(const double m[9], double inverse[9])
{
    double determinant = 0;
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) {
            const int i1 = (i + 1) % 3, i2 = (i + 2) % 3, k1 = (k + 1) % 3, k2 = (k + 2) % 3;
            inverse[3 * i + k] = m[3 * k1 + i1] * m[3 * k2 + i2] - m[3 * k1 + i2] * m[3 * k2 + i1];
        }
    for (int k = 0; k < 3; k++) determinant += inverse[k] * m[3 * k];
    for (int k = 0; k < 9; k++) inverse[k] /= determinant;
}

size_t hm_ipi_posdata_size(size_t natom)
{
    return HM_IPI_WORD_BYTES + 18 * REAL + INT + 3 * natom * REAL;
}

size_t hm_ipi_write_posdata(unsigned char *out, const double cell[9], size_t natom, const double *x)
{
    const int32_t count = (int32_t)natom;
    double matrix[9], inverse[9];
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) matrix[3 * i + k] = cell[3 * k + i];
    invert(matrix, inverse);
    unsigned char *at = out + hm_ipi_write_word(out, "POSDATA");
    at = put(at, matrix, sizeof matrix);
    at = put(at, inverse, sizeof inverse);
    at = put(at, &count, INT);
    at = put(at, x, 3 * natom * REAL);
    return (size_t)(at - out);
}

/* ---- what the client answers ---- */

size_t hm_ipi_answer_size(size_t natom)
{
    return COUNT_END + 3 * natom * REAL + 9 * REAL + INT;
}

static enum hm_ipi_progress nonsense(struct hm_ipi_answer *answer, const char *what)
{
    answer->what = what;
    return HM_IPI_NONSENSE;
}

static enum hm_ipi_progress more(struct hm_ipi_answer *answer, size_t wanted)
{
    answer->wanted = wanted;
    return HM_IPI_MORE;
}

/* LAMMPS sends the upper triangle, and zeros. */
static void complete_virial(double virial[9])
{
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            if (virial[3 * i + k] == 0) virial[3 * i + k] = virial[3 * k + i];
}

enum hm_ipi_progress hm_ipi_read_answer(const unsigned char *bytes, size_t size, size_t natom, double *force,
                                        struct hm_ipi_answer *answer)
{
    const size_t whole = hm_ipi_answer_size(natom);
    int32_t text;
    *answer = (struct hm_ipi_answer){0};
    if (size < HM_IPI_WORD_BYTES) return more(answer, HM_IPI_WORD_BYTES);
    if (hm_ipi_read_word(bytes) != HM_IPI_FORCEREADY) return nonsense(answer, "it does not begin with FORCEREADY");
    if (size < COUNT_END) return more(answer, COUNT_END);
    memcpy(&answer->energy, bytes + HM_IPI_WORD_BYTES, REAL);
    memcpy(&answer->natom, bytes + HM_IPI_WORD_BYTES + REAL, INT);
    answer->other = answer->natom < 0 || (size_t)answer->natom != natom;
    if (answer->other) return nonsense(answer, "its number of atoms is another");
    if (size < whole) return more(answer, whole);
    memcpy(&text, bytes + whole - INT, INT);
    if (text < 0 || text > HM_IPI_TEXT_MOST) return nonsense(answer, "the length of the text at its end is absurd");
    answer->text = (size_t)text;
    memcpy(answer->virial, bytes + whole - INT - sizeof answer->virial, sizeof answer->virial);
    complete_virial(answer->virial);
    memcpy(force, bytes + COUNT_END, 3 * natom * REAL);
    return HM_IPI_DONE;
}
