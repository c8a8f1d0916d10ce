#include "command_tune.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "configuration.h"
#include "operator.h"
#include "print.h"
#include "settings.h"

enum { SECONDS = CONFIGURATION_ARGUMENTS, TUNE_ARGUMENTS };
enum { TICK_MS = 500, SECONDS_USUAL = 60, SECONDS_MOST = 86400 };

#define SETTLED_NS (15 * NS_PER_S) /* without a decision */
#define RATE_NS (10 * NS_PER_S)    /* what the rate is measured over */

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

/* What was seen at the last tick. */
struct tuning {
    uint64_t from_ns, until_ns; /* of the look, monotonic */
    uint64_t decided_ns;
    uint32_t n_decisions;
    struct mark {
        uint64_t at_ns, frames; /* of the sources */
    } marks[RATE_NS / NS_PER_MS / TICK_MS];
    uint32_t n_marks;
    struct snapshot seen;
    double gain; /* of another core */
    struct scaler_state then;
    int drained;
};

static uint64_t frames_of_sources(const struct pipeline *p, const struct snapshot *now)
{
    uint64_t frames = 0;
    for (uint32_t i = 0; i < now->n_stages; i++)
        frames += p->stages[i].is_source ? now->stages[i].out : 0;
    return frames;
}

/* Frames a second that the sources have made of late. */
static double rate(const struct tuning *t)
{
    uint32_t kept = sizeof t->marks / sizeof t->marks[0], n = t->n_marks < kept ? t->n_marks : kept;
    if (n < 2)
        return 0;
    const struct mark *last = &t->marks[(t->n_marks - 1) % kept], *first = &t->marks[(t->n_marks - n) % kept];
    return (double)(last->frames - first->frames) / ((double)(last->at_ns - first->at_ns) / (double)NS_PER_S);
}

static void tick(void *context, struct supervisor *s, const struct snapshot *now)
{
    struct tuning *t = context;
    const struct scaling *scaling = operator_scaling(s);
    uint64_t at = clock_monotonic();
    if (t->drained)
        return;
    if (now->n_decisions != t->n_decisions)
        t->decided_ns = at;
    t->n_decisions = now->n_decisions;
    t->seen = *now;
    t->gain = scaler_gain(&scaling->scaler, 1, &t->then);
    t->marks[t->n_marks++ % (sizeof t->marks / sizeof t->marks[0])] =
        (struct mark){at, frames_of_sources(operator_pipeline(s), now)};
    if (at < t->until_ns && at - t->decided_ns < SETTLED_NS)
        return;
    t->drained = 1;
    operator_drain(s, "tuned", at);
}

static void print_gain(const struct tuning *t, const struct pipeline *p, FILE *out)
{
    if (t->then.limit == LIMIT_UNKNOWN)
        fprintf(out, "# too little was seen to say what another core would bring\n");
    else if (t->gain < 1.01)
        fprintf(out, "# another core would bring nothing\n");
    else
        fprintf(out, "# another core would bring %.0f %%%s%s\n", (t->gain - 1) * 100,
                t->then.limit == LIMIT_CPU      ? ""
                : t->then.limit == LIMIT_MEMORY ? ", and memory would be the limit"
                                                : ", and the limit would be stage ",
                t->then.limit == LIMIT_STAGE || t->then.limit == LIMIT_SINK ? p->stages[t->then.stage].name : "");
}

/* The pipeline with the numbers that were found, where there was one to find. 0, or EXIT_SYSTEM: no memory. */
static int print_tuned(const struct tuning *t, const struct pipeline *p, FILE *out)
{
    struct pipeline tuned = *p;
    tuned.stages = calloc(p->n_stages, sizeof *tuned.stages);
    if (!tuned.stages)
        return EXIT_SYSTEM;
    for (uint32_t i = 0; i < p->n_stages; i++) {
        struct stage *s = &tuned.stages[i];
        *s = p->stages[i];
        if (s->workers_min == s->workers_max)
            continue;
        s->workers_min = s->workers_max = t->seen.stages[i].workers_wanted;
        s->workers_auto = 0;
        s->set |= 1u << STAGE_WORKERS;
    }
    fprintf(out, "# found by micropipe tune in %.0f s: %.4g frames/s of the source%s%s\n",
            (double)(t->marks[(t->n_marks - 1) % (sizeof t->marks / sizeof t->marks[0])].at_ns - t->from_ns) /
                (double)NS_PER_S,
            rate(t), t->seen.limit[0] ? "; limited by: " : "", t->seen.limit);
    print_gain(t, p, out);
    pipeline_print(&tuned, PRINT_AS_SET, out);
    free(tuned.stages);
    return EXIT_OK;
}

static int tune(const struct pipeline *p, uint64_t seconds, FILE *out, FILE *err)
{
    uint64_t now = clock_monotonic();
    struct tuning t = {.from_ns = now, .until_ns = now + seconds * NS_PER_S, .decided_ns = now};
    struct supervisor_hooks hooks = {.tick = tick, .context = &t, .tick_ms = TICK_MS};
    struct snapshot last;
    char reason[1024];
    struct log log;
    log_init(&log, STDERR_FILENO, LOG_LEVEL_INFO, "micropipe");
    enum outcome outcome = supervisor_run(p, &log, &hooks, &last, reason, sizeof reason);
    int ended_well = outcome == OUTCOME_DONE || outcome == OUTCOME_DEAD_LETTERS;
    if (!ended_well)
        fprintf(err, "micropipe tune: %s\n", reason);
    else if (t.n_marks == 0)
        fprintf(err, "micropipe tune: it ended before anything could be seen\n");
    if (t.n_marks == 0)
        return ended_well ? EXIT_SYSTEM : (int)outcome;
    /* What was found is worth as much if it could not be drained in time. */
    int error = ended_well || t.drained ? print_tuned(&t, p, out) : 0;
    return error ? error : (int)outcome;
}

static int load_and_tune(const struct arguments *a, FILE *out, FILE *err)
{
    struct configuration c;
    const char *text = a->values[SECONDS];
    char *end = NULL;
    long seconds = text ? strtol(text, &end, 10) : SECONDS_USUAL;
    if (text && (!*text || *end || seconds < 1 || seconds > SECONDS_MOST))
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
