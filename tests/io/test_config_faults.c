#include "io/config_internal.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static const char least[] = "hamiltonian: {type: harmonic}\nintegrator: {timestep: 0.25 fs, steps: 1e6}\n";

/* Must be refused with exactly this message. */
static void refuse(const char *text, const char *override, const char *message)
{
    struct hm_config *config = NULL;
    const enum hm_status status = hm_config_parse(text, "run.yaml", &override, override ? 1 : 0, &config);
    CU_ASSERT_EQUAL(status, HM_BAD_CONFIG);
    CU_ASSERT_PTR_NULL(config);
    if (status == HM_OK || strcmp(hm_status_message(), message) != 0)
        printf("got:  %s\nwant: %s\n", status == HM_OK ? "no fault" : hm_status_message(), message);
    CU_ASSERT_STRING_EQUAL(hm_status_message(), message);
    hm_config_destroy(&config);
}

/* One line after the two good ones. */
static void refuse_line(const char *line, const char *message)
{
    char text[1024];
    snprintf(text, sizeof text, "%s%s\n", least, line);
    refuse(text, NULL, message);
}

static void test_whole_numbers(void)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"1e6", 1000000},
                {"1.5e3", 1500},
                {"10.0", 10},
                {"+7", 7},
                {"12000e-3", 12},
                {"0e99999999999", 0},
                {"9223372036854775807", INT64_MAX},
                {"0.00", 0},
                {"1.10e1", 11}};
    char override[128], message[256];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(override, sizeof override, "training.seed=%s", good[i].text);
        const char *const set = override;
        struct hm_config *config = NULL;
        CU_ASSERT_EQUAL_FATAL(hm_config_parse(least, "run.yaml", &set, 1, &config), HM_OK);
        CU_ASSERT_EQUAL(hm_config_integer(config, "training.seed"), good[i].value);
        hm_config_destroy(&config);
    }
    static const char *const bad[] = {"1.5", "1e-1", "0x10", "1e", "seven", ".", "+", "1_000", "1 fs", "1.5e0", "inf"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(override, sizeof override, "training.seed=%s", bad[i]);
        snprintf(message, sizeof message, "--set %s: training.seed must be a whole number; not '%s'", override, bad[i]);
        refuse(least, override, message);
    }
    refuse(
        least, "training.seed=9223372036854775808",
        "--set training.seed=9223372036854775808: training.seed is too large: 9223372036854775808 is beyond 2^63 - 1");
    refuse(least, "training.seed=1e19",
           "--set training.seed=1e19: training.seed is too large: 1e19 is beyond 2^63 - 1");
    refuse(least, "training.seed=-1", "--set training.seed=-1: training.seed must be >= 0; not -1");
}

static void test_faults_of_values(void)
{
    refuse("hamiltonian: {type: x}\nintegrator: {timestep: 0.25, steps: 1}\n", NULL,
           "run.yaml:2:24: integrator.timestep needs a unit of time, e.g. 0.25 fs");
    refuse("hamiltonian: {type: x}\nintegrator: {timestep: 0.25 A, steps: 0}\n", NULL,
           "run.yaml:2:24: integrator.timestep needs a unit of time, e.g. 0.25 fs; not '0.25 A': this is a length\n"
           "run.yaml:2:39: integrator.steps must be >= 1; not 0");
    refuse("hamiltonian: {type: x}\nintegrator: {timestep: [1], steps: {}}\n", NULL,
           "run.yaml:2:24: integrator.timestep must be a number with a unit of time, e.g. 0.25 fs; not a list\n"
           "run.yaml:2:36: integrator.steps must be a whole number; not a map");
    refuse_line("policy: {frequency: 1.5}", "run.yaml:3:21: policy.frequency must be from 0 to 1; not 1.5");
    refuse_line("policy: {frequency: nan}",
                "run.yaml:3:21: policy.frequency must be a finite number without a unit, not 'nan'");
    refuse_line("predictor: {history: 513}", "run.yaml:3:22: predictor.history must be from 1 to 512; not 513");
    refuse_line("predictor: {history: atuo}",
                "run.yaml:3:22: predictor.history must be a whole number, or auto; not 'atuo'");
    refuse_line("predictor: {ridge: -1}", "run.yaml:3:20: predictor.ridge must be >= 0; not -1");
    refuse_line("predictor: {inputs: []}", "run.yaml:3:21: predictor.inputs is empty; it must be a list of velocity or "
                                           "coordinate, e.g. [velocity]");
    refuse_line("predictor: {inputs: [velocity, velocity]}", "run.yaml:3:32: predictor.inputs lists 'velocity' twice");
    refuse_line("predictor: {inputs: velocity}", "run.yaml:3:21: predictor.inputs must be a list of velocity or "
                                                 "coordinate, e.g. [velocity]; not 'velocity'");
    refuse_line("output: {energies: frame}",
                "run.yaml:3:20: output.energies must be auto, frames or injections; not 'frame'; "
                "did you mean 'frames'?");
    refuse_line("output: {trajectory: }",
                "run.yaml:3:22: output.trajectory has no value; it must be the path of a file");
    refuse_line("output: {trajectory: ''}", "run.yaml:3:22: output.trajectory must be the path of a file; not ''");
    refuse_line("predictor: {type: 3 of us}",
                "run.yaml:3:19: predictor.type must be a name, e.g. linear; not '3 of us'");
    refuse_line(
        "thermostat: {type: bussi, temperature: [300 K]}",
        "run.yaml:3:40: thermostat.temperature has 1 item; it must be a number with a unit of temperature, or a "
        "list of exactly 2 numbers, e.g. [200 K, 600 K]");
    refuse_line("thermostat: {type: bussi, temperature: -1 K}",
                "run.yaml:3:40: thermostat.temperature must be >= 0; not -1 K");
    refuse_line("thermostat: {type: bussi, temperature: [1 K, 2 fs]}",
                "run.yaml:3:46: thermostat.temperature[1] needs a unit of temperature, e.g. 2 K; not '2 fs': this is a "
                "time");
    refuse_line(
        "thermostat: {type: bussi, temperature: {}}",
        "run.yaml:3:40: thermostat.temperature must be a number with a unit of temperature, or a list of exactly "
        "2 numbers, e.g. [200 K, 600 K]; not a map");
    refuse_line("ranks: aut", "run.yaml:3:8: ranks must be a section of keys, or auto; not 'aut'");
    refuse_line("ranks: {predictors: 1}", "run.yaml:3:1: missing required key 'ranks.oracles': a whole number");
    refuse_line("policy: often", "run.yaml:3:9: policy must be a section of keys; not 'often'");
}

static void test_faults_of_bonds(void)
{
    const char *start = "integrator: {timestep: 1 fs, steps: 1}\nhamiltonian:\n  type: x\n  bonds:\n";
    char text[512];
    snprintf(text, sizeof text, "%s  - {atoms: [0], k: -5 N/m}\n  - 7\n  - {r0: 1 A, r1: 2}\n  - {atoms: [-1, x]}\n",
             start);
    refuse(text, NULL,
           "run.yaml:5:13: hamiltonian.bonds[0].atoms has 1 item; it must be a list of exactly 2 whole numbers, e.g. "
           "[0, 1]\n"
           "run.yaml:5:21: hamiltonian.bonds[0].k must be > 0; not -5 N/m\n"
           "run.yaml:6:5: hamiltonian.bonds[1] must be a map of keys\n"
           "run.yaml:7:5: missing required key 'hamiltonian.bonds[2].atoms': a list of exactly 2 whole numbers, e.g. "
           "[0, 1]\n"
           "run.yaml:7:15: unknown key 'r1' in hamiltonian.bonds[2]; did you mean 'r0'?\n"
           "run.yaml:8:14: hamiltonian.bonds[3].atoms[0] must be >= 0; not -1\n"
           "run.yaml:8:18: hamiltonian.bonds[3].atoms[1] must be a whole number; not 'x'");
}

static void test_faults_of_keys(void)
{
    refuse_line("polcy: {frequency: 2}", "run.yaml:3:1: unknown key 'polcy'; did you mean 'policy'?");
    refuse_line("policy: {freqeuncy: 2}",
                "run.yaml:3:10: unknown key 'freqeuncy' in policy; did you mean 'frequency'?");
    refuse_line("policy: {timestep: 2}",
                "run.yaml:3:10: unknown key 'timestep' in policy; did you mean 'integrator.timestep'?");
    refuse_line("policy: {zebra_crossing: 2}",
                "run.yaml:3:10: unknown key 'zebra_crossing' in policy; 'hamlet explain' lists the keys");
    refuse_line("policy.frequency: 0.1",
                "run.yaml:3:1: unknown key 'policy.frequency'; write it as a section: policy: {frequency: 0.01}");
    refuse_line("policy: {type: never, type: always}",
                "run.yaml:3:23: duplicate key 'type'; it was first given on line 3");
    refuse_line("integrator: {steps: 1}", "run.yaml:3:1: duplicate key 'integrator'; it was first given on line 2");
    refuse("policy: {type: always}\nintegrator: {steps: 5}\n", NULL,
           "run.yaml:1:1: missing required key 'hamiltonian.type': a name, e.g. harmonic\n"
           "run.yaml:2:1: missing required key 'integrator.timestep': a number with a unit of time, e.g. 0.25 fs");
    refuse_line("system: {initial_velocities: {seed: 4}}",
                "run.yaml:3:10: missing required key 'system.initial_velocities.temperature': a number with a unit of "
                "temperature, e.g. 300 K");
}

static void test_faults_of_yaml(void)
{
    refuse("", NULL,
           "run.yaml:1:1: the configuration is empty\n"
           "run.yaml:1:1: missing required key 'hamiltonian.type': a name, e.g. harmonic\n"
           "run.yaml:1:1: missing required key 'integrator.timestep': a number with a unit of time, e.g. 0.25 fs\n"
           "run.yaml:1:1: missing required key 'integrator.steps': a whole number");
    refuse("[1, 2]", NULL,
           "run.yaml:1:1: a configuration is a map of sections, such as 'integrator: {timestep: 0.25 fs}'");
    refuse("a: [1\nb: 2\n", NULL,
           "run.yaml:2:2: YAML syntax: did not find expected ',' or ']', while parsing a flow sequence that starts on "
           "line 1");
    refuse("system:\n\tgeometry: x\n", NULL,
           "run.yaml:2:1: YAML syntax: found character that cannot start any token (indent with spaces, not tabs)");
    refuse_line("training: &t {mode: synchronous}\npolicy: *t",
                "run.yaml:3:11: anchors (&t) are not supported; write the value where it is needed\n"
                "run.yaml:4:9: aliases (*t) are not supported; write the value out");
    refuse_line("training: {mode: !custom synchronous}",
                "run.yaml:3:18: tags (!custom) are not supported; leave it out");
    refuse_line("---\na: b", "run.yaml:3:1: a second document starts here; a configuration is one document");
    refuse("? [a]\n: b\n", NULL, "run.yaml:1:3: a key must be a word, not a list or a map");
    refuse("# \xc3\xa9\na: \xff\n", NULL, "run.yaml:2:4: this is not UTF-8 text");
    refuse("a: \xed\xa0\x80\n", NULL, "run.yaml:1:4: this is not UTF-8 text"); /* a surrogate */
    refuse("a: \xc0\xaf\n", NULL, "run.yaml:1:4: this is not UTF-8 text");     /* an overlong slash */
    refuse("a: \xc3", NULL, "run.yaml:1:4: this is not UTF-8 text");
    refuse("a: \x01", NULL, "run.yaml:1:4: a control character (byte 0x01) is not text");
    refuse("a: \"\\0\"", NULL, "run.yaml:1:4: a NUL character (\\0) is not text");
    const size_t size = 200000;
    char *deep = malloc(size + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(deep);
    memset(deep, '[', size);
    deep[size] = '\0';
    refuse(deep, NULL, "run.yaml:1:33: nested too deeply");
    for (size_t i = 0; i < size; i += 2) memcpy(deep + i, "- ", 2);
    refuse(deep, NULL, "run.yaml:1:65: nested too deeply");
    free(deep);
    struct hm_config *config = NULL;
    const char *const unusual = "\xef\xbb\xbfhamiltonian: {type: x}\r\nintegrator: {timestep: 1 fs, steps: 1}\r\n"
                                "policy:\r\n#  type: x\r\n"; /* byte order mark, DOS lines, empty section */
    CU_ASSERT_EQUAL_FATAL(hm_config_parse(unusual, "run.yaml", NULL, 0, &config), HM_OK);
    CU_ASSERT_TRUE(hm_config_is(config, "policy.type", "periodic"));
    hm_config_destroy(&config);
}

static void test_many_faults_stay_readable(void)
{
    char text[40000];
    size_t used = (size_t)snprintf(text, sizeof text, "%s", least);
    for (int i = 0; i < 1000; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "zebra_crossing_%d: 1\n", i);
    struct hm_config *config = NULL;
    CU_ASSERT_EQUAL(hm_config_parse(text, "run.yaml", NULL, 0, &config), HM_BAD_CONFIG);
    const char *message = hm_status_message();
    CU_ASSERT_EQUAL(strncmp(message, "run.yaml:3:1: unknown key 'zebra_crossing_0'", 44), 0);
    size_t lines = 1;
    unsigned long rest = 0;
    for (const char *at = message; *at; at++) lines += *at == '\n';
    const char *last = strrchr(message, '\n');
    CU_ASSERT_TRUE(last && sscanf(last, "\nrun.yaml: and %lu more faults", &rest) == 1);
    CU_ASSERT_EQUAL(lines - 1 + rest, 1000);
}

static void test_faults_of_overrides(void)
{
    refuse(least, "steps", "--set steps: write --set key=value, e.g. --set integrator.steps=1000");
    refuse(least, "=5", "--set =5: write --set key=value, e.g. --set integrator.steps=1000");
    refuse(least, "polcy.type=never", "--set polcy.type=never: unknown key 'polcy.type'; did you mean 'policy.type'?");
    refuse(least, "stride=3", "--set stride=3: unknown key 'stride'; did you mean 'output.stride'?");
    refuse(least, "policy.type=", "--set policy.type=: policy.type has no value");
    refuse(least, "policy.type=[", "--set policy.type=[: YAML syntax: did not find expected node content");
    refuse(least, "integrator.steps=1.5",
           "--set integrator.steps=1.5: integrator.steps must be a whole number; not '1.5'");
    refuse(least, "hamiltonian.bonds[1].k=5 N/m",
           "--set hamiltonian.bonds[1].k=5 N/m: hamiltonian.bonds[1].k: the list has 0 items, so its next index is 0");
    refuse(least, "ranks.oracles=1", "--set ranks.oracles=1: missing required key 'ranks.predictors': a whole number");
    refuse(least, "hamiltonian.bonds[]={}",
           "--set hamiltonian.bonds[]={}: unknown key 'hamiltonian.bonds[]'; did you mean 'hamiltonian.bonds'?");
}

/* One value against an entry of our own: for types and limits that the schema does not use now. */
static void check_value(const struct config_entry *entry, const char *text, const char *message, bool flag)
{
    struct hm_config *config = calloc(1, sizeof *config);
    struct config_node *node = NULL;
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    config->name = "run.yaml";
    CU_ASSERT_TRUE_FATAL(hm_config_tree_parse(config, text, strlen(text), 0, &node));
    hm_config_value_check(config, entry, entry->path, node);
    CU_ASSERT_EQUAL(node->flag, flag);
    CU_ASSERT_EQUAL(hm_config_faults_report(config), message ? HM_BAD_CONFIG : HM_OK);
    if (message) CU_ASSERT_STRING_EQUAL(hm_status_message(), message);
    hm_config_destroy(&config);
}

static void test_types_beyond_the_schema(void)
{
    const struct config_entry flag = {.path = "a.flag", .type = CONFIG_FLAG, .range = {-INFINITY, INFINITY, false}};
    check_value(&flag, "true", NULL, true);
    check_value(&flag, "false", NULL, false);
    check_value(&flag, "yes", "run.yaml:1:1: a.flag must be true or false; not 'yes'", false);
    check_value(&flag, "[true]", "run.yaml:1:1: a.flag must be true or false; not a list", false);
    const struct config_entry width = {.path = "a.width",
                                       .type = CONFIG_REAL,
                                       .dimension = HM_DIMENSION_LENGTH,
                                       .range = {0.5, 2.0, false},
                                       .example = "1 A"};
    check_value(&width, "200 pm", NULL, false); /* limits count in Angstrom, values in what they are written in */
    check_value(&width, "0.3 nm", "run.yaml:1:1: a.width must be from 0.5 A to 2 A; not 0.3 nm", false);
}

static bool is_true(const struct config_entry *entry, const char *text)
{
    return entry->type == CONFIG_FLAG && strcmp(text, "true") == 0;
}

/* Every example and default must pass the check of its own key, every key must have its section. */
static void test_schema_is_consistent(void)
{
    for (size_t i = 0; i < hm_config_schema_count; i++) {
        const struct config_entry *entry = &hm_config_schema[i];
        char parent[CONFIG_PATH_BYTES];
        snprintf(parent, sizeof parent, "%s", entry->path);
        char *dot = strrchr(parent, '.');
        if (dot) {
            *dot = '\0';
            if (strcmp(dot - 2, "[]") == 0) dot[-2] = '\0';
            CU_ASSERT_PTR_NOT_NULL(hm_config_entry(parent));
        }
        CU_ASSERT_PTR_EQUAL(hm_config_entry(entry->path), entry); /* no path twice */
        CU_ASSERT_TRUE(entry->doc[strlen(entry->doc) - 1] == '.');
        CU_ASSERT_TRUE(entry->type == CONFIG_SECTION || entry->example);
        CU_ASSERT_FALSE(entry->required && entry->initial);
        if (entry->example) check_value(entry, entry->example, NULL, is_true(entry, entry->example));
        if (entry->initial) check_value(entry, entry->initial, NULL, is_true(entry, entry->initial));
    }
}

static const struct hm_test tests[] = {
    {"whole numbers", test_whole_numbers},   {"values", test_faults_of_values},
    {"bonds", test_faults_of_bonds},         {"keys", test_faults_of_keys},
    {"YAML", test_faults_of_yaml},           {"many faults", test_many_faults_stay_readable},
    {"overrides", test_faults_of_overrides}, {"types beyond the schema", test_types_beyond_the_schema},
    {"schema", test_schema_is_consistent},
};

HM_TEST_MAIN("config faults", tests)
