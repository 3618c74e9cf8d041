#include "io/elements.h"
#include "io/extxyz.h"
#include "io/units.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* ASE's unit of velocity, sqrt(eV/amu), in atomic units. */
#define ASE_VELOCITY sqrt(HM_MASS_AMU / HM_ENERGY_EV)

static void write_comment(FILE *out, const struct hm_frame *frame, bool has_force, double energy)
{
    if (hm_frame_is_periodic(frame)) {
        fputs("Lattice=\"", out);
        for (int k = 0; k < 9; k++) fprintf(out, "%s%.16g", k ? " " : "", frame->cell[k] * HM_LENGTH_ANGSTROM);
        fputs("\" ", out);
    }
    fprintf(out, "Properties=species:S:1:pos:R:3%s:masses:R:1%s%s", frame->has_velocities ? ":momenta:R:3" : "",
            has_force ? ":forces:R:3" : "", frame->nfrozen > 0 ? ":move_mask:L:1" : "");
    if (!isnan(energy)) fprintf(out, " energy=%.16g", energy * HM_ENERGY_EV);
    fprintf(out, " pbc=\"%c %c %c\"\n", frame->periodic[0] ? 'T' : 'F', frame->periodic[1] ? 'T' : 'F',
            frame->periodic[2] ? 'T' : 'F');
}

static void write_vector(FILE *out, const double vector[3], double unit)
{
    for (int k = 0; k < 3; k++) fprintf(out, " %23.16g", vector[k] * unit);
}

enum hm_status hm_extxyz_write(FILE *out, const struct hm_frame *frame, const double *force, double energy)
{
    fprintf(out, "%zu\n", frame->natom);
    write_comment(out, frame, force != NULL, energy);
    for (size_t i = 0; i < frame->natom; i++) {
        const double mass = frame->mass[i] * HM_MASS_AMU;
        fprintf(out, "%-2s", hm_element_symbol(frame->number[i]));
        write_vector(out, frame->x + 3 * i, HM_LENGTH_ANGSTROM);
        if (frame->has_velocities) write_vector(out, frame->v + 3 * i, mass / ASE_VELOCITY);
        fprintf(out, " %.16g", mass);
        if (force) write_vector(out, force + 3 * i, HM_ENERGY_EV / HM_LENGTH_ANGSTROM);
        if (frame->nfrozen > 0) fputs(hm_frame_holds(frame, i) ? " F" : " T", out);
        fputc('\n', out);
    }
    if (fflush(out) != 0 || ferror(out)) return hm_fail(HM_IO_ERROR, "cannot write extended XYZ: %s", strerror(errno));
    return HM_OK;
}
