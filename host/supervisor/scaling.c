#include "scaling.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "clock.h"
#include "probes.h"
#include "rationing.h"
#include "staffing.h"
#include "usage.h"
#include "work.h"

#define TICK_NS (500 * NS_PER_MS)
#define MEMORY_NS (5 * NS_PER_S)      /* between two looks at a worker's memory, which take the kernel a walk */
#define LIMIT_LASTS_NS (3 * NS_PER_S) /* then it is worth a line */

static const double MEMORY_LEFT = 0.9; /* of what the machine has left, for more workers */

static uint64_t feeders_of(const struct pipeline *p, uint32_t stage)
{
    uint64_t feeders = 0;
    for (uint32_t i = 0; i < p->n_edges; i++)
        if (p->edges[i].to == stage)
            feeders |= UINT64_C(1) << p->edges[i].from;
    return feeders;
}

static struct scaler_stage scaler_stage_of(const struct pipeline *p, uint32_t i)
{
    const struct stage *s = &p->stages[i];
    return (struct scaler_stage){.feeders = feeders_of(p, i),
                                 .min = s->workers_min,
                                 .max = s->workers_max,
                                 .is_ordered = s->ordered,
                                 .ring = s->queue,
                                 .is_sink = s->is_sink};
}

void scaling_begin(struct scaling *s, const struct pipeline *p, uint64_t now_ns)
{
    struct scaler_stage stages[PIPELINE_STAGES_MAX];
    memset(s, 0, sizeof *s);
    cores_take(&s->cores, p->cpus);
    for (uint32_t i = 0; i < p->n_stages; i++)
        stages[i] = scaler_stage_of(p, i);
    scaler_init(&s->scaler, stages, p->n_stages, now_ns);
    s->began_ns = now_ns;
    s->next_ns = now_ns + TICK_NS;
}

static uint64_t since(uint64_t then, uint64_t now)
{
    return now > then ? now - then : 0;
}

/* The share of the time between two ticks that was over at `then`. */
static double share_at(uint64_t then, uint64_t last_ns, uint64_t now_ns)
{
    return then >= now_ns ? 1 : (double)since(last_ns, then) / (double)(now_ns - last_ns);
}

/* CPU time of a worker since the last tick, and its delays while it was at work: those after its waits are no part of a
 * frame's time. A delay counts when its frame is finished, as the frame's other times do. */
static void take_usage(struct scaling *s, uint32_t stage, uint32_t worker, pid_t pid, const struct slot *slot,
                       uint64_t now_ns)
{
    struct worker_usage *last = &s->usage[stage][worker];
    struct worker_usage now = {.pid = pid,
                               .at_ns = now_ns,
                               .cpu_ns = usage_cpu_ns(pid),
                               .delay_ns = usage_delay_ns(pid),
                               .sleep_delay_ns = au64_relaxed(&slot->sleep_delay_ns),
                               .since_ns = au64_relaxed(&slot->work_since)};
    if (now.cpu_ns == 0)
        return;
    if (last->pid != pid)
        *last = (struct worker_usage){.pid = pid, .sleep_delay_ns = now.sleep_delay_ns, .since_ns = now.since_ns};
    uint64_t delay = since(since(last->sleep_delay_ns, now.sleep_delay_ns), since(last->delay_ns, now.delay_ns));
    now.waited_core_ns = last->waited_core_ns + delay;
    now.counted_delay_ns = last->counted_delay_ns;
    if (now.since_ns != last->since_ns)
        now.counted_delay_ns =
            last->waited_core_ns + (uint64_t)((double)delay * share_at(now.since_ns, last->at_ns, now_ns));
    s->cpu_ns += since(last->cpu_ns, now.cpu_ns);
    s->delay_ns[stage] += since(last->counted_delay_ns, now.counted_delay_ns);
    *last = now;
}

/* What the frame in hand has taken so far. */
static void add_in_hand(struct stage_observation *o, const struct slot *slot, const struct worker_usage *usage,
                        uint64_t not_at_work, uint64_t now_ns)
{
    uint64_t own = since(not_at_work, since(au64_relaxed(&slot->work_since), now_ns));
    uint64_t cpu = since(au64_relaxed(&slot->work_cpu_at), usage->cpu_ns);
    uint64_t delay = since(usage->counted_delay_ns, usage->waited_core_ns);
    cpu = cpu < own ? cpu : own;
    o->in_hand_cpu_ns += cpu;
    o->in_hand_ns += delay < own - cpu ? own - delay : cpu;
}

/* What the slot says, with the wait that goes on, and the time that the frame in hand has taken. */
static void add_slot(struct stage_observation *o, const struct slot *slot, const struct berth *b,
                     const struct worker_usage *usage, uint64_t now_ns)
{
    uint32_t state = au32_acquire(&slot->state);
    uint64_t waits = slot_waits(slot);
    o->done += au64_relaxed(&slot->work_done);
    o->busy_ns += au64_relaxed(&slot->work_busy_ns);
    o->cpu_ns += au64_relaxed(&slot->work_cpu_ns);
    o->wait_input_ns += au64_relaxed(&slot->wait_input_ns);
    o->wait_output_ns += au64_relaxed(&slot->wait_output_ns) + au64_relaxed(&slot->wait_memory_ns);
    o->wait_turn_ns += au64_relaxed(&slot->wait_turn_ns);
    if (b->state == BERTH_STARTING || (b->state == BERTH_ALIVE && (state == SLOT_STARTING || state == SLOT_VACANT)))
        o->warming++;
    if (b->state != BERTH_ALIVE || state == SLOT_STARTING || state == SLOT_VACANT)
        return;
    o->live++;
    uint64_t waited = state == SLOT_BUSY ? 0 : since(au64_relaxed(&slot->since), now_ns);
    if (state == SLOT_WAIT_INPUT)
        o->wait_input_ns += waited;
    else if (state == SLOT_WAIT_OUTPUT || state == SLOT_WAIT_MEMORY)
        o->wait_output_ns += waited;
    else if (state == SLOT_WAIT_TURN)
        o->wait_turn_ns += waited;
    add_in_hand(o, slot, usage, since(au64_relaxed(&slot->work_waited), waits) + waited, now_ns);
}

/* One worker of a stage tells for all of them; another one each time. */
static void measure_memory(struct scaling *s, const struct crew *c, uint32_t n_slots, uint64_t now_ns)
{
    CHECK(n_slots > 0);
    uint32_t first = (uint32_t)(now_ns / TICK_NS) % n_slots;
    for (uint32_t i = 0; i < n_slots; i++) {
        const struct berth *b = &c->berths[(first + i) % n_slots];
        if (b->state != BERTH_ALIVE)
            continue;
        uint64_t bytes = usage_memory(b->pid);
        if (bytes > s->worker_bytes[c->stage])
            s->worker_bytes[c->stage] = bytes;
        return;
    }
}

static void observe(struct scaling *s, const struct segment *segment, const struct crew *crews, struct observation *o,
                    uint64_t now_ns)
{
    const struct pipeline *p = segment->pipeline;
    double workers_bytes = 0, left = (double)usage_memory_left();
    for (uint32_t i = 0; i < p->n_stages; i++) {
        const struct stage_place *place = &segment->stages[i];
        struct stage_observation *stage = &o->stages[i];
        for (uint32_t w = 0; w < place->n_slots; w++) {
            struct slot_figures figures;
            segment_figures(segment, place->first_slot + w, &figures);
            stage->passed += figures.tally.out + figures.tally.dropped + figures.tally.dead;
            const struct berth *b = &crews[i].berths[w];
            const struct slot *slot = segment_slot(segment, i, w);
            if (b->state == BERTH_ALIVE)
                take_usage(s, i, w, b->pid, slot, now_ns);
            add_slot(stage, slot, b, &s->usage[i][w], now_ns);
        }
        if (now_ns >= s->memory_at && s->scaler.stages[i].min < s->scaler.stages[i].max)
            measure_memory(s, &crews[i], place->n_slots, now_ns);
        stage->run_delay_ns = s->delay_ns[i];
        stage->worker_bytes = s->worker_bytes[i];
        uint64_t ration = crews[i].rations ? rationing_of_worker(crews[i].rations, i) : 0;
        stage->worker_bytes = ration > stage->worker_bytes ? ration : stage->worker_bytes;
        workers_bytes += (double)stage->worker_bytes * (stage->live + stage->warming);
        if (place->ring) {
            stage->arrived = au64_acquire(&place->ring->tail);
            stage->queued = (uint32_t)ring_fill(place->ring);
        }
    }
    if (now_ns >= s->memory_at)
        s->memory_at = now_ns + MEMORY_NS;
    o->cpus = cores_available(&s->cores, s->cpu_ns, now_ns);
    o->memory = left < 1e18 ? (uint64_t)(workers_bytes + MEMORY_LEFT * left) : UINT64_MAX;
    uint64_t budget = crews->rations ? rationing_for_workers(crews->rations) : UINT64_MAX;
    o->memory = budget < o->memory ? budget : o->memory;
}

static void describe(const struct scaler_decision *d, int by_memory, char *text, size_t size)
{
    static const char *const causes[] = {[SCALER_NEEDED] = "it would hold back the rest",
                                         [SCALER_SURPLUS] = "it has had more than it needs for a while",
                                         [SCALER_CEILING] = "more did not help",
                                         [SCALER_BUDGET] = "there are fewer cores, or less memory",
                                         [SCALER_PROBE] = "to see whether the pipeline gives more with it",
                                         [SCALER_STORAGE] = "they hold frames for the breaks of the source",
                                         [SCALER_UNDO] = "the pipeline gives no more with it"};
    snprintf(text, size,
             "%s: %" PRIu32 " carry %.4g frames/s of the source, %.4g can be had; %.3g ms CPU and %.3g ms "
             "waiting a frame%s",
             causes[d->cause], d->from, d->capacity, d->goal, d->cpu_s * 1e3, d->wait_s * 1e3,
             by_memory ? "; memory allows no more" : "");
}

static struct scaling_decision decision(const struct scaling *s, uint32_t stage, uint32_t from, uint32_t to,
                                        uint64_t now_ns)
{
    return (struct scaling_decision){.at_ns = since(s->began_ns, now_ns), .stage = stage, .from = from, .to = to};
}

/* Remembers a decision, and says it. */
static void record(struct scaling *s, const struct log *log, const struct pipeline *p, const struct scaling_decision *d)
{
    s->decisions[s->n_decisions++ % DECISIONS_KEPT] = *d;
    PROBE_SCALE(p->stages[d->stage].name, d->from, d->to, d->why);
    log_about(log, LOG_LEVEL_INFO, p->stages[d->stage].name, LOG_NOBODY, "%" PRIu32 " -> %" PRIu32 " workers: %s",
              d->from, d->to, d->why);
}

void scaling_describe_limit(const struct scaling *s, const struct pipeline *p, char *text, size_t size)
{
    const struct scaler_state *state = &s->told;
    double percent = state->occupied * 100;
    const char *name = p->stages[state->stage].name;
    uint32_t workers = scaler_workers(&s->scaler, state->stage);
    switch (state->limit) {
    case LIMIT_CPU:
        snprintf(text, size, "cpu %.0f %% used by the stages", percent);
        break;
    case LIMIT_STAGE:
    case LIMIT_SINK:
        snprintf(text, size, "%s %s (%" PRIu32 " worker%s, max = %" PRIu32 ", busy %.0f %%)",
                 state->limit == LIMIT_SINK ? "sink" : "stage", name, workers, workers == 1 ? "" : "s",
                 s->scaler.stages[state->stage].max, percent);
        break;
    case LIMIT_MEMORY:
        snprintf(text, size, "memory %.0f %%%s", percent, p->workers_memory ? " of workers_memory" : "");
        break;
    case LIMIT_SOURCE:
        snprintf(text, size, "source (it has input %.0f %% of the time)", percent);
        break;
    default:
        text[0] = '\0';
    }
}

static int is_same_limit(const struct scaler_state *a, const struct scaler_state *b)
{
    return a->limit == b->limit && a->stage == b->stage;
}

/* A line when the limit has become another, and stays. */
static void tell_limit(struct scaling *s, const struct pipeline *p, const struct log *log,
                       const struct scaler_state *now, uint64_t now_ns)
{
    char text[128];
    if (!is_same_limit(now, &s->state) || !s->limit_since)
        s->limit_since = now_ns;
    s->state = *now;
    int lasts = now->limit != LIMIT_UNKNOWN && now_ns - s->limit_since >= LIMIT_LASTS_NS;
    int is_new = !is_same_limit(now, &s->told);
    if (is_new && !lasts)
        return;
    s->told = *now;
    scaling_describe_limit(s, p, text, sizeof text);
    if (is_new)
        log_write(log, LOG_LEVEL_INFO, "limited by: %s", text);
}

/* A crew that has fewer workers than the scaler thinks: there was no memory for more. */
static void follow(struct scaling *s, const struct segment *segment, const struct crew *crews, const struct log *log,
                   uint64_t now_ns)
{
    for (uint32_t i = 0; i < segment->pipeline->n_stages; i++) {
        uint32_t from = scaler_workers(&s->scaler, i), to = crews[i].wanted;
        struct scaler_stage limits = s->scaler.stages[i];
        if (to >= from || to == 0)
            continue;
        scaler_limit(&s->scaler, i, limits.min < to ? limits.min : to, to);
        scaler_limit(&s->scaler, i, limits.min < to ? limits.min : to, limits.max);
        struct scaling_decision d = decision(s, i, from, to, now_ns);
        snprintf(d.why, sizeof d.why, "workers_memory, %" PRIu64 " MiB, is given out, and a worker needs more of it",
                 segment->pipeline->workers_memory >> 20);
        record(s, log, segment->pipeline, &d);
    }
}

uint64_t scaling_tick(struct scaling *s, struct segment *segment, struct crew *crews, const struct log *log,
                      uint64_t now_ns)
{
    struct observation seen = {0};
    struct scaler_verdict verdict;
    if (now_ns < s->next_ns)
        return s->next_ns;
    if (crews->rations)
        follow(s, segment, crews, log, now_ns);
    observe(s, segment, crews, &seen, now_ns);
    scaler_decide(&s->scaler, &seen, now_ns, &verdict);
    for (uint32_t i = 0; i < verdict.n; i++) {
        const struct scaler_decision *d = &verdict.decisions[i];
        struct scaling_decision told = decision(s, d->stage, d->from, d->to, now_ns);
        describe(d, s->scaler.plan.bound == BOUND_MEMORY, told.why, sizeof told.why);
        record(s, log, segment->pipeline, &told);
        staffing_set(&crews[d->stage], segment, d->to, now_ns);
    }
    tell_limit(s, segment->pipeline, log, &verdict.state, now_ns);
    s->next_ns = now_ns + TICK_NS;
    return s->next_ns;
}

uint32_t scaling_pin(struct scaling *s, struct segment *segment, struct crew *crew, const struct log *log,
                     uint32_t workers, uint64_t now_ns)
{
    const struct pipeline *p = segment->pipeline;
    uint32_t stage = crew->stage;
    struct scaler_stage limits = scaler_stage_of(p, stage);
    uint32_t most = segment->stages[stage].n_slots, from = scaler_workers(&s->scaler, stage);
    if (workers > 0) {
        workers = workers < most ? workers : most;
        limits.min = limits.max = workers;
        s->pinned |= UINT64_C(1) << stage;
    } else {
        s->pinned &= ~(UINT64_C(1) << stage);
        workers = from < limits.min ? limits.min : from > limits.max ? limits.max : from;
    }
    scaler_limit(&s->scaler, stage, limits.min, limits.max);
    struct scaling_decision d = decision(s, stage, from, workers, now_ns);
    snprintf(d.why, sizeof d.why, "%s", limits.min == limits.max ? "by hand" : "left to the scaler again");
    record(s, log, p, &d);
    staffing_set(crew, segment, workers, now_ns);
    return workers;
}
