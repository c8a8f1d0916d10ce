#include "command_ctl.h"

#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "client.h"
#include "fields.h"
#include "json_text.h"
#include "nearest.h"
#include "sheet.h"

enum { JSON, CTL_ARGUMENTS };

static const struct argument table[] = {
    [JSON] = {.name = "json", .help = "Print the answer as it came, one JSON object."},
};

static const struct command command = {
    .name = "ctl",
    .operands = "PIPELINE [COMMAND [STAGE N|auto]]",
    .operands_max = 4,
    .summary =
        "Asks a running pipeline: status (also without a COMMAND) shows its stages and what the scaler decided; scale "
        "STAGE N gives a stage N workers, scale STAGE auto as many as are of use; pause has the sources make nothing "
        "until resume; drain lets them make no more, and ends when all is through; stop ends at once. PIPELINE is its "
        "name.",
    .arguments = table,
    .n = CTL_ARGUMENTS,
};

static int print_answer(const char *name, const char *what, json_t *answer, int as_json, FILE *out, FILE *err)
{
    int ok = json_is_true(json_object_get(answer, "ok"));
    if (as_json)
        json_print(json_incref(answer), out);
    else if (!ok)
        fprintf(err, "micropipe ctl: %s\n", field_text(answer, "error"));
    else if (strcmp(what, "status") == 0)
        sheet_print_totals(answer, name, out);
    else if (strcmp(what, "scale") == 0)
        fprintf(out, "%d workers\n", field_count(answer, "workers"));
    if (ok && *field_text(answer, "note"))
        fprintf(err, "micropipe ctl: %s\n", field_text(answer, "note"));
    return ok ? EXIT_OK : EXIT_USAGE;
}

/* The request of the operands after the name; NULL after complaining. */
static json_t *read_request(const struct arguments *a, const char *what, FILE *err)
{
    static const char *const commands[] = {"status", "scale", "pause", "resume", "drain", "stop"};
    size_t n = sizeof commands / sizeof commands[0], found = 0;
    while (found < n && strcmp(commands[found], what) != 0)
        found++;
    if (found == n) {
        const char *nearest = nearest_name(what, commands, n);
        arguments_wrong(&command, err, "'%s' is no command: status, scale, pause, resume, drain or stop%s%s%s", what,
                        nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
        return NULL;
    }
    int scales = strcmp(what, "scale") == 0;
    if (a->n_operands != (scales ? 4u : a->n_operands < 2 ? a->n_operands : 2u)) {
        arguments_wrong(&command, err,
                        scales ? "scale takes a stage, and a number of workers or auto" : "'%s' takes no argument",
                        what);
        return NULL;
    }
    if (!scales)
        return json_pack("{ss}", "command", what);
    char *end;
    long workers = strtol(a->operands[3], &end, 10);
    int is_number = *a->operands[3] && *end == '\0';
    return json_pack("{ss so so}", "command", what, "stage", json_text(a->operands[2]), "workers",
                     is_number ? json_integer(workers) : json_text(a->operands[3]));
}

static int ask(const struct arguments *a, FILE *out, FILE *err)
{
    char why[400] = "";
    if (a->n_operands == 0)
        return arguments_wrong(&command, err, "which pipeline?");
    const char *what = a->n_operands > 1 ? a->operands[1] : "status";
    json_t *request = read_request(a, what, err);
    if (!request)
        return EXIT_USAGE;
    json_t *answer = client_ask(a->operands[0], request, why, sizeof why);
    if (!answer) {
        fprintf(err, "micropipe ctl: %s\n", why);
        return EXIT_SYSTEM;
    }
    int result = print_answer(a->operands[0], what, answer, a->values[JSON] != NULL, out, err);
    json_decref(answer);
    return result;
}

int command_ctl(int argc, char **argv, FILE *out, FILE *err)
{
    return arguments_run(&command, argc, argv, ask, out, err);
}
