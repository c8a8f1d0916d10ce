#include "command_check.h"

#include <errno.h>

#include "configuration.h"
#include "json_text.h"
#include "quantity.h"

enum { PRINT = CONFIGURATION_ARGUMENTS, JSON, CHECK_ARGUMENTS };

static const struct argument table[] = {
    CONFIGURATION_TABLE,
    [PRINT] = {.name = "print", .help = "Print the pipeline with all defaults filled in, each with its meaning."},
    [JSON] = {.name = "json", .help = "Print what was found as one JSON object to the standard output."},
};

static const struct command command = {
    .name = "check",
    .operands = "FILE",
    .operands_instead = "-e PIPELINE",
    .operands_max = 1,
    .summary = "Reports every mistake of a pipeline with file, line and column. Starts nothing, and writes no file.",
    .arguments = table,
    .n = CHECK_ARGUMENTS,
};

static json_t *mistake_object(const struct complaint *c)
{
    return json_pack("{so si si so so si}", "file", json_text(c->file), "line", c->line, "column", c->column, "message",
                     json_text(c->message), "source", json_text(c->source), "source_column", c->source_column);
}

/* NULL: no memory. */
static json_t *findings_object(const struct configuration *c)
{
    const struct pipeline *p = c->pipeline;
    json_t *mistakes = json_array();
    for (size_t i = 0; i < c->complaints.n && mistakes; i++)
        if (json_array_append_new(mistakes, mistake_object(&c->complaints.list[i])) != 0) {
            json_decref(mistakes);
            mistakes = NULL;
        }
    return json_pack("{sb so si so}", "ok", p != NULL, "pipeline", json_text(p ? p->name : NULL), "stages",
                     p ? (int)p->n_stages : 0, "mistakes", mistakes);
}

static void print_range(const char *what, uint32_t least, uint32_t most, FILE *out)
{
    fprintf(out, "%u", least);
    if (most > least)
        fprintf(out, " to %u", most);
    fprintf(out, " %s%s", what, most == 1 ? "" : "s");
}

/* "photos.cfg: ok: 6 stages, 6 to 9 workers, 512 MiB of memory" */
static void print_ok(const struct configuration *c, FILE *out)
{
    const struct pipeline *p = c->pipeline;
    uint32_t least = 0, most = 0;
    for (uint32_t i = 0; i < p->n_stages; i++) {
        least += p->stages[i].workers_min;
        most += p->stages[i].workers_max;
    }
    fprintf(out, "%s: ok: ", c->what);
    print_range("stage", p->n_stages, p->n_stages, out);
    fprintf(out, ", ");
    print_range("worker", least, most, out);
    fprintf(out, ", %s of memory\n", quantity_bytes(p->memory).text);
}

/* Returns `result`, or EXIT_SYSTEM if there was no memory to print it. */
static int print_findings(const struct configuration *c, const struct arguments *a, int result, FILE *out, FILE *err)
{
    if (a->values[JSON]) {
        if (json_print(findings_object(c), out) == -ENOMEM) {
            fprintf(err, "micropipe check: there is no memory left to print what was found\n");
            return EXIT_SYSTEM;
        }
    } else if (c->pipeline && a->values[PRINT]) {
        pipeline_print(c->pipeline, PRINT_ALL, out);
    } else if (c->pipeline) {
        print_ok(c, out);
    } else {
        configuration_print_mistakes(c, err);
    }
    return result;
}

static int load_and_check(const struct arguments *a, FILE *out, FILE *err)
{
    struct configuration c;
    if (a->values[JSON] && a->values[PRINT])
        return arguments_wrong(&command, err, "--print and --json: which of the two is wanted?");
    int result = configuration_load(&command, a, err, &c);
    if (c.pipeline || c.complaints.n)
        result = print_findings(&c, a, result, out, err);
    configuration_clear(&c);
    return result;
}

int command_check(int argc, char **argv, FILE *out, FILE *err)
{
    return arguments_run(&command, argc, argv, load_and_check, out, err);
}
