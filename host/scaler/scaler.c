#include "scaler.h"

#include <math.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "resize.h"
#include "trial.h"

static const double CALM_S = 20;                   /* what jumps within that after a change of workers is its effect */
static const double STARVED_S = 30;                /* time constant */
static const double FLAPS_S = 900;                 /* and that of reversals */
static const double PAUSING = 0.15;                /* sources without input for such a share of the time have breaks */
static const double OFTEN_STARVED = 0.3;           /* such sources set the pace: */
static const double PEAK_S = 60, DEMAND_TIMES = 2; /* nobody needs to be faster than this times their best of late, */
static const double PACE_S = 2;                    /* over so long: few frames come by chance */
static const double FULL = 0.95, FULL_S = 8;       /* of the cores in use, and of how long that is said */
static const double ALWAYS = 0.9, MOSTLY = 0.6; /* a stage is at work, and cores are in use when they are the limit */
static const double LIGHT_FRAMES = 20;          /* by fewer, what a frame takes is not known */
static const double PROBE_AFTER_S = 3;          /* without a decision */

void scaler_init(struct scaler *s, const struct scaler_stage *stages, uint32_t n_stages, uint64_t now_ns)
{
    CHECK(n_stages > 0 && n_stages <= SCALER_STAGES_MAX);
    memset(s, 0, sizeof *s);
    s->n_stages = n_stages;
    s->ticked_ns = s->decided_ns = now_ns;
    for (uint32_t i = 0; i < n_stages; i++) {
        CHECK(stages[i].min >= 1 && stages[i].min <= stages[i].max && stages[i].feeders >> i == 0);
        s->stages[i] = stages[i];
        s->memory[i].workers = stages[i].min;
    }
}

void scaler_limit(struct scaler *s, uint32_t stage, uint32_t min, uint32_t max)
{
    struct scaler_memory *mem = &s->memory[stage];
    CHECK(min >= 1 && min <= max);
    s->stages[stage].min = min;
    s->stages[stage].max = max;
    mem->workers = mem->workers < min ? min : mem->workers > max ? max : mem->workers;
    mem->wanted = 0;
    mem->trial = TRIAL_NONE;
    mem->found_least = mem->found_most = 0;
    mem->changed_ns = s->ticked_ns;
    mem->way = 0;
    ceiling_forget(&mem->ceiling);
    probe_intrude(&s->probe, stage, s->ticked_ns);
}

uint32_t scaler_workers(const struct scaler *s, uint32_t stage)
{
    return s->memory[stage].workers;
}

/* What one frame of the sources becomes: frames of each stage. Several sources share by what they were seen to give. */
static void find_visits(const struct scaler *s, struct model *m)
{
    double sources = 0, total = 0;
    for (uint32_t i = 0; i < s->n_stages; i++)
        if (s->stages[i].feeders == 0) {
            sources++;
            total += s->memory[i].estimate.rate;
        }
    for (uint32_t i = 0; i < s->n_stages; i++) {
        double fed = 0;
        if (s->stages[i].feeders == 0)
            fed = sources > 1 && total > 0 ? s->memory[i].estimate.rate / total : 1 / sources;
        for (uint32_t j = 0; j < i; j++)
            if (s->stages[i].feeders >> j & 1)
                fed += m->stages[j].visits * s->memory[i].estimate.ratio;
        m->stages[i].visits = fed;
    }
}

static void make_model(const struct scaler *s, const struct observation *seen, uint64_t now_ns, struct model *m)
{
    m->n_stages = s->n_stages;
    m->cpus = seen->cpus;
    m->memory = seen->memory;
    for (uint32_t i = 0; i < s->n_stages; i++) {
        const struct scaler_memory *mem = &s->memory[i];
        m->stages[i] = (struct model_stage){.cpu_s = mem->estimate.cpu_s,
                                            .wait_s = mem->estimate.wait_s,
                                            .turn_s = s->stages[i].is_ordered ? mem->estimate.waits_turn_s : 0,
                                            .boost = 1,
                                            .least = s->stages[i].min,
                                            .limit = ceiling_limit(&mem->ceiling, s->stages[i].max, now_ns),
                                            .worker_bytes = seen->stages[i].worker_bytes,
                                            .proven = mem->ceiling.rate};
    }
    find_visits(s, m);
    uint32_t workers[SCALER_STAGES_MAX];
    for (uint32_t i = 0; i < s->n_stages; i++)
        workers[i] = s->memory[i].workers;
    m->demand = s->starved > OFTEN_STARVED ? DEMAND_TIMES * s->peak : HUGE_VAL;
    storage_boost(&s->breaks, s->stages, workers, m);
}

/* True if nothing was changed that a jump of the stage's costs could be the effect of. */
static int is_calm(const struct scaler *s, const struct scaler_memory *mem)
{
    return mem->trial == TRIAL_NONE && s->probe.way == ATTEMPT_NONE &&
           clock_seconds(mem->changed_ns, s->ticked_ns) > CALM_S;
}

/* The least that a frame took. */
static void note_light(const struct scaler *s, struct scaler_memory *mem)
{
    const struct estimate *e = &mem->estimate;
    if (e->has_jumped && is_calm(s, mem))
        mem->light_cpu_s = 0;
    if (e->kept.frames > LIGHT_FRAMES && (mem->light_cpu_s == 0 || e->cpu_s < mem->light_cpu_s))
        mem->light_cpu_s = e->cpu_s;
}

/* Takes the newest value into a mean with this time constant; until so much was seen, of all that was. */
static void blend(double *mean, double newest, double dt_s, double constant_s, double seen_s)
{
    *mean += (newest - *mean) * fmax(dt_s / seen_s, 1 - exp(-dt_s / constant_s));
}

/* In a single tick workers may be short of work by chance, although the cores are what limits them. */
static int are_cores_full(struct scaler *s, double used_s, double cores_s, double dt_s)
{
    double keep = exp(-dt_s / FULL_S);
    s->used_s = s->used_s * keep + used_s;
    s->cores_s = s->cores_s * keep + cores_s;
    return s->used_s > FULL * s->cores_s;
}

static void observe(struct scaler *s, const struct observation *seen, double dt_s)
{
    double made = 0, starved = 0, idle = HUGE_VAL, sources = 0, cpu_s = 0, done[SCALER_STAGES_MAX] = {0};
    for (uint32_t i = 0; i < s->n_stages; i++) {
        struct work w = work_between(&s->memory[i].estimate.last, &seen->stages[i]);
        uint64_t before = s->memory[i].estimate.last.passed, now = seen->stages[i].passed;
        done[i] = now > before ? (double)(now - before) : 0;
        cpu_s += w.cpu_s;
    }
    int is_full = are_cores_full(s, cpu_s, seen->cpus * dt_s, dt_s);
    for (uint32_t i = 0; i < s->n_stages; i++) {
        double fed = 0;
        for (uint32_t j = 0; j < i; j++)
            if (s->stages[i].feeders >> j & 1)
                fed += done[j];
        struct scaler_memory *mem = &s->memory[i];
        double waited_s = clock_seconds(mem->estimate.last.wait_input_ns, seen->stages[i].wait_input_ns);
        estimate_update(&mem->estimate, &seen->stages[i], fed, is_full, dt_s);
        note_light(s, mem);
        if (mem->estimate.has_jumped) {
            /* A surplus need not last, but where that was a mistake before: a device is slower with more workers. */
            for (uint32_t j = 0; j < s->n_stages; j++)
                if (s->memory[j].mistakes == 0)
                    s->memory[j].wanted = 0;
            probe_doubt(&s->probe, i, mem->estimate.has_jumped);
            if (is_calm(s, mem)) {
                resize_forget(s, i);
                ceiling_forget(&mem->ceiling);
            }
        }
        if (s->stages[i].feeders == 0) {
            made += done[i];
            idle = fmin(idle, waited_s / dt_s);
            starved += mem->estimate.starved;
            sources++;
        }
    }
    breaks_update(&s->breaks, idle, made, dt_s);
    s->seen_s += dt_s;
    blend(&s->starved, starved / sources, dt_s, STARVED_S, s->seen_s);
    blend(&s->pace, made / dt_s, dt_s, PACE_S, s->seen_s);
    s->flaps = s->flaps * exp(-dt_s / FLAPS_S) + s->has_flapped;
    s->has_flapped = 0;
    s->peak = fmax(s->pace, s->peak * exp(-dt_s / PEAK_S));
}

/* Share of the time of a stage's workers in which they have a frame, and it is not for readers that they wait. */
static double at_work(const struct estimate *e)
{
    return e->occupied + e->turning;
}

/* The stage that has all the workers that it may have, always at work; n_stages: none. */
static uint32_t find_full_stage(const struct scaler *s, const struct model *m)
{
    for (uint32_t i = 0; i < s->n_stages; i++) {
        if (s->memory[i].workers >= m->stages[i].limit && at_work(&s->memory[i].estimate) > ALWAYS)
            return i;
    }
    return s->n_stages;
}

/* Of the cores. */
static double find_used(const struct scaler *s, const struct observation *seen, const struct model *m)
{
    double cores = 0;
    for (uint32_t i = 0; i < s->n_stages; i++)
        cores += s->memory[i].estimate.rate * m->stages[i].cpu_s;
    return cores / seen->cpus;
}

static struct scaler_state find_state(const struct scaler *s, const struct observation *seen, const struct model *m)
{
    struct scaler_state state = {.rate = s->plan.rate};
    if (s->starved > OFTEN_STARVED) {
        state.limit = LIMIT_SOURCE;
        state.occupied = 1 - s->starved;
    } else if (s->plan.bound == BOUND_STAGE) {
        state.stage = s->plan.stage;
        state.limit = s->stages[state.stage].is_sink ? LIMIT_SINK : LIMIT_STAGE;
        state.occupied = at_work(&s->memory[state.stage].estimate);
    } else if (s->plan.bound == BOUND_MEMORY) {
        state.limit = LIMIT_MEMORY;
        state.occupied = 1 - fmax(0, resize_room(s, seen)) / (double)seen->memory;
    } else if (s->plan.bound == BOUND_CPU) {
        uint32_t stage = find_full_stage(s, m);
        state.limit = LIMIT_CPU;
        state.occupied = fmin(1, find_used(s, seen, m));
        if (state.occupied < MOSTLY && stage < s->n_stages) { /* by turns, or a device, which the model does not know */
            state.stage = stage;
            state.limit = s->stages[stage].is_sink ? LIMIT_SINK : LIMIT_STAGE;
            state.occupied = at_work(&s->memory[stage].estimate);
        }
    }
    return state;
}

/* True while nothing is on that a probe would be mistaken for, and there is something to probe. */
static int is_settled(const struct scaler *s, uint64_t now_ns)
{
    for (uint32_t i = 0; i < s->n_stages; i++)
        if (s->memory[i].trial != TRIAL_NONE)
            return 0;
    if (resize_is_damped(s) && s->probe.way == ATTEMPT_NONE)
        return 0;
    return clock_seconds(s->decided_ns, now_ns) > PROBE_AFTER_S && s->plan.bound != BOUND_NONE &&
           (s->starved < PAUSING || breaks_are_known(&s->breaks));
}

/* Tries whether the pipeline gives more with other numbers than the model's. */
static void probe(struct scaler *s, const struct observation *seen, uint64_t now_ns, struct scaler_verdict *v)
{
    struct attempt_stage stages[SCALER_STAGES_MAX];
    double room = resize_room(s, seen);
    for (uint32_t i = 0; i < s->n_stages; i++) {
        const struct model_stage *of = &s->model.stages[i];
        uint32_t workers = s->memory[i].workers, most = of->limit > workers ? of->limit : workers;
        stages[i] = (struct attempt_stage){.workers = workers,
                                           .least = s->stages[i].min,
                                           .most = resize_fit(workers, most, seen->stages[i].worker_bytes, room),
                                           .cpu_s = of->cpu_s,
                                           .light_cpu_s = s->memory[i].light_cpu_s,
                                           .is_source = s->stages[i].feeders == 0};
    }
    int was_void = s->probe.is_void;
    enum probe_finding finding = probe_step(&s->probe, stages, s->n_stages, seen, &s->breaks, now_ns);
    uint32_t stage = s->probe.stage, to = s->probe.to;
    struct scaler_memory *mem = &s->memory[stage];
    if (finding == PROBE_KEEP) {
        estimate_restart(&mem->estimate, &s->probe.mark[stage], clock_seconds(s->probe.mark_ns, now_ns));
        resize_found(s, stage, to, s->probe.from);
        return;
    }
    if (finding == PROBE_UNDO) {
        uint32_t least = s->stages[stage].min, most = s->stages[stage].max;
        /* What it had need not be what it needs, now that costs or cores are others. */
        if (was_void && to > mem->workers)
            to = (uint32_t)fmax(mem->workers, fmin(to, s->target[stage]));
        to = to < least ? least : to > most ? most : to;
    }
    if (finding != PROBE_NOTHING && to != mem->workers)
        resize_stage(s, stage, to, finding == PROBE_TRY ? SCALER_PROBE : SCALER_UNDO, v);
}

double scaler_gain(const struct scaler *s, double cores, struct scaler_state *state)
{
    struct model more = s->model;
    struct plan plan;
    *state = (struct scaler_state){0};
    if (s->plan.rate <= 0)
        return 1;
    more.cpus += cores;
    model_plan(&more, &plan);
    state->rate = plan.rate;
    state->stage = plan.stage;
    state->limit = plan.bound == BOUND_CPU      ? LIMIT_CPU
                   : plan.bound == BOUND_MEMORY ? LIMIT_MEMORY
                   : plan.bound == BOUND_STAGE  ? (s->stages[plan.stage].is_sink ? LIMIT_SINK : LIMIT_STAGE)
                                                : LIMIT_UNKNOWN;
    return plan.rate / s->plan.rate;
}

void scaler_decide(struct scaler *s, const struct observation *seen, uint64_t now_ns, struct scaler_verdict *verdict)
{
    struct model *m = &s->model;
    double dt_s = clock_seconds(s->ticked_ns, now_ns);
    verdict->n = 0;
    verdict->state = (struct scaler_state){0};
    if (dt_s <= 0)
        return;
    s->ticked_ns = now_ns;
    observe(s, seen, dt_s);
    trial_follow(s, seen, now_ns);
    make_model(s, seen, now_ns, m);
    model_plan(m, &s->plan);
    storage_plan(&s->breaks, s->stages, m, &s->plan, s->target);
    verdict->state = find_state(s, seen, m);
    resize_stages(s, seen, now_ns, verdict);
    if (verdict->n > 0 || !is_settled(s, now_ns))
        probe_restart(&s->probe, now_ns);
    else
        probe(s, seen, now_ns, verdict);
}
