#include "tuning.h"

#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "print.h"
#include "settings.h"

#define SETTLED_NS (15 * NS_PER_S) /* without a decision */

void tuning_begin(struct tuning *t, uint64_t now_ns, uint64_t seconds)
{
    *t = (struct tuning){.from_ns = now_ns, .until_ns = now_ns + seconds * NS_PER_S, .decided_ns = now_ns};
}

static uint64_t frames_of_sources(const struct pipeline *p, const struct snapshot *now)
{
    uint64_t frames = 0;
    for (uint32_t i = 0; i < now->n_stages; i++)
        frames += p->stages[i].is_source ? now->stages[i].out : 0;
    return frames;
}

int tuning_look(struct tuning *t, const struct pipeline *p, const struct snapshot *now, uint64_t now_ns)
{
    if (now->n_decisions != t->n_decisions)
        t->decided_ns = now_ns;
    t->n_decisions = now->n_decisions;
    t->seen = *now;
    t->marks[t->n_marks++ % TUNING_MARKS] = (struct mark){now_ns, frames_of_sources(p, now)};
    return now_ns >= t->until_ns || now_ns - t->decided_ns >= SETTLED_NS;
}

static const struct mark *last_mark(const struct tuning *t)
{
    return &t->marks[(t->n_marks - 1) % TUNING_MARKS];
}

/* Frames a second that the sources have made of late, until their end; 0: none in that time. */
static double rate(const struct tuning *t)
{
    if (t->n_marks < 2)
        return 0;
    uint32_t n = t->n_marks < TUNING_MARKS ? t->n_marks : TUNING_MARKS, at = t->n_marks - 1;
    const struct mark *first = &t->marks[(t->n_marks - n) % TUNING_MARKS];
    while (at > t->n_marks - n && t->marks[at % TUNING_MARKS].frames == t->marks[(at - 1) % TUNING_MARKS].frames)
        at--;
    const struct mark *last = &t->marks[at % TUNING_MARKS];
    if (last == first)
        return 0;
    return (double)(last->frames - first->frames) / ((double)(last->at_ns - first->at_ns) / (double)NS_PER_S);
}

static void print_found(const struct tuning *t, FILE *out)
{
    fprintf(out, "# found by micropipe tune in %.0f s", (double)(last_mark(t)->at_ns - t->from_ns) / (double)NS_PER_S);
    if (rate(t) > 0)
        fprintf(out, ": %.4g frames/s of the source", rate(t));
    fprintf(out, "%s%s\n", t->seen.limit[0] ? "; limited by: " : "", t->seen.limit);
}

static void print_gain(const struct tuning *t, const struct pipeline *p, FILE *out)
{
    if (t->then.limit == LIMIT_UNKNOWN)
        fprintf(out, "# too little was seen to say what another core would bring\n");
    else if (t->gain < 1.01)
        fprintf(out, "# another core would bring nothing\n");
    else {
        fprintf(out, "# another core would bring %.0f %%", (t->gain - 1) * 100);
        if (t->then.limit == LIMIT_MEMORY)
            fprintf(out, ", and memory would be the limit");
        else if (t->then.limit != LIMIT_CPU)
            fprintf(out, ", and the limit would be stage %s", p->stages[t->then.stage].name);
        fprintf(out, "\n");
    }
}

int tuning_print(const struct tuning *t, const struct pipeline *p, FILE *out)
{
    struct pipeline tuned = *p;
    tuned.stages = calloc(p->n_stages, sizeof *tuned.stages);
    if (!tuned.stages)
        return -ENOMEM;
    for (uint32_t i = 0; i < p->n_stages; i++) {
        struct stage *s = &tuned.stages[i];
        *s = p->stages[i];
        if (s->workers_min == s->workers_max)
            continue;
        s->workers_min = s->workers_max = t->seen.stages[i].workers_wanted;
        s->workers_auto = 0;
        s->set |= 1u << STAGE_WORKERS;
    }
    print_found(t, out);
    print_gain(t, p, out);
    pipeline_print(&tuned, PRINT_AS_SET, out);
    free(tuned.stages);
    return 0;
}
