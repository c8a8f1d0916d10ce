#include "configuration.h"

#include <stdio.h>
#include <sys/stat.h>

#include "cleanup.h"

/* A pipe can be read only once, and that is for the pipeline itself. */
static int can_be_read_twice(const char *file)
{
    struct stat s;
    return stat(file, &s) == 0 && S_ISREG(s.st_mode);
}

/* Folders of the command line first, then those of the configuration. */
static int open_catalogue(const struct arguments *a, const char *file, struct catalogue **out)
{
    const char *first = a->values[ARGUMENT_PLUGIN_PATH];
    AUTO_FREE char *own = pipeline_plugin_path(file && can_be_read_twice(file) ? file : NULL, a->many, a->n_many);
    AUTO_FREE char *both = NULL;
    if (first && own && asprintf(&both, "%s:%s", first, own) < 0) {
        both = NULL;
        return -1;
    }
    return catalogue_create(both ? both : first ? first : own, out);
}

int configuration_load(const struct command *command, const struct arguments *a, FILE *err, struct configuration *out)
{
    const char *file = a->n_operands ? a->operands[0] : NULL, *line = a->values[ARGUMENT_LINE];
    *out = (struct configuration){.what = line ? "-e" : file};
    if (file && line)
        return arguments_wrong(command, err, "a file and -e: which of the two pipelines is meant?");
    if (!file && !line)
        return arguments_wrong(command, err, "which pipeline? Name a file, or give a one-line pipeline with -e");
    if (open_catalogue(a, file, &out->catalogue) != 0) {
        fprintf(err, "micropipe %s: there is no memory left\n", command->name);
        return EXIT_SYSTEM;
    }
    int error = line ? pipeline_parse_line(out->catalogue, line, a->many, a->n_many, &out->pipeline, &out->complaints)
                     : pipeline_parse_file(out->catalogue, file, a->many, a->n_many, &out->pipeline, &out->complaints);
    return error ? EXIT_USAGE : EXIT_OK;
}

void configuration_print_mistakes(const struct configuration *c, FILE *err)
{
    size_t n = c->complaints.n;
    complaints_print(&c->complaints, err);
    fprintf(err, "micropipe: %s: %zu mistake%s, nothing was started\n", c->what, n, n == 1 ? "" : "s");
}

void configuration_clear(struct configuration *c)
{
    complaints_clear(&c->complaints);
    pipeline_destroy(&c->pipeline);
    catalogue_destroy(&c->catalogue);
}
