#include "command_tune.h"

#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "configuration.h"
#include "operator.h"
#include "tuning.h"

enum { SECONDS = CONFIGURATION_ARGUMENTS, TUNE_ARGUMENTS };
enum { SECONDS_USUAL = 60, SECONDS_MOST = 86400 };

static const struct argument table[] = {
    CONFIGURATION_TABLE,
    [SECONDS] = {.name = "seconds",
                 .takes = "N",
                 .help =
                     "How long to look at most, 60 unless given; it ends before, when nothing has changed for 15 s."},
};

static const struct command command = {
    .name = "tune",
    .operands = "FILE",
    .operands_instead = "-e PIPELINE",
    .operands_max = 1,
    .summary =
        "Runs the pipeline as run does, until the numbers of its workers have settled; then drains it, and prints "
        "it with these numbers, and what another core would bring. What the sinks have written stays.",
    .arguments = table,
    .n = TUNE_ARGUMENTS,
};

struct run {
    struct tuning tuning;
    int drained;
};

static void tick(void *context, struct supervisor *s, const struct snapshot *now)
{
    struct run *r = context;
    uint64_t at = clock_monotonic();
    if (r->drained)
        return;
    r->tuning.gain = scaler_gain(&operator_scaling(s)->scaler, 1, &r->tuning.then);
    r->drained = tuning_look(&r->tuning, operator_pipeline(s), now, at);
    if (r->drained)
        operator_drain(s, "tuned", at);
}

static int tune(const struct pipeline *p, uint64_t seconds, FILE *out, FILE *err)
{
    struct run r = {.drained = 0};
    struct supervisor_hooks hooks = {.tick = tick, .context = &r, .tick_ms = TUNING_TICK_MS};
    struct snapshot last;
    char reason[1024];
    struct log log;
    tuning_begin(&r.tuning, clock_monotonic(), seconds);
    log_init(&log, STDERR_FILENO, LOG_LEVEL_INFO, "micropipe");
    enum outcome outcome = supervisor_run(p, &log, &hooks, &last, reason, sizeof reason);
    int ended_well = outcome == OUTCOME_DONE || outcome == OUTCOME_DEAD_LETTERS;
    if (!ended_well)
        fprintf(err, "micropipe tune: %s\n", reason);
    else if (r.tuning.n_marks == 0)
        fprintf(err, "micropipe tune: it ended before anything could be seen\n");
    if (r.tuning.n_marks == 0)
        return ended_well ? EXIT_SYSTEM : (int)outcome;
    /* What was found is worth as much if it could not be drained in time. */
    int error = ended_well || r.drained ? tuning_print(&r.tuning, p, out) : 0;
    return error ? EXIT_SYSTEM : (int)outcome;
}

static int load_and_tune(const struct arguments *a, FILE *out, FILE *err)
{
    struct configuration c;
    const char *text = a->values[SECONDS];
    char *end = NULL;
    long seconds = text ? strtol(text, &end, 10) : SECONDS_USUAL;
    if (text && (*end || seconds < 1 || seconds > SECONDS_MOST))
        return arguments_wrong(&command, err, "'%s' is no number of seconds from 1 to %d", text, SECONDS_MOST);
    int result = configuration_load(&command, a, err, &c);
    if (c.complaints.n)
        configuration_print_mistakes(&c, err);
    else if (!result)
        result = tune(c.pipeline, (uint64_t)seconds, out, err);
    configuration_clear(&c);
    return result;
}

int command_tune(int argc, char **argv, FILE *out, FILE *err)
{
    return arguments_run(&command, argc, argv, load_and_tune, out, err);
}
