#include "resize.h"

#include <math.h>

#include "clock.h"
#include "trial.h"

static const double PATIENCE_S = 1.5; /* for stages that have not finished enough frames */
static const double FIRST_FRAMES = 8;
static const double SURE_FRAMES = 24;     /* by fewer, a stage is raised with care */
static const double URGENT = 1.5;         /* a stage that needs so many times its workers is raised soon, */
static const double SOON_S = 1.5;         /* after the last decision, */
static const double LATER_S = 5;          /* others later, in one go */
static const double WET_S = 3;            /* after a break, how a stage works can be told */
static const double STORE_TIMES = 1.1;    /* so many times its workers are to store: worth a raise */
static const double MUCH = 0.06;          /* of a stage's workers lacking: every surplus goes to it */
static const double VERY_MUCH = 0.15;     /* so much goes to it even if that was changed to and fro often */
static const double LITTLE_TIMES = 1.025; /* a raise to less is not worth it */
static const double FEWER_CORES = 0.8;    /* than before: more than others take of them now and then */
static const double DAMPED = 0.9;         /* of the workers that it needs: a stage with fewer is raised even then */
static const double FLAPS_MOST = 4;       /* reversals of late: with more, only what is needed is changed */
static const double FOUND_OTHER = 1.4;
static const uint32_t FOUND_TIMES = 2;            /* a stage that needs so many times what it did then has changed */
static const double RAISES_S = 60;                /* raises that follow each other within that are judged together */
static const uint64_t SURPLUS_NS = 15 * NS_PER_S; /* a stage has to have been too big for so long, */

enum {
    SURPLUS_TIMES = 5, /* longer each time that it was raised again after that, */
    MISTAKES_MOST = 3,
    STEP_TIMES = 16,
    STEP_PLUS = 15 /* workers in one step: the greater of both */
};

/* True when each stage that has got frames has finished enough of them, or when it has been waited for long enough. */
static int is_known(const struct scaler *s, uint64_t now_ns)
{
    if (clock_seconds(s->decided_ns, now_ns) > PATIENCE_S)
        return 1;
    for (uint32_t i = 0; i < s->n_stages; i++)
        if (s->memory[i].estimate.kept.frames < FIRST_FRAMES)
            return 0;
    return 1;
}

void resize_found(struct scaler *s, uint32_t stage, uint32_t workers, uint32_t from)
{
    struct scaler_memory *mem = &s->memory[stage];
    if (workers > from) {
        mem->found_least = workers;
        mem->found_most = 0;
    } else {
        mem->found_least = 0;
        mem->found_most = workers;
        mem->found_want = s->target[stage];
    }
    mem->found_s = estimate_service(&mem->estimate);
}

/* True if frames take about as long as when a probe found something. */
static int is_found_valid(const struct scaler_memory *mem)
{
    double now_s = estimate_service(&mem->estimate);
    return now_s <= FOUND_OTHER * mem->found_s && now_s * FOUND_OTHER >= mem->found_s;
}

/* So many workers were found to be of use; 0: not known. */
static uint32_t found_least(const struct scaler_memory *mem)
{
    return is_found_valid(mem) ? mem->found_least : 0;
}

void resize_forget(struct scaler *s, uint32_t stage)
{
    s->memory[stage].found_least = s->memory[stage].found_most = 0;
    probe_forget(&s->probe, stage);
}

int resize_is_damped(const struct scaler *s)
{
    return s->flaps > FLAPS_MOST;
}

void resize_stage(struct scaler *s, uint32_t i, uint32_t to, enum scaler_cause cause, struct scaler_verdict *v)
{
    struct scaler_memory *mem = &s->memory[i];
    const struct model *m = &s->model;
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
    int way = to > mem->workers ? 1 : -1;
    s->has_flapped |= way * mem->way < 0;
    mem->way = way;
    mem->workers = to;
    mem->changed_ns = s->ticked_ns;
    mem->is_marked = 0;
}

double resize_room(const struct scaler *s, const struct observation *seen)
{
    double bytes = (double)seen->memory;
    for (uint32_t i = 0; i < s->n_stages; i++) {
        uint32_t there = seen->stages[i].live + seen->stages[i].warming;
        uint32_t n = there > s->memory[i].workers ? there : s->memory[i].workers;
        if (s->probe.way < ATTEMPT_NONE && s->probe.stage == i && n < s->probe.from)
            n = s->probe.from;
        bytes -= (double)n * (double)seen->stages[i].worker_bytes;
    }
    return bytes;
}

uint32_t resize_fit(uint32_t from, uint32_t to, uint64_t worker_bytes, double room)
{
    double bytes = (double)worker_bytes;
    if (to <= from || (to - from) * bytes <= room || bytes <= 0)
        return to;
    return from + (room > 0 ? (uint32_t)(room / bytes) : 0);
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

/* True if fewer workers than the plan's were found to give no less, when it wanted about as many, and frames took as
 * long. */
static int is_found_enough(const struct scaler_memory *mem, uint32_t want)
{
    return mem->found_most != 0 && mem->workers >= mem->found_most && is_found_valid(mem) &&
           want <= FOUND_TIMES * fmax(mem->found_most, mem->found_want);
}

/* How many workers the stage is to get: what it has, if there is nothing to raise. */
static uint32_t raised(const struct scaler *s, uint32_t i, int stores)
{
    const struct scaler_memory *mem = &s->memory[i];
    const struct model_stage *of = &s->model.stages[i];
    double enough = resize_is_damped(s)             ? DAMPED * model_need(of, &s->plan, 0)
                    : s->plan.bound == BOUND_MEMORY ? model_need(of, &s->plan, -0.1)
                                                    : model_need(of, &s->plan, 0.33 * s->plan.caution);
    if (s->probe.way < ATTEMPT_NONE && s->probe.stage == i)
        return mem->workers;
    if (mem->trial == TRIAL_NONE && mem->workers < found_least(mem) && found_least(mem) <= of->limit)
        return found_least(mem);
    if (!stores && (s->plan.workers[i] <= mem->workers || mem->workers >= enough))
        return mem->workers;
    int lacks_input = s->stages[i].feeders == 0 && mem->estimate.starved > 0.5 && !breaks_are_known(&s->breaks);
    if (is_found_enough(mem, s->target[i]) || mem->trial == TRIAL_RAISED || (!stores && lacks_input))
        return mem->workers;
    return next_step(mem, s->target[i]);
}

static void raise_stages(struct scaler *s, const struct observation *seen, struct scaler_verdict *v)
{
    double room = resize_room(s, seen);
    for (uint32_t i = 0; i < s->n_stages; i++) {
        struct scaler_memory *mem = &s->memory[i];
        int stores = s->target[i] > s->plan.workers[i] && s->target[i] > STORE_TIMES * mem->workers;
        uint32_t to = raised(s, i, stores);
        uint64_t bytes = seen->stages[i].worker_bytes;
        if (to < LITTLE_TIMES * mem->workers)
            continue;
        to = resize_fit(mem->workers, to, bytes, room);
        if (to <= mem->workers)
            continue;
        room -= (to - mem->workers) * (double)bytes;
        if (mem->before.frames <= 0 || clock_seconds(mem->before_ns, s->ticked_ns) > RAISES_S) {
            mem->before =
                breaks_are_known(&s->breaks) && s->breaks.wet_s < WET_S ? (struct level){0} : trial_level(mem);
            mem->before_ns = s->ticked_ns;
        }
        mem->mistakes += mem->was_lowered && mem->mistakes < MISTAKES_MOST;
        mem->was_lowered = 0;
        mem->trial = stores ? TRIAL_NONE : TRIAL_RAISED;
        resize_stage(s, i, to, stores ? SCALER_STORAGE : SCALER_NEEDED, v);
    }
}

/* `lacks`: another stage needs memory, so much; `at_once`: the budget has shrunk. */
static void lower_stages(struct scaler *s, double lacks, int at_once, struct scaler_verdict *v)
{
    for (uint32_t i = 0; i < s->n_stages; i++) {
        struct scaler_memory *mem = &s->memory[i];
        uint32_t need = at_once ? s->target[i] : mem->wanted;
        need = need != 0 && need < found_least(mem) ? found_least(mem) : need;
        uint32_t slack = at_once || lacks > MUCH ? 0
                         : lacks > 0             ? mem->workers / 16
                         : mem->workers / 3 > 1  ? mem->workers / 3
                                                 : 1;
        int is_ceiling = mem->ceiling.workers > 0 && need >= mem->ceiling.workers;
        if (mem->workers <= need + slack || need == 0 || (s->probe.way == ATTEMPT_MORE && s->probe.stage == i))
            continue;
        if (resize_is_damped(s) && lacks <= VERY_MUCH && !at_once && !is_ceiling)
            continue;
        if (is_ceiling)
            mem->trial = TRIAL_LOWERED;
        mem->was_lowered = 1;
        mem->before = (struct level){0};
        resize_stage(s, i, need,
                     at_once                       ? SCALER_BUDGET
                     : mem->trial == TRIAL_LOWERED ? SCALER_CEILING
                                                   : SCALER_SURPLUS,
                     v);
    }
}

/* How long a surplus has to last before the stage is lowered. */
static uint64_t patience_ns(const struct scaler_memory *mem)
{
    uint64_t ns = SURPLUS_NS;
    for (uint32_t i = 0; i < mem->mistakes; i++)
        ns *= SURPLUS_TIMES;
    return ns;
}

static void remember_wants(struct scaler *s, uint64_t now_ns)
{
    for (uint32_t i = 0; i < s->n_stages; i++) {
        struct scaler_memory *mem = &s->memory[i];
        if (s->target[i] >= mem->wanted || now_ns - mem->wanted_ns > patience_ns(mem)) {
            mem->wanted = s->target[i];
            mem->wanted_ns = now_ns;
        }
    }
}

/* What the worst off of the stages that need memory lacks, as a share of what it has. */
static double lacks_memory(const struct scaler *s, const struct observation *seen)
{
    double room = resize_room(s, seen), lacks = 0;
    for (uint32_t i = 0; i < s->n_stages; i++)
        if (s->plan.workers[i] > s->memory[i].workers && (double)seen->stages[i].worker_bytes > room)
            lacks = fmax(lacks, (double)s->plan.workers[i] / s->memory[i].workers - 1);
    return lacks;
}

void resize_stages(struct scaler *s, const struct observation *seen, uint64_t now_ns, struct scaler_verdict *v)
{
    int fewer_cores = seen->cpus < FEWER_CORES * s->cpus;
    int other_cores = fewer_cores || seen->cpus * FEWER_CORES > s->cpus;
    remember_wants(s, now_ns);
    if (s->plan.bound == BOUND_NONE || !is_known(s, now_ns))
        return;
    if (clock_seconds(s->decided_ns, now_ns) < (fewer_cores || is_urgent(s) ? SOON_S : LATER_S))
        return;
    for (uint32_t i = 0; i < s->n_stages && other_cores; i++) {
        resize_forget(s, i);
        probe_doubt(&s->probe, i, 0);
    }
    if (other_cores)
        s->flaps = 0;
    s->cpus = other_cores || seen->cpus > s->cpus ? seen->cpus : s->cpus;
    raise_stages(s, seen, v);
    if (v->n == 0 || fewer_cores)
        lower_stages(s, lacks_memory(s, seen), fewer_cores, v);
    if (v->n > 0)
        s->decided_ns = now_ns;
}
