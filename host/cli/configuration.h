/* The pipeline that a command line names: a file, or a one-line pipeline, with the settings that override it. */
#ifndef CONFIGURATION_H
#define CONFIGURATION_H

#include "arguments.h"
#include "log.h"
#include "parse.h"

/* The options of every command that reads a pipeline come first in its table, as CONFIGURATION_TABLE has them. */
enum configuration_argument { ARGUMENT_LINE, ARGUMENT_SET, ARGUMENT_PLUGIN_PATH, CONFIGURATION_ARGUMENTS };

#define CONFIGURATION_TABLE                                                                                      \
    [ARGUMENT_LINE] = {.letter = 'e',                                                                            \
                       .takes = "PIPELINE",                                                                      \
                       .help = "A one-line pipeline in place of a file: processors between bars, each with its " \
                               "options as NAME=VALUE."},                                                        \
    [ARGUMENT_SET] = {.name = "set",                                                                             \
                      .takes = "NAME=VALUE",                                                                     \
                      .many = 1,                                                                                 \
                      .help = "Override a setting, as stages.decode.workers=4 or memory=1G. May be given many "  \
                              "times."},                                                                         \
    [ARGUMENT_PLUGIN_PATH] = {                                                                                   \
        .name = "plugin-path", .takes = "FOLDERS", .help = "Folders to look for packs in first, between colons."}

struct configuration {
    struct catalogue *catalogue;
    struct pipeline *pipeline;
    const char *what; /* what it is called in messages: the file, or "-e" */
    struct complaints complaints;
};

/* EXIT_OK: the pipeline is there. EXIT_USAGE: the command line is wrong, which was written to `err`, or the pipeline
 * is: then there are complaints, and nothing was written. EXIT_SYSTEM: the machine lacked something: there are
 * complaints, or it was written. *out is to be cleared in any case. */
int configuration_load(const struct command *command, const struct arguments *a, FILE *err, struct configuration *out);

/* All complaints, and how many they are. */
void configuration_print_mistakes(const struct configuration *c, FILE *err);

/* The same as records of a log, each with its place. */
void configuration_log_mistakes(const struct configuration *c, const struct log *log);

void configuration_clear(struct configuration *c);

#endif
