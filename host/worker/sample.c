#include "sample.h"

#include <string.h>

#include "attributes.h"
#include "view.h"

/* Which output it is changes from sample to sample, as some processors make the same kinds of frames for each input.
 * NULL: there is none but refusals. */
static const struct descriptor *choose(const struct transaction *t)
{
    const struct descriptor *outputs = t->journal->outputs;
    uint32_t first = t->n_outputs ? (uint32_t)(au64_relaxed(&t->slot->transactions) % t->n_outputs) : 0;
    for (uint32_t i = 0; i < t->n_outputs; i++) {
        const struct descriptor *o = &outputs[(first + i) % t->n_outputs];
        if (o->mark != OUTPUT_REFUSED)
            return o;
    }
    return NULL;
}

static void copy(const struct tap_place *p, const struct transaction *t, const struct view *v, uint32_t port)
{
    uint64_t room = p->tap->room < p->payload_max ? p->tap->room : p->payload_max;
    uint64_t copied = v->frame.size < room ? v->frame.size : room;
    p->tap->sample = (struct tap_sample){.sequence = v->frame.sequence,
                                         .key = v->frame.key,
                                         .time_ns = v->frame.time_ns,
                                         .size = v->frame.size,
                                         .copied = copied,
                                         .type = v->frame.type,
                                         .port = port,
                                         .attributes = v->attributes,
                                         .worker = t->slot_number - t->segment->stages[t->stage].first_slot};
    if (v->attributes)
        memcpy(p->attributes, view_attributes(v, &t->segment->arena), v->attributes);
    memcpy(p->payload, v->frame.data, copied);
}

int sample_take(const struct transaction *t)
{
    const struct tap_place *p = &t->segment->stages[t->stage].tap;
    const struct descriptor *o = choose(t);
    struct view v = {0};
    uint64_t holder = o && o->mark == OUTPUT_CREATED ? HOLDER_PENDING : t->bit;
    if (!o || view_open(&v, &t->segment->arena, o, holder) != 0 || v.attributes > ATTRIBUTES_MAX)
        return 0;
    if (!tap_claim(p, t->me))
        return 0;
    copy(p, t, &v, o->port);
    return 1;
}

void sample_give(const struct transaction *t)
{
    tap_give(&t->segment->stages[t->stage].tap);
}
