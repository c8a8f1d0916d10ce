#include "summary.h"

#include <math.h>

#include "clock.h"
#include "json_figures.h"
#include "json_text.h"

static const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {[OUTCOME_DONE] = "done",
                                        [OUTCOME_FAILED] = "failed",
                                        [OUTCOME_CONFIG] = "config",
                                        [OUTCOME_DEAD_LETTERS] = "dead_letters"};
    return names[outcome];
}

/* One digit behind the point: more is noise. */
static json_t *rate(double per_second)
{
    return json_real(round(per_second * 10) / 10);
}

static json_t *stage_object(const struct summary *s, uint32_t i)
{
    const struct stage_snapshot *f = &s->last.stages[i];
    return json_pack("{so so ss si so so so so so so so so so si so so so so}", "name", json_text(f->name), "processor",
                     json_text(f->processor), "state", stage_state_name(f->state), "workers",
                     (int)summary_workers(s, i), "in", json_count(f->in), "out", json_count(f->out), "emitted",
                     json_count(f->emitted), "dropped", json_count(f->dropped), "dead", json_count(f->dead),
                     "in_flight", json_count(f->in_flight), "bytes_in", json_count(f->bytes_in), "bytes_out",
                     json_count(f->bytes_out), "frames_per_s", rate(summary_frames_per_second(s, i)), "busy_percent",
                     (int)stage_busy_percent(f), "restarts", json_count(f->restarts), "skipped", json_count(f->skipped),
                     "repeated", json_count(f->repeated), "partial", json_count(f->partial));
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

static json_t *summary_object(const struct summary *s)
{
    int found = snapshot_bottleneck(&s->last);
    uint64_t first = s->last.first_frame_ns;
    return json_pack("{so ss si so so so s{so so} so so so so s{so so}}", "pipeline", json_text(s->pipeline->name),
                     "outcome", outcome_name(s->outcome), "exit_code", (int)s->outcome, "reason",
                     json_text(s->reason[0] ? s->reason : NULL), "elapsed_s", json_seconds(s->last.elapsed_ns),
                     "first_frame_ms", first ? json_real(round((double)first / (double)NS_PER_US) / 1000) : json_null(),
                     "memory", "bytes", json_count(s->pipeline->memory), "report", json_text(s->last.memory_report),
                     "stages", stage_objects(s), "bottleneck", json_text(found < 0 ? NULL : s->last.stages[found].name),
                     "limited_by", json_text(s->last.limit[0] ? s->last.limit : NULL), "decisions",
                     json_decisions(&s->last), "dead_letters", "count", json_count(summary_dead(s)), "folder",
                     json_text(s->pipeline->dead_letters));
}

int summary_print_json(const struct summary *s, FILE *out)
{
    return json_print(summary_object(s), out);
}
