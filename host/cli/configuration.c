#include "configuration.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"

enum { SUM_MAX = PATH_MAX + 128 };

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

/* How many they are, or why that is not known. */
static void sum_up(const struct configuration *c, char *text, size_t size)
{
    size_t n = c->complaints.n;
    if (c->complaints.shortage)
        snprintf(text, size, "%s: could not be checked to the end (%s), nothing was started; see micropipe doctor",
                 c->what, strerror(c->complaints.shortage));
    else
        snprintf(text, size, "%s: %zu mistake%s, nothing was started", c->what, n, n == 1 ? "" : "s");
}

void configuration_print_mistakes(const struct configuration *c, FILE *err)
{
    char sum[SUM_MAX];
    complaints_print(&c->complaints, err);
    sum_up(c, sum, sizeof sum);
    fprintf(err, "micropipe: %s\n", sum);
}

static void log_mistake(const struct complaint *m, const struct log *log)
{
    AUTO_FREE char *excerpt = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&excerpt, &size);
    if (to) {
        complaint_print_source(m, to);
        fclose(to);
    }
    if (excerpt && size > 0)
        excerpt[size - 1] = 0; /* the last line feed */
    const struct log_place place = {m->file, m->line, m->column, size > 0 ? excerpt : NULL};
    log_at(log, LOG_LEVEL_ERROR, &place, "%s", m->message);
}

void configuration_log_mistakes(const struct configuration *c, const struct log *log)
{
    char sum[SUM_MAX];
    for (size_t i = 0; i < c->complaints.n; i++)
        log_mistake(&c->complaints.list[i], log);
    sum_up(c, sum, sizeof sum);
    log_write(log, LOG_LEVEL_ERROR, "%s", sum);
}

void configuration_clear(struct configuration *c)
{
    complaints_clear(&c->complaints);
    pipeline_destroy(&c->pipeline);
    catalogue_destroy(&c->catalogue);
}
