#include "summary.h"

#include <math.h>

#include "clock.h"
#include "json_text.h"

static const char *state_name(enum stage_state state)
{
    static const char *const names[] = {[STAGE_STARTING] = "starting",
                                        [STAGE_RUNNING] = "running",
                                        [STAGE_DRAINING] = "draining",
                                        [STAGE_ENDED] = "ended",
                                        [STAGE_FAILED] = "failed"};
    return names[state];
}

static const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {[OUTCOME_DONE] = "done",
                                        [OUTCOME_FAILED] = "failed",
                                        [OUTCOME_CONFIG] = "config",
                                        [OUTCOME_DEAD_LETTERS] = "dead_letters"};
    return names[outcome];
}

static json_t *number(uint64_t n)
{
    return json_integer(n <= INT64_MAX ? (json_int_t)n : INT64_MAX);
}

/* One digit behind the point: more is noise. */
static json_t *rate(double per_second)
{
    return json_real(round(per_second * 10) / 10);
}

static json_t *seconds(uint64_t ns)
{
    return json_real(round((double)ns / (double)NS_PER_MS) / 1000);
}

static json_t *stage_object(const struct summary *s, uint32_t i)
{
    const struct stage_snapshot *f = &s->last.stages[i];
    return json_pack("{so so ss si so so so so so so so so so si so so so so}", "name", json_text(f->name), "processor",
                     json_text(f->processor), "state", state_name(f->state), "workers", (int)summary_workers(s, i),
                     "in", number(f->in), "out", number(f->out), "emitted", number(f->emitted), "dropped",
                     number(f->dropped), "dead", number(f->dead), "in_flight", number(f->in_flight), "bytes_in",
                     number(f->bytes_in), "bytes_out", number(f->bytes_out), "frames_per_s",
                     rate(summary_frames_per_second(s, i)), "busy_percent", (int)stage_busy_percent(f), "restarts",
                     number(f->restarts), "skipped", number(f->skipped), "repeated", number(f->repeated), "partial",
                     number(f->partial));
}

static json_t *stage_objects(const struct summary *s)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < s->last.n_stages; i++)
        if (json_array_append_new(list, stage_object(s, i)) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *decision_objects(const struct summary *s)
{
    uint32_t n = s->last.n_decisions, first = n > DECISIONS_KEPT ? n - DECISIONS_KEPT : 0;
    json_t *list = json_array();
    for (uint32_t i = first; i < n; i++) {
        const struct scaling_decision *d = &s->last.decisions[i % DECISIONS_KEPT];
        json_t *object =
            json_pack("{so so si si so}", "at_s", seconds(d->at_ns), "stage", json_text(s->last.stages[d->stage].name),
                      "from", (int)d->from, "to", (int)d->to, "why", json_text(d->why));
        if (json_array_append_new(list, object) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *summary_object(const struct summary *s)
{
    int found = snapshot_bottleneck(&s->last);
    uint64_t first = s->last.first_frame_ns;
    return json_pack("{so ss si so so so s{so so} so so so so s{so so}}", "pipeline", json_text(s->pipeline->name),
                     "outcome", outcome_name(s->outcome), "exit_code", (int)s->outcome, "reason",
                     json_text(s->reason[0] ? s->reason : NULL), "elapsed_s", seconds(s->last.elapsed_ns),
                     "first_frame_ms", first ? json_real(round((double)first / (double)NS_PER_US) / 1000) : json_null(),
                     "memory", "bytes", number(s->pipeline->memory), "report", json_text(s->last.memory_report),
                     "stages", stage_objects(s), "bottleneck", json_text(found < 0 ? NULL : s->last.stages[found].name),
                     "limited_by", json_text(s->last.limit[0] ? s->last.limit : NULL), "decisions", decision_objects(s),
                     "dead_letters", "count", number(summary_dead(s)), "folder", json_text(s->pipeline->dead_letters));
}

int summary_print_json(const struct summary *s, FILE *out)
{
    return json_print(summary_object(s), out);
}
