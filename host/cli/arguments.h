/* The command line of one command, from a table that also prints --help. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <stddef.h>
#include <stdio.h>

enum { ARGUMENTS_MAX = 16, ARGUMENTS_MANY_MAX = 256 };

/* An option. */
struct argument {
    const char *name;  /* without the dashes: "plugin-path"; NULL: it has a letter only */
    const char *takes; /* what its value is called: "FOLDERS"; NULL: it has none */
    const char *help;
    char letter; /* 0: none */
    int many;    /* 1: may be given many times, and each time counts; at most one in a table */
};

struct command {
    const char *name;     /* "inspect" */
    const char *operands; /* "[PACK[.PROCESSOR]]"; "": none */
    size_t operands_max;
    const char *summary;
    const struct argument *arguments; /* n of them, without --help, which every command has */
    size_t n;
    const char *operands_instead; /* another form of the command: "-e PIPELINE"; NULL: there is only one */
};

struct arguments {
    const char *values[ARGUMENTS_MAX]; /* by index of the table: the last value, "" if it takes none, NULL: not given */
    const char *many[ARGUMENTS_MANY_MAX]; /* all values, in order, of the option that may be given many times */
    size_t n_many;
    char **operands; /* into argv; n of them */
    size_t n_operands;
    int help; /* --help was given */
};

/* Exit codes of every command. */
enum { EXIT_OK = 0, EXIT_SYSTEM = 1, EXIT_USAGE = 2 };

/* Reads argv[1] ... of a command: argv[0] is its name; moves the operands to the end of argv. EXIT_OK, or EXIT_USAGE:
 * the mistake was written to `err`. "--" ends the options; a value may follow after "=" or as the next word. */
int arguments_parse(const struct command *c, int argc, char **argv, struct arguments *out, FILE *err);

void arguments_help(const struct command *c, FILE *out);

/* All of a command: reads its arguments, then prints its help if that is what was asked for, or acts on them. */
int arguments_run(const struct command *c, int argc, char **argv,
                  int (*act)(const struct arguments *a, FILE *out, FILE *err), FILE *out, FILE *err);

/* Writes "micropipe COMMAND: ..." and how to get help. Returns EXIT_USAGE. */
__attribute__((format(printf, 3, 4))) int arguments_wrong(const struct command *c, FILE *err, const char *format, ...);

#endif
