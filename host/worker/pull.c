/* get() and flush_out(): where a pull-style processor's transactions begin and end. */
#include "session.h"

#include "clock.h"
#include "waiting.h"

enum { OUTPUTS_ENOUGH = OUTPUTS_MAX / 2 };

static uint64_t deadline_of(int64_t timeout_ns)
{
    return timeout_ns < 0 ? EVENT_FOREVER : clock_monotonic() + (uint64_t)timeout_ns;
}

/* Ends what lies between the last get() and now. */
static void end_bracket(struct session *s)
{
    call_end(s);
    if (au32_relaxed(&s->t.journal->retried) && s->n_done)
        session_commit(s); /* one at a time, so that only the culprit is blamed */
}

static mpipe_status deliver(struct session *s, struct view *v, uint32_t index, mpipe_frame **frame)
{
    transaction_cursor(&s->t, index);
    call_begin(s, v, index);
    session_watch(s);
    *frame = &v->frame;
    return MPIPE_OK;
}

static int commit_if_needed(struct session *s, int64_t timeout_ns, uint64_t deadline)
{
    if (transaction_is_empty(&s->t) && s->n_done == 0 && !s->has_token) {
        session_batch_start(s); /* else a batch that is over stays so, and no frame of the claim is ever given */
        return 1;
    }
    if (timeout_ns >= 0 && !session_wait_room(s, deadline))
        return 0;
    session_batch_end(s, s->n_done);
    session_commit(s);
    session_batch_start(s);
    return 1;
}

/* True if what was done so far should go out before the next frame is given. A keeper hands on what it made of kept
 * frames at once, so that it has no block in hand when it waits for memory for the next. */
static int should_commit(const struct session *s)
{
    int keeps = s->t.n_kept > 0 || s->t.n_removed > 0;
    return s->t.n_outputs >= OUTPUTS_ENOUGH || (keeps && s->t.n_outputs > 0) || session_batch_is_over(s);
}

static mpipe_status nothing(struct session *s, enum wait_result why, int64_t timeout_ns)
{
    call_begin(s, NULL, CURSOR_NONE);
    if (why == WAIT_END || why == WAIT_STOP)
        session_watch(s); /* what is left of run() is its flush() */
    switch (why) {
    case WAIT_END:
        s->end_seen = 1;
        return MPIPE_END;
    case WAIT_STOP:
        s->stop_seen = 1;
        return MPIPE_STOP;
    case WAIT_PRESSED:
        s->pressed = 1;
        s->t.tally.partial++;
        return MPIPE_EMPTY;
    default:
        return timeout_ns == 0 ? MPIPE_EMPTY : MPIPE_TIMEOUT;
    }
}

/* The next claimed frame that is still to be given, after refusing what may not be. After a death a refusal is
 * committed before the next frame is in hand: the host remembers one verdict, and that of the next would take its
 * place. */
static mpipe_status next_claimed(struct session *s, mpipe_frame **frame)
{
    uint32_t index = s->t.now.settled + s->n_done;
    struct view *v = session_admit(s, index);
    if (v)
        return deliver(s, v, index, frame);
    if (au32_relaxed(&s->t.journal->retried) && s->n_done)
        session_commit(s);
    return MPIPE_EMPTY;
}

mpipe_status session_get(struct session *s, uint32_t port, int64_t timeout_ns, mpipe_frame **frame)
{
    uint64_t deadline = timeout_ns == 0 ? 0 : deadline_of(timeout_ns);
    *frame = NULL;
    if (port != MPIPE_ANY_PORT && (port != 0 || s->stage->description->n_inputs != 1))
        return MPIPE_UNSUPPORTED;
    session_unwatch(s);
    end_bracket(s);
    for (;;) {
        struct view *kept = s->replaying ? session_replay(s) : NULL;
        if (kept)
            return deliver(s, kept, CURSOR_NONE, frame);
        s->replaying = 0;
        int claimed = transaction_claimed(&s->t) > s->n_done;
        if (claimed && !should_commit(s)) {
            if (next_claimed(s, frame) == MPIPE_OK)
                return MPIPE_OK;
            continue;
        }
        if (!commit_if_needed(s, timeout_ns, deadline)) {
            call_begin(s, NULL, CURSOR_NONE);
            return timeout_ns == 0 ? MPIPE_FULL : MPIPE_TIMEOUT;
        }
        if (transaction_claimed(&s->t) > 0)
            continue;
        if (slot_command(s->t.slot) == SLOT_RETIRE)
            return nothing(s, WAIT_STOP, timeout_ns);
        if (session_claim(s) > 0) {
            s->pressed = 0;
            session_batch_start(s);
            continue;
        }
        enum wait_result why = session_wait_input(s, deadline);
        if (why != WAIT_FRAMES)
            return nothing(s, why, timeout_ns);
    }
}

/* The frame in hand is kept: the commit settles it with those before it, or a successor would be given it twice, as a
 * kept one and as a claimed one. */
static void settle_in_hand(struct session *s)
{
    if (s->in_hand_index == CURSOR_NONE || s->t.journal->claim[s->in_hand_index].mark != CLAIM_KEPT)
        return;
    s->n_done++;
    s->in_hand_index = CURSOR_NONE;
    transaction_cursor(&s->t, CURSOR_NONE);
}

mpipe_status session_flush_out(struct session *s, int64_t timeout_ns)
{
    if (timeout_ns >= 0 && !session_wait_room(s, deadline_of(timeout_ns)))
        return timeout_ns == 0 ? MPIPE_FULL : MPIPE_TIMEOUT;
    if (s->n_emitted > 0)
        session_note_part(s);
    if (s->stage->is_source)
        s->t.tally.out += s->n_emitted;
    if (s->n_emitted)
        s->wide = 1;
    if (s->stage->is_source)
        s->n_emitted = 0;
    settle_in_hand(s);
    session_commit(s);
    slot_pause(s->t.slot);
    return slot_must_end(s->t.slot) ? MPIPE_STOP : MPIPE_OK;
}
