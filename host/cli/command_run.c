#include "command_run.h"

#include <errno.h>
#include <micropipe/option.h>
#include <string.h>
#include <unistd.h>

#include "configuration.h"
#include "control.h"
#include "debugger.h"
#include "display.h"
#include "http.h"
#include "nearest.h"
#include "summary.h"
#include "trace_file.h"
#include "value.h"

enum { PRINT_CONFIG = CONFIGURATION_ARGUMENTS, JSON, QUIET, LEVEL, DEBUG, TRACE, TRACE_SIZE, RUN_ARGUMENTS };

enum { TRACE_SIZE_USUAL = 64 << 20 };

static const struct argument table[] = {
    CONFIGURATION_TABLE,
    [PRINT_CONFIG] = {.name = "print-config", .help = "Print the pipeline as a file, and start nothing."},
    [JSON] = {.name = "json", .help = "Print the summary as one JSON object to the standard output, not as a table."},
    [QUIET] = {.name = "quiet", .help = "No progress, no table, and of the log warnings and errors only."},
    [LEVEL] = {.name = "log-level",
               .takes = "LEVEL",
               .help = "The least that is logged: error, warning, info (default) or debug."},
    [DEBUG] = {.name = "debug",
               .takes = "STAGE",
               .help =
                   "Run this stage under gdb, in this terminal: with one worker, without its sandbox and its timeout."},
    [TRACE] = {.name = "trace",
               .takes = "FILE",
               .help = "Write a trace of the run to this file, for ui.perfetto.dev: what each worker did, and when."},
    [TRACE_SIZE] = {.name = "trace-size",
                    .takes = "SIZE",
                    .help = "The most that the trace may take, as 256M (64M); what comes after is left out."},
};

static const struct command command = {
    .name = "run",
    .operands = "FILE",
    .operands_instead = "-e PIPELINE",
    .operands_max = 1,
    .summary =
        "Checks the pipeline, runs it to the end of its sources, and sums up: what each stage did, and which of them "
        "held up the rest. SIGTERM or SIGINT stops the sources and drains the rest; a second one stops at once.",
    .arguments = table,
    .n = RUN_ARGUMENTS,
};

static int read_level(const struct arguments *a, enum log_level *out, FILE *err)
{
    static const char *const names[] = {"error", "warning", "info", "debug"}; /* as enum log_level */
    const char *wanted = a->values[LEVEL];
    *out = a->values[QUIET] || a->values[DEBUG] ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO;
    if (!wanted)
        return EXIT_OK;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], wanted) == 0) {
            *out = (enum log_level)i;
            return EXIT_OK;
        }
    const char *nearest = nearest_name(wanted, names, sizeof names / sizeof names[0]);
    return arguments_wrong(&command, err, "'%s' is no log level: error, warning, info or debug%s%s%s", wanted,
                           nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
}

/* EXIT_OK, also if none is wanted. */
static int open_http(const struct pipeline *p, const struct control *control, const struct log *log,
                     struct supervisor_hooks *hooks, struct http **out, FILE *err)
{
    char why[256];
    if (!p->http)
        return EXIT_OK;
    struct http *h = http_open(p, control_name(control), log, why, sizeof why);
    if (!h) {
        fprintf(err, "micropipe run: %s; nothing was started\n", why);
        return EXIT_SYSTEM;
    }
    hooks->watches[hooks->n_watches++] = (struct supervisor_watch){http_fd(h), http_ready, h};
    *out = h;
    return EXIT_OK;
}

/* Bytes that the trace may take. */
static int read_trace_size(const struct arguments *a, uint64_t *out, FILE *err)
{
    const char *text = a->values[TRACE_SIZE];
    struct value size;
    *out = TRACE_SIZE_USUAL;
    if (!text)
        return EXIT_OK;
    if (!a->values[TRACE])
        return arguments_wrong(&command, err, "--trace-size is of a trace: give --trace, too");
    if (value_parse(MPIPE_SIZE, text, &size) != 0 || size.integer < TRACE_FILE_LEAST)
        return arguments_wrong(&command, err, "'%s' is no size for a trace, as 256M; 64K is the least", text);
    *out = (uint64_t)size.integer;
    return EXIT_OK;
}

/* `d`: one that is prepared, NULL: the run is without. */
static int run(const struct pipeline *p, const struct arguments *a, const struct debugger *d, enum log_level level,
               FILE *out, FILE *err)
{
    struct log log;
    struct display display;
    struct summary s = {.pipeline = p};
    log_init(&log, STDERR_FILENO, level, "micropipe");
    display_init(&display, STDERR_FILENO, a->values[QUIET] || d ? DISPLAY_NONE : display_kind_for(STDERR_FILENO), p);
    struct supervisor_hooks hooks = display_hooks(&display);
    struct control *control = control_open(p->name, &log);
    if (control)
        hooks.watches[hooks.n_watches++] = (struct supervisor_watch){control_fd(control), control_ready, control};
    if (d) {
        hooks.debug = &d->hook;
        debugger_announce(d, p, &log);
    }
    hooks.trace = a->values[TRACE];
    read_trace_size(a, &hooks.trace_size, err); /* it was checked before */
    struct http *http = NULL;
    int result = open_http(p, control, &log, &hooks, &http, err);
    if (!result)
        s.outcome = supervisor_run(p, &log, &hooks, &s.last, s.reason, sizeof s.reason);
    http_close(http);
    control_close(control);
    display_end(&display);
    if (result)
        return result;
    result = (int)s.outcome;
    if (a->values[JSON] && summary_print_json(&s, out) == -ENOMEM) {
        fprintf(err, "micropipe run: there is no memory left for the summary\n");
        result = EXIT_SYSTEM;
    }
    if (!a->values[JSON] && !a->values[QUIET])
        summary_print(&s, display_columns(STDERR_FILENO), err);
    else if (s.outcome != OUTCOME_DONE && s.reason[0])
        fprintf(err, "micropipe run: %s\n", s.reason);
    return result;
}

static int run_debugged(struct pipeline *p, const struct arguments *a, enum log_level level, FILE *out, FILE *err)
{
    struct debugger d;
    int result = debugger_prepare(&d, p, a->values[DEBUG], err);
    if (!result)
        result = run(p, a, &d, level, out, err);
    debugger_clear(&d);
    return result;
}

static int load_and_run(const struct arguments *a, FILE *out, FILE *err)
{
    struct configuration c;
    enum log_level level;
    uint64_t trace_size;
    int result = read_level(a, &level, err);
    if (!result)
        result = read_trace_size(a, &trace_size, err);
    if (result)
        return result;
    result = configuration_load(&command, a, err, &c);
    if (c.complaints.n)
        configuration_print_mistakes(&c, err);
    else if (!result && a->values[PRINT_CONFIG])
        pipeline_print(c.pipeline, PRINT_AS_SET, out);
    else if (!result && a->values[DEBUG])
        result = run_debugged(c.pipeline, a, level, out, err);
    else if (!result)
        result = run(c.pipeline, a, NULL, level, out, err);
    configuration_clear(&c);
    return result;
}

int command_run(int argc, char **argv, FILE *out, FILE *err)
{
    struct arguments a;
    int result = arguments_parse(&command, argc, argv, &a, err);
    if (result)
        return result;
    if (a.help)
        arguments_help(&command, out);
    else
        result = load_and_run(&a, out, err);
    return result;
}
