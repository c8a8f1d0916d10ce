#include "scaler.h"

#include <math.h>
#include <string.h>

#include "check.h"
#include "clock.h"

static const double SETTLE_S = 1;      /* a changed stage works as it will after so long, or after a frame's time */
static const double TRIAL_FRAMES = 24; /* it is judged by so many frames, */
static const double TRIAL_A_WORKER = 2;
static const double TRIAL_MOST_S = 12; /* and so many a worker, or what there is after so long */
static const double PATIENCE_S = 1.5;  /* for stages that have not finished enough frames */
static const double FIRST_FRAMES = 8;
static const double SURE_FRAMES = 24; /* by fewer, a stage is raised with care */
static const double URGENT = 1.5;     /* a stage that needs so many times its workers is raised soon, */
static const double SOON_S = 1.5;     /* after the last decision, */
static const double LATER_S = 5;      /* others later, in one go */
static const double CALM_S = 20;      /* what jumps within that after a change of workers is taken for its effect */
static const double STARVED_S = 30;   /* time constant */
static const double PAUSING = 0.15;   /* sources without input for such a share of the time have breaks */
static const double PEAK_S = 60;
static const double WET_S = 3;           /* after a break, how a stage works can be told */
static const double STORE_TIMES = 1.1;   /* so many times its workers are to store: worth a raise */
static const double STILL_ENOUGH = 0.9;  /* of what a stage gave before it was lowered to its ceiling */
static const double OFTEN_STARVED = 0.3; /* such sources set the pace: */
static const double DEMAND_TIMES = 2;    /* nobody needs to be faster than this times their best */
static const double MUCH = 0.06;         /* of a stage's workers lacking: every surplus goes to it */
static const double FULL = 0.95;         /* of the cores in use */
static const double PROBE_AFTER_S = 3;   /* without a decision */
static const uint32_t FOUND_TIMES = 2;   /* a stage that needs so many times what it did then has changed */
static const double RAISES_S = 60;       /* raises that follow each other within that are judged together */
static const uint64_t PATIENCE_LEAST_NS = 15 * NS_PER_S, /* a stage has to have been too big for so long, */
    PATIENCE_MOST_NS = 900 * NS_PER_S;                   /* longer each time that it was raised again after that */

enum { PATIENCE_TIMES = 5, STEP_TIMES = 16, STEP_PLUS = 15 /* workers in one step: the greater of both */ };

static double seconds(uint64_t from_ns, uint64_t to_ns)
{
    return to_ns > from_ns ? (double)(to_ns - from_ns) / (double)NS_PER_S : 0;
}

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
        s->memory[i].patience_ns = PATIENCE_LEAST_NS;
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
    ceiling_forget(&mem->ceiling);
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

/* Its cost has become another, so what was found by trying is void. */
static void forget_found(struct scaler *s, uint32_t i)
{
    s->memory[i].found_least = s->memory[i].found_most = 0;
    probe_forget(&s->probe, UINT64_C(1) << i);
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
    int is_full = cpu_s > FULL * seen->cpus * dt_s;
    for (uint32_t i = 0; i < s->n_stages; i++) {
        double fed = 0;
        for (uint32_t j = 0; j < i; j++)
            if (s->stages[i].feeders >> j & 1)
                fed += done[j];
        struct scaler_memory *mem = &s->memory[i];
        double waited_s = seconds(mem->estimate.last.wait_input_ns, seen->stages[i].wait_input_ns);
        estimate_update(&mem->estimate, &seen->stages[i], fed, is_full, dt_s);
        if (mem->estimate.has_jumped) {
            /* A surplus need not last, but where that was a mistake before: a device is slower with more workers. */
            for (uint32_t j = 0; j < s->n_stages; j++)
                if (s->memory[j].patience_ns == PATIENCE_LEAST_NS)
                    s->memory[j].wanted = 0;
            forget_found(s, i);
            if (mem->trial == TRIAL_NONE && seconds(mem->changed_ns, s->ticked_ns) > CALM_S)
                ceiling_forget(&mem->ceiling);
        }
        if (s->stages[i].feeders == 0) {
            made += done[i];
            idle = fmin(idle, waited_s / dt_s);
            starved += mem->estimate.starved;
            sources++;
        }
    }
    breaks_update(&s->breaks, idle, made, dt_s);
    double keep = exp(-dt_s / STARVED_S);
    s->starved = s->starved * keep + starved / sources * (1 - keep);
    s->peak = fmax(made / dt_s, s->peak * exp(-dt_s / PEAK_S));
}

static struct level level_since(const struct stage_observation *mark, const struct stage_observation *now, double dt_s)
{
    struct work w = work_between(mark, now);
    double own_s = fmax(w.busy_s - w.delay_s, w.cpu_s);
    if (w.frames < 1 || dt_s <= 0)
        return (struct level){0};
    return (struct level){
        .frames = w.frames, .busy = own_s / dt_s, .cpu_s = w.cpu_s / w.frames, .wait_s = (own_s - w.cpu_s) / w.frames};
}

/* How the stage worked so far; nothing, if too few frames say so. */
static struct level level_before(const struct scaler_memory *mem)
{
    const struct estimate *e = &mem->estimate;
    if (e->kept.frames < TRIAL_FRAMES)
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
        if (ceiling_learn(&mem->ceiling, &mem->before, after, now_ns) == CEILING_NEW)
            mem->wanted = 0;
    } else if (after->busy < STILL_ENOUGH * mem->ceiling.rate * (after->cpu_s + after->wait_s)) {
        ceiling_refute(&mem->ceiling, now_ns);
    }
    mem->trial = TRIAL_NONE;
}

/* Looks at what changed stages made of their workers, as soon as they have worked for a while. */
static void follow_trials(struct scaler *s, const struct observation *seen, uint64_t now_ns)
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
            if (seconds(mem->changed_ns, now_ns) < fmax(SETTLE_S, estimate_service(&mem->estimate)))
                continue;
            mem->mark = *o;
            mem->mark_ns = now_ns;
            mem->is_marked = 1;
            continue;
        }
        double dt_s = seconds(mem->mark_ns, now_ns), frames = work_between(&mem->mark, o).frames;
        double enough = dt_s > TRIAL_MOST_S ? TRIAL_FRAMES : fmax(TRIAL_FRAMES, TRIAL_A_WORKER * mem->workers);
        if (frames >= enough) {
            struct level after = level_since(&mem->mark, o, dt_s);
            estimate_restart(&mem->estimate, &mem->mark, dt_s);
            judge(mem, &after, now_ns);
        } else if (dt_s > TRIAL_MOST_S) {
            mem->trial = TRIAL_NONE;
        }
    }
}

/* True when each stage that has got frames has finished enough of them, or when it has been waited for long enough. */
static int is_known(const struct scaler *s, uint64_t now_ns)
{
    if (seconds(s->decided_ns, now_ns) > PATIENCE_S)
        return 1;
    for (uint32_t i = 0; i < s->n_stages; i++)
        if (s->memory[i].estimate.kept.frames < FIRST_FRAMES)
            return 0;
    return 1;
}

static void change(struct scaler *s, const struct model *m, uint32_t i, uint32_t to, enum scaler_cause cause,
                   struct scaler_verdict *v)
{
    struct scaler_memory *mem = &s->memory[i];
    double load = model_load(&m->stages[i]);
    v->decisions[v->n++] = (struct scaler_decision){.stage = i,
                                                    .from = mem->workers,
                                                    .to = to,
                                                    .cause = cause,
                                                    .capacity = load > 0 ? mem->workers / load : 0,
                                                    .goal = s->plan.rate,
                                                    .cpu_s = m->stages[i].cpu_s,
                                                    .wait_s = m->stages[i].wait_s,
                                                    .visits = m->stages[i].visits};
    mem->workers = to;
    mem->changed_ns = s->ticked_ns;
    mem->is_marked = 0;
}

/* Bytes that may still be given out. What leaves keeps its memory until it is gone. */
static double free_bytes(const struct scaler *s, const struct observation *seen)
{
    double bytes = (double)seen->memory;
    for (uint32_t i = 0; i < s->n_stages; i++) {
        uint32_t there = seen->stages[i].live + seen->stages[i].warming;
        uint32_t n = there > s->memory[i].workers ? there : s->memory[i].workers;
        bytes -= (double)n * (double)seen->stages[i].worker_bytes;
    }
    return bytes;
}

/* How many workers a stage that needs `want` gets in one step: fewer than that while it is little known. */
static uint32_t next_step(const struct scaler_memory *mem, uint32_t want)
{
    uint32_t most = mem->workers * STEP_TIMES;
    if (most < mem->workers + STEP_PLUS)
        most = mem->workers + STEP_PLUS;
    double sure = fmin(1, 0.5 + 0.5 * mem->estimate.kept.frames / SURE_FRAMES);
    uint32_t to = (uint32_t)ceil(sure * want);
    return to < most ? to : most;
}

/* True if a stage is far too small, and not because its last workers are yet to be seen at work. */
static int is_urgent(const struct scaler *s)
{
    for (uint32_t i = 0; i < s->n_stages; i++)
        if (s->memory[i].trial == TRIAL_NONE && s->plan.workers[i] >= URGENT * s->memory[i].workers)
            return 1;
    return 0;
}

/* True if fewer workers than the plan's were found to give no less, when it wanted about as many. */
static int is_found_enough(const struct scaler_memory *mem, uint32_t want)
{
    return mem->found_most != 0 && want <= FOUND_TIMES * fmax(mem->found_most, mem->found_want);
}

static void raise_stages(struct scaler *s, const struct model *m, const struct observation *seen,
                         struct scaler_verdict *v)
{
    double caution = s->plan.bound == BOUND_MEMORY ? -0.1 : 0.33 * s->plan.caution;
    double room = free_bytes(s, seen);
    for (uint32_t i = 0; i < s->n_stages; i++) {
        struct scaler_memory *mem = &s->memory[i];
        int stores = s->target[i] > s->plan.workers[i] && s->target[i] > STORE_TIMES * mem->workers;
        if (!stores &&
            (s->plan.workers[i] <= mem->workers || mem->workers >= model_need(&m->stages[i], &s->plan, caution)))
            continue;
        if ((!stores && is_found_enough(mem, s->plan.workers[i])) || (s->probe.way < PROBE_NONE && s->probe.stage == i))
            continue;
        if (mem->trial == TRIAL_RAISED || (!stores && s->stages[i].feeders == 0 && mem->estimate.starved > 0.5))
            continue;
        uint32_t to = next_step(mem, s->target[i]);
        double bytes = (double)seen->stages[i].worker_bytes;
        if (bytes > 0 && (to - mem->workers) * bytes > room)
            to = mem->workers + (room > 0 ? (uint32_t)(room / bytes) : 0);
        if (to <= mem->workers)
            continue;
        room -= (to - mem->workers) * bytes;
        if (mem->before.frames <= 0 || seconds(mem->before_ns, s->ticked_ns) > RAISES_S) {
            mem->before =
                breaks_are_known(&s->breaks) && s->breaks.wet_s < WET_S ? (struct level){0} : level_before(mem);
            mem->before_ns = s->ticked_ns;
        }
        if (mem->was_lowered && mem->patience_ns < PATIENCE_MOST_NS)
            mem->patience_ns *= PATIENCE_TIMES;
        mem->was_lowered = 0;
        mem->trial = stores ? TRIAL_NONE : TRIAL_RAISED;
        change(s, m, i, to, stores ? SCALER_STORAGE : SCALER_NEEDED, v);
    }
}

/* `lacks`: another stage needs memory, so much; `at_once`: the budget has shrunk. */
static void lower_stages(struct scaler *s, const struct model *m, double lacks, int at_once, struct scaler_verdict *v)
{
    for (uint32_t i = 0; i < s->n_stages; i++) {
        struct scaler_memory *mem = &s->memory[i];
        uint32_t need = at_once ? s->target[i] : mem->wanted;
        need = need != 0 && need < mem->found_least ? mem->found_least : need;
        uint32_t slack = at_once || lacks > MUCH ? 0
                         : lacks > 0             ? mem->workers / 16
                         : mem->workers / 3 > 1  ? mem->workers / 3
                                                 : 1;
        if (mem->workers <= need + slack || need == 0 || (s->probe.way == PROBE_MORE && s->probe.stage == i))
            continue;
        if (need >= mem->ceiling.workers && mem->ceiling.workers > 0)
            mem->trial = TRIAL_LOWERED;
        mem->was_lowered = 1;
        mem->before = (struct level){0};
        change(s, m, i, need,
               at_once                       ? SCALER_BUDGET
               : mem->trial == TRIAL_LOWERED ? SCALER_CEILING
                                             : SCALER_SURPLUS,
               v);
    }
}

static void remember_wants(struct scaler *s, uint64_t now_ns)
{
    for (uint32_t i = 0; i < s->n_stages; i++) {
        struct scaler_memory *mem = &s->memory[i];
        if (s->target[i] >= mem->wanted || now_ns - mem->wanted_ns > mem->patience_ns) {
            mem->wanted = s->target[i];
            mem->wanted_ns = now_ns;
        }
    }
}

/* What the worst off of the stages that need memory lacks, as a share of what it has. */
static double lacks_memory(const struct scaler *s, const struct observation *seen)
{
    double room = free_bytes(s, seen), lacks = 0;
    for (uint32_t i = 0; i < s->n_stages; i++)
        if (s->plan.workers[i] > s->memory[i].workers && (double)seen->stages[i].worker_bytes > room)
            lacks = fmax(lacks, (double)s->plan.workers[i] / s->memory[i].workers - 1);
    return lacks;
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
        state.occupied = s->memory[state.stage].estimate.occupied;
    } else if (s->plan.bound == BOUND_MEMORY) {
        state.limit = LIMIT_MEMORY;
        state.occupied = 1 - fmax(0, free_bytes(s, seen)) / (double)seen->memory;
    } else if (s->plan.bound == BOUND_CPU) {
        state.limit = LIMIT_CPU;
        for (uint32_t i = 0; i < s->n_stages; i++)
            state.occupied += s->memory[i].estimate.rate * m->stages[i].cpu_s / seen->cpus;
    }
    return state;
}

static void act(struct scaler *s, const struct model *m, const struct observation *seen, uint64_t now_ns,
                struct scaler_verdict *v)
{
    int fewer_cores = seen->cpus < 0.9 * s->cpus;
    if (s->plan.bound == BOUND_NONE || !is_known(s, now_ns))
        return;
    if (seconds(s->decided_ns, now_ns) < (fewer_cores || is_urgent(s) ? SOON_S : LATER_S))
        return;
    if (fewer_cores || seen->cpus > 1.1 * s->cpus)
        for (uint32_t i = 0; i < s->n_stages; i++)
            forget_found(s, i);
    s->cpus = seen->cpus;
    raise_stages(s, m, seen, v);
    if (v->n == 0 || fewer_cores)
        lower_stages(s, m, lacks_memory(s, seen), fewer_cores, v);
    if (v->n > 0)
        s->decided_ns = now_ns;
}

/* True while nothing is on that a probe would be mistaken for, and there is something to probe. */
static int is_settled(const struct scaler *s, uint64_t now_ns)
{
    for (uint32_t i = 0; i < s->n_stages; i++)
        if (s->memory[i].trial != TRIAL_NONE)
            return 0;
    return seconds(s->decided_ns, now_ns) > PROBE_AFTER_S && s->starved < PAUSING && !breaks_are_known(&s->breaks) &&
           s->plan.bound != BOUND_MEMORY && s->plan.bound != BOUND_NONE;
}

/* Tries whether the pipeline gives more with other numbers than the model's. */
static void probe(struct scaler *s, const struct model *m, const struct observation *seen, uint64_t now_ns,
                  struct scaler_verdict *v)
{
    struct probe_stage stages[SCALER_STAGES_MAX];
    double room = free_bytes(s, seen);
    struct probe_move move = {0, 0};
    for (uint32_t i = 0; i < s->n_stages; i++) {
        uint32_t workers = s->memory[i].workers, limit = m->stages[i].limit, most = limit > workers ? limit : workers;
        double bytes = (double)seen->stages[i].worker_bytes;
        if (bytes > 0 && (most - workers) * bytes > room)
            most = workers + (room > 0 ? (uint32_t)(room / bytes) : 0);
        stages[i] = (struct probe_stage){workers, s->stages[i].min, most, m->stages[i].cpu_s};
    }
    enum probe_finding finding = probe_step(&s->probe, stages, s->n_stages, seen, now_ns, &move);
    struct scaler_memory *mem = &s->memory[move.stage];
    if (finding == PROBE_KEEP)
        estimate_restart(&mem->estimate, &s->probe.mark[move.stage], seconds(s->probe.mark_ns, now_ns));
    if (finding == PROBE_KEEP && move.to > s->probe.from) {
        mem->found_least = move.to;
    } else if (finding == PROBE_KEEP) {
        mem->found_most = move.to;
        mem->found_want = s->plan.workers[move.stage];
    } else if (finding != PROBE_NOTHING)
        change(s, m, move.stage, move.to, finding == PROBE_TRY ? SCALER_PROBE : SCALER_UNDO, v);
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
    double dt_s = seconds(s->ticked_ns, now_ns);
    verdict->n = 0;
    verdict->state = (struct scaler_state){0};
    if (dt_s <= 0)
        return;
    s->ticked_ns = now_ns;
    observe(s, seen, dt_s);
    follow_trials(s, seen, now_ns);
    make_model(s, seen, now_ns, m);
    model_plan(m, &s->plan);
    storage_plan(&s->breaks, s->stages, m, &s->plan, s->target);
    remember_wants(s, now_ns);
    verdict->state = find_state(s, seen, m);
    act(s, m, seen, now_ns, verdict);
    if (verdict->n > 0 || !is_settled(s, now_ns))
        probe_restart(&s->probe, now_ns);
    else
        probe(s, m, seen, now_ns, verdict);
}
