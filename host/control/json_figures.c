#include "json_figures.h"

#include <math.h>

#include "clock.h"
#include "json_text.h"

json_t *json_count(uint64_t n)
{
    return json_integer(n <= INT64_MAX ? (json_int_t)n : INT64_MAX);
}

json_t *json_seconds(uint64_t ns)
{
    return json_real(round((double)ns / (double)NS_PER_MS) / 1000);
}

const char *stage_state_name(enum stage_state state)
{
    static const char *const names[] = {[STAGE_STARTING] = "starting",
                                        [STAGE_RUNNING] = "running",
                                        [STAGE_DRAINING] = "draining",
                                        [STAGE_ENDED] = "ended",
                                        [STAGE_FAILED] = "failed"};
    return names[state];
}

json_t *json_decisions(const struct snapshot *s)
{
    uint32_t n = s->n_decisions, first = n > DECISIONS_KEPT ? n - DECISIONS_KEPT : 0;
    json_t *list = json_array();
    for (uint32_t i = first; i < n; i++) {
        const struct scaling_decision *d = &s->decisions[i % DECISIONS_KEPT];
        json_t *object =
            json_pack("{so so si si so}", "at_s", json_seconds(d->at_ns), "stage", json_text(s->stages[d->stage].name),
                      "from", (int)d->from, "to", (int)d->to, "why", json_text(d->why));
        if (json_array_append_new(list, object) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}
