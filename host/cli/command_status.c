#include "command_status.h"

#include "arguments.h"
#include "client.h"
#include "fields.h"
#include "json_text.h"
#include "roll.h"
#include "sheet.h"

enum { JSON, STATUS_ARGUMENTS };
enum { PATIENCE_MS = 2000 };

static const struct argument table[] = {
    [JSON] = {.name = "json", .help = "Print the same as JSON."},
};

static const struct command status_of = {
    .name = "status",
    .operands = "[PIPELINE]",
    .operands_max = 1,
    .summary = "Shows what a running pipeline has counted so far: a line a stage, what limits it, and what the scaler "
               "decided. Without a PIPELINE: which pipelines run, as micropipe ps does.",
    .arguments = table,
    .n = STATUS_ARGUMENTS,
};

static const struct command ps = {
    .name = "ps",
    .operands = "",
    .operands_max = 0,
    .summary = "Lists the pipelines of this user that run on this machine: their names, for micropipe top, status and "
               "ctl, and what each of them does now.",
    .arguments = table,
    .n = STATUS_ARGUMENTS,
};

static int list_all(const struct command *c, int as_json, FILE *out, FILE *err)
{
    json_t *roll = roll_call(PATIENCE_MS);
    int error = 0;
    if (as_json)
        error = json_print(roll, out);
    else if (json_array_size(roll) == 0)
        fprintf(err, "micropipe %s: no pipeline runs here\n", c->name);
    else
        sheet_print_roll(roll, out);
    if (!as_json)
        json_decref(roll);
    return error ? EXIT_SYSTEM : EXIT_OK;
}

static int tell_one(const char *name, int as_json, FILE *out, FILE *err)
{
    char why[400] = "";
    json_t *status = client_ask(name, json_pack("{ss}", "command", "status"), why, sizeof why);
    if (!status) {
        fprintf(err, "micropipe status: %s\n", why);
        return EXIT_SYSTEM;
    }
    if (as_json)
        return json_print(status, out) ? EXIT_SYSTEM : EXIT_OK;
    sheet_print_totals(status, name, out);
    json_decref(status);
    return EXIT_OK;
}

static int tell(const struct arguments *a, FILE *out, FILE *err)
{
    int as_json = a->values[JSON] != NULL;
    return a->n_operands > 0 ? tell_one(a->operands[0], as_json, out, err) : list_all(&status_of, as_json, out, err);
}

int command_status(int argc, char **argv, FILE *out, FILE *err)
{
    return arguments_run(&status_of, argc, argv, tell, out, err);
}

static int list(const struct arguments *a, FILE *out, FILE *err)
{
    return list_all(&ps, a->values[JSON] != NULL, out, err);
}

int command_ps(int argc, char **argv, FILE *out, FILE *err)
{
    return arguments_run(&ps, argc, argv, list, out, err);
}
