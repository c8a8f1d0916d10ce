/* The commands of the program, and which of them is meant. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <stdio.h>

/* argv[0] is the command's name; argv is rearranged. Results go to `out`, mistakes and what happens meanwhile to `err`.
 * The exit code is returned. */
typedef int command_function(int argc, char **argv, FILE *out, FILE *err);

struct command_entry {
    const char *name;
    command_function *run;
    const char *summary; /* "run a pipeline" */
};

/* All of them; ends with a NULL name. */
const struct command_entry *commands_list(void);

/* What argv of main() says. */
command_function commands_dispatch;

/* micropipe help [COMMAND] */
command_function command_help;

#endif
