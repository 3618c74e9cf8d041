/* trajectory_made FILE FRAMES PERIODIC: writes a trajectory of three atoms whose numbers test_trajectory.py can
 * compute itself. In atomic units, with n = 3 atom + component counted over all components:
 * x = frame + 0.1 n, v = 1e-4 (frame - n), force = 1e-3 n (unknown in odd frames), energy = -0.01 frame. */
#include "io/trajectory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ATOMS = 3, STRIDE = 5 };

static enum hm_status write_frames(struct hm_trajectory *trajectory, long frames)
{
    for (long k = 0; k < frames; k++) {
        double x[3 * ATOMS], v[3 * ATOMS], force[3 * ATOMS];
        int image[3 * ATOMS];
        for (int n = 0; n < 3 * ATOMS; n++) {
            x[n] = (double)k + 0.1 * n;
            v[n] = 1e-4 * ((double)k - n);
            force[n] = 1e-3 * n;
            image[n] = (int)k - n;
        }
        const struct hm_trajectory_frame frame = {STRIDE * k, x, v, k % 2 ? NULL : force, image, -0.01 * (double)k};
        HM_TRY(hm_trajectory_append(trajectory, &frame));
        const struct hm_decision_record record = {.step = STRIDE * k,
                                                  .action = (uint8_t)(k % 2),
                                                  .reason = HM_REASON_BURST,
                                                  .signal = NAN,
                                                  .threshold = 0.5F};
        HM_TRY(hm_trajectory_log_decision(trajectory, &record));
    }
    HM_TRY(hm_trajectory_log_timing(trajectory, "predict", 1.25));
    return hm_trajectory_set_status(trajectory, "finished", STRIDE * frames);
}

static enum hm_status make(const char *path, long frames, bool periodic)
{
    static const char *const provenance[][2] = {{"version", "9.8.7"}, {"host", "castle"}, {NULL, NULL}};
    static const size_t bonds[1][2] = {{0, 1}};
    struct hm_trajectory *trajectory = NULL;
    struct hm_frame frame;
    HM_TRY(hm_frame_create(ATOMS, &frame));
    for (int i = 0; i < ATOMS; i++) {
        frame.number[i] = i == 0 ? 8 : 1;
        frame.mass[i] = 1000.0 * (i + 1);
        frame.periodic[i] = periodic;
        frame.cell[4 * i] = periodic ? 10.0 + i : 0.0;
    }
    const struct hm_trajectory_setup setup = {.frame = &frame,
                                              .config_yaml = "text: \xc3\x85\n",
                                              .timestep = 20.0,
                                              .steps = STRIDE * frames,
                                              .stride = STRIDE,
                                              .nbond = 1,
                                              .bonds = bonds,
                                              .overwrite = true,
                                              .provenance = provenance};
    enum hm_status status = hm_trajectory_create(path, &setup, &trajectory);
    if (status == HM_OK) status = write_frames(trajectory, frames);
    const enum hm_status closed = hm_trajectory_close(&trajectory);
    hm_frame_release(&frame);
    return status != HM_OK ? status : closed;
}

int main(int argc, char **argv)
{
    if (argc != 4) return 2;
    if (make(argv[1], atol(argv[2]), argv[3][0] == '1') == HM_OK) return 0;
    fprintf(stderr, "%s\n", hm_status_message());
    return 1;
}
