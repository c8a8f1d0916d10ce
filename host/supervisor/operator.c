#include "operator.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "clock.h"
#include "collect.h"
#include "rationing.h"
#include "run.h"

/* All workers of all sources. */
static void command_sources(struct supervisor *s, enum slot_command command)
{
    for (uint32_t i = 0; i < s->pipeline->n_stages; i++) {
        if (!s->pipeline->stages[i].is_source)
            continue;
        for (uint32_t w = 0; w < s->segment.stages[i].n_slots; w++) {
            au32_store_release(&segment_slot(&s->segment, i, w)->command, command);
            crew_signal(&s->crews[i], w, SIGUSR2);
        }
        event_wake_slow(&s->segment.stages[i].memory->freed, INT32_MAX);
    }
}

void operator_drain(struct supervisor *s, const char *who, uint64_t now_ns)
{
    s->draining = 1;
    s->drain_until = now_ns + s->pipeline->drain_timeout_ns;
    log_write(s->log, LOG_LEVEL_INFO, "%s: the sources stop, the rest is drained (a second signal stops at once)", who);
    for (uint32_t i = 0; i < s->pipeline->n_stages; i++)
        crew_hasten(&s->crews[i], now_ns);
    command_sources(s, SLOT_FINISH);
}

void operator_stop(struct supervisor *s, const char *who)
{
    run_end(s, OUTCOME_FAILED, "stopped by %s", who);
}

int operator_pause(struct supervisor *s, int paused)
{
    if (s->draining)
        return -1;
    if (s->paused != paused)
        log_write(s->log, LOG_LEVEL_INFO,
                  paused ? "paused: the sources make nothing, the rest goes on" : "resumed: the sources go on");
    s->paused = paused;
    command_sources(s, paused ? SLOT_PAUSE : SLOT_RUN);
    return 0;
}

uint32_t operator_scale(struct supervisor *s, uint32_t stage, uint32_t workers)
{
    if (s->pipeline->stages[stage].is_source)
        return 0;
    return scaling_pin(s->scaling, &s->segment, &s->crews[stage], s->log, workers, clock_monotonic());
}

void operator_look(const struct supervisor *s, struct snapshot *out)
{
    collect(out, &s->segment, s->crews, s->started_ns, clock_monotonic());
    scaling_describe_limit(s->scaling, s->pipeline, out->limit, sizeof out->limit);
    if (s->rations)
        out->workers_memory = rationing_figures(s->rations);
    out->n_decisions = s->scaling->n_decisions;
    memcpy(out->decisions, s->scaling->decisions, sizeof out->decisions);
    out->paused = s->paused;
    out->draining = s->draining;
}

const struct window *operator_watch(struct supervisor *s, struct snapshot *now, struct stage_latency *latency)
{
    operator_look(s, now);
    for (uint32_t i = 0; i < s->pipeline->n_stages; i++)
        collect_latency(&latency[i], &s->segment, i);
    if (!s->history)
        s->history = history_create(s->pipeline->n_stages);
    return s->history ? history_look(s->history, now, latency) : NULL;
}

uint32_t operator_workers(const struct supervisor *s, uint32_t stage, struct worker_snapshot *out)
{
    uint64_t now = clock_monotonic();
    uint32_t n = collect_workers(out, &s->segment, &s->crews[stage], now);
    if (s->history)
        history_look_at_workers(s->history, stage, out, n, now);
    return n;
}

const struct segment *operator_segment(const struct supervisor *s)
{
    return &s->segment;
}

const struct scaling *operator_scaling(const struct supervisor *s)
{
    return s->scaling;
}

const struct pipeline *operator_pipeline(const struct supervisor *s)
{
    return s->pipeline;
}
