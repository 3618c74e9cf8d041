/* Units: Hartree atomic units inside, everything else only at the edges (CODATA 2018).
 *
 * Values in input carry their unit: "0.25 fs", "516.3 N/m", "1.87 1/A", "4.62 eV", "10 kcal/mol/A^2".
 * A unit is a product of powers of known symbols ("kcal/mol/A^2", "kJ/(mol nm^2)", "cm^-1", "A-1"), read from
 * left to right; its dimension must match the one expected. kcal, kJ and cal are amounts per mole and must say
 * so; cm^-1 stands for an energy where an energy is expected. Angles and charges are dimensions of their own: a
 * "k: 4 eV" where eV/rad^2 is meant is refused. Numbers are decimal: no hexadecimal, NaN, infinity.
 *
 * Units: 1 atomic unit of time = HM_TIME_FS fs, of length = HM_LENGTH_ANGSTROM Angstrom, and so on.
 * Errors: hm_units_parse fails with HM_BAD_INPUT and says which units are expected.
 * MPI: local.
 * Source: CODATA 2018 (NIST SP 961, 2019); exact SI constants of the 2019 redefinition.
 */
#ifndef HM_IO_UNITS_H
#define HM_IO_UNITS_H

#include "io/status.h"

#include <stdbool.h>

/* One atomic unit of ... in ... */
#define HM_LENGTH_ANGSTROM 0.529177210903
#define HM_TIME_FS 2.4188843265857e-2
#define HM_TIME_PS (HM_TIME_FS * 1e-3)
#define HM_MASS_KG 9.1093837015e-31
#define HM_MASS_AMU 5.48579909065e-4
#define HM_ENERGY_J 4.3597447222071e-18
#define HM_ENERGY_EV 27.211386245988
#define HM_ENERGY_KJ_PER_MOL 2625.4996394799
#define HM_ENERGY_WAVENUMBER_CM 219474.63136320
#define HM_TEMPERATURE_KELVIN 315775.02480407
#define HM_VELOCITY_ANGSTROM_PER_PS (HM_LENGTH_ANGSTROM / HM_TIME_PS)
#define HM_FORCE_KJ_PER_MOL_ANGSTROM (HM_ENERGY_KJ_PER_MOL / HM_LENGTH_ANGSTROM)
/* A wavenumber of 1 cm^-1 as an angular frequency per atomic unit of time: 1 / 219474.6 (hbar = 1). */
#define HM_ANGULAR_FREQUENCY_PER_CM (1.0 / HM_ENERGY_WAVENUMBER_CM)

/* What a quantity measures; the list grows with the config schema. */
enum hm_dimension {
    HM_DIMENSION_NONE,
    HM_DIMENSION_LENGTH,
    HM_DIMENSION_TIME,
    HM_DIMENSION_WALL_TIME, /* seconds, not atomic units: time of the person who waits */
    HM_DIMENSION_MASS,
    HM_DIMENSION_ENERGY,
    HM_DIMENSION_TEMPERATURE,
    HM_DIMENSION_FORCE_CONSTANT, /* energy / length^2 */
    HM_DIMENSION_INVERSE_LENGTH,
    HM_DIMENSION_ANGLE,           /* radians */
    HM_DIMENSION_ANGLE_STIFFNESS, /* energy / radian^2 */
    HM_DIMENSION_CHARGE,
    HM_DIMENSION_TRIPLE_DIPOLE, /* energy length^9, of the three-body dispersion energy */
    HM_DIMENSION_COUNT
};

/* Parses "<number> <unit>" into atomic units (wall time: seconds). Without a unit, or with one of
 * another dimension, it fails and names a fitting unit. HM_DIMENSION_NONE takes a bare number. */
enum hm_status hm_units_parse(const char *text, enum hm_dimension dimension, double *value);

/* The same with a subject for the messages: "integrator.timestep needs a unit of time, e.g. 0.25 fs". */
enum hm_status hm_units_parse_named(const char *name, const char *text, enum hm_dimension dimension, double *value);

/* Reads a finite decimal number at the start of `text`; `end` is where it stops. NULL `end`: the whole text must
 * be the number, blanks around it allowed. False for anything else, hexadecimal, NaN, infinity and overflow included.
 */
bool hm_number_scan(const char *text, double *value, const char **end);

/* A fitting unit to name in messages and manuals ("fs"), and one such unit in atomic units. */
const char *hm_units_example(enum hm_dimension dimension);
double hm_units_example_scale(enum hm_dimension dimension);
const char *hm_units_dimension_name(enum hm_dimension dimension); /* "time" */

#endif
