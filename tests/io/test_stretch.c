#include "io/stretch.h"
#include "io/trajectory.h"
#include "io/units.h"
#include "tests/test.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/hamlet_stretch_XXXXXX";
static char path[128];

enum { FRAMES = 12, ATOMS = 2, SIZE = 3 * ATOMS };
static const double dt = 0.25 / HM_TIME_FS;

/* Two atoms on circles, with velocities that belong to them as velocity Verlet's do; Angstrom and Angstrom/fs. */
static double position(double n, size_t k)
{
    return (k < 3 ? 1.0 : -0.5) * cos(0.2 * n + 2.1 * (double)(k % 3)) + 0.01 * n + (double)k;
}

static double velocity(double n, size_t k)
{
    return (position(n + 1, k) - position(n - 1, k)) / 0.5;
}

static void expect(enum hm_status status, const char *words)
{
    CU_ASSERT_EQUAL(status, HM_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), words));
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), path));
    CU_ASSERT_PTR_NULL(strchr(hm_status_message(), '\n'));
}

static void refused(const char *words)
{
    struct hm_stretch stretch;
    expect(hm_stretch_read(path, &stretch), words);
    CU_ASSERT_TRUE(stretch.x == NULL && stretch.nframe == 0);
}

static void make_system(struct hm_frame *frame)
{
    HM_ASSERT_OK(hm_frame_create(ATOMS, frame));
    for (size_t i = 0; i < ATOMS; i++) {
        frame->number[i] = i ? 17 : 1;
        frame->mass[i] = (i ? 35.0 : 1.0) / HM_MASS_AMU;
    }
}

/* ---- files as others write them ---- */

/* What stands beside the positions of every frame; keys of the comment line, or NULL. */
struct text {
    const char *time, *step;
    bool velocities, masses;
    int decimals, skip, every; /* `skip`: a frame that is left out */
};

static void write_text(struct text text)
{
    FILE *file = fopen(path, "w");
    const double ase_fs = 0.09822694788464063; /* ase.units.fs of ASE 3.22 */
    for (int n = 0; n < FRAMES; n++) {
        if (n % text.every || (text.skip && n == text.skip)) continue;
        fprintf(file, "%d\nProperties=species:S:1:pos:R:3%s%s ", ATOMS, text.velocities ? ":vel:R:3" : "",
                text.masses ? ":masses:R:1" : "");
        if (text.time) fprintf(file, "%s=%g ", text.time, 0.25 * n);
        if (text.step) fprintf(file, "%s=%d ", text.step, n);
        for (size_t i = 0; i < ATOMS; i++) {
            fprintf(file, "\n%s", i ? "Cl" : "H");
            for (size_t c = 3 * i; c < 3 * i + 3; c++) fprintf(file, " %.*f", text.decimals, position(n, c));
            for (size_t c = 3 * i; text.velocities && c < 3 * i + 3; c++)
                fprintf(file, " %.17g", velocity(n, c) / ase_fs);
            if (text.masses) fprintf(file, i ? " 35.0" : " 1.0");
        }
        fprintf(file, "\n");
    }
    fclose(file);
}

static const struct text plain = {"time", NULL, true, true, 10, 0, 1};

static void put(hid_t file, const char *name, hid_t stored, int rank, const hsize_t *dims, const char *unit,
                const double *values)
{
    const hid_t parents = H5Pcreate(H5P_LINK_CREATE),
                space = rank ? H5Screate_simple(rank, dims, NULL) : H5Screate(H5S_SCALAR);
    H5Pset_create_intermediate_group(parents, 1);
    const hid_t dataset = H5Dcreate2(file, name, stored, space, parents, H5P_DEFAULT, H5P_DEFAULT);
    CU_ASSERT_TRUE(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    if (unit) {
        const hid_t type = H5Tcopy(H5T_C_S1), scalar = H5Screate(H5S_SCALAR);
        H5Tset_size(type, strlen(unit));
        const hid_t attribute = H5Acreate2(dataset, "unit", type, scalar, H5P_DEFAULT, H5P_DEFAULT);
        CU_ASSERT_TRUE(H5Awrite(attribute, type, unit) >= 0);
        H5Aclose(attribute);
        H5Sclose(scalar);
        H5Tclose(type);
    }
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(parents);
}

struct h5 {
    const char *group, *length, *time; /* units; time NULL: none */
    double scale;                      /* Angstrom in that unit */
    hid_t stored;
    bool increments, step, mass;
};

static hid_t write_h5(const struct h5 *h5)
{
    double x[FRAMES * SIZE], time[FRAMES], step[FRAMES], mass[ATOMS] = {1.0, 35.0}, number[ATOMS] = {1, 17};
    const hsize_t shape[3] = {FRAMES, ATOMS, 3};
    char name[128];
    for (size_t n = 0; n < FRAMES; n++) {
        for (size_t k = 0; k < SIZE; k++) x[n * SIZE + k] = h5->scale * position((double)n, k);
        time[n] = h5->increments ? 2.5e-4 : 2.5e-4 * (double)n;
        step[n] = h5->increments ? 1 : (double)n + 700;
    }
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const int rank = h5->increments ? 0 : 1;
    snprintf(name, sizeof name, "/particles/%s/position/value", h5->group);
    put(file, name, h5->stored, 3, shape, h5->length, x);
    snprintf(name, sizeof name, "/particles/%s/position/time", h5->group);
    if (h5->time) put(file, name, H5T_NATIVE_DOUBLE, rank, shape, *h5->time ? h5->time : NULL, time);
    snprintf(name, sizeof name, "/particles/%s/position/step", h5->group);
    if (h5->step) put(file, name, H5T_NATIVE_INT, rank, shape, NULL, step);
    snprintf(name, sizeof name, "/particles/%s/mass", h5->group);
    if (h5->mass) put(file, name, H5T_NATIVE_FLOAT, 1, &shape[1], "u", mass);
    snprintf(name, sizeof name, "/particles/%s/species", h5->group);
    if (h5->mass) put(file, name, H5T_NATIVE_INT, 1, &shape[1], NULL, number);
    return file;
}

#define H5_PLAIN                                                           \
    {                                                                      \
        "all", "Angstrom", "ps", 1.0, H5T_NATIVE_DOUBLE, false, true, true \
    }

/* ---- what is read ---- */

static bool has_positions(const struct hm_stretch *s, double tolerance)
{
    bool good = s->nframe == FRAMES && s->natom == ATOMS;
    for (size_t n = 0; good && n < FRAMES; n++)
        for (size_t k = 0; k < SIZE; k++)
            good = good && fabs(s->x[n * SIZE + k] * HM_LENGTH_ANGSTROM - position((double)n, k)) <= tolerance;
    return good;
}

static void extended_xyz_is_read(void)
{
    static const char *const stamps[][2] = {{"time", NULL}, {"Time", NULL}, {"t", "step"}, {"T=300 time", "Step"}};
    struct hm_frame system;
    struct hm_stretch s;
    make_system(&system);
    for (size_t i = 0; i < 4; i++) {
        struct text text = plain;
        text.time = stamps[i][0];
        text.step = stamps[i][1];
        write_text(text);
        HM_ASSERT_OK(hm_stretch_read(path, &s));
        CU_ASSERT_TRUE(has_positions(&s, 1e-10));
        CU_ASSERT_PTR_NOT_NULL_FATAL(s.time);
        HM_ASSERT_NEAR(s.time[7], 7 * dt, 1e-9);
        CU_ASSERT_EQUAL(s.step != NULL, i >= 2);
        if (s.step) CU_ASSERT_EQUAL(s.step[11], 11);
        HM_ASSERT_NEAR(s.v[3 * SIZE + 4] * HM_LENGTH_ANGSTROM / HM_TIME_FS, velocity(3, 4), 1e-9);
        HM_ASSERT_OK(hm_stretch_check_system(&s, &system));
        HM_ASSERT_OK(hm_stretch_check_clock(&s, dt));
        hm_stretch_release(&s);
    }
    hm_frame_release(&system);
}

static void any_h5md_is_read(void)
{
    const struct h5 kinds[] = {
        H5_PLAIN,
        {"trajectory", "nm", "fs", 0.1, H5T_NATIVE_DOUBLE, true, true, false},
        {"system", "Bohr", NULL, 1 / HM_LENGTH_ANGSTROM, H5T_NATIVE_DOUBLE, false, true, true},
        {"system", "Angstrom", "", 1.0, H5T_NATIVE_FLOAT, true, true, true},
    };
    struct hm_frame system;
    make_system(&system);
    for (size_t i = 0; i < 4; i++) {
        struct hm_stretch s;
        H5Fclose(write_h5(&kinds[i]));
        HM_ASSERT_OK(hm_stretch_read(path, &s));
        CU_ASSERT_TRUE(has_positions(&s, i == 3 ? 1e-6 : 1e-14));
        CU_ASSERT_EQUAL(s.time != NULL, i < 2);
        CU_ASSERT_EQUAL(s.mass != NULL, i != 1);
        if (i == 1) CU_ASSERT_TRUE(fabs(s.time[5] * HM_TIME_FS - 5 * 2.5e-4) < 1e-12);
        HM_ASSERT_OK(hm_stretch_check_system(&s, &system));
        HM_ASSERT_OK(hm_stretch_check_clock(&s, i == 1 ? 2.5e-4 / HM_TIME_FS : dt));
        hm_stretch_release(&s);
    }
    hm_frame_release(&system);
}

/* Frames 0..9 of a run whose even steps were exact, and one frame whose step was never decided. */
static void own_runs_say_which_kicks_were_exact(void)
{
    struct hm_frame system;
    struct hm_trajectory *trajectory;
    struct hm_stretch s;
    make_system(&system);
    const struct hm_trajectory_setup setup = {
        .frame = &system, .timestep = dt, .steps = 20, .stride = 1, .overwrite = true};
    HM_ASSERT_OK(hm_trajectory_create(path, &setup, &trajectory));
    for (int64_t n = 0; n < 11; n++) {
        double x[SIZE], v[SIZE] = {0};
        for (size_t k = 0; k < SIZE; k++) x[k] = position((double)n, k) / HM_LENGTH_ANGSTROM;
        const struct hm_trajectory_frame frame = {.step = n + 5, .x = x, .v = v, .potential_energy = NAN};
        HM_ASSERT_OK(hm_trajectory_append(trajectory, &frame));
    }
    for (int64_t n = 0; n < 15; n++) {
        const struct hm_decision_record record = {.step = n, .action = n % 2 ? HM_PREDICT : HM_INJECT};
        HM_ASSERT_OK(hm_trajectory_log_decision(trajectory, &record));
    }
    HM_ASSERT_OK(hm_trajectory_close(&trajectory));
    HM_ASSERT_OK(hm_stretch_read(path, &s));
    CU_ASSERT_EQUAL_FATAL(s.nframe, 11);
    for (size_t n = 0; n < 11; n++) CU_ASSERT_EQUAL(s.exact[n], n < 10 && n % 2 == 1);
    CU_ASSERT_EQUAL(s.step[0], 5);
    HM_ASSERT_NEAR(s.time[10], 15 * dt, 1e-9);
    HM_ASSERT_NEAR(s.x[10 * SIZE] * HM_LENGTH_ANGSTROM, position(10, 0), 1e-14);
    HM_ASSERT_OK(hm_stretch_check_system(&s, &system));
    HM_ASSERT_OK(hm_stretch_check_clock(&s, dt));
    hm_stretch_release(&s);
    hm_frame_release(&system);
}

/* ---- what is refused ---- */

static void put_file(const char *text)
{
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void files_that_are_no_trajectory_are_refused(void)
{
    unlink(path);
    refused("No such file");
    put_file("");
    refused("no atoms");
    put_file("words\n");
    refused("number of atoms");
    put_file("1\ntime=now\nH 0 0 0\n");
    refused("time of a frame is a number");
    put_file("1\nstep=1.5\nH 0 0 0\n");
    refused("step of a frame is a whole number");
    put_file("1\n\nH 0 0 0\n2\n\nH 0 0 0\nH 0 0 1\n");
    refused("frame 1 has another number of atoms");
    put_file("1\n\nH 0 0 0\n1\n\nC 0 0 0\n");
    refused("frame 1 has another elements");
    put_file("1\npbc=F\nH 0 0 0\n1\nLattice=\"9 0 0 0 9 0 0 0 9\"\nH 0 0 0\n");
    refused("frame 1 has another box");
    put_file("1\n\nH 0 0 0\n1\n\nH 0 0 nan\n");
    refused(":6:");
    H5Fclose(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    refused("/particles/<group>/position/value");
}

static void h5md_that_does_not_say_enough_is_refused(void)
{
    struct h5 h5 = H5_PLAIN;
    const hsize_t dims[3] = {FRAMES, ATOMS, 3};
    double x[FRAMES * SIZE] = {0};
    h5.length = NULL;
    H5Fclose(write_h5(&h5));
    refused("position/value has no unit");
    h5.length = "parsec";
    H5Fclose(write_h5(&h5));
    refused("'parsec'");
    h5.length = "ps";
    H5Fclose(write_h5(&h5));
    refused("no unit of length");
    h5.length = "Angstrom";
    hid_t file = write_h5(&h5);
    put(file, "/particles/more/position/value", H5T_NATIVE_DOUBLE, 3, dims, "nm", x);
    H5Fclose(file);
    refused("2 groups");
    file = write_h5(&h5);
    H5Ldelete(file, "/particles/all/mass", H5P_DEFAULT);
    put(file, "/particles/all/mass", H5T_NATIVE_DOUBLE, 1, dims, NULL, x);
    H5Fclose(file);
    refused("mass has not 2 values");
    h5.step = false;
    file = write_h5(&h5);
    put(file, "/particles/all/position/step", H5T_NATIVE_INT, 1, &dims[1], NULL, x);
    H5Fclose(file);
    refused("step has not 12 values");
}

static void check_system(const char *words, void (*change)(struct hm_frame *, struct hm_stretch *))
{
    struct hm_frame system;
    struct hm_stretch s;
    make_system(&system);
    write_text(plain);
    HM_ASSERT_OK(hm_stretch_read(path, &s));
    change(&system, &s);
    expect(hm_stretch_check_system(&s, &system), words);
    hm_stretch_release(&s);
    hm_frame_release(&system);
}

static void make_bromine(struct hm_frame *system, struct hm_stretch *stretch)
{
    (void)stretch;
    system->number[1] = 35;
}
static void make_deuterium(struct hm_frame *system, struct hm_stretch *stretch)
{
    (void)stretch;
    system->mass[0] *= 2;
}
static void make_larger(struct hm_frame *system, struct hm_stretch *stretch)
{
    (void)stretch;
    hm_frame_release(system);
    HM_ASSERT_OK(hm_frame_create(3, system));
}
static void make_periodic(struct hm_frame *system, struct hm_stretch *stretch)
{
    (void)stretch;
    system->periodic[1] = true;
    system->cell[4] = 20;
}
static void make_another_box(struct hm_frame *system, struct hm_stretch *stretch)
{
    make_periodic(system, stretch);
    stretch->periodic[1] = true;
    stretch->cell[4] = 20.001;
}
static void make_infinite(struct hm_frame *system, struct hm_stretch *stretch)
{
    (void)system;
    stretch->x[7 * SIZE + 4] = INFINITY;
}

static void other_systems_are_refused(void)
{
    check_system("atom 1 is Cl (species 17) and in the system it is Br", make_bromine);
    check_system("atom 0 (H) has a mass of 1 u and in the system one of 2 u", make_deuterium);
    check_system("has 2 atoms and the system has 3", make_larger);
    check_system("is not periodic along lattice vector 1 and the system is", make_periodic);
    check_system("its box is not that of the system", make_another_box);
    check_system("frame 7: the position of atom 1 is not finite", make_infinite);
}

static void check_clock(struct text text, double timestep_fs, const char *words)
{
    struct hm_stretch s;
    write_text(text);
    HM_ASSERT_OK(hm_stretch_read(path, &s));
    if (words)
        expect(hm_stretch_check_clock(&s, timestep_fs / HM_TIME_FS), words);
    else
        HM_ASSERT_OK(hm_stretch_check_clock(&s, timestep_fs / HM_TIME_FS));
    hm_stretch_release(&s);
}

static void other_clocks_are_refused(void)
{
    struct text text = plain;
    check_clock(text, 0.25, NULL);
    check_clock(text, 0.125,
                "frames are 2 steps (0.25 fs) apart; training needs every step: record with output.stride: 1");
    check_clock(text, 0.1, "frames are 0.25 fs apart and integrator.timestep is 0.1 fs");
    check_clock(text, 0.5, "frames are 0.25 fs apart and integrator.timestep is 0.5 fs");
    check_clock(text, 0.25005, "frames are 0.25 fs apart and integrator.timestep is 0.25005 fs");
    text.skip = 6;
    check_clock(text, 0.25, "frame 6 comes 0.5 fs after the one before it, not 0.25 fs: a gap");
    text.time = NULL;
    text.step = "step";
    check_clock(text, 0.25, "step 7 comes after step 5: a gap");
    text.skip = 0;
    check_clock(text, 0.25, NULL);
    text.every = 3;
    check_clock(text, 0.25, "frames are 3 steps (0.75 fs) apart");
    text.time = "time"; /* the program that wrote it took three smaller steps */
    check_clock(text, 0.75, NULL);
    text = plain;
    text.time = NULL; /* velocities are the clock */
    check_clock(text, 0.25, NULL);
    check_clock(text, 0.2, "by their velocities, frames are about 0.25 fs apart");
    text.every = 2;
    check_clock(text, 0.25, "by their velocities, frames are about 0.4");
    text.every = 1;
    text.velocities = false;
    check_clock(text, 0.25, "neither time nor step nor velocities");
    text.every = 6;
    check_clock(text, 0.25, "has 2 frames");
}

/* Times that a program kept in single precision: 100 ps are known to 8e-6 ps only, a thirtieth of a step. */
static void coarse_times_are_no_gaps(void)
{
    struct hm_stretch s;
    write_text(plain);
    HM_ASSERT_OK(hm_stretch_read(path, &s));
    for (size_t n = 0; n < FRAMES; n++) s.time[n] = (double)(float)(1e5 + 0.25 * (double)n) / HM_TIME_FS;
    HM_ASSERT_OK(hm_stretch_check_clock(&s, dt));
    for (size_t n = 0; n < FRAMES; n++) s.time[n] = (double)(float)(100 + 2.5e-4 * (double)n) * 1e3 / HM_TIME_FS;
    HM_ASSERT_OK(hm_stretch_check_clock(&s, dt));
    s.time[6] = s.time[5];
    expect(hm_stretch_check_clock(&s, dt), "a gap");
    hm_stretch_release(&s);
}

/* Velocities that have nothing to do with the positions are no clock. */
static void foreign_velocities_are_refused(void)
{
    struct hm_stretch s;
    struct text text = plain;
    text.time = NULL;
    write_text(text);
    HM_ASSERT_OK(hm_stretch_read(path, &s));
    for (size_t k = 0; k < FRAMES * SIZE; k++) s.v[k] = sin(7.0 * (double)(k * k));
    expect(hm_stretch_check_clock(&s, dt), "do not explain how its positions move");
    for (size_t k = 0; k < FRAMES * SIZE; k++) s.v[k] = 0;
    expect(hm_stretch_check_clock(&s, dt), "do not explain how its positions move");
    hm_stretch_release(&s);
}

/* ---- rounding ---- */

/* The rms difference between what the file holds and what should have been in it. */
static double measured_error(const struct hm_stretch *s)
{
    double squares = 0;
    for (size_t n = 0; n < FRAMES; n++)
        for (size_t k = 0; k < SIZE; k++)
            squares += pow(s->x[n * SIZE + k] - position((double)n, k) / HM_LENGTH_ANGSTROM, 2);
    return sqrt(squares / (FRAMES * SIZE));
}

static void rounding_is_noticed(void)
{
    struct hm_stretch s;
    char grid[32], expected[32];
    for (int decimals = 3; decimals <= 10; decimals++) {
        struct text text = plain;
        text.decimals = decimals;
        write_text(text);
        HM_ASSERT_OK(hm_stretch_read(path, &s));
        const double error = hm_stretch_rounding(&s, grid, sizeof grid);
        snprintf(expected, sizeof expected, "%d decimals", decimals);
        CU_ASSERT_STRING_EQUAL(grid, expected);
        CU_ASSERT_TRUE(error > 0.7 * measured_error(&s) && error < 1.4 * measured_error(&s));
        hm_stretch_release(&s);
    }
    static const struct {
        const char *unit;
        double scale;
    } units[] = {{"Angstrom", 1}, {"nm", 0.1}, {"Bohr", 1 / HM_LENGTH_ANGSTROM}};
    for (size_t i = 0; i < 3; i++)
        for (int single = 0; single < 2; single++) {
            struct h5 h5 = H5_PLAIN;
            h5.length = units[i].unit;
            h5.scale = units[i].scale;
            if (single) h5.stored = H5T_NATIVE_FLOAT;
            H5Fclose(write_h5(&h5));
            HM_ASSERT_OK(hm_stretch_read(path, &s));
            const double error = hm_stretch_rounding(&s, grid, sizeof grid);
            CU_ASSERT_STRING_EQUAL(grid, single ? "single precision" : "double precision");
            if (single) CU_ASSERT_TRUE(error > 0.7 * measured_error(&s) && error < 1.4 * measured_error(&s));
            if (!single) CU_ASSERT_EQUAL(error, 0);
            hm_stretch_release(&s);
        }
}

/* ---- boxes ---- */

static void put_boundary(hid_t file, const char *word)
{
    const hid_t group = H5Gopen2(file, "/particles/all/box", H5P_DEFAULT), type = H5Tcopy(H5T_C_S1);
    const hsize_t three = 3;
    const hid_t space = H5Screate_simple(1, &three, NULL);
    char words[3][9] = {"none", "none", ""};
    strcpy(words[2], word);
    H5Tset_size(type, 9);
    const hid_t attribute = H5Acreate2(group, "boundary", type, space, H5P_DEFAULT, H5P_DEFAULT);
    CU_ASSERT_TRUE(H5Awrite(attribute, type, words) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    H5Gclose(group);
}

static void write_box(const char *name, int rank, const hsize_t *dims, const double *edges, const char *boundary)
{
    const struct h5 h5 = H5_PLAIN;
    const hid_t file = write_h5(&h5);
    put(file, name, H5T_NATIVE_DOUBLE, rank, dims, "nm", edges);
    put_boundary(file, boundary);
    H5Fclose(file);
}

static void boxes_are_read(void)
{
    const double vector[3] = {1, 2, 3}, matrix[9] = {1, 0, 0, 0, 2, 0, 0.5, 0, 3}, changing[6] = {1, 2, 3, 1, 2, 3.1};
    const hsize_t three[2] = {3, 3}, frames[3] = {2, 3, 3};
    const double twice[18] = {1, 0, 0, 0, 2, 0, 0.5, 0, 3, 1, 0, 0, 0, 2, 0, 0.5, 0, 3};
    const struct {
        const char *name;
        int rank;
        const hsize_t *dims;
        const double *edges;
        double slant;
    } boxes[] = {
        {"/particles/all/box/edges", 1, three, vector, 0},
        {"/particles/all/box/edges", 2, three, matrix, 5},
        {"/particles/all/box/edges/value", 3, frames, twice, 5},
    };
    struct hm_stretch s;
    for (size_t i = 0; i < 3; i++) {
        write_box(boxes[i].name, boxes[i].rank, boxes[i].dims, boxes[i].edges, "periodic");
        HM_ASSERT_OK(hm_stretch_read(path, &s));
        CU_ASSERT_TRUE(!s.periodic[0] && !s.periodic[1] && s.periodic[2]);
        CU_ASSERT_TRUE(s.cell[0] == 0 && s.cell[4] == 0);
        HM_ASSERT_NEAR(s.cell[8] * HM_LENGTH_ANGSTROM, 30, 1e-9);
        HM_ASSERT_NEAR(s.cell[6] * HM_LENGTH_ANGSTROM, boxes[i].slant, 1e-9);
        hm_stretch_release(&s);
    }
    write_box("/particles/all/box/edges", 1, three, vector, "none");
    HM_ASSERT_OK(hm_stretch_read(path, &s));
    CU_ASSERT_TRUE(!s.periodic[2] && s.cell[8] == 0);
    hm_stretch_release(&s);
    write_box("/particles/all/box/edges/value", 2, frames, changing, "periodic");
    refused("the box changes with time");
    write_box("/particles/all/box/edges", 1, frames, vector, "periodic");
    refused("has not the shape it should have");
}

/* A molecule that leaves through a face and comes in on the other side has moved as if it had not. */
static void displacements_are_to_the_nearest_image(void)
{
    struct hm_stretch s;
    double d[SIZE];
    write_text(plain);
    HM_ASSERT_OK(hm_stretch_read(path, &s));
    s.periodic[0] = true;
    s.cell[0] = 4.0;
    for (size_t n = 0; n < FRAMES; n++)
        for (size_t k = 0; k < SIZE; k += 3)
            s.x[n * SIZE + k] -= 4.0 * floor(s.x[n * SIZE + k] / 4.0 + 0.1 * (double)n);
    for (size_t n = 0; n + 1 < FRAMES; n++) {
        hm_stretch_displacement(&s, n, d);
        for (size_t k = 0; k < SIZE; k++) {
            const double moved = position((double)n + 1, k) - position((double)n, k);
            HM_ASSERT_NEAR(d[k] * HM_LENGTH_ANGSTROM, moved, 1e-9);
        }
    }
    hm_stretch_release(&s);
}

static const struct hm_test tests[] = {
    {"extended XYZ is read", extended_xyz_is_read},
    {"any H5MD is read", any_h5md_is_read},
    {"own runs say which kicks were exact", own_runs_say_which_kicks_were_exact},
    {"files that are no trajectory are refused", files_that_are_no_trajectory_are_refused},
    {"H5MD that does not say enough is refused", h5md_that_does_not_say_enough_is_refused},
    {"other systems are refused", other_systems_are_refused},
    {"other clocks are refused", other_clocks_are_refused},
    {"coarse times are no gaps", coarse_times_are_no_gaps},
    {"foreign velocities are refused", foreign_velocities_are_refused},
    {"rounding is noticed", rounding_is_noticed},
    {"boxes are read", boxes_are_read},
    {"displacements are to the nearest image", displacements_are_to_the_nearest_image},
};

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/frames", folder);
    const int failed = hm_test_main("stretch", tests, sizeof tests / sizeof *tests);
    unlink(path);
    rmdir(folder);
    return failed;
}
