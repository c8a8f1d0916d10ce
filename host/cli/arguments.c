#include "arguments.h"

#include <stdarg.h>
#include <string.h>

#include "nearest.h"
#include "paragraph.h"

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

static int unknown(const struct command *c, const char *word, size_t length, FILE *err)
{
    const char *names[ARGUMENTS_MAX + 1];
    char wrong[64];
    for (size_t i = 0; i < c->n; i++)
        names[i] = c->arguments[i].name;
    names[c->n] = "help";
    snprintf(wrong, sizeof wrong, "%.*s", (int)(length < sizeof wrong ? length : sizeof wrong - 1), word);
    const char *nearest = nearest_name(wrong, names, c->n + 1);
    if (nearest)
        return arguments_wrong(c, err, "there is no option '--%s' (did you mean '--%s'?)", wrong, nearest);
    return arguments_wrong(c, err, "there is no option '--%s'", wrong);
}

/* One option; *next is the word after it, which is moved on if it is the value. */
static int take_option(const struct command *c, char ***next, struct arguments *out, FILE *err)
{
    const char *word = **next + 2;
    size_t length = strcspn(word, "=");
    ++*next;
    if (length == strlen("help") && strncmp(word, "help", length) == 0) {
        out->help = 1;
        return EXIT_OK;
    }
    for (size_t i = 0; i < c->n; i++) {
        const struct argument *a = &c->arguments[i];
        if (strlen(a->name) != length || strncmp(word, a->name, length) != 0)
            continue;
        if (!a->takes && word[length])
            return arguments_wrong(c, err, "--%s takes no value", a->name);
        if (a->takes && !word[length] && !**next)
            return arguments_wrong(c, err, "--%s wants a value: %s", a->name, a->takes);
        out->values[i] = !a->takes ? "" : word[length] ? word + length + 1 : *(*next)++;
        return EXIT_OK;
    }
    return unknown(c, word, length, err);
}

int arguments_parse(const struct command *c, int argc, char **argv, struct arguments *out, FILE *err)
{
    char **next = argv + (argc > 0);
    int only_operands = 0;
    *out = (struct arguments){.operands = argv};
    while (*next) {
        if (!only_operands && strcmp(*next, "--") == 0) {
            only_operands = 1;
            next++;
        } else if (!only_operands && strncmp(*next, "--", 2) == 0) {
            int error = take_option(c, &next, out, err);
            if (error)
                return error;
        } else if (!only_operands && (*next)[0] == '-' && (*next)[1]) {
            return arguments_wrong(c, err, "there is no option '%s'", *next);
        } else {
            argv[out->n_operands++] = *next++;
        }
    }
    if (out->n_operands > c->operands_max)
        return arguments_wrong(c, err, "'%s' is one word too many", out->operands[c->operands_max]);
    return EXIT_OK;
}

static void print_argument(const char *name, const char *takes, const char *help, FILE *out)
{
    char left[64];
    snprintf(left, sizeof left, "--%s%s%s", name, takes ? " " : "", takes ? takes : "");
    paragraph_entry(out, 2, left, 26, help);
}

void arguments_help(const struct command *c, FILE *out)
{
    fprintf(out, "Usage: micropipe %s [OPTION...]%s%s\n\n", c->name, *c->operands ? " " : "", c->operands);
    paragraph_print(out, 0, c->summary);
    fprintf(out, "\n");
    for (size_t i = 0; i < c->n; i++)
        print_argument(c->arguments[i].name, c->arguments[i].takes, c->arguments[i].help, out);
    print_argument("help", NULL, "This text.", out);
}
