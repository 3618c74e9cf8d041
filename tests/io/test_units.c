#include "io/units.h"
#include "tests/test.h"

#include <string.h>

/* Relative agreement with a value worked out from SI constants (CODATA 2018). */
static void check(const char *text, enum hm_dimension dimension, double expected)
{
    double value = NAN;
    const enum hm_status status = hm_units_parse(text, dimension, &value);
    if (status != HM_OK || !(fabs(value - expected) <= 1e-9 * fabs(expected)))
        printf("'%s': %.17g instead of %.17g; %s\n", text, value, expected, hm_status_message());
    CU_ASSERT_EQUAL(status, HM_OK);
    HM_ASSERT_NEAR(value, expected, 1e-9 * fabs(expected));
}

/* Refused with all of the words in the message, the value left alone. */
static void refuse(const char *text, enum hm_dimension dimension, const char *words)
{
    double value = 42.0;
    const enum hm_status status = hm_units_parse(text, dimension, &value);
    const bool named = strstr(hm_status_message(), words) != NULL;
    if (status != HM_BAD_INPUT || !named) printf("'%s': %d %s\n", text, (int)status, hm_status_message());
    CU_ASSERT_EQUAL(status, HM_BAD_INPUT);
    CU_ASSERT_TRUE(named);
    CU_ASSERT_EQUAL(value, 42.0);
}

static void test_single_units(void)
{
    check("1 A", HM_DIMENSION_LENGTH, 1.8897261246257702);
    check("1 \xc3\x85", HM_DIMENSION_LENGTH, 1.8897261246257702);
    check("2.5 bohr", HM_DIMENSION_LENGTH, 2.5);
    check("100 pm", HM_DIMENSION_LENGTH, 1.8897261246257702);
    check("0.1 nm", HM_DIMENSION_LENGTH, 1.8897261246257702);
    check("1 fs", HM_DIMENSION_TIME, 41.341373335182112);
    check("1 ps", HM_DIMENSION_TIME, 41341.373335182112);
    check("1 hbar/Eh", HM_DIMENSION_TIME, 1.0);
    check("1 amu", HM_DIMENSION_MASS, 1822.888486209);
    check("1 u", HM_DIMENSION_MASS, 1822.888486209);
    check("1 g/mol", HM_DIMENSION_MASS, 1822.888486209);
    check("1 eV", HM_DIMENSION_ENERGY, 0.036749322175655);
    check("27.211386245988 eV", HM_DIMENSION_ENERGY, 1.0);
    check("1 Eh", HM_DIMENSION_ENERGY, 1.0);
    check("2 Ry", HM_DIMENSION_ENERGY, 1.0);
    check("627.5094740631 kcal/mol", HM_DIMENSION_ENERGY, 1.0);
    check("2625.4996394799 kJ/mol", HM_DIMENSION_ENERGY, 1.0);
    check("2625499.6394799 J mol^-1", HM_DIMENSION_ENERGY, 1.0);
    check("4.3597447222071e-18 J", HM_DIMENSION_ENERGY, 1.0);
    check("119.8 kB K", HM_DIMENSION_ENERGY, 119.8 * 3.1668115634556e-6);
    check("73.2e-84 erg cm^9", HM_DIMENSION_TRIPLE_DIPOLE,
          73.2e-91 / 4.3597447222071e-18 * pow(1e-2 / 5.29177210903e-11, 9));
    check("300 K", HM_DIMENSION_TEMPERATURE, 300.0 * 3.1668115634556e-6);
}

static void test_wavenumbers(void)
{
    check("219474.63136320 cm^-1", HM_DIMENSION_ENERGY, 1.0);
    check("219474.63136320 cm-1", HM_DIMENSION_ENERGY, 1.0);
    check("219474.63136320 1/cm", HM_DIMENSION_ENERGY, 1.0);
    check("1 cm^-1", HM_DIMENSION_INVERSE_LENGTH, 5.29177210903e-9); /* where a length is meant it stays one */
    refuse("1 nm^-1", HM_DIMENSION_ENERGY, "an inverse length");
}

static void test_products(void)
{
    /* 1 Eh/bohr^2 = 1556.8931 N/m. */
    check("1556.89310285 N/m", HM_DIMENSION_FORCE_CONSTANT, 1.0);
    check("1 Eh/bohr^2", HM_DIMENSION_FORCE_CONSTANT, 1.0);
    check("1 eV/A^2", HM_DIMENSION_FORCE_CONSTANT, 0.036749322175655 * 0.529177210903 * 0.529177210903);
    check("1 eV A^-2", HM_DIMENSION_FORCE_CONSTANT, 0.036749322175655 * 0.529177210903 * 0.529177210903);
    check("627.5094740631 kcal/mol/bohr^2", HM_DIMENSION_FORCE_CONSTANT, 1.0);
    check("627.5094740631 kcal/(mol*bohr^2)", HM_DIMENSION_FORCE_CONSTANT, 1.0);
    check("627.5094740631 kcal mol-1 bohr**-2", HM_DIMENSION_FORCE_CONSTANT, 1.0);
    check("15.5689310285 mdyn/A", HM_DIMENSION_FORCE_CONSTANT, 1.0);
    check("1556.89310285 kg/s^2", HM_DIMENSION_FORCE_CONSTANT, 1.0);
    check("1 1/A", HM_DIMENSION_INVERSE_LENGTH, 0.529177210903);
    check("1 A^-1", HM_DIMENSION_INVERSE_LENGTH, 0.529177210903);
    check("1 A-1", HM_DIMENSION_INVERSE_LENGTH, 0.529177210903);
    check("1/A", HM_DIMENSION_INVERSE_LENGTH, 0.529177210903);
    check("1 a0^-1", HM_DIMENSION_INVERSE_LENGTH, 1.0);
    check("1 Eh/(eV*A)", HM_DIMENSION_INVERSE_LENGTH, 27.211386245988 * 0.529177210903);
}

static void test_angles_and_charges(void)
{
    const double pi = 3.14159265358979323846;
    check("180 deg", HM_DIMENSION_ANGLE, pi);
    check("-90 \xc2\xb0", HM_DIMENSION_ANGLE, -pi / 2);
    check("250 mrad", HM_DIMENSION_ANGLE, 0.25);
    check("27.211386245988 eV/rad2", HM_DIMENSION_ANGLE_STIFFNESS, 1.0);
    check("1 Eh/rad^2", HM_DIMENSION_ANGLE_STIFFNESS, 1.0);
    check("627.5094740631 kcal/mol/deg^2", HM_DIMENSION_ANGLE_STIFFNESS, (180 / pi) * (180 / pi));
    check("-0.8 e", HM_DIMENSION_CHARGE, -0.8);
    check("-0.8e", HM_DIMENSION_CHARGE, -0.8);
    check("1.602176634e-19 C", HM_DIMENSION_CHARGE, 1.0);
    refuse("104.5", HM_DIMENSION_ANGLE, "needs a unit of angle, e.g. 104.5 deg");
    refuse("4 eV", HM_DIMENSION_ANGLE_STIFFNESS, "this is an energy");
    refuse("4 kcal/rad2", HM_DIMENSION_ANGLE_STIFFNESS, "kJ/mol or kcal/mol");
    refuse("1 deg", HM_DIMENSION_CHARGE, "this is an angle");
}

static void test_wall_time_is_in_seconds(void)
{
    check("1.5 s", HM_DIMENSION_WALL_TIME, 1.5);
    check("10 min", HM_DIMENSION_WALL_TIME, 600.0);
    check("2 h", HM_DIMENSION_WALL_TIME, 7200.0);
    check("1 day", HM_DIMENSION_WALL_TIME, 86400.0);
    check("250 ms", HM_DIMENSION_WALL_TIME, 0.25);
}

static void test_numbers(void)
{
    check("  +2.5e-1  fs ", HM_DIMENSION_TIME, 0.25 * 41.341373335182112);
    check("0.25fs", HM_DIMENSION_TIME, 0.25 * 41.341373335182112);
    check(".25 fs", HM_DIMENSION_TIME, 0.25 * 41.341373335182112);
    check("2Eh", HM_DIMENSION_ENERGY, 2.0); /* the E is not an exponent */
    check("2e0Eh", HM_DIMENSION_ENERGY, 2.0);
    check("-3 K", HM_DIMENSION_TEMPERATURE, -3.0 * 3.1668115634556e-6);
    check("0.5", HM_DIMENSION_NONE, 0.5);
    check("1e3", HM_DIMENSION_NONE, 1000.0);
    static const char *const bad[] = {"nan", "inf", "-inf", "infinity", "0x10", "1e999", "",      " ",    "abc",
                                      "1,5", "1 2", "--1",  "1e",       ".",    "+",     "1_000", "1.2.3"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refuse(bad[i], HM_DIMENSION_NONE, "must be a finite number");
    refuse("5 fs", HM_DIMENSION_NONE, "without a unit");
    refuse("nan fs", HM_DIMENSION_TIME, "must be a finite number with a unit of time, e.g. 0.25 fs");
    refuse("0x1p3 fs", HM_DIMENSION_TIME, "must be a finite number");
    refuse("1e308 day", HM_DIMENSION_TIME, "too large");
}

static void test_faults_name_a_fitting_unit(void)
{
    refuse("0.25", HM_DIMENSION_TIME, "needs a unit of time, e.g. 0.25 fs");
    refuse("300", HM_DIMENSION_TEMPERATURE, "needs a unit of temperature, e.g. 300 K");
    refuse("3 fs", HM_DIMENSION_LENGTH, "needs a unit of length, e.g. 3 A; not '3 fs': this is a time");
    refuse("3 FS", HM_DIMENSION_TIME, "did you mean 'fs'?");
    refuse("3 ft", HM_DIMENSION_LENGTH, "unknown unit 'ft'");
    refuse("5 kcal/A^2", HM_DIMENSION_FORCE_CONSTANT, "kJ/mol or kcal/mol");
    refuse("5 kJ", HM_DIMENSION_ENERGY, "kJ/mol or kcal/mol");
    refuse("5 eV/mol", HM_DIMENSION_ENERGY, "mol goes with");
    refuse("5 kJ/mol^2", HM_DIMENSION_ENERGY, "mol goes with");
    refuse("5 m^3", HM_DIMENSION_LENGTH, "this is not a length");
    refuse("5 K", HM_DIMENSION_ENERGY, "a temperature");
}

static void test_malformed_units(void)
{
    static const char *const bad[] = {
        "1 fs fs^", "1 fs/", "1 fs)", "1 (fs",    "1 fs^1.5", "1 fs^99999999999999999999", "1 fs^-", "1 fs;", "1 fs 5",
        "1 fs^x",   "1 *fs", "1 ()",  "1 fs//fs", "1 fs^2^2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refuse(bad[i], HM_DIMENSION_TIME, "needs a unit of time");
    char nested[4000];
    memset(nested, '(', sizeof nested);
    nested[0] = '1';
    nested[sizeof nested - 1] = '\0';
    refuse(nested, HM_DIMENSION_TIME, "too many parentheses");
}

static void test_examples_fit_their_dimension(void)
{
    for (int d = HM_DIMENSION_LENGTH; d < HM_DIMENSION_COUNT; d++) {
        const enum hm_dimension dimension = (enum hm_dimension)d;
        char text[64];
        double value = NAN;
        snprintf(text, sizeof text, "1 %s", hm_units_example(dimension));
        HM_ASSERT_OK(hm_units_parse(text, dimension, &value));
        CU_ASSERT_EQUAL(value, hm_units_example_scale(dimension));
        CU_ASSERT_TRUE(strlen(hm_units_dimension_name(dimension)) > 0);
    }
    CU_ASSERT_EQUAL(hm_units_example_scale(HM_DIMENSION_NONE), 1.0);
    HM_ASSERT_NEAR(hm_units_example_scale(HM_DIMENSION_TIME), 41.341373335182112, 1e-9);
}

static void test_scan_stops_after_the_number(void)
{
    double value = NAN;
    const char *text = " 12.5e1xyz", *end = NULL;
    CU_ASSERT_TRUE(hm_number_scan(text, &value, &end));
    CU_ASSERT_EQUAL(value, 125.0);
    CU_ASSERT_STRING_EQUAL(end, "xyz");
    CU_ASSERT_FALSE(hm_number_scan(text, &value, NULL));
    CU_ASSERT_TRUE(hm_number_scan(" 7 ", &value, NULL));
    CU_ASSERT_EQUAL(value, 7.0);
}

static const struct hm_test tests[] = {
    {"single units", test_single_units},
    {"wavenumbers", test_wavenumbers},
    {"products", test_products},
    {"angles and charges", test_angles_and_charges},
    {"wall time", test_wall_time_is_in_seconds},
    {"numbers", test_numbers},
    {"faults name a fitting unit", test_faults_name_a_fitting_unit},
    {"malformed units", test_malformed_units},
    {"examples fit their dimension", test_examples_fit_their_dimension},
    {"number scan", test_scan_stops_after_the_number},
};

HM_TEST_MAIN("units", tests)
