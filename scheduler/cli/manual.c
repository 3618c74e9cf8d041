#include "scheduler/cli/manual.h"

#include "hamiltonians/hamiltonian.h"
#include "predictors/predictor.h"
#include "scheduler/policy.h"

#include "io/config_manual.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The parser that was handed over last; NULL while no manual is written. */
static const struct argp **taken;

bool hm_manual_takes(const struct argp *argp, const char *command)
{
    (void)command;
    if (!taken) return false;
    *taken = argp;
    return true;
}

struct book {
    const char *folder, *version;
    const struct hm_manual_command *commands;
    const struct argp **parsers; // (count)
    size_t count;
};

/* ---- files ---- */

static enum hm_status write_file(const struct book *book, const char *name, size_t command,
                                 void (*put)(const struct book *book, size_t command, FILE *out))
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", book->folder, name) >= sizeof path)
        return hm_fail(HM_BAD_OUTPUT, "%s: the path is too long", book->folder);
    FILE *out = fopen(path, "w");
    if (!out) return hm_fail(HM_BAD_OUTPUT, "%s: cannot be written: %s", path, strerror(errno));
    put(book, command, out);
    const bool written = fflush(out) == 0 && !ferror(out);
    return fclose(out) == 0 && written ? HM_OK : hm_fail(HM_BAD_OUTPUT, "%s: cannot be written", path);
}

/* ---- options ---- */

static const struct argp_option help_option = {"help", '?', NULL, 0, "how to call it, and its options", 0};

/* The options of a parser one after the other, --help last; NULL behind it. */
static const struct argp_option *option_at(const struct argp *argp, size_t index)
{
    const struct argp_option *options = argp->options;
    size_t count = 0;
    while (options && (options[count].name || options[count].key)) count++;
    return index < count ? &options[index] : index == count ? &help_option : NULL;
}

/* ---- man pages ---- */

static void put_title(const struct book *book, const char *name, int chapter, const char *summary, FILE *out)
{
    char upper[64];
    size_t k = 0;
    for (; name[k] && k < sizeof upper - 1; k++) upper[k] = (char)toupper((unsigned char)name[k]);
    upper[k] = '\0';
    fprintf(out, ".\\\" Written by hamlet manual.\n.TH \"");
    hm_man_escape(upper, out);
    fprintf(out, "\" %d \"\" \"Hamlet %s\" \"Hamlet\"\n.SH NAME\n", chapter, book->version);
    hm_man_escape(name, out);
    fputs(" \\- ", out);
    hm_man_escape(summary, out);
    fputc('\n', out);
}

static void put_option(const struct argp_option *option, FILE *out)
{
    fputs(".TP\n", out);
    if (option->key > ' ' && option->key < 127) fprintf(out, "\\fB\\-%c\\fR, ", option->key);
    fputs("\\fB\\-\\-", out);
    hm_man_escape(option->name, out);
    fputs("\\fR", out);
    if (option->arg) fprintf(out, "=\\fI%s\\fR", option->arg);
    fputc('\n', out);
    hm_man_escape(option->doc, out);
    fputc('\n', out);
}

static void put_exit_codes(FILE *out)
{
    static const char *const meaning[] = {"done",
                                          "failed",
                                          "bad usage, configuration or input; nothing was written",
                                          "the oracle gave up",
                                          "the trajectory diverged; its file is kept",
                                          "stopped by a signal, with a checkpoint to resume from"};
    fputs(".SH EXIT STATUS\n", out);
    for (int code = 0; code < 6; code++) fprintf(out, ".TP\n.B %d\n%s\n", code, meaning[code]);
}

static void put_command(const struct book *book, size_t command, FILE *out)
{
    const struct hm_manual_command *c = &book->commands[command];
    const struct argp *argp = book->parsers[command];
    char name[64];
    const struct argp_option *option;
    snprintf(name, sizeof name, "hamlet-%s", c->name);
    put_title(book, name, 1, c->summary, out);
    fprintf(out, ".SH SYNOPSIS\n.B hamlet %s\n[\\fIOPTION\\fR]... ", c->name);
    hm_man_escape(argp->args_doc ? argp->args_doc : "", out);
    fputs("\n.SH DESCRIPTION\n", out);
    hm_man_escape(argp->doc ? argp->doc : c->summary, out);
    fputs("\n.SH OPTIONS\n", out);
    for (size_t k = 0; (option = option_at(argp, k)); k++) put_option(option, out);
    put_exit_codes(out);
    fputs(".SH SEE ALSO\n.BR hamlet (1),\n.BR hamlet\\-config (5)\n", out);
}

static void put_program(const struct book *book, size_t command, FILE *out)
{
    (void)command;
    put_title(book, "hamlet", 1, "molecular dynamics that predicts most steps and injects exact forces", out);
    fputs(".SH SYNOPSIS\n.B hamlet\n\\fICOMMAND\\fR [\\fIARGUMENT\\fR]...\n.SH DESCRIPTION\n", out);
    hm_man_escape(
        "A trajectory is propagated in which, at every step, a policy decides between two ways to get the next "
        "kick: a predictor that learns while the run goes on proposes it, and no force is computed; or the exact "
        "force of a Hamiltonian is injected. A configuration (YAML) describes a run.\n",
        out);
    fputs(".SH COMMANDS\n", out);
    for (size_t c = 0; c < book->count; c++) {
        fprintf(out, ".TP\n.BR hamlet\\-%s (1)\n", book->commands[c].name);
        hm_man_escape(book->commands[c].summary, out);
        fputc('\n', out);
    }
    put_exit_codes(out);
    fputs(".SH SEE ALSO\n.BR hamlet\\-config (5)\n", out);
}

static void put_method(const struct hm_method *method, FILE *out)
{
    fprintf(out, ".TP\n.B \"");
    hm_man_escape(method->name, out);
    fputs("\"\n", out);
    hm_man_escape(method->summary, out);
    fputc('\n', out);
}

static void put_config(const struct book *book, size_t command, FILE *out)
{
    (void)command;
    put_title(book, "hamlet-config", 5, "the configuration of a run", out);
    fputs(".SH DESCRIPTION\n", out);
    hm_man_escape(
        "YAML. A value with a dimension is written with its unit (0.25 fs, 516.3 N/m); counts and ratios stand "
        "alone. A key is a path of names, integrator.timestep; items of a list have an index. On the command line "
        "--set KEY=VALUE changes one. Faults are reported all at once, with file, line and column.\n",
        out);
    hm_config_write_man(out);
    fputs(".SH HAMILTONIANS\n", out);
    for (size_t i = 0; hm_hamiltonian_registered(i); i++) put_method(&hm_hamiltonian_registered(i)->method, out);
    fputs(".SH PREDICTORS\n", out);
    for (size_t i = 0; hm_predictor_registered(i); i++) put_method(&hm_predictor_registered(i)->method, out);
    fputs(".SH POLICIES\n", out);
    for (size_t i = 0; hm_policy_registered(i); i++) put_method(&hm_policy_registered(i)->method, out);
    fputs(".SH SEE ALSO\n.BR hamlet (1),\n.BR hamlet\\-explain (1)\n", out);
}

/* ---- completion ---- */

/* The endings of the files that a command takes, from its documentation: RUN.h5, RUN.chk, FILE (YAML), GEOMETRY. */
static const char *endings(const struct argp *argp)
{
    const char *arguments = argp->args_doc ? argp->args_doc : "";
    if (strstr(arguments, ".h5")) return "h5";
    if (strstr(arguments, "CHECKPOINT") || strstr(arguments, ".chk")) return "chk";
    if (strstr(arguments, "GEOMETRY")) return "xyz";
    return strstr(arguments, "FILE") ? "yaml" : "";
}

static bool takes_key(const struct argp_option *option)
{
    return option->arg && strncmp(option->arg, "KEY", 3) == 0;
}

static void put_long_options(const struct argp *argp, FILE *out)
{
    const struct argp_option *option;
    for (size_t k = 0; (option = option_at(argp, k)); k++)
        fprintf(out, "%s--%s%s", k > 0 ? " " : "", option->name, option->arg ? "=" : "");
}

static void put_bash(const struct book *book, size_t command, FILE *out)
{
    (void)command;
    fputs("# Completion for bash. Written by hamlet manual.\n_hamlet_keys='", out);
    hm_config_write_paths(out);
    fputs("'\n\n_hamlet_files() { # ending; files with it, and folders\n"
          "    local IFS=$'\\n'\n"
          "    COMPREPLY=($(compgen -f -X \"!*.$1\" -- \"$cur\") $(compgen -d -- \"$cur\"))\n"
          "    compopt -o filenames 2>/dev/null\n"
          "}\n\n_hamlet() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options= ending=\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        COMPREPLY=($(compgen -W '",
          out);
    for (size_t c = 0; c < book->count; c++) fprintf(out, "%s ", book->commands[c].name);
    fputs("--help --version' -- \"$cur\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n", out);
    for (size_t c = 0; c < book->count; c++) {
        fprintf(out, "    %s) options='", book->commands[c].name);
        put_long_options(book->parsers[c], out);
        fprintf(out, "' ending=%s ;;\n", endings(book->parsers[c]));
    }
    fputs("    esac\n"
          "    case $previous in\n"
          "    --set | -s) COMPREPLY=($(compgen -S = -W \"$_hamlet_keys\" -- \"$cur\")); compopt -o nospace "
          "2>/dev/null; return ;;\n"
          "    --reference | -r) _hamlet_files h5; return ;;\n"
          "    -o | --output | --from) COMPREPLY=($(compgen -f -- \"$cur\")); compopt -o filenames 2>/dev/null; return "
          ";;\n"
          "    --format) COMPREPLY=($(compgen -W 'html svg csv' -- \"$cur\")); return ;;\n"
          "    esac\n"
          "    case $cur in\n"
          "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
          "        case ${COMPREPLY[0]-} in *=) compopt -o nospace 2>/dev/null ;; esac ;;\n"
          "    *)\n"
          "        if [ \"${COMP_WORDS[1]}\" = explain ]; then\n"
          "            COMPREPLY=($(compgen -W \"$_hamlet_keys\" -- \"$cur\"))\n"
          "        elif [ -n \"$ending\" ]; then\n"
          "            _hamlet_files \"$ending\"\n"
          "        fi ;;\n"
          "    esac\n"
          "}\ncomplete -F _hamlet hamlet ./hamlet\n",
          out);
}

/* Inside single quotes, and inside the brackets of a zsh specification. */
static void put_zsh_text(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else if (strchr("[]:\\", *text))
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

static void put_zsh_option(const struct argp_option *option, FILE *out)
{
    fprintf(out, " \\\n            '%s--%s%s[", takes_key(option) ? "*" : "", option->name, option->arg ? "=" : "");
    put_zsh_text(option->doc, out);
    fputc(']', out);
    if (takes_key(option)) {
        fputs(":key:_hamlet_keys", out);
    } else if (option->arg) {
        fputc(':', out);
        put_zsh_text(option->arg, out);
        fputs(":_files", out);
    }
    fputc('\'', out);
}

static void put_zsh(const struct book *book, size_t command, FILE *out)
{
    (void)command;
    fputs("#compdef hamlet\n# Completion for zsh. Written by hamlet manual.\n\n_hamlet_keys() {\n    local -a keys\n   "
          " keys=(\n",
          out);
    hm_config_write_paths(out);
    fputs("    )\n    compadd -S = -- ${keys}\n}\n\n_hamlet() {\n    local -a commands\n    commands=(\n", out);
    for (size_t c = 0; c < book->count; c++) {
        fprintf(out, "        '%s:", book->commands[c].name);
        put_zsh_text(book->commands[c].summary, out);
        fputs("'\n", out);
    }
    fputs("    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi\n"
          "    local command=${words[2]}\n    shift words\n    (( CURRENT-- ))\n    case $command in\n",
          out);
    for (size_t c = 0; c < book->count; c++) {
        const struct argp_option *option;
        const char *ending = endings(book->parsers[c]);
        fprintf(out, "    %s)\n        _arguments", book->commands[c].name);
        for (size_t k = 0; (option = option_at(book->parsers[c], k)); k++) put_zsh_option(option, out);
        if (strcmp(book->commands[c].name, "explain") == 0)
            fputs(" \\\n            '*:key:_hamlet_keys'", out);
        else if (*ending)
            fprintf(out, " \\\n            '*:file:_files -g \"*.%s(-.)\"'", ending);
        fputs(" ;;\n", out);
    }
    fputs("    esac\n}\n\n_hamlet \"$@\"\n", out);
}

/* ---- Markdown ---- */

static void put_keys(const struct book *book, size_t command, FILE *out)
{
    (void)book, (void)command;
    fputs("# Every key of a configuration\n\nWritten by `hamlet manual` from the table that validates configurations; "
          "`hamlet explain KEY` says the same.\n",
          out);
    hm_config_write_markdown(out);
}

static void put_commands(const struct book *book, size_t command, FILE *out)
{
    (void)command;
    fputs(
        "# Commands\n\nWritten by `hamlet manual` from the argument parsers; `hamlet COMMAND --help` says the same.\n",
        out);
    for (size_t c = 0; c < book->count; c++) {
        const struct argp *argp = book->parsers[c];
        const struct argp_option *option;
        fprintf(out, "\n## hamlet %s\n\n    hamlet %s [OPTION]... %s\n\n%s\n\n| option | |\n|---|---|\n",
                book->commands[c].name, book->commands[c].name, argp->args_doc ? argp->args_doc : "",
                argp->doc ? argp->doc : book->commands[c].summary);
        for (size_t k = 0; (option = option_at(argp, k)); k++) {
            fputs("| `", out);
            if (option->key > ' ' && option->key < 127) fprintf(out, "-%c`, `", option->key);
            fprintf(out, "--%s%s%s` | %s |\n", option->name, option->arg ? "=" : "", option->arg ? option->arg : "",
                    option->doc);
        }
    }
}

/* ---- the whole ---- */

static enum hm_status write_all(const struct book *book)
{
    char name[80];
    HM_TRY(write_file(book, "hamlet.1", 0, put_program));
    HM_TRY(write_file(book, "hamlet-config.5", 0, put_config));
    HM_TRY(write_file(book, "hamlet.bash", 0, put_bash));
    HM_TRY(write_file(book, "_hamlet", 0, put_zsh));
    HM_TRY(write_file(book, "keys.md", 0, put_keys));
    HM_TRY(write_file(book, "commands.md", 0, put_commands));
    for (size_t c = 0; c < book->count; c++) {
        snprintf(name, sizeof name, "hamlet-%s.1", book->commands[c].name);
        HM_TRY(write_file(book, name, c, put_command));
    }
    return HM_OK;
}

static enum hm_status take_parsers(const struct hm_manual_command *commands, size_t count, const struct argp **parsers)
{
    enum hm_status status = HM_OK;
    for (size_t c = 0; c < count && status == HM_OK; c++) {
        char name[64];
        char *argv[] = {name, NULL};
        snprintf(name, sizeof name, "%s", commands[c].name);
        taken = &parsers[c];
        status = commands[c].run(1, argv);
        if (status == HM_OK && !parsers[c])
            status = hm_fail(HM_INTERNAL, "%s does not show its arguments", commands[c].name);
    }
    taken = NULL;
    return status;
}

enum hm_status hm_manual_write(const char *folder, const char *version, const struct hm_manual_command *commands,
                               size_t count)
{
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return hm_fail(HM_BAD_OUTPUT, "%s: cannot be made: %s", folder, strerror(errno));
    const struct argp **parsers = calloc(count + 1, sizeof *parsers);
    if (!parsers) return hm_fail(HM_OUT_OF_MEMORY, "no memory for the manual");
    enum hm_status status = take_parsers(commands, count, parsers);
    const struct book book = {folder, version, commands, parsers, count};
    if (status == HM_OK) status = write_all(&book);
    free(parsers);
    return status;
}
