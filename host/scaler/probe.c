#include "probe.h"

#include <math.h>
#include <string.h>

#include "clock.h"
#include "estimate.h"

static const double SETTLE_S = 2;
static const double LOOK_LEAST_S = 5, LOOK_MOST_S = 40; /* how long the stages are looked at, */
static const double NOISE = 0.015;                      /* or until chance is no more than this */
static const double GAIN = 0.01;                        /* worth a change, if chance is less than that */
static const double IDLE = 0.95;                        /* of the cores in use: with less, more workers may help */
static const double NOISE_MOST = 0.025;
static const double CROWDED = 1.4; /* runnable workers a core: with more, fewer may help */
static const double BUSY = 0.6;    /* a stage that could be what holds up the rest */
static const double SATURATED = 0.9;
static const double STEP_MORE = 0.5, STEP_FEWER = 0.2, STEP_FAR = 0.5; /* of the stage's workers */
static const double ENOUGH = 1.1; /* runnable workers a core keep it busy: no step goes below */
static const double CLEAR = 2.5;  /* standard errors between before and after: no need to look any longer */

enum { REST_S = 10, REST_TIMES = 3, REST_MOST_S = 900, FAR_LEAST = 4 /* workers, for far fewer to be another step */ };

/* What the stages did since the mark. */
struct look {
    double seconds;
    double work;     /* done a second, at the prices of the mark */
    double noise;    /* standard error of that, if costs vary as much as their mean */
    double used;     /* of the cores */
    double runnable; /* workers a core, with those that wait for one */
    double occupied[SCALER_STAGES_MAX], cpu_s[SCALER_STAGES_MAX];
};

/* Longer each time. */
static void rest(struct probe *p, uint64_t now_ns)
{
    p->rest_s = p->rest_s == 0 ? REST_S : p->rest_s < REST_MOST_S ? REST_TIMES * p->rest_s : REST_MOST_S;
    p->rest_until_ns = now_ns + p->rest_s * NS_PER_S;
}

void probe_restart(struct probe *p, uint64_t now_ns)
{
    if (p->way != PROBE_NONE)
        rest(p, now_ns);
    p->changed_ns = now_ns;
    p->is_marked = p->is_void = 0;
    p->way = PROBE_NONE;
}

/* Bits of stages that were tried this way, and not helped. */
static uint64_t *failed(struct probe *p, enum probe_way way)
{
    return &p->failed[(int)way - (int)PROBE_FAR_FEWER];
}

void probe_forget(struct probe *p, uint64_t stages)
{
    for (int way = 0; way < PROBE_WAYS; way++)
        p->failed[way] &= ~stages;
    if (p->way == PROBE_NONE)
        p->is_marked = 0;
    else if (stages & ~(UINT64_C(1) << p->stage))
        p->is_void = 1;
}

static double waited_s(const struct stage_observation *from, const struct stage_observation *to)
{
    return clock_seconds(from->wait_input_ns, to->wait_input_ns) +
           clock_seconds(from->wait_output_ns, to->wait_output_ns) +
           clock_seconds(from->wait_turn_ns, to->wait_turn_ns);
}

static struct look look(const struct probe *p, const struct probe_stage *stages, uint32_t n,
                        const struct observation *seen, uint64_t now_ns)
{
    struct look l = {.seconds = clock_seconds(p->mark_ns, now_ns)};
    double variance = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct work w = work_between(&p->mark[i], &seen->stages[i]);
        l.work += w.frames * p->cpu_s[i];
        variance += w.frames * p->cpu_s[i] * p->cpu_s[i];
        l.cpu_s[i] = w.cpu_s + w.delay_s;
        l.used += w.cpu_s / (seen->cpus * l.seconds);
        l.runnable += l.cpu_s[i] / (seen->cpus * l.seconds);
        l.occupied[i] = 1 - waited_s(&p->mark[i], &seen->stages[i]) / (stages[i].workers * l.seconds);
    }
    l.noise = l.work > 0 ? sqrt(variance) / l.work : 1;
    l.work /= l.seconds;
    return l;
}

/* The stage that is most of the time at work, unless it has all the workers that it may have: then it is the limit. */
static int find_more(struct probe *p, const struct probe_stage *stages, uint32_t n, const struct look *l)
{
    int found = -1;
    for (uint32_t i = 0; i < n; i++) {
        if (stages[i].workers >= stages[i].most && l->occupied[i] > SATURATED)
            return -1;
        if (stages[i].workers < stages[i].most && !(*failed(p, PROBE_MORE) >> i & 1) && l->occupied[i] > BUSY &&
            (found < 0 || l->occupied[i] > l->occupied[found]))
            found = (int)i;
    }
    return found;
}

/* The stage that is runnable most. */
static int find_fewer(struct probe *p, enum probe_way way, const struct probe_stage *stages, uint32_t n,
                      const struct look *l)
{
    uint32_t at_least = way == PROBE_FAR_FEWER ? FAR_LEAST : 2;
    int found = -1;
    for (uint32_t i = 0; i < n; i++)
        if (stages[i].workers > stages[i].least && stages[i].workers >= at_least && !(*failed(p, way) >> i & 1) &&
            (found < 0 || l->cpu_s[i] > l->cpu_s[found]))
            found = (int)i;
    return found;
}

/* Which way, and which stage: -1 for none. */
static int find(struct probe *p, const struct probe_stage *stages, uint32_t n, const struct look *l,
                enum probe_way *way)
{
    int found = -1;
    *way = PROBE_MORE;
    if (l->used < IDLE && 1 - l->used > 2 * l->noise)
        found = find_more(p, stages, n, l);
    else if (l->noise > NOISE_MOST)
        return -1;
    if (found < 0 && l->runnable > CROWDED)
        found = find_fewer(p, *way = PROBE_FEWER, stages, n, l);
    if (found < 0 && l->runnable > CROWDED)
        found = find_fewer(p, *way = PROBE_FAR_FEWER, stages, n, l);
    return found;
}

/* Workers more, or fewer: of those as many as crowd the cores, if they are this stage's. */
static uint32_t step(const struct probe_stage *s, enum probe_way way, const struct look *l, uint32_t stage, double cpus)
{
    if (way == PROBE_MORE)
        return (uint32_t)fmin(s->most - s->workers, fmax(1, STEP_MORE * s->workers));
    double surplus = (l->runnable - ENOUGH) * cpus, each = l->cpu_s[stage] / (l->seconds * s->workers);
    double share = way == PROBE_FAR_FEWER ? STEP_FAR : STEP_FEWER;
    return (uint32_t)fmin(s->workers - s->least, fmax(1, fmin(surplus / each, share * s->workers)));
}

static enum probe_finding try(struct probe *p, const struct probe_stage *stages, uint32_t n, const struct look *l,
                              const struct observation *seen, uint64_t now_ns, struct probe_move *move)
{
    enum probe_way way;
    int i = find(p, stages, n, l, &way);
    if (i < 0)
        return PROBE_NOTHING;
    const struct probe_stage *s = &stages[i];
    uint32_t by = step(s, way, l, (uint32_t)i, seen->cpus);
    probe_restart(p, now_ns);
    p->way = way;
    p->stage = move->stage = (uint32_t)i;
    p->from = s->workers;
    p->before = l->work;
    p->noise = l->noise;
    move->to = way == PROBE_MORE ? s->workers + by : s->workers - by;
    return PROBE_TRY;
}

/* Back to where it was; longer rest. */
static enum probe_finding undo(struct probe *p, uint64_t now_ns, struct probe_move *move)
{
    *move = (struct probe_move){p->stage, p->from};
    probe_restart(p, now_ns);
    return PROBE_UNDO;
}

static enum probe_finding judge(struct probe *p, const struct probe_stage *stages, const struct look *l,
                                uint64_t now_ns, struct probe_move *move)
{
    if (l->work <= p->before * (1 + fmax(GAIN, hypot(l->noise, p->noise)))) {
        *failed(p, p->way) |= UINT64_C(1) << p->stage;
        return undo(p, now_ns, move);
    }
    *move = (struct probe_move){p->stage, stages[p->stage].workers};
    memset(p->failed, 0, sizeof p->failed); /* with this one changed, others may help now */
    p->way = PROBE_NONE;
    probe_restart(p, now_ns);
    return PROBE_KEEP;
}

static void set_mark(struct probe *p, const struct probe_stage *stages, uint32_t n, const struct observation *seen,
                     uint64_t now_ns)
{
    memcpy(p->mark, seen->stages, n * sizeof p->mark[0]);
    p->mark_ns = now_ns;
    p->is_marked = 1;
    for (uint32_t i = 0; i < n && p->way == PROBE_NONE; i++)
        p->cpu_s[i] = stages[i].cpu_s;
}

/* A try that is on does harm, beyond chance. A gain has to last: more workers soon have more frames in hand, once. */
static int is_harm(const struct probe *p, const struct look *l)
{
    return p->way != PROBE_NONE && l->work < p->before * (1 - CLEAR * hypot(l->noise, p->noise));
}

enum probe_finding probe_step(struct probe *p, const struct probe_stage *stages, uint32_t n,
                              const struct observation *seen, uint64_t now_ns, struct probe_move *move)
{
    if (p->is_void)
        return undo(p, now_ns, move);
    if (!p->is_marked) {
        if (clock_seconds(p->changed_ns, now_ns) >= SETTLE_S)
            set_mark(p, stages, n, seen, now_ns);
        return PROBE_NOTHING;
    }
    struct look l = look(p, stages, n, seen, now_ns);
    if (l.seconds < LOOK_LEAST_S || (l.seconds < LOOK_MOST_S && l.noise > NOISE && !is_harm(p, &l)))
        return PROBE_NOTHING;
    if (p->way != PROBE_NONE)
        return judge(p, stages, &l, now_ns, move);
    if (now_ns >= p->rest_until_ns) {
        enum probe_finding finding = try(p, stages, n, &l, seen, now_ns, move);
        if (finding != PROBE_NOTHING)
            return finding;
    }
    set_mark(p, stages, n, seen, now_ns);
    return PROBE_NOTHING;
}
