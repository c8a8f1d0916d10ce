#include "command_top.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json_text.h"
#include "link.h"
#include "live.h"
#include "log.h"
#include "sheet.h"
#include "which_pipeline.h"

enum { ONCE, INTERVAL, JSON, TOP_ARGUMENTS };
enum { PATIENCE_MS = 10000 };

static const struct argument table[] = {
    [ONCE] = {.name = "once", .help = "Look twice, a second apart, print the rows, and end."},
    [INTERVAL] = {.name = "interval", .takes = "SECONDS", .help = "Time between two looks, from 0.1 to 60 (1)."},
    [JSON] = {.name = "json", .help = "Print what was seen as JSON: with --once one object, else a line a look."},
};

static const struct command command = {
    .name = "top",
    .operands = "[PIPELINE]",
    .operands_max = 1,
    .summary = "Shows what a running pipeline does now, again and again: a row a stage, with what its workers do with "
               "their time, and '*' before the one that holds up the others. Without a terminal that can be drawn on, "
               "the rows are printed one below the other. PIPELINE may be left out if only one runs.",
    .arguments = table,
    .n = TOP_ARGUMENTS,
};

struct looks {
    char name[PIPELINE_NAME_SIZE];
    int interval_ms, once, as_json;
    struct link link;
    char why[SILENCE_TEXT]; /* of a look that got nothing; empty: it has ended */
};

static int read_interval(const struct arguments *a, int *ms, FILE *err)
{
    const char *text = a->values[INTERVAL] ? a->values[INTERVAL] : "1";
    char *end;
    double seconds = strtod(text, &end);
    if (!*text || *end || !(seconds >= 0.1 && seconds <= 60))
        return arguments_wrong(&command, err, "'%s' is no interval: a number of seconds from 0.1 to 60", text);
    *ms = (int)(seconds * 1000);
    return EXIT_OK;
}

static json_t *look(struct looks *l)
{
    return link_wait(&l->link, json_pack("{ss sb}", "command", "status", "workers", l->as_json), PATIENCE_MS, l->why);
}

static int print(const struct looks *l, json_t *status, FILE *out)
{
    int error = 0;
    if (l->as_json && l->once)
        return json_print(json_incref(status), out);
    if (l->as_json)
        error = json_dumpf(status, out, JSON_COMPACT);
    else
        sheet_print_stages(status, l->name, out);
    fputc('\n', out);
    return error || fflush(out) != 0 ? -1 : 0;
}

/* Rates are of the time between two looks, so the first alone tells little. */
static int look_once(struct looks *l, FILE *out, FILE *err)
{
    json_t *first = look(l), *second = NULL;
    if (first) {
        poll(NULL, 0, l->interval_ms);
        second = look(l);
    }
    if (first && !second)
        fprintf(err, "micropipe top: %s %s; this is of its whole run until then\n", l->name,
                l->why[0] ? l->why : "ended meanwhile");
    if (!first)
        fprintf(err, "micropipe top: %s %s\n", l->name,
                l->why[0] ? l->why : "did not answer; it may have ended just now");
    int error = !first || print(l, second ? second : first, out) != 0;
    json_decref(first);
    json_decref(second);
    return error ? EXIT_SYSTEM : EXIT_OK;
}

static int look_on(struct looks *l, FILE *out, FILE *err)
{
    int error = 0;
    for (json_t *status; !error && (status = look(l));) {
        error = print(l, status, out);
        json_decref(status);
        if (!error)
            poll(NULL, 0, l->interval_ms);
    }
    if (!error)
        fprintf(err, "micropipe top: %s %s\n", l->name, l->why[0] ? l->why : "has ended");
    return error || l->why[0] ? EXIT_SYSTEM : EXIT_OK;
}

static int is_drawable(const struct looks *l)
{
    return !l->once && !l->as_json && log_is_terminal(STDOUT_FILENO) && isatty(STDIN_FILENO);
}

static int print_looks(struct looks *l, FILE *out, FILE *err)
{
    int result = l->once ? look_once(l, out, err) : look_on(l, out, err);
    link_close(&l->link);
    return result;
}

/* On a terminal, if there is one that can be drawn on; there several pipelines to choose from are no mistake. */
static int watch(const struct arguments *a, struct looks *l, FILE *out, FILE *err)
{
    char why[400] = "";
    if (is_drawable(l) && a->n_operands == 0 && live_run("", l->interval_ms) == 0)
        return EXIT_OK;
    int result = which_pipeline(&command, a, l->name, err);
    if (result)
        return result;
    if (link_open(&l->link, l->name, why, sizeof why) != 0) {
        fprintf(err, "micropipe top: %s\n", why);
        return EXIT_SYSTEM;
    }
    if (is_drawable(l) && live_run(l->name, l->interval_ms) == 0) {
        link_close(&l->link);
        return EXIT_OK;
    }
    return print_looks(l, out, err);
}

static int top(const struct arguments *a, FILE *out, FILE *err)
{
    struct looks l = {.link = {.fd = -1}};
    int result = read_interval(a, &l.interval_ms, err);
    l.once = a->values[ONCE] != NULL;
    l.as_json = a->values[JSON] != NULL;
    return result ? result : watch(a, &l, out, err);
}

int command_top(int argc, char **argv, FILE *out, FILE *err)
{
    return arguments_run(&command, argc, argv, top, out, err);
}
