/* extxyz_copy IN OUT: reads every frame of an extended XYZ file and writes it back, with forces and energy that the
 * reading program can check: force = 0.01 x (in Eh/bohr, x in bohr), energy = -(frame + 1) Eh. */
#include "io/extxyz.h"

#include <stdlib.h>

static enum hm_status copy(const char *from, FILE *out)
{
    struct hm_frame frame;
    HM_TRY(hm_extxyz_read(from, 0, &frame));
    enum hm_status status = HM_OK;
    for (long index = 0; status == HM_OK; index++) {
        double *force = malloc(3 * frame.natom * sizeof *force);
        if (!force) abort();
        for (size_t i = 0; i < 3 * frame.natom; i++) force[i] = 0.01 * frame.x[i];
        status = hm_extxyz_write(out, &frame, force, -(double)(index + 1));
        free(force);
        hm_frame_release(&frame);
        if (status == HM_OK && hm_extxyz_read(from, index + 1, &frame) != HM_OK) return HM_OK; /* that was the last */
    }
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 3) return 2;
    FILE *out = fopen(argv[2], "w");
    if (!out) return 1;
    const enum hm_status status = copy(argv[1], out);
    if (status != HM_OK) fprintf(stderr, "%s\n", hm_status_message());
    return fclose(out) != 0 || status != HM_OK;
}
