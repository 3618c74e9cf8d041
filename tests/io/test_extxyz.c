#include "io/extxyz.h"
#include "io/elements.h"
#include "io/rng.h"
#include "io/units.h"
#include "tests/test.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANGSTROM (1.0 / HM_LENGTH_ANGSTROM)

static const char water[] = "3\n"
                            "Properties=species:S:1:pos:R:3 comment=\"a \\\"quoted\\\" word\"\n"
                            "O 0.0 0.0 0.1173\n"
                            "H 0.0 0.7572 -0.4692\n"
                            "H 0.0 -0.7572 -0.4692\n";

static void expect_fault(const char *text, const char *words)
{
    struct hm_frame frame;
    hm_status_clear();
    CU_ASSERT_EQUAL(hm_extxyz_parse(text, "geometry.xyz", 0, &frame), HM_BAD_INPUT);
    CU_ASSERT_PTR_NULL(frame.storage);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "geometry.xyz"));
    if (!strstr(hm_status_message(), words)) printf("\n    '%s' lacks '%s'\n", hm_status_message(), words);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), words));
}

static void positions_are_read(void)
{
    static const char *const same[] = {
        water,
        "3\nfree text, isn't it\nO 0 0 0.1173\nH 0 .7572 -4.692e-1\nH 0 -0.7572 -0.4692\n",
        "3\r\n\r\nO 0 0 0.1173\r\nH 0 0.7572 -0.4692\r\nH 0 -0.7572 -0.4692\r\n\r\n\r\n",
        "  3  \n\nO\t0\t0\t0.1173\n  H  0 0.7572 -0.4692   \nH 0 -0.7572 -0.4692",
        "3\nplain with more columns\nO 0 0 0.1173 -0.8 x\nH 0 0.7572 -0.4692 0.4 y\nH 0 -0.7572 -0.4692 0.4\n",
        "3\nProperties=id:I:1:pos:R:3:charge:R:1:species:S:1:moved:L:3\n"
        "1 0 0 0.1173 nan O T T F\n2 0 0.7572 -0.4692 0.4 H T T F\n3 0 -0.7572 -0.4692 0.4 H T T F\n",
        "3\nproperties = \"species:S:1:pos:R:3\" flag other={1 2 3} m=[[1, 2], [3, 4]] pbc=\"F F F\"\n"
        "O 0 0 0.1173\nH 0 0.7572 -0.4692\nH 0 -0.7572 -0.4692\n   \n",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct hm_frame frame;
        HM_ASSERT_OK(hm_extxyz_parse(same[i], "water.xyz", 0, &frame));
        CU_ASSERT_EQUAL_FATAL(frame.natom, 3);
        CU_ASSERT_TRUE(frame.number[0] == 8 && frame.number[1] == 1 && frame.number[2] == 1);
        HM_ASSERT_NEAR(frame.x[2], 0.1173 * ANGSTROM, 1e-15);
        HM_ASSERT_NEAR(frame.x[4], 0.7572 * ANGSTROM, 1e-15);
        HM_ASSERT_NEAR(frame.x[8], -0.4692 * ANGSTROM, 1e-15);
        CU_ASSERT_EQUAL(frame.mass[0], hm_element_mass(8));
        CU_ASSERT_FALSE(frame.has_velocities);
        CU_ASSERT_FALSE(hm_frame_is_periodic(&frame));
        hm_frame_release(&frame);
    }
}

static void motion_and_masses_are_read(void)
{
    /* One unit of ASE's velocity is sqrt(eV/amu): an atom of 1 amu then moves with 1/2 eV. */
    static const char *const texts[] = {
        "1\nProperties=species:S:1:pos:R:3:vel:R:3:masses:R:1\nH 0 0 0 1 -2 0 2.5\n",
        "1\nProperties=species:S:1:pos:R:3:velo:R:3:mass:R:1\nH 0 0 0 1 -2 0 2.5\n",
        "1\nProperties=masses:R:1:velocities:R:3:species:S:1:pos:R:3\n2.5 1 -2 0 H 0 0 0\n",
        "1\nProperties=species:S:1:pos:R:3:momenta:R:3:masses:R:1\nH 0 0 0 2.5 -5 0 2.5\n",
        "1\nProperties=masses:R:1:momenta:R:3:species:S:1:pos:R:3:vel:R:3\n2.5 2.5 -5 0 H 0 0 0 7 7 7\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct hm_frame frame;
        HM_ASSERT_OK(hm_extxyz_parse(texts[i], "moving.xyz", -1, &frame));
        CU_ASSERT_TRUE(frame.has_velocities);
        HM_ASSERT_NEAR(frame.mass[0] * HM_MASS_AMU, 2.5, 1e-14);
        HM_ASSERT_NEAR(0.5 * frame.mass[0] * frame.v[0] * frame.v[0] * HM_ENERGY_EV, 1.25, 1e-12);
        HM_ASSERT_NEAR(frame.v[1] / frame.v[0], -2.0, 1e-14);
        hm_frame_release(&frame);
    }
    struct hm_frame frame;
    HM_ASSERT_OK(hm_extxyz_parse("2\n\nD 0 0 0\nT 0 0 1\n", "heavy.xyz", 0, &frame));
    CU_ASSERT_TRUE(frame.number[0] == 1 && frame.number[1] == 1);
    HM_ASSERT_NEAR(frame.mass[0] * HM_MASS_AMU, 2.0141, 1e-4);
    HM_ASSERT_NEAR(frame.mass[1] * HM_MASS_AMU, 3.0160, 1e-4);
    hm_frame_release(&frame);
}

static void boxes_are_read(void)
{
    static const struct {
        const char *comment;
        bool periodic[3];
        double cell[9];
    } boxes[] = {
        {"Lattice=\"5 0 0 1 6 0 0 2 7\"", {true, true, true}, {5, 0, 0, 1, 6, 0, 0, 2, 7}},
        {"Lattice=\"5 0 0 1 6 0 0 2 7\" pbc=\"T T F\"", {true, true, false}, {5, 0, 0, 1, 6, 0, 0, 0, 0}},
        {"Lattice=[[5,0,0],[1,6,0],[0,2,7]] pbc=[1, 0, 1]", {true, false, true}, {5, 0, 0, 0, 0, 0, 0, 2, 7}},
        {"lattice={5.0 0 0 1 6 0 0 2 7} pbc=T", {true, true, true}, {5, 0, 0, 1, 6, 0, 0, 2, 7}},
        {"pbc='False False False'", {false, false, false}, {0}},
        {"Lattice=\"5 0 0 0 6 0 0 0 7\" pbc=\"F F F\"", {false, false, false}, {0}},
    };
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) {
        char text[256];
        struct hm_frame frame;
        snprintf(text, sizeof text, "1\n%s\nAr 1 2 3\n", boxes[i].comment);
        HM_ASSERT_OK(hm_extxyz_parse(text, "box.xyz", 0, &frame));
        for (int k = 0; k < 3; k++) CU_ASSERT_EQUAL(frame.periodic[k], boxes[i].periodic[k]);
        for (int k = 0; k < 9; k++) HM_ASSERT_NEAR(frame.cell[k], boxes[i].cell[k] * ANGSTROM, 1e-14);
        hm_frame_release(&frame);
    }
}

static void frames_are_chosen_by_number(void)
{
    const char *text = "1\n\nH 0 0 0\n\n2\n\nHe 0 0 0\nHe 1 1 1\n1\nlast\nLi 3 3 3\n\n";
    static const struct {
        long index;
        int number;
    } choices[] = {{0, 1}, {1, 2}, {2, 3}, {-1, 3}};
    struct hm_frame frame;
    for (size_t i = 0; i < 4; i++) {
        HM_ASSERT_OK(hm_extxyz_parse(text, "many.xyz", choices[i].index, &frame));
        CU_ASSERT_EQUAL(frame.number[0], choices[i].number);
        hm_frame_release(&frame);
    }
    CU_ASSERT_EQUAL(hm_extxyz_parse(text, "many.xyz", 3, &frame), HM_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "no frame 3, only 3"));
    CU_ASSERT_EQUAL(hm_extxyz_parse(text, "many.xyz", -2, &frame), HM_BAD_INPUT);
    CU_ASSERT_EQUAL(hm_extxyz_parse("1\n\nH 0 0 0\n5\n\nH 0 0 0\n", "many.xyz", -1, &frame), HM_BAD_INPUT);
    HM_ASSERT_OK(hm_extxyz_parse("1\n\nH 0 0 0\nrubbish\n", "many.xyz", 0, &frame));
    hm_frame_release(&frame);
}

static void faults_name_the_line(void)
{
    static const char *const faults[][2] = {
        {"", "no atoms"},
        {"\n \n\t\n", "no atoms"},
        {"0\n\n", ":1: a frame needs atoms"},
        {"x\n\nH 0 0 0\n", ":1: a frame starts with its number of atoms, not 'x'"},
        {"1 2\n\nH 0 0 0\n", ":1: a frame starts"},
        {"-1\n\nH 0 0 0\n", ":1: a frame starts"},
        {"1.0\n\nH 0 0 0\n", ":1: a frame starts"},
        {"1000000000\n\nH 0 0 0\n", ":1: the text is too short"},
        {"99999999999999999999999999999\n\nH 0 0 0\n", ":1: a frame starts"},
        {"2\n\nH 0.000 0.000 0.000\n", ":4: atom 1 of 2 is missing"},
        {"2\n\nH 0.000 0.000 0.000\n\nH 0 0 1\n", ":4: atom 1 of 2 is missing"},
        {"1\n", ":1: the text is too short"},
        {"1\n\nH 0 0 zero\n", ":3: a finite number is needed, not 'zero'"},
        {"1\n\nH 0 0 nan\n", ":3: a finite number is needed, not 'nan'"},
        {"1\n\nH 0 inf 0\n", ":3: a finite number is needed, not 'inf'"},
        {"1\n\nH 0 1e999 0\n", ":3: a finite number"},
        {"1\n\nH 0 0x10 0\n", ":3: a finite number"},
        {"1\n\nH 0 0 1.0abc\n", ":3: a finite number"},
        {"1\n\nH 0.0 0.0\n", ":3: fewer than the 4 columns"},
        {"1\n\nQq 0 0 0\n", ":3: unknown element 'Qq'"},
        {"1\n\nCL 0 0 0\n", "did you mean 'Cl'?"},
        {"1\n\nHydrogen 0 0 0\n", ":3: unknown element 'Hydrogen'"},
        {"1\n\n17 0 0 0\n", ":3: a chemical symbol is needed, not the number '17'"},
        {"1\nProperties=species:S:1:pos:R:3\nH 0 0 0 4\n", ":3: more than the 4 columns"},
        {"1\nProperties=species:S:1:pos:R:3:x:R:2\nH 0 0 0 4\n", ":3: fewer than the 6 columns"},
        {"1\nProperties=pos:R:3\n0.00 0.00 0.00\n", ":2: Properties names no species"},
        {"1\nProperties=species:S:1\nH      \n", ":2: Properties names no pos"},
        {"1\nProperties=species:S:1:pos:R\nH 0 0 0\n", ":2: Properties is not a list"},
        {"1\nProperties=species:S:1:pos:R:2\nH 0 0 0\n", ":2: three real columns"},
        {"1\nProperties=species:I:1:pos:R:3\n1 0 0 0\n", ":2: chemical symbols"},
        {"1\nProperties=species:S:1:pos:Q:3\nH 0 0 0\n", ":2: a type in Properties"},
        {"1\nProperties=species:S:1:pos:R:3:x:R:99999999999999\nH 0 0 0\n", ":2: a column count"},
        {"1\nProperties=species:S:1:pos:R:3:x:R:0\nH 0 0 0\n", ":2: a column count"},
        {"1\nProperties=species:S:1:pos:R:3:masses:R:3\nH 0 0 0\n", ":2: one real column"},
        {"1\nLattice=\"1 2 3\"\nH 0 0 0\n", ":2: Lattice needs 9 numbers"},
        {"1\nLattice=\"1 0 0 0 1 0 0 0 nan\"\nH 0 0 0\n", ":2: Lattice holds"},
        {"1\nLattice=\"1 0 0 0 1 0 0 0 0\"\nH 0 0 0\n", "no volume"},
        {"1\nLattice=\"5 0 0 0 5 0 0 0 5\nH 0 0 0\n", ":2: a quote or bracket is not closed"},
        {"1\nLattice=\"5 0 0 0 5 0 0 0 5\" pbc=\"T T\"\nH 0 0 0\n", ":2: pbc needs 3 flags"},
        {"1\nLattice=\"5 0 0 0 5 0 0 0 5\" pbc=\"T T X\"\nH 0 0 0\n", ":2: pbc is made of T and F, not 'X'"},
        {"1\nProperties=species:S:1:pos:R:3:move_mask:L:3\nH 0 0 0 T T F\n", ":2: atoms are held as a whole"},
        {"1\nProperties=species:S:1:pos:R:3:move_mask:L:1\nH 0 0 0 1\n", ":3: move_mask must be T or F, not '1'"},
        {"1\npbc=\"T T T\"\nH 0 0 0\n", ":2: a periodic direction needs a Lattice"},
        {"1\nProperties=species:S:1:pos:R:3:masses:R:1\nH 0 0 0 -1\n", "mass of atom 0 (H) is -1 u"},
        {"1\nProperties=species:S:1:pos:R:3:momenta:R:3:masses:R:1\nH 0 0 0 1 1 1 0\n", "mass of atom 0 (H) is 0 u"},
        {"3\n\nH 0 0 0\nO 1 1 1\nH 0 0 0\n", "atoms 0 (H) and 2 (H) are 0 Angstrom apart"},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) expect_fault(faults[i][0], faults[i][1]);
}

static void what_is_written_is_read(void)
{
    for (int variant = 0; variant < 4; variant++) {
        const struct hm_velocity_options options = {1e-3, 4, 0, true, false, 1.0};
        struct hm_frame frame, back;
        double force[9];
        HM_ASSERT_OK(hm_extxyz_parse(water, "water.xyz", 0, &frame));
        frame.mass[1] *= 2.0;
        if (variant & 1) HM_ASSERT_OK(hm_velocities_draw(&frame, &options));
        if (variant & 2) {
            frame.periodic[0] = frame.periodic[2] = true;
            frame.cell[0] = 9.0;
            frame.cell[6] = 1.0;
            frame.cell[8] = 8.0;
            hm_frame_freeze(&frame, 1);
        }
        for (size_t i = 0; i < 9; i++) force[i] = 0.01 * (double)i;
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);
        HM_ASSERT_OK(hm_extxyz_write(out, &frame, variant & 2 ? force : NULL, variant & 1 ? -76.4 : NAN));
        HM_ASSERT_OK(hm_extxyz_write(out, &frame, NULL, NAN));
        fclose(out);
        CU_ASSERT_EQUAL(strstr(text, "energy=") != NULL, (variant & 1) != 0);
        CU_ASSERT_EQUAL(strstr(text, "forces:R:3") != NULL, (variant & 2) != 0);
        for (long index = 0; index < 2; index++) {
            HM_ASSERT_OK(hm_extxyz_parse(text, "copy.xyz", index, &back));
            CU_ASSERT_EQUAL(back.has_velocities, frame.has_velocities);
            CU_ASSERT_EQUAL(hm_frame_holds(&back, 1), (variant & 2) != 0);
            CU_ASSERT_EQUAL(back.nfrozen, frame.nfrozen);
            for (size_t i = 0; i < 9; i++) {
                HM_ASSERT_NEAR(back.x[i], frame.x[i], 1e-14);
                HM_ASSERT_NEAR(back.v[i], frame.v[i], 1e-17);
                HM_ASSERT_NEAR(back.cell[i], frame.cell[i], 1e-14);
                CU_ASSERT_EQUAL(back.periodic[i / 3], frame.periodic[i / 3]);
                HM_ASSERT_NEAR(back.mass[i / 3] / frame.mass[i / 3], 1.0, 1e-14);
            }
            hm_frame_release(&back);
        }
        free(text);
        hm_frame_release(&frame);
    }
}

static void files_are_opened_or_named(void)
{
    char path[] = "/tmp/hamlet_extxyz_XXXXXX";
    struct hm_frame frame;
    const int file = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(file >= 0);
    CU_ASSERT_EQUAL(write(file, water, strlen(water)), (ssize_t)strlen(water));
    HM_ASSERT_OK(hm_extxyz_read(path, -1, &frame));
    CU_ASSERT_EQUAL(frame.natom, 3);
    hm_frame_release(&frame);
    CU_ASSERT_EQUAL(write(file, "\0", 1), 1);
    CU_ASSERT_EQUAL(hm_extxyz_read(path, -1, &frame), HM_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "not a text file"));
    close(file);
    unlink(path);
    CU_ASSERT_NOT_EQUAL(hm_extxyz_read(path, -1, &frame), HM_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), path));
    CU_ASSERT_NOT_EQUAL(hm_extxyz_read("/tmp", -1, &frame), HM_OK);
    FILE *full = fopen("/dev/full", "w");
    if (!full) return;
    HM_ASSERT_OK(hm_extxyz_parse(water, "water.xyz", 0, &frame));
    CU_ASSERT_EQUAL(hm_extxyz_write(full, &frame, NULL, NAN), HM_IO_ERROR);
    fclose(full);
    hm_frame_release(&frame);
}

/* Mutations of good text: a frame that passes every check, or a fault with a message; never anything else. */
static void rubbish_does_no_harm(void)
{
    static const char *const seeds[] = {
        water,
        "2\nLattice=\"5 0 0 1 6 0 0 2 7\" pbc=\"T T F\" Properties=species:S:1:pos:R:3:momenta:R:3:masses:R:1 "
        "energy=1\n"
        "H 0 0 0 1 2 3 1.0\nCl 1.27 0 0 -1 -2 -3 35.0\n1\n\nHe 0 0 0\n",
    };
    static const char pieces[] = "0123456789.-+eE \t\n\r\"'{}[]=:,SRILTFHOClnaif\\\x80\xff";
    const struct hm_rng_key key = {17, 0, HM_RNG_TEST};
    size_t read = 0, refused = 0;
    for (uint32_t i = 0; i < 20000; i++) {
        char text[512];
        double u[2];
        strcpy(text, seeds[i % 2]);
        for (uint32_t k = 0; k < 1 + i % 4; k++) {
            const size_t length = strlen(text);
            hm_rng_uniform2(key, i, k, u);
            const size_t at = (size_t)(u[0] * (double)length);
            const char piece = pieces[(size_t)(u[1] * (double)(sizeof pieces - 1))];
            const uint32_t kind = (i / 8 + k) % 4;
            if (kind == 0) text[at] = piece;
            if (kind == 1) memmove(text + at, text + at + 1, length - at);
            if (kind == 2 && length + 2 < sizeof text) {
                memmove(text + at + 1, text + at, length - at + 1);
                text[at] = piece;
            }
            if (kind == 3) text[at] = '\0';
        }
        struct hm_frame frame;
        hm_status_clear();
        const enum hm_status status = hm_extxyz_parse(text, "mutant.xyz", (long)(i % 3) - 1, &frame);
        if (status == HM_OK) {
            read++;
            CU_ASSERT_EQUAL(hm_frame_check(&frame, "mutant.xyz"), HM_OK);
            hm_frame_release(&frame);
        } else {
            refused++;
            CU_ASSERT_EQUAL(status, HM_BAD_INPUT);
            CU_ASSERT_EQUAL(strncmp(hm_status_message(), "mutant.xyz:", 11), 0);
        }
    }
    CU_ASSERT_TRUE(read > 1000 && refused > 1000);
}

static const struct hm_test tests[] = {
    {"positions", positions_are_read},
    {"velocities, momenta, masses, isotopes", motion_and_masses_are_read},
    {"boxes", boxes_are_read},
    {"frames by number", frames_are_chosen_by_number},
    {"faults name the line", faults_name_the_line},
    {"what is written is read", what_is_written_is_read},
    {"files", files_are_opened_or_named},
    {"rubbish does no harm", rubbish_does_no_harm},
};
HM_TEST_MAIN("extxyz", tests)
