/* What the readers of stretches share. */
#ifndef HM_IO_STRETCH_INTERNAL_H
#define HM_IO_STRETCH_INTERNAL_H

#include "io/stretch.h"

/* Room for `nframe` frames of stretch->natom atoms: x, and v, time, step, exact where asked for. */
enum hm_status hm_stretch_reserve(struct hm_stretch *stretch, size_t nframe, bool v, bool time, bool step, bool exact);
/* Room for number and mass. */
enum hm_status hm_stretch_reserve_atoms(struct hm_stretch *stretch, bool number, bool mass);

enum hm_status hm_stretch_read_h5(struct hm_stretch *stretch);
enum hm_status hm_stretch_read_extxyz(struct hm_stretch *stretch);

#endif
