#include "push.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "tracing.h"
#include "waiting.h"

enum { SOURCE_BATCH = 256, SOURCE_PAUSE_MS = 5 };

/* What to do after a call of the processor. */
enum verdict {
    GO_ON,        /* it ended */
    AGAIN,        /* it was undone: make it again */
    COMMIT_AGAIN, /* it was undone: commit what is before it, then make it again */
    REFUSE,       /* it was undone: the frame is refused */
    END_OF_INPUT, /* a source has no more */
    NOTHING_NOW,  /* a source has nothing now */
    GIVE_UP       /* this instance cannot go on */
};

static void note_reason(struct session *s, const char *otherwise)
{
    if (s->reason[0] == 0)
        snprintf(s->reason, sizeof s->reason, "%s", otherwise);
}

static enum verdict no_memory(struct session *s)
{
    switch (s->shortage) {
    case SHORTAGE_TOKEN:
        s->wants_token = 1;
        return AGAIN;
    case SHORTAGE_WAIT:
        return COMMIT_AGAIN;
    case SHORTAGE_STOP:
        return END_OF_INPUT;
    default:
        return REFUSE; /* never: it cannot fit */
    }
}

static enum verdict failed(struct session *s, mpipe_status status, uint32_t index)
{
    enum shortage shortage = s->shortage;
    call_undo(s);
    if (status != MPIPE_BAD_FRAME)
        call_restore_state(s);
    if (status == MPIPE_FATAL || status == MPIPE_MISUSE || status > 0) {
        note_reason(s, status > 0 ? "process() returned a status that is not one of its own" : "the processor failed");
        return GIVE_UP;
    }
    if (status == MPIPE_BAD_FRAME) {
        note_reason(s, "refused by the processor, which gave no reason");
        return REFUSE;
    }
    if (status == MPIPE_NO_MEMORY && shortage != SHORTAGE_NONE)
        return no_memory(s);
    if (status == MPIPE_RETRY || status == MPIPE_NO_MEMORY) {
        note_reason(s, status == MPIPE_RETRY ? "failed for now, too often" : "the processor has no memory");
        if (status == MPIPE_NO_MEMORY)
            session_explain_memory(s);
        return session_may_retry(s, index) ? AGAIN : index == CURSOR_NONE ? GIVE_UP : REFUSE;
    }
    note_reason(s, "the processor failed with an unknown status");
    return GIVE_UP;
}

static enum verdict call_processor(struct session *s, struct view *v, uint32_t index)
{
    call_begin(s, v, index);
    session_watch(s);
    mpipe_status status = s->processor->process(s->self, &s->io, v ? &v->frame : NULL);
    session_unwatch(s);
    if (status < 0 && s->shortage != SHORTAGE_NONE && status != MPIPE_BAD_FRAME)
        status = MPIPE_NO_MEMORY;
    int quiet = status == MPIPE_EMPTY || status == MPIPE_END;
    if (status != MPIPE_OK && !(quiet && s->stage->is_source))
        return failed(s, status, index);
    call_end(s);
    return status == MPIPE_END ? END_OF_INPUT : status == MPIPE_EMPTY ? NOTHING_NOW : GO_ON;
}

static void commit(struct session *s)
{
    uint32_t n = s->n_done;
    if (transaction_is_empty(&s->t) && n == 0 && !s->has_token)
        return;
    session_batch_end(s, s->stage->is_source ? s->t.n_outputs : n);
    session_commit(s);
    session_batch_start(s);
}

static int give_up(struct session *s, uint32_t index)
{
    snprintf(s->t.slot->reason, sizeof s->t.slot->reason, "%s", s->reason);
    log_write(s->log, LOG_LEVEL_ERROR, "this worker is replaced: %s", s->reason);
    commit(s);
    if (index != CURSOR_NONE)
        transaction_cursor(&s->t, s->t.now.settled); /* the frame is to blame, as if it had killed us */
    return WORKER_FATAL;
}

/* Kept frames that the processor does not have (a dead predecessor kept them, or a call that gave them up was undone)
 * come again, oldest first, before anything new. */
static int replay(struct session *s)
{
    while (s->replaying) {
        struct view *v = session_replay(s);
        enum verdict verdict = v ? call_processor(s, v, CURSOR_NONE) : GO_ON;
        if (verdict == REFUSE || verdict == GIVE_UP) {
            note_reason(s, "a kept frame was refused when it was given again");
            return give_up(s, CURSOR_NONE);
        }
        s->replaying = v != NULL;
        commit(s);
    }
    return WORKER_DONE;
}

/* One claimed frame, until it is settled. WORKER_DONE, or how to exit. */
static int process_one(struct session *s)
{
    for (;;) {
        if (replay(s) != WORKER_DONE)
            return WORKER_FATAL;
        uint32_t index = s->t.now.settled + s->n_done;
        struct view *v = session_admit(s, index);
        index = s->t.now.settled + s->n_done; /* a refusal may have committed */
        if (!v)
            return WORKER_DONE;
        transaction_cursor(&s->t, index);
        switch (call_processor(s, v, index)) {
        case GO_ON:
            return WORKER_DONE;
        case AGAIN:
            break;
        case COMMIT_AGAIN:
            transaction_cursor(&s->t, CURSOR_NONE);
            commit(s);
            break;
        case REFUSE:
            transaction_cursor(&s->t, CURSOR_NONE);
            session_refuse(s, index, 0, s->reason);
            return WORKER_DONE;
        default:
            return give_up(s, index);
        }
    }
}

/* All claimed frames. After a death one a transaction, so that only the culprit is blamed. */
static int process_claim(struct session *s)
{
    int careful = au32_relaxed(&s->t.journal->retried) != 0;
    session_batch_start(s);
    while (transaction_claimed(&s->t) > s->n_done) {
        int result = process_one(s);
        if (result != WORKER_DONE)
            return result;
        if (careful || s->t.n_outputs > OUTPUTS_MAX / 2 || session_batch_is_over(s))
            commit(s);
    }
    commit(s);
    return WORKER_DONE;
}

/* A call without an input: flush(). */
static int flush(struct session *s)
{
    mpipe_status status = MPIPE_OK;
    int again = 1;
    if (s->processor->flush)
        tracing_note(s->t.slot, TRACE_FLUSH, 0, 0);
    while (again && s->processor->flush) {
        if (replay(s) != WORKER_DONE)
            return WORKER_FATAL;
        call_begin(s, NULL, CURSOR_NONE);
        session_watch(s);
        status = s->processor->flush(s->self, &s->io);
        session_unwatch(s);
        again = status < 0 && (s->shortage == SHORTAGE_WAIT || s->shortage == SHORTAGE_TOKEN);
        if (status >= 0) {
            call_end(s);
            break;
        }
        call_undo(s);
        if (again)
            call_restore_state(s);
        s->wants_token |= s->shortage == SHORTAGE_TOKEN;
        commit(s);
    }
    if (status >= 0)
        return WORKER_DONE;
    note_reason(s, "flush() failed");
    int result = give_up(s, CURSOR_NONE);
    return s->shortage == SHORTAGE_NEVER ? WORKER_CONFIG : result;
}

/* Gives up the kept frames that flush() left. Returns how many. */
static uint32_t give_up_kept(struct session *s)
{
    uint32_t n = 0;
    uint64_t left[KEPT_MAX / 64];
    transaction_kept_left(&s->t, left);
    for (uint32_t word = 0; word < KEPT_MAX / 64; word++)
        for (; left[word]; left[word] &= left[word] - 1, n++)
            transaction_remove(&s->t, word * 64 + (uint32_t)__builtin_ctzll(left[word]));
    return n;
}

void push_finish_transaction(struct session *s, int end)
{
    if (end) {
        uint32_t n = give_up_kept(s);
        s->t.tally.dropped += n;
        if (n)
            log_write(s->log, LOG_LEVEL_WARNING,
                      "%" PRIu32 " kept frames were neither emitted nor dropped when the stream ended", n);
        s->t.tally.ended = 1;
    }
    session_commit(s);
}

static int finish(struct session *s, int end)
{
    int result = flush(s);
    if (result == WORKER_DONE)
        push_finish_transaction(s, end);
    return result;
}

static int run_filter(struct session *s)
{
    int result = replay(s);
    while (result == WORKER_DONE) {
        if (transaction_claimed(&s->t) == 0 && slot_command(s->t.slot) == SLOT_RETIRE)
            return finish(s, 0);
        if (transaction_claimed(&s->t) > 0 || session_claim(s) > 0) {
            s->pressed = 0;
            result = process_claim(s);
            continue;
        }
        enum wait_result why = session_wait_input(s, EVENT_FOREVER);
        if (why == WAIT_END || why == WAIT_STOP)
            return finish(s, why == WAIT_END);
        if (why == WAIT_PRESSED) {
            s->pressed = 1;
            s->t.tally.partial++;
            result = flush(s);
            commit(s);
        }
    }
    return result;
}

/* Between two calls of a source that has nothing now. A command interrupts it. */
static void pause_source(struct session *s)
{
    struct timespec pause = {0, SOURCE_PAUSE_MS * (long)NS_PER_MS};
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    sigdelset(&mask, SIGUSR2);
    slot_enter(s->t.slot, SLOT_WAIT_INPUT);
    uint64_t start = clock_monotonic();
    tracing_wait(s->t.slot, SLOT_WAIT_INPUT, start);
    ppoll(NULL, 0, &pause, &mask);
    tracing_note(s->t.slot, TRACE_WAITED, 0, 0);
    slot_waited(s->t.slot, SLOT_WAIT_INPUT, clock_monotonic() - start);
    slot_enter(s->t.slot, SLOT_BUSY);
}

static int source_failed(struct session *s)
{
    if (s->shortage == SHORTAGE_NEVER) {
        log_write(s->log, LOG_LEVEL_ERROR, "%s", s->reason);
        snprintf(s->t.slot->reason, sizeof s->t.slot->reason, "%s", s->reason);
        return WORKER_CONFIG;
    }
    session_refuse(s, CURSOR_NONE, 0, s->reason);
    return WORKER_DONE;
}

static int run_source(struct session *s)
{
    session_batch_start(s);
    while (!slot_must_end(s->t.slot)) {
        if (slot_command(s->t.slot) == SLOT_PAUSE) {
            commit(s);
            slot_pause(s->t.slot);
            session_batch_start(s);
            continue;
        }
        int result = WORKER_DONE;
        switch (call_processor(s, NULL, CURSOR_NONE)) {
        case GO_ON:
        case AGAIN:
            break;
        case COMMIT_AGAIN:
            commit(s);
            break;
        case REFUSE:
            result = source_failed(s);
            break;
        case NOTHING_NOW:
            commit(s);
            pause_source(s);
            break;
        case END_OF_INPUT:
            return finish(s, 1);
        default:
            return give_up(s, CURSOR_NONE);
        }
        if (result != WORKER_DONE)
            return result;
        if (s->t.n_outputs >= SOURCE_BATCH || session_batch_is_over(s)) {
            commit(s);
            session_batch_start(s);
        }
    }
    return finish(s, 1);
}

int push_run(struct session *s)
{
    return s->stage->is_source ? run_source(s) : run_filter(s);
}
