/* Refusing frames: by the processor's word, or because too many workers died over one. */
#include "session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "slot.h"

/* Too many workers died over it: it is not given to the processor again. */
static int is_condemned(const struct session *s, uint32_t index)
{
    const struct journal *j = s->t.journal;
    return j->verdict_position == s->t.claim_start + index && au32_relaxed(&j->retried);
}

/* Those that failed before, and the one that fails now, if it is one. */
static uint32_t attempts_of(const struct session *s, uint32_t index)
{
    const struct journal *j = s->t.journal;
    if (index == CURSOR_NONE || !au32_relaxed(&j->retried))
        return 1;
    return j->attempts[index] + (is_condemned(s, index) ? 0u : 1u);
}

static void stop_pipeline(struct session *s, const char *reason)
{
    snprintf(s->t.slot->reason, sizeof s->t.slot->reason, "%s", reason);
    log_write(s->log, LOG_LEVEL_ERROR, "a frame was refused, and on_error = \"stop\": %s", reason);
    slot_leave(s->t.slot, WORKER_STOP);
}

static void tell_dropped(const struct session *s, uint32_t index, const char *reason)
{
    struct view v = {0};
    if (view_open(&v, &s->t.segment->arena, &s->t.journal->claim[index], s->t.bit) == 0)
        log_frame(s->log, LOG_LEVEL_WARNING, v.frame.sequence, "dropped, as on_error says: %s", reason);
    else
        log_write(s->log, LOG_LEVEL_WARNING, "a frame was dropped, as on_error says: %s", reason);
}

void session_refuse(struct session *s, uint32_t index, int32_t signal, const char *reason)
{
    uint32_t attempts = attempts_of(s, index);
    if (s->stage->on_error == ON_ERROR_STOP)
        stop_pipeline(s, reason);
    if (s->stage->on_error == ON_ERROR_DROP && index != CURSOR_NONE) {
        s->t.tally.dropped++;
        tell_dropped(s, index, reason);
    } else if (transaction_refuse(&s->t, index, attempts, signal, reason) != 0) {
        session_commit(s); /* the journal holds a few refusals a transaction */
        index = index == CURSOR_NONE ? index : s->t.now.settled;
        transaction_refuse(&s->t, index, attempts, signal, reason);
    }
    s->n_done += index != CURSOR_NONE;
}

void session_explain_memory(struct session *s)
{
    char memory[ALLOWANCE_TEXT];
    allowance_explain(allocation_refused(), memory, sizeof memory);
    size_t length = strnlen(s->reason, sizeof s->reason - sizeof memory);
    snprintf(s->reason + length, sizeof memory, "%s", memory);
}

int session_may_retry(struct session *s, uint32_t index)
{
    struct journal *j = s->t.journal;
    if (index == CURSOR_NONE)
        return 0;
    if (!au32_relaxed(&j->retried)) {
        memset(j->attempts, 0, sizeof j->attempts);
        memset(j->deaths, 0, sizeof j->deaths);
        au32_store_relaxed(&j->retried, 1);
    }
    if (j->attempts[index] + 1u >= s->stage->max_attempts)
        return 0;
    j->attempts[index]++;
    return 1;
}

static void describe_deaths(const struct session *s, uint32_t index, char *reason, size_t size)
{
    char memory[ALLOWANCE_TEXT];
    const struct journal *j = s->t.journal;
    const char *name = j->verdict_signal ? sigabbrev_np(j->verdict_signal) : NULL;
    allowance_explain(allocation_refused_before(), memory, sizeof memory);
    if (j->verdict_late)
        snprintf(reason, size, "the processor took longer than timeout = %" PRIu64 " ms with this frame, %u times",
                 s->stage->timeout_ns / 1000000, j->deaths[index]);
    else if (j->verdict_signal == 0 && s->t.slot->reason[0])
        snprintf(reason, size, "%.480s (%u times)", s->t.slot->reason, j->deaths[index]);
    else if (j->verdict_signal == 0)
        snprintf(reason, size, "the processor called exit() while it had this frame in hand, %u times",
                 j->deaths[index]);
    else
        snprintf(reason, size, "the worker was killed by SIG%s while it had this frame in hand, %u times%s",
                 name ? name : "?", j->deaths[index], memory);
}

struct view *session_admit(struct session *s, uint32_t index)
{
    char reason[REASON_MAX];
    if (is_condemned(s, index)) {
        describe_deaths(s, index, reason, sizeof reason);
        session_refuse(s, index, s->t.journal->verdict_signal, reason);
        return NULL;
    }
    struct view *v = session_input(s, index);
    if (!v)
        session_refuse(s, index, 0, "the frame's memory was overwritten: some processor writes where it must not");
    return v;
}
