/* Basis sets: what is shipped, what is read, what is refused. */
#include "tests/hamiltonians/dft_molecule.h"
#include "tests/test.h"

#include "hamiltonians/dft/basis_names.h"
#include "hamiltonians/dft/one_electron.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hm_team alone = {.size = 1};

static bool says(const char *words)
{
    const bool found = strstr(hm_status_message(), words) != NULL;
    if (!found) printf("\n      no '%s' in: %s ", words, hm_status_message());
    return found;
}

/* ---- shipped ---- */

/* Functions of each row's atoms alone, by the papers' contractions: H, C, O, Na, Cl. */
static void test_sizes(void)
{
    static const int element[] = {1, 6, 8, 11, 17};
    static const struct {
        const char *keys;
        size_t count[5];
    } expected[] = {
        {"basis: STO-3G", {1, 5, 5, 9, 9}},       {"basis: 6-31g*", {2, 15, 15, 19, 19}},
        {"basis: 6-31G(d)", {2, 15, 15, 19, 19}}, {"basis: '6-31G**'", {5, 15, 15, 19, 19}},
        {"basis: def2-svp", {5, 14, 14, 15, 18}}, {"basis: 6-31g*, functions: spherical", {2, 14, 14, 18, 18}},
    };
    static const double origin[3] = {0};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        for (size_t k = 0; k < 5; k++) {
            struct dft_molecule atom;
            HM_ASSERT_OK(dft_molecule_make(expected[i].keys, 1, &element[k], origin, &atom));
            CU_ASSERT_EQUAL(atom.basis.nfunction, expected[i].count[k]);
            dft_molecule_release(&atom);
        }
}

/* Every shipped set has every element from H to Ar, with as many functions as it takes. */
static void test_elements(void)
{
    static const double origin[3] = {0};
    struct hm_basis_text entry;
    for (size_t i = 0; hm_basis_listed(i, &entry); i++)
        for (int z = 1; z <= 18; z++) {
            struct dft_molecule atom;
            struct hm_basis auxiliary;
            char keys[80];
            const bool fits = entry.auxiliary;
            snprintf(keys, sizeof keys, "%s: '%s'", fits ? "auxiliary" : "basis", entry.name);
            HM_ASSERT_OK(dft_molecule_make(fits ? "basis: sto-3g" : keys, 1, &z, origin, &atom));
            const struct hm_basis *basis = &atom.basis;
            if (fits) {
                HM_ASSERT_OK(dft_auxiliary_make(keys, &atom.frame, &auxiliary));
                basis = &auxiliary;
            }
            CU_ASSERT_TRUE(2 * basis->nfunction >= (size_t)z);
            double *S = calloc(basis->nfunction * basis->nfunction, sizeof *S);
            hm_overlap_matrix(basis, origin, &alone, S);
            for (size_t s = 0; s < basis->nshell; s++) {
                const size_t f = basis->shell[s].first;
                HM_ASSERT_NEAR(S[f * basis->nfunction + f], 1, 1e-13);
            }
            free(S);
            if (fits) hm_basis_destroy(&auxiliary);
            dft_molecule_release(&atom);
        }
}

/* ---- spherical functions ---- */

static double factorial(int n)
{
    return n < 2 ? 1 : n * factorial(n - 1);
}

static double binomial(int n, int k)
{
    return k < 0 || k > n ? 0 : factorial(n) / (factorial(k) * factorial(n - k));
}

/* Schlegel and Frisch 1995, eq. 15: what normalised x^i y^j z^k exp(-r^2) has of the normalised complex harmonic (l,
 * m); real and imaginary part. */
static void schlegel_frisch(int l, int m, int i, int j, int k, double *real, double *imaginary)
{
    const int am = abs(m);
    *real = *imaginary = 0;
    if ((i + j - am) % 2 != 0 || i + j < am) return;
    const int half = (i + j - am) / 2;
    const double square = factorial(2 * i) * factorial(2 * j) * factorial(2 * k) * factorial(l) * factorial(l - am) /
                          (factorial(2 * l) * factorial(i) * factorial(j) * factorial(k) * factorial(l + am));
    double outer = 0;
    for (int n = 0; n <= (l - am) / 2; n++)
        outer += binomial(l, n) * binomial(n, half) * (n % 2 ? -1 : 1) * factorial(2 * l - 2 * n) /
                 factorial(l - am - 2 * n);
    for (int n = 0; n <= half; n++) {
        if (am - i + 2 * n < 0) continue;
        const double inner = binomial(half, n) * binomial(am, i - 2 * n);
        const int power = am - i + 2 * n; /* of i, with the sign of m */
        const double value = sqrt(square) / (pow(2, l) * factorial(l)) * outer * inner;
        static const int cosine[4] = {1, 0, -1, 0}, sine[4] = {0, 1, 0, -1};
        *real += value * cosine[power % 4];
        *imaginary += value * sine[power % 4] * (m < 0 ? -1 : 1);
    }
}

/* (2k - 1)!! of a shell's component over that of (l, 0, 0): its norm squared where that is 1. */
static double norm2(int l, int i, int j, int k)
{
    const int power[3] = {i, j, k};
    double product = 1;
    for (int w = 0; w < 3; w++)
        for (int f = 2 * power[w] - 1; f > 1; f -= 2) product *= f;
    for (int f = 2 * l - 1; f > 1; f -= 2) product /= f;
    return product;
}

static void test_spherical_formula(void)
{
    for (int l = 0; l <= HM_AUXILIARY_MAX_L; l++)
        for (int m = -l; m <= l; m++)
            for (int i = l, n = 0; i >= 0; i--)
                for (int j = l - i; j >= 0; j--, n++) {
                    double real, imaginary;
                    const int k = l - i - j;
                    schlegel_frisch(l, abs(m), i, j, k, &real, &imaginary);
                    const double part = (m < 0 ? imaginary : real) * (m ? sqrt(2) : 1);
                    const double ours = hm_shell_spherical(l)[(m + l) * (int)hm_cartesian_count(l) + n];
                    HM_ASSERT_NEAR(ours * sqrt(norm2(l, i, j, k)), part, 1e-14);
                }
}

static const char shells_up_to_g[] =
    "spherical\n****\nO 0\nS 1\n 0.7 1\nP 1\n 0.7 1\nD 1\n 0.7 1\nF 1\n 0.7 1\nG 1\n 0.7 1\n"
    "****\n";

/* One shell of each kind on an atom: the overlap is the unit matrix. */
static void test_orthonormal(void)
{
    static const int oxygen = 8;
    static const double origin[3] = {0.1, 0.2, 0.3};
    struct dft_molecule atom;
    struct hm_basis basis;
    dft_write("g.g94", shells_up_to_g);
    HM_ASSERT_OK(dft_molecule_make("basis: sto-3g", 1, &oxygen, origin, &atom));
    HM_ASSERT_OK(dft_auxiliary_make("auxiliary: g.g94", &atom.frame, &basis));
    CU_ASSERT_EQUAL(basis.nfunction, 25);
    CU_ASSERT_EQUAL(basis.max_l, 4);
    double S[25 * 25];
    hm_overlap_matrix(&basis, origin, &alone, S);
    for (size_t a = 0; a < 25; a++)
        for (size_t b = 0; b < 25; b++) HM_ASSERT_NEAR(S[a * 25 + b], a == b, 1e-14);
    hm_basis_destroy(&basis);
    dft_molecule_release(&atom);
}

/* ---- reading ---- */

static const int water[3] = {8, 1, 1};
static const double where[9] = {0, 0, 0, 0, 1.4, 1.1, 0, -1.4, 1.1};

static const char plain[] = "H 0\nS 2 1.00\n1.0 0.4\n0.25 0.6\n****\n"
                            "O 0\nS 2 1.00\n1.0 0.4\n0.25 0.6\nS 1 1.00\n4.5 -1\nP 1 1.00\n4.5 0.5\n****\n";

/* Ways to write the same. */
static const char *const same[] = {
    /* Fortran's exponents, comments, blank lines, two elements in a block, a scale (squared), a set for others */
    "! a set\n# of nobody\n\nCartesian ! as a word\n****\n  h   0  \r\ns 2 2.0   ! scaled\n 2.5D-01 .4d0\n\n\t0.0625 "
    "+6.E-1\n"
    "****\n Fe 0\nany thing\nS 99 -3\n****\n-O 0\nS 2\n1e0 4D-1\n.25 .6\nL=0 1\n4.5 -1\nL=1 1\n4.5 1\n****\n",
    /* SP, a last line without its end, an element that is not asked for and does not end */
    "H 0\nS   2 1.00       0.000000000000\n1 .4\n.25 .6\n****\nC 0\nS 1\n1 1\nO 0\nS 2 1\n1 .4\n.25 .6\nsP 1 "
    "1.0\n45D-1 -1 5E-1\n****",
    "spherical\n****\nH O 0\nS 2\n1 .4\n.25 .6\n****\n****\n",
};

static void test_forms(void)
{
    struct dft_molecule a, b;
    dft_write("plain.g94", plain);
    HM_ASSERT_OK(dft_molecule_make("basis: plain.g94", 3, water, where, &a));
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        dft_write("same.g94", same[i]);
        const enum hm_status status = dft_molecule_make("basis: same.g94", 3, water, where, &b);
        if (status != HM_OK) printf("\n      %s ", hm_status_message());
        CU_ASSERT_EQUAL(status, HM_OK);
        if (status != HM_OK) continue;
        const bool short_one = i == 2; /* no more than an s shell */
        CU_ASSERT_EQUAL(b.basis.nshell, short_one ? 3 : a.basis.nshell);
        CU_ASSERT_EQUAL(b.basis.nfunction, short_one ? 3 : a.basis.nfunction);
        for (size_t s = 0; s < b.basis.nshell && !short_one; s++) {
            const struct hm_shell *mine = &a.basis.shell[s], *other = &b.basis.shell[s];
            CU_ASSERT_EQUAL(mine->l, other->l);
            CU_ASSERT_EQUAL(mine->first, other->first);
            CU_ASSERT_EQUAL(mine->nprimitive, other->nprimitive);
            for (size_t k = 0; k < mine->nprimitive && k < other->nprimitive; k++) {
                HM_ASSERT_NEAR(mine->exponent[k], other->exponent[k], 1e-15);
                HM_ASSERT_NEAR(mine->coefficient[k], other->coefficient[k], 1e-15);
            }
        }
        dft_molecule_release(&b);
    }
    dft_molecule_release(&a);
}

/* An s shell of two primitives, by hand: c_p (2 a_p / pi)^(3/4) / sqrt(S). */
static void test_normalisation(void)
{
    struct dft_molecule a;
    dft_write("plain.g94", plain);
    HM_ASSERT_OK(dft_molecule_make("basis: plain.g94", 3, water, where, &a));
    const double overlap = pow(2 * sqrt(1.0 * 0.25) / 1.25, 1.5);
    const double norm = sqrt(0.4 * 0.4 + 0.6 * 0.6 + 2 * 0.4 * 0.6 * overlap);
    HM_ASSERT_NEAR(a.basis.shell[0].coefficient[0], 0.4 * pow(2 / 3.14159265358979324, 0.75) / norm, 1e-15);
    HM_ASSERT_NEAR(a.basis.shell[0].coefficient[1], 0.6 * pow(0.5 / 3.14159265358979324, 0.75) / norm, 1e-15);
    CU_ASSERT_TRUE(a.basis.shell[2].exponent != a.basis.shell[1].exponent);
    dft_molecule_release(&a);
    HM_ASSERT_OK(dft_molecule_make("basis: 6-31g*", 3, water, where, &a));
    CU_ASSERT_EQUAL(a.basis.shell[1].l + a.basis.shell[2].l, 1);
    CU_ASSERT_TRUE(a.basis.shell[1].exponent == a.basis.shell[2].exponent); /* s and p of an SP shell */
    dft_molecule_release(&a);
}

/* ---- faults ---- */

static void test_names(void)
{
    struct dft_molecule a;
    static const int iron[1] = {26};
    static const struct {
        const char *keys, *words;
    } faults[] = {
        {"basis: 6-31g",
         "dft.yaml:1:26: no basis set '6-31g' comes with the program (sto-3g, 6-31g*, 6-31g**, def2-svp), "
         "and there is no such file; did you mean '6-31g*'?"},
        {"basis: nowhere/at/all.g94", "there is no such file"},
        {"basis: def2-universal-jfit", "dft.yaml:1:26: def2-universal-jfit is an auxiliary basis"},
        {"functions: auto", "dft.yaml:1:1: dft needs 'basis: ...'"},
        {"basis: .", "dft.yaml:1:26: cannot read the basis set .: Is a directory"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        CU_ASSERT_EQUAL(dft_molecule_make(faults[i].keys, 3, water, where, &a), HM_BAD_CONFIG);
        CU_ASSERT_TRUE(says(faults[i].words));
    }
    CU_ASSERT_EQUAL(dft_molecule_make("basis: def2-svp", 1, iron, where, &a), HM_BAD_CONFIG);
    CU_ASSERT_TRUE(says("dft.yaml:1:26: the basis set def2-svp has nothing for Fe (atom 0): it goes from H to Ar"));
    HM_ASSERT_OK(dft_molecule_make("basis: def2-svp", 3, water, where, &a));
    struct hm_basis basis;
    CU_ASSERT_EQUAL(dft_auxiliary_make("auxiliary: def2-svp", &a.frame, &basis), HM_BAD_CONFIG);
    CU_ASSERT_TRUE(says("dft.yaml:1:26: def2-svp is a basis for orbitals"));
    CU_ASSERT_EQUAL(dft_auxiliary_make("auxiliary: def2-universal-jfot", &a.frame, &basis), HM_BAD_CONFIG);
    CU_ASSERT_TRUE(says("did you mean 'def2-universal-jfit'?"));
    dft_molecule_release(&a);
}

/* Blocks for hydrogen and oxygen that are not as they should be. */
static const struct {
    const char *text, *words;
} malformed[] = {
    {"", ":1: no element"},
    {"! nothing\n\n", ":3: no element"},
    {"hello world\n", ":1: 'hello' where an element was expected, as in 'O 0': is this a basis set"},
    {"H 0\nS 1 1.00\n1 1\n****\nnonsense\n", ":5: 'nonsense' where an element was expected"},
    {"H 0\nS 1 1.00\n1 1\n****\nOxygen 0\n", ":5: 'Oxygen' where"},
    {"H 0\nS 1 1.00\n1 1\n****\nO\n", ":5: 'O' where"},
    {"H 0\nS 1 1.00\n1 1\n", ":4: the file ends within the block of H: **** ends it"},
    {"H 0\nS 3 1.00\n1 1\n2 1\n", ":5: the shell of line 2 ends after 2 of 3 primitives"},
    {"H 0\nS 3 1.00\n1 1\n2 1\n****\n", ":5: the shell of line 2 ends after 2 of 3 primitives"},
    {"H 0\nS 3 1.00\n1 1\nP 1 1.00\n1 1\n****\n", ":4: 'P' is no number"},
    {"H 0\n****\n", ":2: a block without shells"},
    {"H 0\nS 1 1.00\n1 1\nO 0\nS 1 1.00\n1 1\n****\n", ":4: 'O 0' begins another element, but **** does not end"},
    {"H 0\nS 1 1.00\n1 1\n****\nH 0\nS 1 1.00\n1 1\n****\n", ":5: a second block for H"},
    {"H 0\nQ 1 1.00\n1 1\n****\n", ":2: 'Q' is no shell"},
    {"H 0\nSX 1 1.00\n1 1\n****\n", ":2: 'SX' is no shell"},
    {"H 0\n\x01\xff 1 1.00\n1 1\n****\n", ":2: '\?\?' is no shell"},
    {"H 0\nG 1 1.00\n1 1\n****\n", ":2: shell 'G': this basis may have shells up to f"},
    {"H 0\nL=12 1 1.00\n1 1\n****\n", ":2: shell 'L=12'"},
    {"H 0\nSPDFG 1 1.00\n1 1 1 1 1 1\n****\n", ":2: shell 'SPDFG'"},
    {"H 0\nH-ECP 2 28\nf potential\n", ":2: 'H-ECP': effective core potentials are not supported"},
    {"H 0\nS\n1 1\n****\n", ":2: a shell begins with a line like"},
    {"H 0\nS one 1.00\n1 1\n****\n", ":2: a shell begins with a line like"},
    {"H 0\nS 1 1.00 2.0\n1 1\n****\n", ":2: a shell begins with a line like"},
    {"H 0\nS 1 1.00 0.0 0.0\n1 1\n****\n", ":2: a shell begins with a line like"},
    {"H 0\nS -1 1.00\n1 1\n****\n", ":2: a shell begins with a line like"},
    {"H 0\nS 0 1.00\n****\n", ":2: a shell of 0 primitives: there may be 1 to 100"},
    {"H 0\nS 101 1.00\n****\n", ":2: a shell of 101 primitives"},
    {"H 0\nS 99999999999999999999999999 1.00\n****\n", ":2: a shell of 99999999999999999999999999 primitives"},
    {"H 0\nS 1 0.00\n1 1\n****\n", ":2: '0.00' is no scale"},
    {"H 0\nS 1 -1\n1 1\n****\n", ":2: '-1' is no scale"},
    {"H 0\nS 1 1e999\n1 1\n****\n", ":2: '1e999' is no scale"},
    {"H 0\nS 1 1.00\n1\n****\n", ":3: 1 number where an exponent and 1 coefficient were expected"},
    {"H 0\nS 1 1.00\n1 1 1\n****\n", ":3: 3 numbers where an exponent and 1 coefficient were expected"},
    {"H 0\nSP 1 1.00\n1 1\n****\n", ":3: 2 numbers where an exponent and 2 coefficients were expected"},
    {"H 0\nS 1 1.00\n-1 1\n****\n", ":3: exponent -1: it must be above zero"},
    {"H 0\nS 1 1.00\n0.0 1\n****\n", ":3: exponent 0.0: it must be above zero"},
    {"H 0\nS 1 1.00\n1 nan\n****\n", ":3: 'nan' is no number"},
    {"H 0\nS 1 1.00\ninf 1\n****\n", ":3: 'inf' is no number"},
    {"H 0\nS 1 1.00\n0x10 1\n****\n", ":3: '0x10' is no number"},
    {"H 0\nS 1 1.00\n1e999 1\n****\n", ":3: '1e999' is no number"},
    {"H 0\nS 1 1.00\n1..0 1\n****\n", ":3: '1..0' is no number"},
    {"H 0\nS 1 1.00\n1 0\n****\nO 0\nS 1\n1 1\n****\n", ":2: this shell cannot be normalised"},
    {"H 0\nS 2 1.00\n1 1\n1 -1\n****\nO 0\nS 1\n1 1\n****\n", ":2: this shell cannot be normalised"},
    {"H 0\nF 1 1.00\n1e300 1\n****\nO 0\nS 1\n1 1\n****\n", "made.g94"},
    {"H 0\nS 1 1.00\n1 1\n****\n", "dft.yaml:1:26: the basis set made.g94 has nothing for O (atom 0)"},
    {"H O 0\nS 1 1.00\n1 1\nD 1 1.00\n1 1\n****\n", "dft.yaml:1:26: made.g94 has d functions and does not say"},
};

static void test_malformed(void)
{
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        struct dft_molecule a;
        dft_write("made.g94", malformed[i].text);
        CU_ASSERT_EQUAL(dft_molecule_make("basis: made.g94", 3, water, where, &a), HM_BAD_CONFIG);
        CU_ASSERT_TRUE(says(malformed[i].words));
        CU_ASSERT_PTR_NULL(strchr(hm_status_message(), '\n'));
    }
}

/* A shipped set with bytes changed, taken out and doubled: it is read or refused with a line of the file, no more. */
static void test_fuzz(void)
{
    struct hm_basis_text entry;
    CU_ASSERT_TRUE(hm_basis_find("6-31g*", &entry));
    const size_t whole = (size_t)(strstr(entry.text, "\nF 0\n") + 1 - entry.text); /* hydrogen to oxygen */
    char *text = calloc(whole + 64, 1);
    unsigned state = 20261121;
    size_t refused = 0, rounds = 400;
    for (size_t round = 0; round < rounds; round++) {
        struct dft_molecule a;
        size_t size = whole;
        memcpy(text, entry.text, size);
        for (int k = 0; k < 4; k++) {
            state = state * 1664525u + 1013904223u;
            const size_t at = (state >> 8) % size;
            const unsigned kind = (state >> 4) % 4, byte = state >> 24;
            if (kind == 0) text[at] = (char)byte;
            if (kind == 1) memmove(text + at, text + at + 1, --size - at);
            if (kind == 2) memmove(text + at + 1, text + at, size++ - at);
            if (kind == 3) text[at] = "*\n 0-SPe."[byte % 9];
        }
        if (round % 10 == 0) size = (state >> 8) % size;
        FILE *file = fopen("fuzz.g94", "wb");
        fwrite(text, 1, size, file);
        fclose(file);
        const enum hm_status status = dft_molecule_make("basis: fuzz.g94", 3, water, where, &a);
        CU_ASSERT_TRUE(status == HM_OK || status == HM_BAD_CONFIG);
        refused += status != HM_OK;
        if (status == HM_OK)
            dft_molecule_release(&a);
        else
            CU_ASSERT_TRUE(strstr(hm_status_message(), "fuzz.g94:") || strstr(hm_status_message(), "dft.yaml:1:26"));
    }
    CU_ASSERT_TRUE(refused > rounds / 10);
    CU_ASSERT_TRUE(refused < rounds);
    free(text);
}

int main(void)
{
    static const struct hm_test tests[] = {
        {"sizes of what is shipped", test_sizes},
        {"elements of what is shipped", test_elements},
        {"spherical functions: Schlegel and Frisch", test_spherical_formula},
        {"spherical functions: orthonormal", test_orthonormal},
        {"ways to write a set", test_forms},
        {"normalisation", test_normalisation},
        {"names that are refused", test_names},
        {"files that are refused", test_malformed},
        {"files with random faults", test_fuzz},
    };
    return hm_test_main("basis sets", tests, sizeof tests / sizeof *tests);
}
