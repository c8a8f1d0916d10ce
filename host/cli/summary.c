#include "summary.h"

#include <inttypes.h>

#include "clock.h"
#include "quantity.h"
#include "summary_table.h"

double summary_frames_per_second(const struct summary *s, uint32_t stage)
{
    uint64_t ns = s->last.elapsed_ns;
    return ns ? (double)s->last.stages[stage].in * (double)NS_PER_S / (double)ns : 0;
}

/* At the end no worker is alive: then it is the number that the stage last should have. */
uint32_t summary_workers(const struct summary *s, uint32_t stage)
{
    uint32_t alive = s->last.stages[stage].workers, wanted = s->last.stages[stage].workers_wanted;
    return alive > wanted ? alive : wanted;
}

uint64_t summary_dead(const struct summary *s)
{
    uint64_t dead = 0;
    for (uint32_t i = 0; i < s->last.n_stages; i++)
        dead += s->last.stages[i].dead;
    return dead;
}

/* A run that was refused has no figures that matter, and one that failed before its workers had anything to do has
 * none. */
static int has_figures(const struct summary *s)
{
    if (s->outcome == OUTCOME_CONFIG)
        return 0;
    for (uint32_t i = 0; i < s->last.n_stages; i++)
        if (s->last.stages[i].in > 0 || s->last.stages[i].restarts > 0)
            return 1;
    return s->outcome == OUTCOME_DONE && s->last.n_stages > 0;
}

static void print_outcome(const struct summary *s, FILE *out)
{
    static const char *const words[] = {[OUTCOME_DONE] = "done in",
                                        [OUTCOME_FAILED] = "failed after",
                                        [OUTCOME_DEAD_LETTERS] = "done, but with dead letters, in"};
    fprintf(out, "%s: %s %s", s->pipeline->name, words[s->outcome], quantity_duration(s->last.elapsed_ns).text);
    if (s->last.first_frame_ns)
        fprintf(out, ", the first frame after %s", quantity_duration(s->last.first_frame_ns).text);
    fputc('\n', out);
    if (s->reason[0])
        fprintf(out, "reason: %s\n", s->reason);
}

/* It never started: the reason is all that there is. */
static void print_refusal(const struct summary *s, FILE *out)
{
    fprintf(out, "%s: %s: %s\n", s->pipeline->name, s->outcome == OUTCOME_CONFIG ? "cannot run" : "failed",
            s->reason[0] ? s->reason : "no reason is known");
}

static void print_bottleneck(const struct summary *s, FILE *out)
{
    int found = snapshot_bottleneck(&s->last);
    if (found < 0) {
        fprintf(out, "bottleneck: none, no stage was busy\n");
        return;
    }
    const struct stage *stage = &s->pipeline->stages[found];
    uint32_t busy = stage_busy_percent(&s->last.stages[found]), waits = stage_starved_percent(&s->last.stages[found]);
    if (stage->is_source && waits > busy)
        fprintf(out, "bottleneck: %s (waits itself %" PRIu32 " %%", stage->name, waits);
    else
        fprintf(out, "bottleneck: %s (busy %" PRIu32 " %%", stage->name, busy);
    if (s->pipeline->n_stages > 1)
        fprintf(out,
                stage->is_source ? ", the stages after it wait for input" : ", the stages before it wait for room");
    fprintf(out, ")\n");
}

/* Marks all stages from which there is a way to `stage`; stages and edges are in topological order. */
static uint64_t stages_before(const struct pipeline *p, uint32_t stage)
{
    uint64_t before = 0;
    for (uint32_t to = stage + 1; to-- > 0;)
        for (uint32_t i = 0; i < p->n_edges; i++)
            if (p->edges[i].to == to && (to == stage || before >> to & 1))
                before |= 1ull << p->edges[i].from;
    return before;
}

/* Of the stages before it the one that waited longest for memory, NULL if none did. */
static const char *who_waited(const struct summary *s, uint32_t stage)
{
    const char *name = NULL;
    uint64_t before = stages_before(s->pipeline, stage), longest = 0;
    for (uint32_t i = 0; i < s->last.n_stages; i++)
        if (before >> i & 1 && s->last.stages[i].wait_memory_ns > longest) {
            longest = s->last.stages[i].wait_memory_ns;
            name = s->last.stages[i].name;
        }
    return name;
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static void print_partial(const struct summary *s, uint32_t stage, FILE *out)
{
    uint64_t n = s->last.stages[stage].partial;
    const char *who = who_waited(s, stage);
    if (!n)
        return;
    fprintf(out, "%s: %s partial batch%s, because ", s->last.stages[stage].name, quantity_exact(n).text,
            n == 1 ? "" : "es");
    if (who)
        fprintf(out, "stage '%s' waited for memory\n", who);
    else
        fprintf(out, "a stage before it waited for memory\n");
}

static void print_remarks(const struct summary *s, uint32_t stage, FILE *out)
{
    const struct stage_snapshot *f = &s->last.stages[stage];
    print_partial(s, stage, out);
    if (f->skipped)
        fprintf(out, "%s: %s frame%s not sent on, because a queue was full and its when_full is \"drop\"\n", f->name,
                quantity_exact(f->skipped).text, plural(f->skipped));
    if (f->repeated)
        fprintf(out,
                "%s: %s frame%s committed in parts; if a worker died in between, their first outputs are there twice\n",
                f->name, quantity_exact(f->repeated).text, plural(f->repeated));
}

static void print_dead_letters(const struct summary *s, FILE *out)
{
    const char *folder = s->pipeline->dead_letters, *lead = " (";
    uint64_t all = summary_dead(s);
    if (!all)
        return;
    fprintf(out, "dead letters: %s%s%s", quantity_exact(all).text, folder ? " in " : "", folder ? folder : "");
    for (uint32_t i = 0; i < s->last.n_stages; i++) {
        if (!s->last.stages[i].dead)
            continue;
        fprintf(out, "%s%s %s", lead, s->last.stages[i].name, quantity_exact(s->last.stages[i].dead).text);
        lead = ", ";
    }
    fprintf(out, folder ? ")\n" : "), not kept; dead_letters = \"FOLDER\" would keep them\n");
}

void summary_print(const struct summary *s, size_t width, FILE *out)
{
    if (!has_figures(s)) {
        print_refusal(s, out);
        return;
    }
    print_outcome(s, out);
    fputc('\n', out);
    summary_table_print(s, width, out);
    fputc('\n', out);
    print_bottleneck(s, out);
    if (s->last.limit[0])
        fprintf(out, "limited by: %s\n", s->last.limit);
    for (uint32_t i = 0; i < s->last.n_stages; i++)
        print_remarks(s, i, out);
    print_dead_letters(s, out);
}
