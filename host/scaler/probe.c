#include "probe.h"

#include <math.h>
#include <string.h>

#include "clock.h"
#include "estimate.h"

static const double SETTLE_S = 2;
static const double LOOK_LEAST_S = 5, LOOK_MOST_S = 40;       /* how long the stages are looked at, */
static const double NOISE = 0.015;                            /* or until chance is no more than this */
static const double GAIN = 0.01;                              /* worth a change, if chance is less than that; */
static const double NOISE_MUCH = 0.025, NOISE_MUCH_TIMES = 2; /* if it is more than this, by so many times chance */
static const double CLEAR = 2.5;     /* standard errors between before and after: no need to look any longer */
static const double OTHER_DRY = 0.1; /* of the time more, or less, without input: not to be compared */
static const double BLOCKED = 0.05;  /* of its work */

enum { REST_S = 10, REST_TIMES = 4, REST_MOST_S = 900 };

/* Longer with each try since one helped. */
static void rest(struct probe *p, uint64_t now_ns)
{
    uint64_t s = REST_S;
    for (uint32_t i = 0; i < p->tries && s < REST_MOST_S; i++)
        s *= REST_TIMES;
    p->rest_until_ns = now_ns + (s < REST_MOST_S ? s : REST_MOST_S) * NS_PER_S;
}

void probe_restart(struct probe *p, uint64_t now_ns)
{
    if (p->way != ATTEMPT_NONE) {
        rest(p, now_ns);
        p->tries++;
    }
    p->changed_ns = now_ns;
    p->is_marked = p->is_void = 0;
    p->way = ATTEMPT_NONE;
}

void probe_intrude(struct probe *p, uint32_t stage, uint64_t now_ns)
{
    if (p->way != ATTEMPT_NONE && stage != p->stage)
        p->is_void = 1;
    else
        probe_restart(p, now_ns);
}

void probe_doubt(struct probe *p, uint32_t stage, int dearer)
{
    if (p->way == ATTEMPT_NONE)
        p->is_marked = 0;
    else if (stage != p->stage || dearer * (int)p->way <= 0)
        p->is_void = 1;
}

void probe_forget(struct probe *p, uint32_t stage)
{
    attempt_forget(&p->failed, stage);
    p->tries = 0;
}

static double waited_s(const struct stage_observation *from, const struct stage_observation *to)
{
    return clock_seconds(from->wait_input_ns, to->wait_input_ns) +
           clock_seconds(from->wait_output_ns, to->wait_output_ns);
}

/* What the stages did since the mark. */
static struct look take_look(const struct probe *p, const struct attempt_stage *stages, uint32_t n,
                             const struct observation *seen, const struct breaks *breaks, uint64_t now_ns)
{
    struct look l = {
        .seconds = clock_seconds(p->mark_ns, now_ns), .cpus = seen->cpus, .has_breaks = breaks_are_known(breaks)};
    double variance = 0;
    l.dry = l.has_breaks ? fmin(1, (breaks->without_s - p->without_s) / l.seconds) : 0;
    for (uint32_t i = 0; i < n; i++) {
        struct work w = work_between(&p->mark[i], &seen->stages[i]);
        l.work += w.frames * p->cpu_s[i];
        variance += w.frames * p->cpu_s[i] * p->cpu_s[i];
        l.runnable_s[i] = w.cpu_s + w.delay_s;
        l.delayed[i] = l.runnable_s[i] > 0 ? w.delay_s / l.runnable_s[i] : 0;
        l.used += w.cpu_s / (seen->cpus * l.seconds);
        l.runnable += l.runnable_s[i] / (seen->cpus * l.seconds);
        l.spare[i] = waited_s(&p->mark[i], &seen->stages[i]) / l.seconds;
        l.occupied[i] = 1 - l.spare[i] / stages[i].workers;
        if (w.blocked_s > BLOCKED * (w.own_s + w.delay_s)) /* turns are then waits for room */
            l.occupied[i] -= w.turn_s / (l.seconds * stages[i].workers);
        if (stages[i].is_source && l.dry < 1)
            l.occupied[i] /= 1 - l.dry;
    }
    l.noise = l.work > 0 ? sqrt(variance) / l.work : 1;
    double dry = p->way == ATTEMPT_NONE ? l.dry : fmin(l.dry, p->dry); /* more workers of a source may make it dry */
    l.work /= l.seconds * (dry < 1 ? 1 - dry : 1);
    return l;
}

static enum probe_finding start(struct probe *p, const struct attempt_stage *stages, uint32_t n, const struct look *l,
                                uint64_t now_ns)
{
    struct attempt a;
    if (!attempt_find(stages, n, l, &p->failed, &a))
        return PROBE_NOTHING;
    probe_restart(p, now_ns);
    p->way = a.way;
    p->stage = a.stage;
    p->from = stages[a.stage].workers;
    p->before = l->work;
    p->noise = l->noise;
    p->dry = l->dry;
    p->had_breaks = l->has_breaks;
    p->to = a.way == ATTEMPT_MORE ? p->from + a.by : p->from - a.by;
    return PROBE_TRY;
}

/* Back to where it was; longer rest. */
static enum probe_finding undo(struct probe *p, uint64_t now_ns)
{
    p->to = p->from;
    probe_restart(p, now_ns);
    return PROBE_UNDO;
}

/* A try that is on does harm, beyond chance. A gain has to last: more workers soon have more frames in hand, once. */
static int is_harm(const struct probe *p, const struct look *l)
{
    return p->way != ATTEMPT_NONE && l->work < p->before * (1 - CLEAR * hypot(l->noise, p->noise));
}

static enum probe_finding judge(struct probe *p, const struct attempt_stage *stages, const struct look *l,
                                uint64_t now_ns)
{
    double chance = hypot(l->noise, p->noise) * (p->noise > NOISE_MUCH ? NOISE_MUCH_TIMES : 1);
    if (fabs(l->dry - p->dry) > OTHER_DRY || l->has_breaks != p->had_breaks)
        return undo(p, now_ns);
    if (l->work <= p->before * (1 + fmax(GAIN, chance))) {
        attempt_has_failed(&p->failed, p->stage, p->way);
        if (p->way == ATTEMPT_FEWER && is_harm(p, l)) /* far fewer would do more of it */
            attempt_has_failed(&p->failed, p->stage, ATTEMPT_FAR_FEWER);
        return undo(p, now_ns);
    }
    p->to = stages[p->stage].workers;
    memset(&p->failed, 0, sizeof p->failed); /* with this one changed, others may help now */
    p->way = ATTEMPT_NONE;
    p->tries = 0;
    probe_restart(p, now_ns);
    return PROBE_KEEP;
}

static void set_mark(struct probe *p, const struct attempt_stage *stages, uint32_t n, const struct observation *seen,
                     const struct breaks *breaks, uint64_t now_ns)
{
    memcpy(p->mark, seen->stages, n * sizeof p->mark[0]);
    p->without_s = breaks->without_s;
    p->mark_ns = now_ns;
    p->is_marked = 1;
    for (uint32_t i = 0; i < n && p->way == ATTEMPT_NONE; i++)
        p->cpu_s[i] = stages[i].cpu_s;
}

enum probe_finding probe_step(struct probe *p, const struct attempt_stage *stages, uint32_t n,
                              const struct observation *seen, const struct breaks *breaks, uint64_t now_ns)
{
    if (p->is_void)
        return undo(p, now_ns);
    if (breaks_are_known(breaks) && !breaks->has_ended)
        return PROBE_NOTHING;
    if (!p->is_marked) {
        if (clock_seconds(p->changed_ns, now_ns) >= SETTLE_S)
            set_mark(p, stages, n, seen, breaks, now_ns);
        return PROBE_NOTHING;
    }
    struct look l = take_look(p, stages, n, seen, breaks, now_ns);
    if (l.seconds < LOOK_LEAST_S || (l.seconds < LOOK_MOST_S && l.noise > NOISE && !is_harm(p, &l)))
        return PROBE_NOTHING;
    if (p->way != ATTEMPT_NONE)
        return judge(p, stages, &l, now_ns);
    if (now_ns >= p->rest_until_ns) {
        enum probe_finding finding = start(p, stages, n, &l, now_ns);
        if (finding != PROBE_NOTHING)
            return finding;
    }
    set_mark(p, stages, n, seen, breaks, now_ns);
    return PROBE_NOTHING;
}
