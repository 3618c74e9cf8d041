#include "io/config.h"
#include "tests/test.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FEMTOSECOND 41.341373335182112
#define ANGSTROM 1.8897261246257702

static const char least[] = "hamiltonian: {type: harmonic}\nintegrator: {timestep: 0.25 fs, steps: 1e6}\n";

static const char full[] = "system:\n"
                           "  geometry: sub/hcl.xyz\n"
                           "  initial_velocities: {temperature: 300 K, seed: 7, remove: [momentum, angular_momentum], "
                           "scale_energy: 1.5}\n"
                           "hamiltonian:\n"
                           "  type: morse\n"
                           "  molecule: HCl\n"
                           "  bonds:\n"
                           "  - {atoms: [0, 1], k: 516.3 N/m, r0: 1.27 A}\n"
                           "  - atoms: [1, 2]\n"
                           "    De: '4.62 eV'\n"
                           "    a: 1.87 1/A\n"
                           "integrator: {timestep: 0.25 fs, steps: 100000, max_displacement: 0.5 A}\n"
                           "thermostat: {type: langevin, temperature: [200 K, 600 K]}\n"
                           "predictor: {type: linear, inputs: [coordinate], history: 32, ridge: 1e-8}\n"
                           "training: {mode: asynchronous, warmup_steps: 0}\n"
                           "policy: {frequency: 0.05, log: /data/old.h5}\n"
                           "ranks: {predictors: 1, oracles: 2}\n"
                           "output: {trajectory: out/run.h5, energies: injections}\n";

/* A configuration that must be good; NULL (and a failed assertion) where it is not. */
static struct hm_config *parse(const char *text, const char *override)
{
    struct hm_config *config = NULL;
    const enum hm_status status = hm_config_parse(text, "dir/run.yaml", &override, override ? 1 : 0, &config);
    if (status != HM_OK) printf("%s\n", hm_status_message());
    CU_ASSERT_EQUAL_FATAL(status, HM_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    return config;
}

static void test_defaults(void)
{
    struct hm_config *config = parse(least, NULL);
    CU_ASSERT_FALSE(hm_config_has(config, "system.geometry"));
    CU_ASSERT_FALSE(hm_config_has(config, "predictor"));
    CU_ASSERT_FALSE(hm_config_has(config, "predictor.type"));
    CU_ASSERT_TRUE(hm_config_has(config, "integrator.steps"));
    CU_ASSERT_PTR_NULL(hm_config_text(config, "system.geometry"));
    CU_ASSERT_PTR_NULL(hm_config_path(config, "policy.log"));
    CU_ASSERT_EQUAL(hm_config_integer(config, "integrator.steps"), 1000000);
    HM_ASSERT_NEAR(hm_config_real(config, "integrator.timestep"), 0.25 * FEMTOSECOND, 1e-9);
    HM_ASSERT_NEAR(hm_config_real(config, "integrator.max_displacement"), 0.3 * ANGSTROM, 1e-9);
    HM_ASSERT_NEAR(hm_config_real(config, "integrator.max_temperature"), 1e5 / HM_TEMPERATURE_KELVIN, 1e-9);
    CU_ASSERT_STRING_EQUAL(hm_config_text(config, "predictor.type"), "linear");
    CU_ASSERT_TRUE(hm_config_is(config, "predictor.representation", "pair"));
    CU_ASSERT_EQUAL(hm_config_length(config, "predictor.inputs"), 2);
    CU_ASSERT_TRUE(hm_config_lists(config, "predictor.inputs", "velocity"));
    CU_ASSERT_STRING_EQUAL(hm_config_text(config, "predictor.inputs[1]"), "coordinate");
    CU_ASSERT_PTR_NULL(hm_config_text(config, "predictor.inputs[2]"));
    CU_ASSERT_TRUE(hm_config_lists(config, "system.initial_velocities.remove", "momentum"));
    CU_ASSERT_FALSE(hm_config_lists(config, "system.initial_velocities.remove", "angular_momentum"));
    CU_ASSERT_TRUE(hm_config_is(config, "predictor.history", "auto"));
    CU_ASSERT_TRUE(isnan(hm_config_real(config, "predictor.ridge")));
    CU_ASSERT_EQUAL(hm_config_real(config, "policy.frequency"), 0.01);
    CU_ASSERT_EQUAL(hm_config_integer(config, "training.warmup_steps"), 4000);
    CU_ASSERT_TRUE(hm_config_is(config, "thermostat", "none"));
    CU_ASSERT_TRUE(hm_config_is(config, "ranks", "auto"));
    CU_ASSERT_EQUAL(hm_config_integer(config, "ranks.oracle_size"), 1);
    CU_ASSERT_EQUAL(hm_config_length(config, "hamiltonian.bonds"), 0);
    CU_ASSERT_STRING_EQUAL(hm_config_path(config, "output.trajectory"), "run.h5");
    CU_ASSERT_STRING_EQUAL(hm_config_name(config), "dir/run.yaml");
    hm_config_destroy(&config);
    CU_ASSERT_PTR_NULL(config);
    hm_config_destroy(&config);
}

static void check_full(const struct hm_config *config)
{
    CU_ASSERT_STRING_EQUAL(hm_config_path(config, "system.geometry"), "dir/sub/hcl.xyz"); /* beside the file */
    CU_ASSERT_STRING_EQUAL(hm_config_text(config, "system.geometry"), "sub/hcl.xyz");
    CU_ASSERT_STRING_EQUAL(hm_config_path(config, "output.trajectory"), "out/run.h5"); /* where the user stands */
    CU_ASSERT_STRING_EQUAL(hm_config_path(config, "policy.log"), "/data/old.h5");
    HM_ASSERT_NEAR(hm_config_real(config, "system.initial_velocities.temperature"), 300 / HM_TEMPERATURE_KELVIN, 1e-12);
    CU_ASSERT_EQUAL(hm_config_integer(config, "system.initial_velocities.seed"), 7);
    CU_ASSERT_TRUE(hm_config_lists(config, "system.initial_velocities.remove", "angular_momentum"));
    CU_ASSERT_EQUAL(hm_config_real(config, "system.initial_velocities.scale_energy"), 1.5);
    CU_ASSERT_EQUAL(hm_config_length(config, "hamiltonian.bonds"), 2);
    CU_ASSERT_EQUAL(hm_config_integer(config, "hamiltonian.bonds[1].atoms[1]"), 2);
    CU_ASSERT_EQUAL(hm_config_length(config, "hamiltonian.bonds[0].atoms"), 2);
    HM_ASSERT_NEAR(hm_config_real(config, "hamiltonian.bonds[0].k"), 516.3 / 1556.89310285, 1e-9);
    HM_ASSERT_NEAR(hm_config_real(config, "hamiltonian.bonds[1].De"), 4.62 / HM_ENERGY_EV, 1e-12);
    HM_ASSERT_NEAR(hm_config_real(config, "hamiltonian.bonds[1].a"), 1.87 / ANGSTROM, 1e-9);
    CU_ASSERT_TRUE(hm_config_has(config, "hamiltonian.bonds[0].k"));
    CU_ASSERT_FALSE(hm_config_has(config, "hamiltonian.bonds[1].k"));
    CU_ASSERT_TRUE(isnan(hm_config_real(config, "hamiltonian.bonds[1].k")));
    CU_ASSERT_EQUAL(hm_config_length(config, "thermostat.temperature"), 2);
    HM_ASSERT_NEAR(hm_config_real(config, "thermostat.temperature[1]"), 600 / HM_TEMPERATURE_KELVIN, 1e-12);
    CU_ASSERT_TRUE(isnan(hm_config_real(config, "thermostat.temperature"))); /* it is a list */
    CU_ASSERT_EQUAL(hm_config_integer(config, "predictor.history"), 32);
    CU_ASSERT_FALSE(hm_config_is(config, "predictor.history", "auto"));
    CU_ASSERT_EQUAL(hm_config_real(config, "predictor.ridge"), 1e-8);
    CU_ASSERT_EQUAL(hm_config_length(config, "predictor.inputs"), 1);
    CU_ASSERT_FALSE(hm_config_lists(config, "predictor.inputs", "velocity"));
    CU_ASSERT_PTR_NULL(hm_config_text(config, "predictor.inputs[1]")); /* not the default's second item */
    CU_ASSERT_FALSE(hm_config_is(config, "ranks", "auto"));
    CU_ASSERT_EQUAL(hm_config_integer(config, "ranks.oracles"), 2);
    CU_ASSERT_EQUAL(hm_config_integer(config, "ranks.oracle_size"), 1);
    CU_ASSERT_TRUE(hm_config_is(config, "training.mode", "asynchronous"));
}

static void test_values_survive_a_round_trip(void)
{
    struct hm_config *config = parse(full, NULL);
    check_full(config);
    struct hm_config *again = parse(hm_config_yaml(config), NULL);
    check_full(again);
    CU_ASSERT_STRING_EQUAL(hm_config_yaml(again), hm_config_yaml(config));
    hm_config_destroy(&config);
    hm_config_destroy(&again);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_values(const struct hm_config *a, const struct hm_config *b)
{
    static const char *const keys[] = {
        "system.geometry",     "hamiltonian.molecule", "hamiltonian.bonds[1].De", "hamiltonian.bonds[0].atoms[1]",
        "integrator.timestep", "integrator.steps",     "predictor.inputs[0]",     "predictor.ridge",
        "policy.frequency",    "policy.log",           "output.trajectory",       "ranks.oracles"};
    bool same = strcmp(hm_config_yaml(a), hm_config_yaml(b)) == 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const double ra = hm_config_real(a, keys[i]), rb = hm_config_real(b, keys[i]);
        same = same && same_text(hm_config_text(a, keys[i]), hm_config_text(b, keys[i]));
        same = same && same_text(hm_config_path(a, keys[i]), hm_config_path(b, keys[i]));
        same = same && (ra == rb || (isnan(ra) && isnan(rb)));
        same = same && hm_config_integer(a, keys[i]) == hm_config_integer(b, keys[i]);
        same = same && hm_config_has(a, keys[i]) == hm_config_has(b, keys[i]);
    }
    return same;
}

static void test_odd_paths_survive_a_round_trip(void)
{
    static const char *const paths[] = {"--- x",     "'a: b'",      "\"tab\\t\\\"quote\"",
                                        "'null'",    "'~'",         "a#b",
                                        "../x.h5",   "'#x'",        "' pad '",
                                        "'[x]'",     "\xc3\xa9.h5", "- x",
                                        "'a\n\n b'", "-",           "'*x'",
                                        "a:b",       "'%x'",        "'a''b'",
                                        "-x",        "x "};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char text[512];
        struct hm_config *config = NULL, *again = NULL;
        snprintf(text, sizeof text, "%soutput: {stride: 5, trajectory: %s}\n", least, paths[i]);
        if (hm_config_parse(text, "run.yaml", NULL, 0, &config) != HM_OK) { /* "- x" is no path in one line */
            CU_ASSERT_EQUAL(paths[i][0], '-');
            continue;
        }
        HM_ASSERT_OK(hm_config_parse(hm_config_yaml(config), "run.yaml", NULL, 0, &again));
        CU_ASSERT_TRUE(again && same_values(config, again));
        hm_config_destroy(&config);
        hm_config_destroy(&again);
    }
}

static void test_overrides(void)
{
    const char *const sets[] = {"ranks.predictors=2",
                                "ranks.oracles=0",
                                "hamiltonian.bonds=[{atoms: [0,1], k: 5 N/m, r0: 1 A}]",
                                "hamiltonian.bonds[0].r0=2 A",
                                "hamiltonian.bonds[1].atoms=[1,2]",
                                "predictor.inputs[0]=coordinate",
                                "policy={type: never}",
                                "policy.frequency=0.5",
                                "integrator.steps=5",
                                "integrator.steps=6",
                                "output.trajectory=a=b.h5"};
    char text[256];
    snprintf(text, sizeof text, "%sranks: auto\npolicy: {frequency: seldom}\n", least);
    struct hm_config *config = NULL;
    HM_ASSERT_OK(hm_config_parse(text, "run.yaml", sets, sizeof sets / sizeof *sets, &config));
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    for (int pass = 0; pass < 2; pass++) { /* as set, then from the effective YAML */
        CU_ASSERT_EQUAL(hm_config_integer(config, "ranks.predictors"), 2);
        CU_ASSERT_EQUAL(hm_config_length(config, "hamiltonian.bonds"), 2);
        HM_ASSERT_NEAR(hm_config_real(config, "hamiltonian.bonds[0].r0"), 2 * ANGSTROM, 1e-9);
        CU_ASSERT_EQUAL(hm_config_integer(config, "hamiltonian.bonds[1].atoms[0]"), 1);
        CU_ASSERT_EQUAL(hm_config_length(config, "predictor.inputs"), 1);
        CU_ASSERT_TRUE(hm_config_is(config, "policy.type", "never"));
        CU_ASSERT_EQUAL(hm_config_real(config, "policy.frequency"), 0.5);
        CU_ASSERT_EQUAL(hm_config_integer(config, "integrator.steps"), 6);
        CU_ASSERT_STRING_EQUAL(hm_config_text(config, "output.trajectory"), "a=b.h5");
        struct hm_config *again = parse(hm_config_yaml(config), NULL);
        hm_config_destroy(&config);
        config = again;
    }
    hm_config_destroy(&config);
}

static void test_later_faults_point_at_the_key(void)
{
    const char *set = "policy.frequency=0.5";
    struct hm_config *config = NULL;
    HM_ASSERT_OK(hm_config_parse(full, "run.yaml", &set, 1, &config));
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_EQUAL(hm_config_fault(config, "hamiltonian.bonds[1].atoms", "atom %d is not there", 9), HM_BAD_CONFIG);
    CU_ASSERT_STRING_EQUAL(hm_status_message(), "run.yaml:9:5: atom 9 is not there");
    hm_config_fault(config, "hamiltonian.bonds[1].k", "needed");
    CU_ASSERT_STRING_EQUAL(hm_status_message(), "run.yaml:9:5: needed"); /* the item that lacks it */
    hm_config_fault(config, "hamiltonian.bonds[7].k", "needed");
    CU_ASSERT_STRING_EQUAL(hm_status_message(), "run.yaml:7:3: needed");
    hm_config_fault(config, "injection.burst", "needed");
    CU_ASSERT_STRING_EQUAL(hm_status_message(), "run.yaml:1:1: needed");
    hm_config_fault(config, "policy.frequency", "odd");
    CU_ASSERT_STRING_EQUAL(hm_status_message(), "--set policy.frequency=0.5: odd");
    hm_config_destroy(&config);
}

static void test_files(void)
{
    struct hm_config *config = NULL;
    CU_ASSERT_EQUAL(hm_config_load("/no/such/run.yaml", NULL, 0, &config), HM_BAD_CONFIG);
    CU_ASSERT_STRING_EQUAL(hm_status_message(),
                           "cannot read the configuration /no/such/run.yaml: No such file or directory");
    CU_ASSERT_EQUAL(hm_config_load("/", NULL, 0, &config), HM_BAD_CONFIG);
    CU_ASSERT_STRING_EQUAL(hm_status_message(), "cannot read the configuration /: Is a directory");
    const char *folder = getenv("TMPDIR");
    char path[512], geometry[600];
    snprintf(path, sizeof path, "%.400s/hamlet_config_XXXXXX", folder ? folder : "/tmp");
    const int descriptor = mkstemp(path);
    CU_ASSERT_TRUE_FATAL(descriptor >= 0);
    FILE *file = fdopen(descriptor, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    /* Longer than the first buffer of the reader. */
    for (int i = 0; i < 2000; i++) fprintf(file, "# a comment, line %d\n", i);
    fputs(full, file);
    fclose(file);
    HM_ASSERT_OK(hm_config_load(path, NULL, 0, &config));
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    snprintf(geometry, sizeof geometry, "%.400s/sub/hcl.xyz", folder ? folder : "/tmp");
    CU_ASSERT_STRING_EQUAL(hm_config_path(config, "system.geometry"), geometry);
    hm_config_destroy(&config);
    file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fwrite("a: b\0c", 1, 6, file);
    fclose(file);
    CU_ASSERT_EQUAL(hm_config_load(path, NULL, 0, &config), HM_BAD_CONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), ":1:5: a control character (byte 0x00) is not text"));
    unlink(path);
}

static void explain(const char *key, const char *expected)
{
    static char text[1 << 17];
    FILE *file = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    HM_ASSERT_OK(hm_config_explain(key, file));
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    const bool found = strstr(text, expected) != NULL;
    if (!found) printf("%s\n", text);
    CU_ASSERT_TRUE(found);
    fclose(file);
}

static void test_explain(void)
{
    explain("integrator.timestep", "integrator.timestep\n  Time between two steps.\n"
                                   "  type:     a number with a unit of time, e.g. 0.25 fs\n"
                                   "  range:    > 0\n  default:  none; the key is required\n"
                                   "  example:  integrator: {timestep: 0.25 fs}\n");
    explain("hamiltonian.bonds[3].k", "example:  hamiltonian: {bonds: [{k: 516 N/m}]}\n");
    explain("thermostat.temperature",
            "type:     a number with a unit of temperature, or a list of exactly 2 numbers, e.g. "
            "[200 K, 600 K]\n  range:    >= 0 (each)\n");
    explain("predictor.history", "type:     a whole number, or auto\n  range:    from 1 to 512\n  default:  auto\n");
    explain("system.geometry", "relative: to the folder of the configuration file\n");
    explain("output.trajectory", "relative: to the folder in which hamlet is started\n");
    explain("ranks", "ranks.oracle_size");
    explain(NULL, "output.energies");
    CU_ASSERT_EQUAL(hm_config_explain("integrator.timestpe", stdout), HM_BAD_USAGE);
    CU_ASSERT_STRING_EQUAL(hm_status_message(),
                           "unknown key 'integrator.timestpe'; did you mean 'integrator.timestep'?");
}

/* ---- damaged text: refused with a message or read, never worse; what is read survives the round trip ---- */

static uint32_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

enum { MUTANT_BYTES = 4096 };

static void mutate(char *text, uint64_t *state)
{
    static const char *const pieces[] = {
        "[",   "]",  "{",     "}",     ": ",          "- ",   "\n", "  ",       "\t",   "&a ", "*a", "!t ",
        "'",   "\"", "#",     "? ",    "|\n",         ">-\n", "~",  "null",     "auto", "1e6", "-1", "nan",
        " fs", " A", "---\n", "...\n", "%YAML 1.2\n", "<<: ", ",",  "\xc3\xa9", "\xff", "\\x", "@"};
    const size_t length = strlen(text);
    size_t at = length ? draw(state) % length : 0;
    if (draw(state) % 2) at += strcspn(text + at, "0123456789"); /* numbers are where damage may go unseen */
    switch (draw(state) % 4) {
    case 0:
        if (isdigit((unsigned char)text[at]))
            text[at] = (char)('0' + draw(state) % 10);
        else if (length)
            text[at] = (char)(draw(state) % 8 ? ' ' + draw(state) % 95 : 1 + draw(state) % 255);
        break;
    case 1: { /* remove a stretch */
        const size_t count = 1 + draw(state) % 12;
        if (at + count <= length) memmove(text + at, text + at + count, length - at - count + 1);
        break;
    }
    case 2: { /* insert a piece */
        const char *piece = pieces[draw(state) % (sizeof pieces / sizeof *pieces)];
        const size_t size = strlen(piece);
        if (length + size + 1 > MUTANT_BYTES) break;
        memmove(text + at + size, text + at, length - at + 1);
        memcpy(text + at, piece, size);
        break;
    }
    default: { /* copy a stretch elsewhere */
        const size_t from = length ? draw(state) % length : 0;
        for (size_t i = 0; i < 20 && at + i < length && from + i < length; i++) text[at + i] = text[from + i];
    }
    }
}

static void test_damaged_text(void)
{
    enum { CASES = 4000 };
    uint64_t state = 20240229;
    size_t accepted = 0, refused = 0;
    char text[MUTANT_BYTES];
    for (int i = 0; i < CASES; i++) {
        snprintf(text, sizeof text, "%s", full);
        for (uint32_t k = 1 + draw(&state) % 3; k > 0; k--) mutate(text, &state);
        const char *override = strchr(text, '\n') ? strchr(text, '\n') + 1 : text; /* rubbish as --set now and then */
        struct hm_config *config = NULL, *again = NULL;
        const enum hm_status status = hm_config_parse(text, "run.yaml", &override, i % 16 == 0, &config);
        if (status == HM_OK) {
            accepted++;
            HM_ASSERT_OK(hm_config_parse(hm_config_yaml(config), "run.yaml", NULL, 0, &again));
            CU_ASSERT_TRUE(again && same_values(config, again));
        } else {
            refused++;
            CU_ASSERT_EQUAL(status, HM_BAD_CONFIG);
            CU_ASSERT_TRUE(strlen(hm_status_message()) > 10);
        }
        hm_config_destroy(&config);
        hm_config_destroy(&again);
    }
    CU_ASSERT_TRUE(accepted > CASES / 50 && refused > CASES / 50); /* both ways were really taken */
}

/* A Hamiltonian that stands in the predictor is read by those who know only `hamiltonian`. */
static void test_views(void)
{
    static const char text[] = "hamiltonian: {type: harmonic, molecule: HCl}\n"
                               "integrator: {timestep: 0.25 fs, steps: 1e6}\n"
                               "predictor:\n"
                               "  hamiltonian:\n"
                               "    type: valence\n"
                               "    bonds:\n"
                               "    - {atoms: [0, 1], k: 516.3 N/m, r0: 1.27 A}\n"
                               "    - {atoms: [1, 2], form: morse, De: 4 eV, a: 2 1/A, r0: 1 A}\n";
    struct hm_config *config = parse(text, NULL), *view = NULL;
    HM_ASSERT_OK(hm_config_view(config, "predictor.", &view));
    CU_ASSERT_STRING_EQUAL(hm_config_text(config, "hamiltonian.type"), "harmonic");
    CU_ASSERT_STRING_EQUAL(hm_config_text(view, "hamiltonian.type"), "valence");
    CU_ASSERT_TRUE(hm_config_is(view, "hamiltonian.bonds[1].form", "morse"));
    CU_ASSERT_EQUAL(hm_config_length(view, "hamiltonian.bonds"), 2);
    CU_ASSERT_EQUAL(hm_config_length(config, "hamiltonian.bonds"), 0);
    CU_ASSERT_EQUAL(hm_config_integer(view, "hamiltonian.bonds[1].atoms[1]"), 2);
    HM_ASSERT_NEAR(hm_config_real(view, "hamiltonian.bonds[0].r0"), 1.27 * ANGSTROM, 1e-9);
    CU_ASSERT_FALSE(hm_config_has(view, "hamiltonian.molecule")); /* the other one's */
    CU_ASSERT_TRUE(hm_config_has(config, "hamiltonian.molecule"));
    CU_ASSERT_EQUAL(hm_config_integer(view, "integrator.steps"), 1000000); /* all else is the same */
    CU_ASSERT_STRING_EQUAL(hm_config_yaml(view), hm_config_yaml(config));

    static const char *const keys[] = {"type", NULL};
    const char *other = hm_config_other_key(view, "hamiltonian", keys);
    CU_ASSERT_TRUE(other && strcmp(other, "bonds") == 0);
    hm_config_fault(view, "hamiltonian.bonds[1].atoms", "too far");
    CU_ASSERT_STRING_EQUAL(hm_status_message(), "dir/run.yaml:8:8: too far");
    hm_config_fault(view, "hamiltonian.molecule", "missing"); /* the nearest parent that was written */
    CU_ASSERT_STRING_EQUAL(hm_status_message(), "dir/run.yaml:4:3: missing");
    hm_config_fault(view, "integrator.steps", "elsewhere");
    CU_ASSERT_STRING_EQUAL(hm_status_message(), "dir/run.yaml:2:33: elsewhere");
    hm_config_destroy(&view);
    CU_ASSERT_PTR_NULL(view);
    CU_ASSERT_STRING_EQUAL(hm_config_text(config, "hamiltonian.molecule"), "HCl"); /* the original is whole */
    hm_config_destroy(&config);
}

static const struct hm_test tests[] = {
    {"defaults", test_defaults},
    {"round trip", test_values_survive_a_round_trip},
    {"odd paths", test_odd_paths_survive_a_round_trip},
    {"overrides", test_overrides},
    {"later faults", test_later_faults_point_at_the_key},
    {"views", test_views},
    {"files", test_files},
    {"explain", test_explain},
    {"damaged text", test_damaged_text},
};

HM_TEST_MAIN("config", tests)
