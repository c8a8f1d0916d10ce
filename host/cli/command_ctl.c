#include "command_ctl.h"

#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "client.h"
#include "json_text.h"
#include "nearest.h"
#include "quantity.h"

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

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : "";
}

static uint64_t number(const json_t *object, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(object, key));
    return n > 0 ? (uint64_t)n : 0;
}

/* Share of its workers' time. */
static int percent(const json_t *stage, const char *key)
{
    double busy = json_real_value(json_object_get(stage, "busy_s"));
    double starved = json_real_value(json_object_get(stage, "wait_input_s"));
    double blocked = json_real_value(json_object_get(stage, "wait_output_s"));
    double all = busy + starved + blocked;
    return all > 0 ? (int)(json_real_value(json_object_get(stage, key)) / all * 100 + 0.5) : 0;
}

static void print_stages(const json_t *stages, FILE *out)
{
    const json_t *stage;
    size_t i;
    fprintf(out, "%-20s %7s %-13s %12s %12s %8s %5s %7s %7s\n", "stage", "workers", "by", "in", "out", "queued", "busy",
            "starved", "blocked");
    json_array_foreach(stages, i, stage)
        fprintf(out, "%-20s %7d %-13s %12s %12s %8d %3d %% %5d %% %5d %%\n", text(stage, "name"),
                (int)number(stage, "workers"), text(stage, "workers_by"), quantity_exact(number(stage, "in")).text,
                quantity_exact(number(stage, "out")).text, (int)number(stage, "queued"), percent(stage, "busy_s"),
                percent(stage, "wait_input_s"), percent(stage, "wait_output_s"));
}

static void print_decisions(const json_t *decisions, FILE *out)
{
    const json_t *d;
    size_t i;
    if (json_array_size(decisions) > 0)
        fprintf(out, "\ndecisions:\n");
    json_array_foreach(decisions, i, d)
        fprintf(out, "%10.1f s  %s: %d -> %d workers: %s\n", json_real_value(json_object_get(d, "at_s")),
                text(d, "stage"), (int)number(d, "from"), (int)number(d, "to"), text(d, "why"));
}

static void print_status(const json_t *answer, FILE *out)
{
    fprintf(out, "%s: %s for %.1f s, process %d, %.3g cores\n\n", text(answer, "pipeline"), text(answer, "state"),
            json_real_value(json_object_get(answer, "elapsed_s")), (int)number(answer, "pid"),
            json_number_value(json_object_get(answer, "cpus")));
    print_stages(json_object_get(answer, "stages"), out);
    if (*text(answer, "limited_by"))
        fprintf(out, "\nlimited by: %s\n", text(answer, "limited_by"));
    print_decisions(json_object_get(answer, "decisions"), out);
}

static int print_answer(const char *what, json_t *answer, int as_json, FILE *out, FILE *err)
{
    int ok = json_is_true(json_object_get(answer, "ok"));
    if (as_json)
        json_print(json_incref(answer), out);
    else if (!ok)
        fprintf(err, "micropipe ctl: %s\n", text(answer, "error"));
    else if (strcmp(what, "status") == 0)
        print_status(answer, out);
    else if (strcmp(what, "scale") == 0)
        fprintf(out, "%d workers\n", (int)number(answer, "workers"));
    if (ok && *text(answer, "note"))
        fprintf(err, "micropipe ctl: %s\n", text(answer, "note"));
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

int command_ctl(int argc, char **argv, FILE *out, FILE *err)
{
    struct arguments a;
    char why[400] = "";
    int result = arguments_parse(&command, argc, argv, &a, err);
    if (result)
        return result;
    if (a.help) {
        arguments_help(&command, out);
        return EXIT_OK;
    }
    if (a.n_operands == 0)
        return arguments_wrong(&command, err, "which pipeline?");
    const char *what = a.n_operands > 1 ? a.operands[1] : "status";
    json_t *request = read_request(&a, what, err);
    if (!request)
        return EXIT_USAGE;
    json_t *answer = client_ask(a.operands[0], request, why, sizeof why);
    if (!answer) {
        fprintf(err, "micropipe ctl: %s\n", why);
        return EXIT_SYSTEM;
    }
    result = print_answer(what, answer, a.values[JSON] != NULL, out, err);
    json_decref(answer);
    return result;
}
