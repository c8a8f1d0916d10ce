#include "configuration.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
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
    AUTO_FREE char *own = NULL;
    AUTO_FREE char *both = NULL;
    int error = pipeline_plugin_path(file && can_be_read_twice(file) ? file : NULL, a->many, a->n_many, &own);
    if (error)
        return error;
    if (first && own && asprintf(&both, "%s:%s", first, own) < 0) {
        both = NULL;
        return -ENOMEM;
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
    int error = open_catalogue(a, file, &out->catalogue);
    if (error) {
        fprintf(err, "micropipe %s: cannot look for packs: %s; see micropipe doctor\n", command->name,
                strerror(-error));
        return EXIT_SYSTEM;
    }
    error = line ? pipeline_parse_line(out->catalogue, line, a->many, a->n_many, &out->pipeline, &out->complaints)
                 : pipeline_parse_file(out->catalogue, file, a->many, a->n_many, &out->pipeline, &out->complaints);
    return out->complaints.shortage ? EXIT_SYSTEM : error ? EXIT_USAGE : EXIT_OK;
}

void configuration_print_mistakes(const struct configuration *c, FILE *err)
{
    size_t n = c->complaints.n;
    complaints_print(&c->complaints, err);
    if (c->complaints.shortage) {
        fprintf(err, "micropipe: %s: could not be checked to the end (%s), nothing was started; see micropipe doctor\n",
                c->what, strerror(c->complaints.shortage));
        return;
    }
    fprintf(err, "micropipe: %s: %zu mistake%s, nothing was started\n", c->what, n, n == 1 ? "" : "s");
}

void configuration_clear(struct configuration *c)
{
    complaints_clear(&c->complaints);
    pipeline_destroy(&c->pipeline);
    catalogue_destroy(&c->catalogue);
}
