#include "commands.h"

#include <micropipe/version.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "command_check.h"
#include "command_ctl.h"
#include "command_dead.h"
#include "command_graph.h"
#include "command_run.h"
#include "command_status.h"
#include "command_tap.h"
#include "command_top.h"
#include "command_tune.h"
#include "doctor.h"
#include "inspect.h"
#include "nearest.h"
#include "paragraph.h"
#include "stack.h"

static const struct command_entry entries[] = {
    {"run", command_run, "run a pipeline"},
    {"check", command_check, "check a pipeline, and start nothing"},
    {"top", command_top, "watch what a running pipeline does, and what holds it up"},
    {"status", command_status, "show what a running pipeline has counted so far"},
    {"ps", command_ps, "list the pipelines that run on this machine"},
    {"ctl", command_ctl, "look at a running pipeline, scale, pause, drain or stop it"},
    {"tap", command_tap, "look at frames as they leave a stage"},
    {"dead", command_dead, "list dead letters, show them, send them again"},
    {"tune", command_tune, "run a pipeline until its workers are settled, and print it with their numbers"},
    {"graph", command_graph, "draw a pipeline: for the terminal, for Graphviz, Mermaid or as SVG"},
    {"inspect", inspect_run, "show packs and processors, their options, ports and examples"},
    {"doctor", doctor_run, "show what this machine offers, what is missing, and how to fix it"},
    {"help", command_help, "show how to use a command"},
    {NULL, NULL, NULL},
};

enum { ENTRIES = sizeof entries / sizeof entries[0] - 1 };

const struct command_entry *commands_list(void)
{
    return entries;
}

static void print_help(FILE *out)
{
    fprintf(out, "Usage: micropipe COMMAND [OPTION...] [ARGUMENT...]\n"
                 "       micropipe --version\n\n"
                 "Runs a pipeline of plugins over shared memory.\n\nCommands:\n\n");
    for (const struct command_entry *e = entries; e->name; e++)
        paragraph_entry(out, 2, e->name, 11, e->summary);
    fprintf(out, "\nTo begin with:\n\n"
                 "    micropipe inspect\n"
                 "    micropipe run -e 'core.generate count=1000000 | core.null'\n"
                 "    micropipe run pipeline.cfg\n\n"
                 "'micropipe help COMMAND' tells more; all of it is in micropipe(1), and the\n"
                 "format of a configuration in micropipe.cfg(5).\n\n"
                 "Exit code: 0 done, 1 failed, 2 the command line or the configuration is wrong,\n"
                 "3 done, but some frames are in the dead letters.\n");
}

static const struct command_entry *find(const char *name)
{
    for (const struct command_entry *e = entries; e->name; e++)
        if (strcmp(e->name, name) == 0)
            return e;
    return NULL;
}

static int unknown(const char *name, FILE *err)
{
    const char *names[ENTRIES];
    for (size_t i = 0; i < ENTRIES; i++)
        names[i] = entries[i].name;
    const char *nearest = nearest_name(name, names, ENTRIES);
    fprintf(err, "micropipe: there is no command '%s'", name);
    if (nearest)
        fprintf(err, " (did you mean '%s'?)", nearest);
    else if (access(name, R_OK) == 0)
        fprintf(err, "; to run that file: micropipe run %s", name);
    fprintf(err, "\nTry 'micropipe --help'.\n");
    return EXIT_USAGE;
}

static int read_option(const char *option, FILE *out, FILE *err)
{
    if (strcmp(option, "--version") == 0) {
        fprintf(out, "micropipe %s (plugin interface %u.%u)\n", MPIPE_VERSION_STRING, MPIPE_ABI_MAJOR, MPIPE_ABI_MINOR);
        return EXIT_OK;
    }
    if (strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0) {
        print_help(out);
        return EXIT_OK;
    }
    fprintf(err,
            "micropipe: '%s' stands before the command: a command comes first, as in 'micropipe run %s'\n"
            "Try 'micropipe --help'.\n",
            option, option);
    return EXIT_USAGE;
}

int commands_dispatch(int argc, char **argv, FILE *out, FILE *err)
{
    if (argc < 2) {
        print_help(err);
        return EXIT_USAGE;
    }
    if (argv[1][0] == '-')
        return read_option(argv[1], out, err);
    const struct command_entry *e = find(argv[1]);
    if (!e)
        return unknown(argv[1], err);
    int looks_only = e->run == doctor_run || e->run == command_help;
    int result = looks_only ? EXIT_OK : stack_check(e->name, err);
    return result ? result : e->run(argc - 1, argv + 1, out, err);
}

int command_help(int argc, char **argv, FILE *out, FILE *err)
{
    static const struct command command = {
        .name = "help",
        .operands = "[COMMAND]",
        .operands_max = 1,
        .summary = "Shows how to use a command; without one, what commands there are.",
    };
    struct arguments a;
    char option[] = "--help";
    int result = arguments_parse(&command, argc, argv, &a, err);
    if (result)
        return result;
    const char *name = a.n_operands ? a.operands[0] : NULL;
    const struct command_entry *e = name ? find(name) : NULL;
    if (a.help)
        arguments_help(&command, out);
    else if (!name)
        print_help(out);
    else if (!e)
        result = unknown(name, err);
    else
        result = e->run(2, (char *[]){a.operands[0], option, NULL}, out, err);
    return result;
}
