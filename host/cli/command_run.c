#include "command_run.h"

#include <errno.h>
#include <inttypes.h>
#include <micropipe/option.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "configuration.h"
#include "control.h"
#include "debugger.h"
#include "display.h"
#include "http.h"
#include "log_line.h"
#include "nearest.h"
#include "output.h"
#include "quantity.h"
#include "summary.h"
#include "trace_file.h"
#include "value.h"

enum { PRINT_CONFIG = CONFIGURATION_ARGUMENTS, JSON, QUIET, LEVEL, LOG, DEBUG, TRACE, TRACE_SIZE, RUN_ARGUMENTS };

enum { TRACE_SIZE_USUAL = 64 << 20 };

static const struct argument table[] = {
    CONFIGURATION_TABLE,
    [PRINT_CONFIG] = {.name = "print-config", .help = "Print the pipeline as a file, and start nothing."},
    [JSON] = {.name = "json", .help = "Print the summary as one JSON object to the standard output, not as a table."},
    [QUIET] = {.name = "quiet", .help = "No progress, no table, and of the log warnings and errors only."},
    [LEVEL] = {.name = "log-level",
               .takes = "LEVEL",
               .help = "The least that is logged: error, warning, info (default) or debug."},
    [LOG] = {.name = "log",
             .takes = "FORMAT",
             .help = "human (default), or json: the standard error has a JSON object a line and nothing else."},
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

/* Index of the word among n; -1 after complaining. `what`: "log level: error, warning, info or debug". */
static int read_word(const char *wanted, const char *const *names, size_t n, const char *what, FILE *err)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], wanted) == 0)
            return (int)i;
    const char *nearest = nearest_name(wanted, names, n);
    arguments_wrong(&command, err, "'%s' is no %s%s%s%s", wanted, what, nearest ? " (did you mean '" : "",
                    nearest ? nearest : "", nearest ? "'?)" : "");
    return -1;
}

/* What is logged, and how. */
static int read_log(const struct arguments *a, struct log *out, FILE *err)
{
    static const char *const formats[] = {"human", "json"}; /* as enum log_format */
    const char *levels[LOG_LEVEL_DEBUG + 1];
    for (int i = 0; i <= LOG_LEVEL_DEBUG; i++)
        levels[i] = log_level_name((enum log_level)i);
    int level = a->values[QUIET] || a->values[DEBUG] ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, format = LOG_HUMAN;
    if (a->values[LEVEL])
        level =
            read_word(a->values[LEVEL], levels, LOG_LEVEL_DEBUG + 1, "log level: error, warning, info or debug", err);
    if (level >= 0 && a->values[LOG])
        format = read_word(a->values[LOG], formats, 2, "format of the log: human or json", err);
    if (level < 0 || format < 0)
        return EXIT_USAGE;
    log_init(out, STDERR_FILENO, (enum log_level)level, "micropipe");
    out->format = (enum log_format)format;
    return EXIT_OK;
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

/* In place of the table, where there are only lines of the log. */
static void log_outcome(const struct log *log, const struct summary *s)
{
    uint64_t dead = summary_dead(s);
    enum log_level level = s->outcome == OUTCOME_DONE           ? LOG_LEVEL_INFO
                           : s->outcome == OUTCOME_DEAD_LETTERS ? LOG_LEVEL_WARNING
                                                                : LOG_LEVEL_ERROR;
    if (s->outcome == OUTCOME_CONFIG) {
        log_write(log, level, "cannot run: %s", s->reason);
        return;
    }
    log_write(log, level, "%s after %s, %" PRIu64 " dead letter%s%s%s", level == LOG_LEVEL_ERROR ? "failed" : "done",
              quantity_duration(s->last.elapsed_ns).text, dead, dead == 1 ? "" : "s", s->reason[0] ? ": " : "",
              s->reason);
}

/* The summary, where it is wanted. */
static void print_end(const struct summary *s, const struct arguments *a, const struct log *log, FILE *err)
{
    if (log->format == LOG_JSON)
        log_outcome(log, s);
    else if (!a->values[JSON] && !a->values[QUIET])
        summary_print(s, display_columns(STDERR_FILENO), err);
    else if (s->outcome != OUTCOME_DONE && s->reason[0])
        fprintf(err, "micropipe run: %s\n", s->reason);
}

/* `d`: one that is prepared, NULL: the run is without. */
static int run(const struct pipeline *p, const struct arguments *a, const struct debugger *d, const struct log *log,
               FILE *out, FILE *err)
{
    struct display display;
    struct summary s = {.pipeline = p};
    int is_bare = a->values[QUIET] || d || log->format == LOG_JSON;
    display_init(&display, STDERR_FILENO, is_bare ? DISPLAY_NONE : display_kind_for(STDERR_FILENO), p);
    struct supervisor_hooks hooks = display_hooks(&display);
    struct control *control = control_open(p->name, log);
    if (control)
        hooks.watches[hooks.n_watches++] = (struct supervisor_watch){control_fd(control), control_ready, control};
    if (d) {
        hooks.debug = &d->hook;
        debugger_announce(d, p, log);
    }
    hooks.trace = a->values[TRACE];
    read_trace_size(a, &hooks.trace_size, err); /* it was checked before */
    struct http *http = NULL;
    int result = open_http(p, control, log, &hooks, &http, err);
    if (!result)
        s.outcome = supervisor_run(p, log, &hooks, &s.last, s.reason, sizeof s.reason);
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
    print_end(&s, a, log, err);
    return result;
}

static int run_debugged(struct pipeline *p, const struct arguments *a, const struct log *log, FILE *out, FILE *err)
{
    struct debugger d;
    int result = debugger_prepare(&d, p, a->values[DEBUG], err);
    if (!result)
        result = run(p, a, &d, log, out, err);
    debugger_clear(&d);
    return result;
}

static int load_and_run(const struct arguments *a, FILE *out, FILE *err)
{
    struct configuration c;
    struct log log;
    uint64_t trace_size;
    int result = read_log(a, &log, err);
    if (!result)
        result = read_trace_size(a, &trace_size, err);
    if (result)
        return result;
    result = configuration_load(&command, a, err, &c);
    if (c.complaints.n && log.format == LOG_JSON)
        configuration_log_mistakes(&c, &log);
    else if (c.complaints.n)
        configuration_print_mistakes(&c, err);
    else if (!result && a->values[PRINT_CONFIG])
        pipeline_print(c.pipeline, PRINT_AS_SET, out);
    else if (!result && a->values[DEBUG])
        result = run_debugged(c.pipeline, a, &log, out, err);
    else if (!result)
        result = run(c.pipeline, a, NULL, &log, out, err);
    configuration_clear(&c);
    return result;
}

/* Whether the last --log says json. Before the arguments are read: what is wrong with them is told as it says. */
static int is_logged_as_json(int argc, char **argv)
{
    const char *format = NULL;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strncmp(argv[i], "--log=", 6) == 0)
            format = argv[i] + 6;
        else if (strcmp(argv[i], "--log") == 0)
            format = argv[i + 1]; /* NULL at the end */
    return format && strcmp(format, "json") == 0;
}

/* What the rest of the command writes for people is held back, and becomes a record. */
static int run_logged_as_json(int argc, char **argv, FILE *out, FILE *err)
{
    struct log log;
    AUTO_FREE char *text = NULL;
    size_t size = 0;
    FILE *held = open_memstream(&text, &size);
    if (!held)
        return arguments_run(&command, argc, argv, load_and_run, out, err);
    int result = output_finish(arguments_run(&command, argc, argv, load_and_run, out, held), held);
    if (fclose(held) != 0 || !text)
        return EXIT_SYSTEM;
    log_init(&log, STDERR_FILENO, LOG_LEVEL_ERROR, "micropipe");
    log.format = LOG_JSON;
    while (size > 0 && text[size - 1] == '\n')
        text[--size] = 0;
    if (size > 0)
        log_write(&log, LOG_LEVEL_ERROR, "%s", text);
    return result;
}

int command_run(int argc, char **argv, FILE *out, FILE *err)
{
    if (is_logged_as_json(argc, argv))
        return run_logged_as_json(argc, argv, out, err);
    return arguments_run(&command, argc, argv, load_and_run, out, err);
}
