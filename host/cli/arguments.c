#include "arguments.h"

#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#include "nearest.h"
#include "paragraph.h"

enum {
    LONG = 256, /* what getopt_long() returns for an option of the table, plus its index: beyond any letter */
    HELP = LONG + ARGUMENTS_MAX
};

/* The table in getopt's form. */
struct forms {
    struct option longs[ARGUMENTS_MAX + 2];
    char letters[2 * ARGUMENTS_MAX + 4];
};

int arguments_wrong(const struct command *c, FILE *err, const char *format, ...)
{
    va_list args;
    fprintf(err, "micropipe %s: ", c->name);
    va_start(args, format);
    vfprintf(err, format, args);
    va_end(args);
    fprintf(err, "\nTry 'micropipe %s --help'.\n", c->name);
    return EXIT_USAGE;
}

static void make_forms(const struct command *c, struct forms *f)
{
    size_t n = 0, used = 0;
    memset(f, 0, sizeof *f);
    f->letters[used++] = ':'; /* a value that is missing is told from an option that does not exist */
    for (size_t i = 0; i < c->n; i++) {
        const struct argument *a = &c->arguments[i];
        int takes = a->takes ? required_argument : no_argument;
        if (a->name)
            f->longs[n++] = (struct option){a->name, takes, NULL, LONG + (int)i};
        if (a->letter)
            f->letters[used++] = a->letter;
        if (a->letter && a->takes)
            f->letters[used++] = ':';
    }
    f->letters[used] = 'h';
    f->longs[n] = (struct option){"help", no_argument, NULL, HELP};
}

/* Index in the table of what getopt_long() found; c->n: it is not there. */
static size_t index_of(const struct command *c, int found)
{
    if (found >= LONG)
        return (size_t)(found - LONG);
    for (size_t i = 0; i < c->n; i++)
        if (c->arguments[i].letter == found)
            return i;
    return c->n;
}

/* "--set", or "-e". */
static const char *spelling(const struct argument *a, char *text, size_t size)
{
    if (a->name)
        snprintf(text, size, "--%s", a->name);
    else
        snprintf(text, size, "-%c", a->letter);
    return text;
}

static int unknown(const struct command *c, const char *word, FILE *err)
{
    const char *names[ARGUMENTS_MAX + 1];
    char wrong[64];
    size_t n = 0;
    snprintf(wrong, sizeof wrong, "%.*s", (int)strcspn(word, "="), word);
    for (size_t i = 0; i < c->n; i++)
        if (c->arguments[i].name)
            names[n++] = c->arguments[i].name;
    names[n++] = "help";
    const char *nearest = nearest_name(wrong, names, n);
    if (nearest)
        return arguments_wrong(c, err, "there is no option '--%s' (did you mean '--%s'?)", wrong, nearest);
    return arguments_wrong(c, err, "there is no option '--%s'", wrong);
}

/* `found`: '?' or ':' of getopt_long(); `word`: the argument that it read last. */
static int complain(const struct command *c, int found, const char *word, FILE *err)
{
    char name[64];
    size_t i = index_of(c, optopt);
    if (found == ':')
        return arguments_wrong(c, err, "%s wants a value: %s", spelling(&c->arguments[i], name, sizeof name),
                               c->arguments[i].takes);
    if (optopt == HELP)
        return arguments_wrong(c, err, "--help takes no value");
    if (optopt >= LONG)
        return arguments_wrong(c, err, "--%s takes no value", c->arguments[i].name);
    if (optopt)
        return arguments_wrong(c, err, "there is no option '-%c'", optopt);
    return unknown(c, word + strspn(word, "-"), err);
}

static int take(const struct command *c, size_t i, const char *value, struct arguments *out, FILE *err)
{
    out->values[i] = value ? value : "";
    if (!c->arguments[i].many)
        return EXIT_OK;
    if (out->n_many == ARGUMENTS_MANY_MAX)
        return arguments_wrong(c, err, "--%s more than %d times is too often", c->arguments[i].name,
                               ARGUMENTS_MANY_MAX);
    out->many[out->n_many++] = value;
    return EXIT_OK;
}

static int take_operands(const struct command *c, size_t n, char **operands, struct arguments *out, FILE *err)
{
    out->operands = operands;
    out->n_operands = n;
    if (n > c->operands_max && !out->help)
        return arguments_wrong(c, err, "'%s' is one word too many", operands[c->operands_max]);
    return EXIT_OK;
}

int arguments_parse(const struct command *c, int argc, char **argv, struct arguments *out, FILE *err)
{
    struct forms f;
    int found;
    make_forms(c, &f);
    *out = (struct arguments){.operands = argv};
    optind = 0; /* begin anew: getopt's state is the process's */
    opterr = 0;
    while ((found = getopt_long(argc, argv, f.letters, f.longs, NULL)) != -1) {
        if (found == '?' || found == ':')
            return complain(c, found, argv[optind - 1], err);
        if (found == HELP || found == 'h')
            out->help = 1;
        else if (take(c, index_of(c, found), optarg, out, err))
            return EXIT_USAGE;
    }
    return take_operands(c, (size_t)(argc - optind), argv + optind, out, err);
}

static void print_argument(const struct argument *a, FILE *out)
{
    char left[64], letter[8] = "";
    if (a->letter)
        snprintf(letter, sizeof letter, "-%c%s", a->letter, a->name ? ", " : "");
    snprintf(left, sizeof left, "%s%s%s%s%s", letter, a->name ? "--" : "", a->name ? a->name : "", a->takes ? " " : "",
             a->takes ? a->takes : "");
    paragraph_entry(out, 2, left, 26, a->help);
}

static void print_usage(const char *lead, const char *name, const char *operands, FILE *out)
{
    fprintf(out, "%s micropipe %s [OPTION...]%s%s\n", lead, name, *operands ? " " : "", operands);
}

void arguments_help(const struct command *c, FILE *out)
{
    static const struct argument help = {.name = "help", .letter = 'h', .help = "This text."};
    print_usage("Usage:", c->name, c->operands, out);
    if (c->operands_instead)
        print_usage("      ", c->name, c->operands_instead, out);
    fprintf(out, "\n");
    paragraph_print(out, 0, c->summary);
    fprintf(out, "\n");
    for (size_t i = 0; i < c->n; i++)
        print_argument(&c->arguments[i], out);
    print_argument(&help, out);
}

int arguments_run(const struct command *c, int argc, char **argv,
                  int (*act)(const struct arguments *a, FILE *out, FILE *err), FILE *out, FILE *err)
{
    struct arguments a;
    int result = arguments_parse(c, argc, argv, &a, err);
    if (result)
        return result;
    if (!a.help)
        return act(&a, out, err);
    arguments_help(c, out);
    return EXIT_OK;
}
