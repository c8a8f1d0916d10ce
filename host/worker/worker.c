#include "worker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "crash.h"
#include "dead_letter.h"
#include "host_table.h"
#include "pressure.h"
#include "push.h"
#include "session.h"
#include "status_name.h"
#include "tracing.h"
#include "waiting.h"

struct worker {
    struct session session;
    struct host_table table;
    struct dead_letter_box box;
    struct log log;
    struct outlet outlet;
};

static int open_processor(struct worker *w, const struct worker_start *start)
{
    struct session *s = &w->session;
    host_table_init(&w->table, s->stage, &w->log, s->t.slot, s->t.state);
    w->table.host.worker = start->worker;
    w->table.host.max_frame = segment_max_frame(start->segment, start->stage);
    if (!start->processor->open)
        return WORKER_DONE;
    au64_store_relaxed(&s->t.slot->call_since, clock_monotonic()); /* the state says that start_timeout is meant */
    mpipe_status status = start->processor->open(&w->table.host, start->shared, &s->self);
    au64_store_relaxed(&s->t.slot->call_since, 0);
    if (status == MPIPE_OK)
        return WORKER_DONE;
    log_write(&w->log, LOG_LEVEL_ERROR, "%s: open() returned %s", s->stage->processor, status_name(status).text);
    if (status != MPIPE_BAD_CONFIG)
        snprintf(s->t.slot->reason, sizeof s->t.slot->reason, "open() returned %s; its own words are in the log above",
                 status_name(status).text);
    return status == MPIPE_BAD_CONFIG ? WORKER_CONFIG : WORKER_FATAL;
}

/* run() returned because of one frame: its bracket is undone, the frame is given again or refused, and the rest goes
 * on. 0: it is not that. */
static int recover_pull(struct session *s, mpipe_status status)
{
    uint32_t index = s->in_hand_index;
    int refuse = status == MPIPE_BAD_FRAME || (status == MPIPE_NO_MEMORY && s->shortage == SHORTAGE_NEVER);
    int again = status == MPIPE_RETRY || status == MPIPE_NO_MEMORY;
    int token = status == MPIPE_NO_MEMORY && s->shortage == SHORTAGE_TOKEN;
    int waits = token || (status == MPIPE_NO_MEMORY && s->shortage == SHORTAGE_WAIT);
    if (s->wide || !(refuse || again) || (index == CURSOR_NONE && !waits))
        return 0;
    call_undo(s);
    transaction_cursor(&s->t, CURSOR_NONE);
    if (!refuse)
        call_restore_state(s);
    if (status == MPIPE_NO_MEMORY && !waits)
        session_explain_memory(s);
    if (refuse || (!waits && !session_may_retry(s, index)))
        session_refuse(s, index, 0, s->reason[0] ? s->reason : "the processor failed, and gave no reason");
    session_commit(s);
    s->wants_token |= token;
    s->pressed = 0; /* what it was told to flush it has still */
    return 1;
}

static int run_pull(struct session *s)
{
    mpipe_status status;
    do {
        call_begin(s, NULL, CURSOR_NONE);
        session_batch_start(s);
        status = s->processor->run(s->self, &s->io);
        session_unwatch(s);
    } while (status < 0 && recover_pull(s, status));
    if (status < 0 && s->shortage == SHORTAGE_STOP) { /* a source that was told to stop while it waited for memory */
        call_undo(s);
        push_finish_transaction(s, 1);
        return WORKER_DONE;
    }
    int end = s->end_seen || (s->stage->is_source && (status == MPIPE_END || status == MPIPE_OK));
    if (status >= 0 && (end || s->stop_seen || slot_must_end(s->t.slot))) {
        call_end(s);
        push_finish_transaction(s, end);
        return WORKER_DONE;
    }
    snprintf(s->t.slot->reason, sizeof s->t.slot->reason, "%s",
             s->reason[0] ? s->reason : "run() returned before the stream ended");
    log_write(s->log, LOG_LEVEL_ERROR, "run() returned %s: %s", status_name(status).text, s->t.slot->reason);
    return s->shortage == SHORTAGE_NEVER ? WORKER_CONFIG : WORKER_FATAL;
}

static int run(struct worker *w, const struct worker_start *start)
{
    struct session *s = &w->session;
    int result = open_processor(w, start);
    if (result != WORKER_DONE)
        return result;
    au64_store_relaxed(&s->t.slot->opened, clock_monotonic());
    tracing_note(s->t.slot, TRACE_OPENED, transaction_claimed(&s->t), 0);
    work_begin(&s->work, s->t.slot, s->t.tally.out);
    slot_enter(s->t.slot, SLOT_BUSY);
    result = s->style == STYLE_PULL ? run_pull(s) : push_run(s);
    work_end(&s->work, s->t.slot);
    if (result == WORKER_DONE && start->processor->close) {
        session_watch(s);
        start->processor->close(s->self);
        session_unwatch(s);
    }
    return result;
}

int worker_run(const struct worker_start *start)
{
    struct worker *w = calloc(1, sizeof *w);
    if (!w)
        return WORKER_FATAL;
    struct session *s = &w->session;
    const struct stage *stage = &start->segment->pipeline->stages[start->stage];
    if (start->crash)
        crash_watch(start->crash, s, start->epoch);
    log_of_stage(&w->log, start->log, stage->name, (int32_t)start->worker,
                 segment_log_page(start->segment, start->stage, start->worker));
    if (start->log->outlet) {
        outlet_share(&w->outlet, start->log->outlet, start->log->outlet->fd);
        log_go_through(&w->log, &w->outlet);
    }
    w->log.frame = session_frame;
    w->log.frame_context = s;
    struct slot *slot = segment_slot(start->segment, start->stage, start->worker);
    au64_store_relaxed(&slot->call_since, 0);
    tracing_begin(start->segment, start->segment->stages[start->stage].first_slot + start->worker);
    tracing_note(slot, TRACE_START, 0, (uint64_t)getpid());
    au32_store_relaxed(&slot->leaving, 0);
    au64_store_relaxed(&slot->recovered, 0);
    au64_store_relaxed(&slot->opened, 0);
    au64_store_relaxed(&slot->flowing, 0);
    au64_store_relaxed(&slot->started, clock_monotonic());
    slot_enter(slot, SLOT_STARTING);
    int error = dead_letter_open(&w->box, start->segment, start->stage, start->worker, &w->log);
    int result = error ? WORKER_FATAL : WORKER_DONE; /* the host has made the folder, so it is no mistake */
    struct refusal_sink sink = {dead_letter_write, &w->box};
    if (error) {
        snprintf(slot->reason, sizeof slot->reason, "cannot open the folder for dead letters '%.100s': %s",
                 start->segment->pipeline->dead_letters, strerror(-error));
        log_write(&w->log, LOG_LEVEL_ERROR, "%s", slot->reason);
    } else if (transaction_init(&s->t, start->segment, start->stage, start->worker, start->epoch, sink) != 0)
        result = WORKER_FATAL;
    if (result == WORKER_DONE) {
        transaction_recover(&s->t);
        au64_store_relaxed(&slot->recovered, clock_monotonic());
        result = session_init(s, start->processor, &w->log) == 0 ? WORKER_DONE : WORKER_FATAL;
    }
    /* A predecessor may have ended the stream and died before it could say so. */
    if (result == WORKER_DONE && !s->t.tally.ended)
        result = run(w, start);
    if (result == WORKER_DONE) {
        session_release_memory(s); /* nobody may come after us in this slot */
        if (s->t.input)
            /* step: wake_before_exit */
            event_wake_one(&s->t.input->data); /* we may have been woken for a frame that we leave to others */
        slot_enter(slot, s->t.tally.ended ? SLOT_ENDED : SLOT_RETIRED);
        pressure_tell(&s->t);
    }
    session_destroy(s);
    transaction_destroy(&s->t);
    free(w);
    tracing_note(slot, TRACE_LEAVE, (uint64_t)result, 0);
    au32_store_release(&slot->leaving, (uint32_t)result + 1);
    return result;
}
