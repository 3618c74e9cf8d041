/* The curves of a run as CSV files, a header line with names and units each:
 *
 *   vacf.csv       time, mass-weighted total, then the groups        spectrum.csv   the same over wavenumbers
 *   rdf.csv        distance, then g and neighbours of each pair      msd.csv        time, then the groups
 *   diffusion.csv  group, D, standard error
 *   internals.csv  bonds and angles: name, cell, density             study.csv      growth of errors
 *
 * A file of which there is nothing to say is not written. Files that are there are replaced.
 *
 * Errors: HM_BAD_OUTPUT, HM_BAD_INPUT, HM_IO_ERROR, HM_OUT_OF_MEMORY. MPI: local.
 */
#ifndef HM_IO_ANALYSIS_CURVES_CSV_H
#define HM_IO_ANALYSIS_CURVES_CSV_H

#include "io/analysis/analyze.h"

/* `folder` is made if it is not there. The study is that of the analysis. */
enum hm_status hm_curves_write_csv(const char *run, const struct hm_analysis *analysis, const char *folder);

#endif
