/* session_create(): a block for a frame, and what to do when there is none.
 *
 * Waiting is safe while nothing of ours is PENDING: what we wait for is then held by stages downstream, which do not
 * wait for us (a keeper that does is told to flush). With blocks in hand two workers of a stage could wait for each
 * other. So a call that has some is undone and made again under the stage's token: while one worker has it, no other
 * takes memory, and those that hold some come to a commit or to an undo.
 */
#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "pressure.h"
#include "tracing.h"
#include "turn.h"
#include "waiting.h"

static struct stage_memory *memory_of(const struct session *s)
{
    return s->t.segment->stages[s->t.stage].memory;
}

void session_release_memory(struct session *s)
{
    if (s->t.allocator.n_owned == 0)
        return;
    allocator_settle(&s->t.allocator, ALLOCATOR_RELEASE_ALL);
    event_wake_all(&memory_of(s)->freed);
}

/* After SLOT_WAIT_MEMORY is in the slot: keepers downstream flush, and siblings out of turn step back. Whoever waits
 * for the token says so too: he may be the last of the stage that stops. */
static void announce(const struct session *s)
{
    pressure_wake_keepers(&s->t);
    if (s->t.ordered)
        event_wake_all(&s->t.input->order);
}

static int has_pending(const struct session *s)
{
    return s->created || s->t.n_created > 0;
}

void session_take_token(struct session *s)
{
    if (s->has_token || has_pending(s))
        return;
    session_release_memory(s);
    slot_enter(s->t.slot, SLOT_WAIT_MEMORY);
    tracing_wait(s->t.slot, SLOT_WAIT_MEMORY, au64_relaxed(&s->t.slot->since));
    announce(s);
    end_lock(&memory_of(s)->token, s->t.me);
    tracing_note(s->t.slot, TRACE_WAITED, 0, 0);
    slot_enter(s->t.slot, SLOT_BUSY);
    s->has_token = 1;
}

static int take(struct session *s, uint64_t bytes, struct descriptor *d)
{
    if (!s->has_token && au64_relaxed(&memory_of(s)->token.owner) != 0)
        return -ENOMEM; /* somebody needs it more */
    int error = allocator_take(&s->t.allocator, bytes, d);
    if (error && allocator_gave_back(&s->t.allocator))
        event_wake_all(&memory_of(s)->freed);
    return error;
}

/* Payload of the frames that the plugin has made and not emitted yet. */
static uint64_t held(const struct session *s)
{
    uint64_t bytes = 0;
    for (const struct view *v = s->created; v; v = v->next)
        bytes += v->frame.capacity;
    return bytes;
}

static void say_never(struct session *s, uint64_t bytes)
{
    struct arena_range range = s->t.segment->stages[s->t.stage].range;
    char beside[96] = "";
    if (s->created)
        snprintf(beside, sizeof beside, " beside the %" PRIu64 " bytes that this call has made and not emitted",
                 held(s));
    s->shortage = SHORTAGE_NEVER;
    snprintf(s->reason, sizeof s->reason,
             "a frame of %" PRIu64 " bytes does not fit%s: stage '%s' may own %" PRIu64
             " MiB of memory; raise stages.%s.memory, or memory",
             bytes, beside, s->stage->name, (uint64_t)range.n * SPAN_SIZE >> 20, s->stage->name);
}

/* With the token: tries for the last time. -E2BIG if there is no room although nobody else has any of the memory: then
 * waiting brings nothing. What a sibling or a reader had when the last attempt failed may be free by now, so it counts
 * only if all was free before an attempt; and a sibling that passed the token before we had it may be in the way of one
 * attempt, hence one more for each. */
static int take_the_last(struct session *s, uint64_t bytes, struct descriptor *d)
{
    uint32_t attempts = s->t.segment->stages[s->t.stage].n_slots;
    int error = -ENOMEM;
    while (error == -ENOMEM && allocator_holds_all(&s->t.allocator)) {
        if (attempts-- == 0)
            return -E2BIG;
        error = take(s, bytes, d);
    }
    return error;
}

static int sleep_for_memory(struct session *s, uint64_t bytes, struct descriptor *d)
{
    struct event *freed = &memory_of(s)->freed;
    for (;;) {
        if (!has_pending(s)) {
            session_release_memory(s);
            turn_before_memory(&s->t);
        }
        uint32_t sequence = event_prepare(freed);
        slot_enter(s->t.slot, SLOT_WAIT_MEMORY);
        int error = take(s, bytes, d);
        if (error == -ENOMEM && s->has_token)
            error = take_the_last(s, bytes, d);
        if (error != -ENOMEM || (s->stage->is_source && !has_pending(s) && slot_must_end(s->t.slot))) {
            slot_enter(s->t.slot, SLOT_BUSY);
            if (error == -ENOMEM)
                s->shortage = SHORTAGE_STOP;
            return error;
        }
        announce(s);
        slot_sleep(s->t.slot, SLOT_WAIT_MEMORY, freed, sequence, EVENT_FOREVER);
    }
}

/* With the token and all else free, the outputs of this very call take the memory: commit them in between. */
static int commit_in_between(struct session *s)
{
    if (s->style == STYLE_PULL || s->n_emitted == 0 || session_changed_kept(s))
        return 0;
    s->wide = 1;
    session_note_part(s);
    session_decide(s);
    s->n_done = 0;
    transaction_here(&s->t, &s->mark);
    return 1;
}

/* Nothing but the frames in hand was in the way, as in a share of one span, which can be cut for one size only. A
 * plugin that commits and tries again gives the token back by that, and would come here for ever. */
static void note_never(struct session *s, uint64_t bytes)
{
    if (!s->created || s->t.n_outputs > 0)
        return;
    s->never_bytes = bytes;
    s->never_held = held(s);
}

static int is_never(const struct session *s, uint64_t bytes)
{
    return s->never_bytes && s->created && s->t.n_outputs == 0 && bytes >= s->never_bytes && held(s) >= s->never_held;
}

static int acquire(struct session *s, uint64_t bytes, struct descriptor *d)
{
    turn_before_memory(&s->t);
    int error = take(s, bytes, d);
    if (error != -ENOMEM)
        return error;
    if (!has_pending(s))
        return sleep_for_memory(s, bytes, d);
    if (is_never(s, bytes))
        return -E2BIG;
    if (s->n_done > 0 || s->mark.n_outputs > 0) {
        s->shortage = SHORTAGE_WAIT;
        return error;
    }
    if (!s->has_token) {
        s->shortage = SHORTAGE_TOKEN;
        return error;
    }
    do
        error = sleep_for_memory(s, bytes, d);
    while (error == -E2BIG && commit_in_between(s));
    if (error == -E2BIG)
        note_never(s, bytes);
    return error;
}

struct view *session_create(struct session *s, uint64_t capacity, uint32_t attributes, int has_tail)
{
    struct descriptor d;
    uint64_t bytes = view_block_bytes(capacity, attributes, has_tail);
    int error = capacity > bytes ? -E2BIG : acquire(s, bytes, &d);
    if (error == -E2BIG)
        say_never(s, capacity);
    if (error)
        return NULL;
    struct view *v = view_get(&s->views);
    if (!v) {
        allocator_abandon(&s->t.allocator, &d);
        return NULL;
    }
    v->origin = VIEW_CREATED;
    view_format(v, &s->t.segment->arena, &d, attributes, has_tail);
    v->next = s->created;
    if (s->created)
        s->created->previous = v;
    s->created = v;
    return v;
}
