/* The valence Hamiltonian on whole molecules: against LAMMPS, and against differences of its own energy. */
#include "tests/test.h"

#include "hamiltonians/hamiltonian.h"
#include "io/extxyz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NATOM_MAX = 10 };

struct answer {
    struct hm_label label;
    double force[3 * NATOM_MAX];
};

static void ask(struct hm_hamiltonian *hamiltonian, const struct hm_frame *frame, struct answer *answer)
{
    memset(answer, 0x5a, sizeof *answer);
    answer->label.force = answer->force;
    HM_ASSERT_OK(hm_hamiltonian_evaluate(hamiltonian, frame, &answer->label));
    CU_ASSERT_EQUAL(answer->label.status, HM_LABEL_CONVERGED);
}

static double energy_at(struct hm_hamiltonian *hamiltonian, const struct hm_frame *frame)
{
    struct answer answer;
    ask(hamiltonian, frame, &answer);
    return answer.label.energy;
}

static double largest(const double *values, size_t count)
{
    double result = 0;
    for (size_t k = 0; k < count; k++) result = fmax(result, fabs(values[k]));
    return result;
}

/* ---- the molecules of the configurations ---- */

/* LAMMPS (29 Sep 2021, update 2): energy in hartree and forces in hartree/bohr of the configuration's geometry with
 * every coordinate moved as in `shake`, from input made of the configuration by tests/interop/test_lammps_valence.py
 * --print: units electron, bond_style hybrid harmonic morse, angle_style harmonic, dihedral_style charmm, pair_style
 * lj/cut/coul/cut 300, K = k/2. */
static const struct {
    const char *config;
    double energy;
    size_t natom;
    double force[NATOM_MAX][3];
} references[] = {
    {"examples/water/run.yaml",
     0.0243666271866536,
     3,
     {{-0.125116990515139, -0.0155629399945281, 0.113708581176476},
      {0.0130206154452034, 0.00116014583068115, -0.00580202391604881},
      {0.112096375069936, 0.0144027941638469, -0.107906557260427}}},
    {"examples/water/run_morse.yaml",
     0.0167993121771394,
     3,
     {{-0.0716132824532898, -0.00925964736076791, 0.069702659428879},
      {0.0128144421743272, 0.00116453706328522, -0.00600894831709312},
      {0.0587988402789626, 0.00809511029748269, -0.0636937111117859}}},
    {"examples/methanol/run.yaml",
     0.0340774002585145,
     6,
     {{-0.0386362063291047, -0.122291741988888, 0.0289971969324098},
      {0.0668051475180491, 0.0223372224060635, -0.00781560285752424},
      {0.0347344044853606, 0.0677200738939384, -0.0113834019457825},
      {-0.0195061799726758, 0.0298312671695387, -0.0473777747121016},
      {-0.0210184044097023, 0.0314204181605673, 0.0340766737384171},
      {-0.0223787612919268, -0.0290172396412201, 0.00350290884458137}}},
    {"tests/accuracy/chain10.yaml",
     0.018271226541533,
     10,
     {{-0.0376522113984929, -0.0195386807866947, -0.00158677531602699},
      {0.0488644406886955, 0.00603861363222666, 0.00232189182914472},
      {0.00693100971214446, 0.0156283719319076, -0.00288201770953945},
      {-0.00263040831628146, -0.00372694699749295, -0.000275232675816476},
      {-0.00967118677264284, 0.0129615429175447, 0.0023246825721051},
      {-0.0466108427403839, 0.0101296222933849, -0.000656762997588198},
      {0.00776347416668856, -0.0428636130295485, 0.000412758038257294},
      {0.0597988991027569, 0.00402322635093057, -0.00113083149376384},
      {-0.00141988522827765, 0.0330702408079858, -0.000983649569386303},
      {-0.0253732892142068, -0.0157223771202441, 0.00245593732261415}}},
    {"tests/interop/ring.yaml",
     -0.0168019623437822,
     7,
     {{-0.00991114071439477, -0.0406915393452798, 0.00556732281146881},
      {-0.0161882876375311, -0.00859609482613098, 0.000676144554560309},
      {0.00938926482643602, -0.00691139820598577, 0.00893105409385385},
      {-0.00582549807815863, 0.0263096902451459, 0.000103662316862956},
      {0.0217915602838005, 0.0395966491933631, -0.00140580047137889},
      {-0.0106605026069622, 0.00345872114543728, -0.00609596736316814},
      {0.0114046039268102, -0.0131660282065498, -0.00777641594219888}}},
};

enum { REFERENCES = sizeof references / sizeof *references };

static void shake(struct hm_frame *frame)
{
    for (size_t k = 0; k < 3 * frame->natom; k++) frame->x[k] += 0.15 * sin(1.7 * (double)k + 0.3);
}

/* The system of references[index], shaken. False where it cannot be had. */
static bool begin(size_t index, struct hm_frame *frame, struct hm_hamiltonian *hamiltonian)
{
    char path[1024];
    struct hm_config *config = NULL;
    *frame = (struct hm_frame){0};
    const char *source = getenv("SOURCE_DIR");
    snprintf(path, sizeof path, "%s/%s", source ? source : ".", references[index].config);
    enum hm_status status = hm_config_load(path, NULL, 0, &config);
    if (status == HM_OK) status = hm_extxyz_read(hm_config_path(config, "system.geometry"), -1, frame);
    if (status == HM_OK) status = hm_hamiltonian_create(config, frame, NULL, hamiltonian);
    hm_config_destroy(&config);
    if (status != HM_OK) printf("\n      %s ", hm_status_message());
    CU_ASSERT_EQUAL(status, HM_OK);
    CU_ASSERT_EQUAL(frame->natom, references[index].natom);
    if (status == HM_OK && frame->natom <= NATOM_MAX) {
        shake(frame);
        return true;
    }
    hm_frame_release(frame);
    return false;
}

static void end(struct hm_frame *frame, struct hm_hamiltonian *hamiltonian)
{
    hm_hamiltonian_destroy(hamiltonian);
    hm_frame_release(frame);
}

static void test_lammps_gets_the_same(void)
{
    for (size_t i = 0; i < REFERENCES; i++) {
        struct hm_frame frame;
        struct hm_hamiltonian hamiltonian;
        struct answer answer;
        if (!begin(i, &frame, &hamiltonian)) continue;
        ask(&hamiltonian, &frame, &answer);
        const double size = largest(references[i].force[0], 3 * frame.natom);
        HM_ASSERT_NEAR(answer.label.energy, references[i].energy, 1e-11 * fabs(references[i].energy));
        for (size_t k = 0; k < 3 * frame.natom; k++)
            HM_ASSERT_NEAR(answer.force[k], references[i].force[k / 3][k % 3], 1e-11 * size);
        end(&frame, &hamiltonian);
    }
}

/* (-f(2h) + 8 f(h) - 8 f(-h) + f(-2h)) / 12 h */
static const double step_of[4] = {-2, -1, 1, 2}, weight_of[4] = {1, -8, 8, -1};

static void test_forces_are_the_gradient(void)
{
    const double h = 5e-4;
    for (size_t i = 0; i < REFERENCES; i++) {
        struct hm_frame frame;
        struct hm_hamiltonian hamiltonian;
        struct answer answer;
        if (!begin(i, &frame, &hamiltonian)) continue;
        ask(&hamiltonian, &frame, &answer);
        const double size = largest(answer.force, 3 * frame.natom);
        for (size_t k = 0; k < 3 * frame.natom; k++) {
            const double here = frame.x[k];
            double numerical = 0;
            for (size_t p = 0; p < 4; p++) {
                frame.x[k] = here + step_of[p] * h;
                numerical -= weight_of[p] * energy_at(&hamiltonian, &frame) / (12 * h);
            }
            frame.x[k] = here;
            HM_ASSERT_NEAR(answer.force[k], numerical, 1e-9 * size);
        }
        end(&frame, &hamiltonian);
    }
}

static void test_virial_is_the_response_to_strain(void)
{
    const double e = 2e-4;
    for (size_t i = 0; i < REFERENCES; i++) {
        struct hm_frame frame, strained;
        struct hm_hamiltonian hamiltonian;
        struct answer answer;
        if (!begin(i, &frame, &hamiltonian)) continue;
        ask(&hamiltonian, &frame, &answer);
        const double size = largest(answer.label.virial, 9);
        HM_ASSERT_OK(hm_frame_copy(&frame, &strained));
        for (size_t p = 0; p < 3; p++)
            for (size_t q = 0; q < 3; q++) {
                double numerical = 0, dyad = 0;
                for (size_t s = 0; s < 4; s++) {
                    memcpy(strained.x, frame.x, 3 * frame.natom * sizeof *frame.x);
                    for (size_t a = 0; a < frame.natom; a++)
                        strained.x[3 * a + p] += step_of[s] * e * frame.x[3 * a + q];
                    numerical -= weight_of[s] * energy_at(&hamiltonian, &strained) / (12 * e);
                }
                for (size_t a = 0; a < frame.natom; a++) dyad += frame.x[3 * a + p] * answer.force[3 * a + q];
                HM_ASSERT_NEAR(answer.label.virial[3 * p + q], numerical, 1e-9 * size);
                HM_ASSERT_NEAR(answer.label.virial[3 * p + q], dyad, 1e-13 * size);
            }
        hm_frame_release(&strained);
        end(&frame, &hamiltonian);
    }
}

static void test_nothing_pushes_or_turns_the_whole(void)
{
    for (size_t i = 0; i < REFERENCES; i++) {
        struct hm_frame frame;
        struct hm_hamiltonian hamiltonian;
        struct answer answer;
        double sum[3] = {0}, torque[3] = {0};
        if (!begin(i, &frame, &hamiltonian)) continue;
        ask(&hamiltonian, &frame, &answer);
        const double size = largest(answer.force, 3 * frame.natom);
        for (size_t a = 0; a < frame.natom; a++)
            for (size_t k = 0; k < 3; k++) {
                const size_t p = 3 * a + (k + 1) % 3, q = 3 * a + (k + 2) % 3;
                sum[k] += answer.force[3 * a + k];
                torque[k] += frame.x[p] * answer.force[q] - frame.x[q] * answer.force[p];
            }
        CU_ASSERT_TRUE(largest(sum, 3) <= 1e-14 * size);
        CU_ASSERT_TRUE(largest(torque, 3) <= 1e-13 * size);
        end(&frame, &hamiltonian);
    }
}

static const struct hm_test tests[] = {
    {"LAMMPS gets the same energies and forces", test_lammps_gets_the_same},
    {"forces are the gradient", test_forces_are_the_gradient},
    {"the virial is the response to strain", test_virial_is_the_response_to_strain},
    {"no net force, no net torque", test_nothing_pushes_or_turns_the_whole},
};

HM_TEST_MAIN("valence molecules", tests)
