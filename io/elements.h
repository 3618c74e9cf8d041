/* The elements: symbols and standard atomic weights.
 *
 * Units: atomic units of mass (electron masses); the table behind it is in unified atomic mass units.
 * Source: IUPAC standard atomic weights (Prohaska et al., Pure Appl. Chem. 94, 573 (2022)), the conventional value
 *   where an interval is given; mass number of the longest-lived isotope where there is no weight.
 * MPI: local.
 */
#ifndef HM_IO_ELEMENTS_H
#define HM_IO_ELEMENTS_H

/* 1..118 for a symbol written as "H" or "Cl" (also "D" and "T": 1), 0 for anything else. */
int hm_element_number(const char *symbol);
const char *hm_element_symbol(int number); /* "X" outside 1..118 */
double hm_element_mass(int number);        /* standard atomic weight, atomic units; 0 outside */

#endif
