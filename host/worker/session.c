#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "check.h"
#include "clock.h"
#include "passage.h"
#include "pressure.h"
#include "probes.h"
#include "sample.h"
#include "tracing.h"
#include "turn.h"
#include "waiting.h"

int session_init(struct session *s, const mpipe_processor *processor, const struct log *log)
{
    const struct pipeline *p = s->t.segment->pipeline;
    s->stage = &p->stages[s->t.stage];
    s->log = log;
    s->processor = processor;
    s->style = processor->run ? STYLE_PULL : STYLE_PUSH;
    view_pool_init(&s->views);
    s->kept = calloc(KEPT_MAX, sizeof(struct view *));
    session_fill_io(s);
    s->replaying = 1;
    s->undo_state = malloc(s->t.journal->state_size ? s->t.journal->state_size : 1);
    return s->kept && s->undo_state ? 0 : -ENOMEM;
}

void session_destroy(struct session *s)
{
    view_pool_destroy(&s->views);
    free(s->kept);
    free(s->undo_state);
    s->kept = NULL;
    s->undo_state = NULL;
}

int session_frame(const void *session, uint64_t *sequence)
{
    const struct session *s = session;
    *sequence = s->sequence;
    return s->in_call && (s->in_hand || s->in_hand_index != CURSOR_NONE);
}

/* Without memory for a view there is nothing to tell of the frame: the worker leaves, and its successor is given the
 * claim anew. */
static struct view *get_view(struct session *s)
{
    struct view *v = view_get(&s->views);
    if (v)
        return v;
    snprintf(s->t.slot->reason, sizeof s->t.slot->reason, "there is no memory left to open a frame");
    log_write(s->log, LOG_LEVEL_ERROR, "%s", s->t.slot->reason);
    slot_leave(s->t.slot, WORKER_FATAL);
}

struct view *session_input(struct session *s, uint32_t index)
{
    const struct journal *j = s->t.journal;
    struct view *v = get_view(s);
    transaction_prefetch(&s->t, index + CLAIM_AHEAD);
    v->origin = VIEW_INPUT;
    v->index = index;
    if (view_open(v, &s->t.segment->arena, &j->claim[index], s->t.bit) != 0) {
        view_put(&s->views, v);
        return NULL;
    }
    if (au32_relaxed(&j->retried))
        v->frame.attempt += j->attempts[index];
    return v;
}

struct view *session_replay(struct session *s)
{
    const struct journal *j = s->t.journal;
    uint32_t oldest = KEPT_MAX;
    uint64_t left[KEPT_MAX / 64]; /* without what the processor has given up already, and a commit is still to come */
    transaction_kept_left(&s->t, left);
    for (uint32_t word = 0; word < KEPT_MAX / 64; word++)
        for (uint64_t bits = left[word]; bits; bits &= bits - 1) {
            uint32_t e = word * 64 + (uint32_t)__builtin_ctzll(bits);
            if (!s->kept[e] && (oldest == KEPT_MAX || j->kept_position[e] < j->kept_position[oldest]))
                oldest = e;
        }
    if (oldest == KEPT_MAX)
        return NULL;
    struct view *v = get_view(s);
    CHECK(view_open(v, &s->t.segment->arena, &j->kept[oldest], s->t.bit) == 0);
    v->origin = VIEW_KEPT;
    v->index = oldest;
    v->frame.attempt = 2;
    v->frame.flags = MPIPE_FRAME_KEPT;
    s->kept[oldest] = v;
    return v;
}

void call_begin(struct session *s, struct view *in_hand, uint32_t index)
{
    if (s->wants_token)
        session_take_token(s); /* a commit since the undo may have given it back: frames that were kept come again
                                  first, and get() commits before it says that there is no frame */
    transaction_here(&s->t, &s->mark);
    s->in_hand = in_hand;
    s->in_hand_index = index;
    s->sequence = in_hand ? in_hand->frame.sequence : 0;
    if (in_hand && index != CURSOR_NONE)
        s->t.tally.bytes_in += in_hand->frame.size;
    if (s->t.journal->state_size)
        memcpy(s->undo_state, s->t.state, s->t.journal->state_size);
    s->n_emitted = s->n_given_up = 0;
    s->wide = 0;
    s->shortage = SHORTAGE_NONE;
    s->reason[0] = 0;
    s->in_call = 1;
}

static void abandon_created(struct session *s)
{
    while (s->created) {
        struct view *v = s->created;
        s->created = v->next;
        allocator_abandon(&s->t.allocator, &v->descriptor);
        view_put(&s->views, v);
    }
}

/* What is still the plugin's own at the end of a call has been dropped by it. */
static void give_up_in_hand(struct session *s)
{
    struct view *v = s->in_hand;
    s->in_hand = NULL;
    if (!v)
        return;
    if (v->origin == VIEW_KEPT) {
        transaction_remove(&s->t, v->index);
        s->kept[v->index] = NULL;
        s->n_given_up++;
    }
    view_put(&s->views, v);
}

void call_end(struct session *s)
{
    struct tally *tally = &s->t.tally;
    s->in_call = 0;
    if (s->style == STYLE_PUSH)
        abandon_created(s);
    int is_input = s->in_hand_index != CURSOR_NONE;
    int kept = is_input && s->t.journal->claim[s->in_hand_index].mark == CLAIM_KEPT;
    give_up_in_hand(s);
    uint64_t answered = s->n_given_up + (is_input && !kept);
    if (s->stage->is_source)
        tally->out += s->n_emitted;
    else if (s->n_emitted || s->stage->is_sink)
        tally->out += answered;
    else
        tally->dropped += answered;
    if (is_input) {
        s->n_done++;
        transaction_cursor(&s->t, CURSOR_NONE);
    }
    s->in_hand_index = CURSOR_NONE;
}

void call_undo(struct session *s)
{
    s->in_call = 0;
    abandon_created(s);
    for (uint32_t i = s->mark.n_outputs; i < s->t.n_outputs; i++)
        if (s->t.journal->outputs[i].mark == OUTPUT_CREATED)
            allocator_abandon(&s->t.allocator, &s->t.journal->outputs[i]);
    /* A frame that the call kept goes back to being an input; a kept frame that it gave up will be given again. */
    for (uint32_t i = s->mark.n_added; i < s->t.n_added; i++) {
        struct view *v = s->kept[s->t.added[i]];
        s->kept[s->t.added[i]] = NULL;
        if (v)
            view_put(&s->views, v);
    }
    s->replaying |= s->t.n_removed > s->mark.n_removed;
    transaction_rollback(&s->t, &s->mark);
    if (s->in_hand && s->in_hand->origin == VIEW_KEPT) {
        s->kept[s->in_hand->index] = NULL;
        s->replaying = 1;
    }
    if (s->in_hand)
        view_put(&s->views, s->in_hand);
    s->in_hand = NULL;
    s->in_hand_index = CURSOR_NONE;
}

void call_restore_state(struct session *s)
{
    memcpy(s->t.state, s->undo_state, s->t.journal->state_size);
}

/* This worker's first commit of a frame. */
static void note_flow(struct slot *slot)
{
    au64_store_relaxed(&slot->flowing, clock_monotonic());
    if (au64_relaxed(&slot->first_done) == 0)
        au64_store_relaxed(&slot->first_done, au64_relaxed(&slot->flowing));
}

/* `sends`: the transaction had outputs. */
static void count_work(struct session *s, int sends)
{
    uint64_t out = s->t.tally.out;
    work_count(&s->work, s->stage->is_source ? out - s->work.out : s->n_done);
    s->work.out = out;
    if (!work_tell(&s->work, s->t.slot) || !sends)
        return;
    for (uint32_t i = 0; i < s->t.n_readers; i++)
        passage_mark(s->t.readers[i].ring, s->work.since);
}

void session_decide(struct session *s)
{
    PROBE_COMMIT(s->stage->name, s->t.slot_number, s->n_done, s->t.n_outputs);
    if (!s->t.trace) {
        sample_commit(&s->t, s->n_done);
        return;
    }
    tracing_note(s->t.slot, TRACE_COMMIT, s->n_done, s->t.n_outputs);
    sample_commit(&s->t, s->n_done);
    tracing_note(s->t.slot, TRACE_COMMITTED, transaction_claimed(&s->t), 0);
}

void session_note_part(struct session *s)
{
    uint64_t mark = s->t.claim_start + s->in_hand_index + 1;
    if (s->in_hand_index == CURSOR_NONE || (s->processor->flags & MPIPE_RESUMABLE) || s->t.tally.in_parts == mark)
        return;
    s->t.tally.in_parts = mark;
    s->t.tally.repeated++;
}

void session_commit(struct session *s)
{
    int sends = s->t.n_outputs > 0;
    int settles = sends || s->n_done > 0 || s->t.n_removed > 0;
    allocation_tidy();
    session_decide(s);
    if (s->n_done && au64_relaxed(&s->t.slot->flowing) == 0)
        note_flow(s->t.slot);
    count_work(s, sends);
    s->wants_token &= !settles;
    s->n_done = 0;
    transaction_here(&s->t, &s->mark);
    if (s->created)
        return; /* a pull-style processor has blocks in hand: their spans stay ours */
    struct stage_memory *m = s->t.segment->stages[s->t.stage].memory;
    if (s->has_token) {
        s->has_token = 0;
        allocator_settle(&s->t.allocator, ALLOCATOR_RELEASE_ALL);
        end_unlock(&m->token);
        event_wake_all(&m->freed);
    } else if (event_wanted(&m->freed) || turn_is_short(&s->t)) {
        session_release_memory(s);
    } else if (allocator_settle(&s->t.allocator, ALLOCATOR_KEEP_OPEN) > 0) {
        event_wake_all(&m->freed); /* whoever came to want memory since the look found these spans owned */
    }
}

enum { BATCH_NS = 1000000, QUICK_NS = 4000, MEAN_WEIGHT = 8 };

void session_batch_start(struct session *s)
{
    s->batch_start = clock_monotonic();
    au64_store_relaxed(&s->t.slot->batch_since, s->batch_start);
    s->batch_waited = slot_waits(s->t.slot);
}

int session_batch_is_over(const struct session *s)
{
    /* Frames that were quick so far are looked after by the coarse clock, as the other costs more than they do: it
     * notices some milliseconds late that they are so no more. */
    uint64_t now = s->mean_ns > QUICK_NS ? clock_monotonic() : clock_coarse();
    return now > s->batch_start + BATCH_NS;
}

void session_batch_end(struct session *s, uint32_t n)
{
    if (n == 0)
        return;
    /* Waiting is not work: back pressure must not make batches small. */
    uint64_t each = (clock_monotonic() - s->batch_start - (slot_waits(s->t.slot) - s->batch_waited)) / n;
    s->mean_ns = s->mean_ns ? s->mean_ns + (uint64_t)(((int64_t)each - (int64_t)s->mean_ns) / MEAN_WEIGHT) : each;
    if (s->mean_ns == 0)
        s->mean_ns = 1;
    histogram_add(&s->t.slot->in_process, each, n);
}

uint32_t session_batch(const struct session *s)
{
    if (s->mean_ns == 0)
        return 1; /* the first tells how long one takes */
    uint64_t available = ring_fill(s->t.input), workers = au32_relaxed(&s->t.segment->super->workers[s->t.stage]);
    uint64_t n = workers ? (available + workers - 1) / workers : 1;
    if (s->mean_ns && n > BATCH_NS / s->mean_ns)
        n = BATCH_NS / s->mean_ns;
    return n < 1 ? 1 : n > CLAIM_MAX ? CLAIM_MAX : (uint32_t)n;
}

uint32_t session_claim(struct session *s)
{
    uint32_t n = transaction_claim(&s->t, session_batch(s));
    if (n == 0)
        return 0;
    passage_note(s->t.input, &s->t.slot->in_ring, s->t.claim_start, n);
    PROBE_CLAIM(s->stage->name, s->t.slot_number, n, s->t.claim_start);
    if (s->t.trace)
        tracing_claimed(&s->t);
    return n;
}

static enum wait_result look(const struct session *s)
{
    const struct ring *r = s->t.input;
    if (slot_command(s->t.slot) == SLOT_RETIRE)
        return WAIT_STOP;
    uint32_t closed = au32_acquire(&r->closed);
    if (ring_fill(r) > 0)
        return WAIT_FRAMES;
    if (closed)
        return WAIT_END;
    return s->t.n_kept > 0 && !s->pressed && pressure_is_on(&s->t) ? WAIT_PRESSED : WAIT_TIMEOUT;
}

/* Looks for frames for a while, before it is worth sleeping. */
static void be_patient(struct session *s)
{
    const struct ring *r = s->t.input;
    struct patience patience;
    patience_begin(&patience, &s->t.segment->super->patience);
    while (ring_fill(r) == 0 && patience_lasts(&patience))
        ;
    patience_end(&patience, s->t.slot, SLOT_WAIT_INPUT);
}

enum wait_result session_wait_input(struct session *s, uint64_t deadline_ns)
{
    struct ring *r = s->t.input;
    enum wait_result result;
    if (deadline_ns && ring_fill(r) == 0)
        be_patient(s);
    while ((result = look(s)) == WAIT_TIMEOUT) {
        if (deadline_ns != EVENT_FOREVER && clock_monotonic() >= deadline_ns)
            return WAIT_TIMEOUT;
        allocation_tidy();
        if (!s->created)
            session_release_memory(s);
        uint32_t sequence = event_prepare(&r->data);
        slot_enter(s->t.slot, SLOT_WAIT_INPUT); /* before the look: a keeper that we wake must see that we are idle */
        pressure_tell(&s->t);
        result = look(s);
        if (result != WAIT_TIMEOUT) {
            slot_enter(s->t.slot, SLOT_BUSY);
            return result;
        }
        slot_sleep(s->t.slot, SLOT_WAIT_INPUT, &r->data, sequence, deadline_ns);
    }
    return result;
}

int session_wait_room(struct session *s, uint64_t deadline_ns)
{
    struct ring *full = transaction_full_ring(&s->t);
    while (full) {
        struct ring *was = full;
        uint32_t sequence = event_prepare(&was->space);
        full = transaction_full_ring(&s->t);
        if (full != was)
            continue;
        slot_enter(s->t.slot, SLOT_WAIT_OUTPUT);
        pressure_tell(&s->t);
        if (!slot_sleep(s->t.slot, SLOT_WAIT_OUTPUT, &was->space, sequence, deadline_ns))
            return transaction_full_ring(&s->t) == NULL;
    }
    return 1;
}
