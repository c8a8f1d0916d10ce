#include "trial.h"

#include <math.h>

#include "clock.h"

static const double SETTLE_S = 1;       /* a changed stage works as it will after so long, or after a frame's time */
static const double ENOUGH_FRAMES = 24; /* it is judged by so many frames, */
static const double A_WORKER = 2;       /* and so many a worker, */
static const double MOST_S = 12;        /* or what there is after so long */
static const double STILL_ENOUGH = 0.9; /* of what a stage gave before it was lowered to its ceiling */

static struct level level_since(const struct stage_observation *mark, const struct stage_observation *now, double dt_s)
{
    struct work w = work_between(mark, now);
    double cpu_s = fmax(0, w.cpu_s), own_s = fmax(w.own_s, cpu_s);
    if (w.frames < 1 || dt_s <= 0)
        return (struct level){0};
    return (struct level){.frames = w.frames,
                          .busy = own_s / dt_s,
                          .turn = clock_seconds(mark->wait_turn_ns, now->wait_turn_ns) / dt_s,
                          .cpu_s = cpu_s / w.frames,
                          .wait_s = (own_s - cpu_s) / w.frames};
}

struct level trial_level(const struct scaler_memory *mem)
{
    const struct estimate *e = &mem->estimate;
    if (e->kept.frames < ENOUGH_FRAMES)
        return (struct level){0};
    return (struct level){.frames = e->kept.frames,
                          .busy = e->kept.frames / e->kept.elapsed_s * estimate_service(e),
                          .cpu_s = e->cpu_s,
                          .wait_s = e->wait_s};
}

/* What a changed number of workers did to the stage. */
static void judge(struct scaler_memory *mem, const struct level *after, uint64_t now_ns)
{
    if (mem->trial == TRIAL_RAISED) {
        enum ceiling_finding finding = ceiling_learn(&mem->ceiling, &mem->before, after, now_ns);
        if (finding == CEILING_NEW)
            mem->wanted = 0;
        if (finding == CEILING_RAISED)
            mem->before = (struct level){0}; /* what is beyond is compared with now */
    } else if (after->busy < STILL_ENOUGH * mem->ceiling.rate * (after->cpu_s + after->wait_s)) {
        ceiling_refute(&mem->ceiling, now_ns);
    }
    mem->trial = TRIAL_NONE;
}

void trial_follow(struct scaler *s, const struct observation *seen, uint64_t now_ns)
{
    for (uint32_t i = 0; i < s->n_stages; i++) {
        struct scaler_memory *mem = &s->memory[i];
        const struct stage_observation *o = &seen->stages[i];
        if (breaks_are_on(&s->breaks))
            mem->trial = TRIAL_NONE;
        if (mem->trial == TRIAL_NONE)
            continue;
        if (!mem->is_marked) {
            if (o->warming > 0)
                mem->changed_ns = now_ns;
            if (clock_seconds(mem->changed_ns, now_ns) < fmax(SETTLE_S, estimate_service(&mem->estimate)))
                continue;
            mem->mark = *o;
            mem->mark_ns = now_ns;
            mem->is_marked = 1;
            continue;
        }
        double dt_s = clock_seconds(mem->mark_ns, now_ns), frames = work_between(&mem->mark, o).frames;
        double enough = dt_s > MOST_S ? ENOUGH_FRAMES : fmax(ENOUGH_FRAMES, A_WORKER * mem->workers);
        if (frames >= enough) {
            struct level after = level_since(&mem->mark, o, dt_s);
            estimate_restart(&mem->estimate, &mem->mark, dt_s);
            judge(mem, &after, now_ns);
        } else if (dt_s > MOST_S) {
            mem->trial = TRIAL_NONE;
        }
    }
}
