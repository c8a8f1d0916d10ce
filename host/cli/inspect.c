#include "inspect.h"

#include <string.h>

#include "arguments.h"
#include "catalogue.h"
#include "inspect_json.h"
#include "inspect_text.h"

enum { JSON, PROBLEMS, PLUGIN_PATH };

static const struct argument table[] = {
    [JSON] = {.name = "json", .help = "The same as one JSON object."},
    [PROBLEMS] = {.name = "problems", .help = "Every shared object on the search path that cannot be used, and why."},
    [PLUGIN_PATH] = {.name = "plugin-path",
                     .takes = "FOLDERS",
                     .help = "Folders to look for packs in first, between colons."},
};

static const struct command command = {
    .name = "inspect",
    .operands = "[PACK[.PROCESSOR]]",
    .operands_max = 1,
    .summary =
        "Shows every pack and its processors; or those of one pack; or of one processor all that is known: options, "
        "ports, example, version and file. A file may be named in place of a pack: ./upper.so, ./upper.so:upper.",
    .arguments = table,
    .n = sizeof table / sizeof table[0],
};

/* "image.decode" and "./image.so:decode" name a processor; "image" and "./image.so" a pack. */
static int names_processor(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? strchr(slash, ':') != NULL : strchr(name, '.') != NULL;
}

/* A pack that is there and does not load is no mistake of whoever named it. */
static int not_found(const struct catalogue *c, const char *why, FILE *err)
{
    fprintf(err, "micropipe inspect: %s\n", why);
    return catalogue_problems(c) || catalogue_shortage(c) ? EXIT_SYSTEM : EXIT_USAGE;
}

/* Of what prints JSON: EXIT_SYSTEM is want of memory. */
static int checked(int result, FILE *err)
{
    if (result == EXIT_SYSTEM)
        fprintf(err, "micropipe inspect: there is no memory left to print what was found\n");
    return result;
}

static int show_processor(struct catalogue *c, const char *name, int json, FILE *out, FILE *err)
{
    const char *why = "";
    const struct processor_description *d = catalogue_find(c, name, &why);
    if (!d)
        return not_found(c, why, err);
    if (json)
        return checked(inspect_json_processor(d, out), err);
    inspect_text_processor(d, out);
    return EXIT_OK;
}

static int show_pack(struct catalogue *c, const char *name, int json, FILE *out, FILE *err)
{
    const char *why = "";
    size_t n = 0;
    struct processor_description *const *list = catalogue_pack(c, name, &n, &why);
    if (!list)
        return not_found(c, why, err);
    if (json)
        return checked(inspect_json_pack(list, n, out), err);
    inspect_text_pack(list, n, out);
    return EXIT_OK;
}

static int show_all(struct catalogue *c, const struct arguments *a, FILE *out, FILE *err)
{
    catalogue_scan_all(c);
    if (catalogue_shortage(c)) {
        fprintf(err, "micropipe inspect: not all packs could be looked at: %s; see micropipe doctor\n",
                strerror(catalogue_shortage(c)));
        return EXIT_SYSTEM;
    }
    if (a->values[PROBLEMS] && a->values[JSON])
        return checked(inspect_json_problems(c, out), err);
    if (a->values[JSON])
        return checked(inspect_json_all(c, out), err);
    if (a->values[PROBLEMS])
        inspect_text_problems(c, out);
    else
        inspect_text_all(c, out);
    return EXIT_OK;
}

static int inspect(const struct arguments *a, FILE *out, FILE *err)
{
    struct catalogue *c = NULL;
    const char *name = a->n_operands ? a->operands[0] : NULL;
    if (name && a->values[PROBLEMS])
        return arguments_wrong(&command, err, "--problems is about all packs: leave out '%s'", name);
    if (catalogue_create(a->values[PLUGIN_PATH], &c) != 0) {
        fprintf(err, "micropipe inspect: there is no memory left\n");
        return EXIT_SYSTEM;
    }
    int result;
    if (!name)
        result = show_all(c, a, out, err);
    else if (names_processor(name))
        result = show_processor(c, name, a->values[JSON] != NULL, out, err);
    else
        result = show_pack(c, name, a->values[JSON] != NULL, out, err);
    catalogue_destroy(&c);
    return result;
}

int inspect_run(int argc, char **argv, FILE *out, FILE *err)
{
    return arguments_run(&command, argc, argv, inspect, out, err);
}
