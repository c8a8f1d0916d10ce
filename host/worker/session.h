/* A session: one processor's instance in one worker, and what it may do with frames: the other side of
 * <micropipe/io.h>.
 *
 * Work is bracketed in calls: one process() or flush(), or in run() what lies between two get(). What a call did is
 * added to the transaction when it ends well, and undone when it fails; several calls make one transaction
 * (transaction.h).
 */
#ifndef SESSION_H
#define SESSION_H

#include <micropipe/plugin.h>

#include "clock.h"
#include "log.h"
#include "transaction.h"
#include "view.h"
#include "work.h"

/* Why create() gave NULL. */
enum shortage {
    SHORTAGE_NONE,
    SHORTAGE_WAIT,  /* no room now: undo the call, commit what is before it, and call again */
    SHORTAGE_TOKEN, /* as WAIT, but with the token of the stage's memory */
    SHORTAGE_NEVER, /* it can never fit */
    SHORTAGE_STOP   /* the worker shall stop */
};

enum session_style { STYLE_PUSH, STYLE_PULL };

struct session {
    struct transaction t;
    const struct stage *stage;
    const struct log *log;
    struct view_pool views;
    struct view **kept;   /* KEPT_MAX: views of kept frames by entry */
    struct view *created; /* PENDING blocks that are not emitted yet */
    const mpipe_processor *processor;
    void *self;
    mpipe_io io;
    enum session_style style;

    /* the call that goes on */
    int in_call;       /* the plugin may use io */
    uint64_t sequence; /* of its input */
    int wide;          /* 1: outputs of this call were committed before it ended */
    struct transaction_mark mark;
    struct view *in_hand;           /* input that the plugin owns; NULL: none, or it gave it away */
    uint32_t in_hand_index;         /* its place in the claim, CURSOR_NONE: a kept frame, or none */
    uint32_t n_emitted, n_given_up; /* by this call: frames emitted; kept frames emitted or dropped */
    enum shortage shortage;
    int has_token;
    int wants_token; /* 1: a call was undone for want of it, and nothing was committed since */
    uint64_t never_bytes,
        never_held; /* so much did not fit beside so much in hand, with all of the memory; 0: all did */
    char reason[REASON_MAX];

    /* claimed frames that ended calls, and are settled by the next commit */
    uint32_t n_done;
    int replaying; /* 1: kept frames of a predecessor are still to be given again */
    int end_seen, stop_seen;
    int pressed;           /* 1: told to flush, and nothing came since */
    uint64_t batch_start;  /* monotonic ns of the claim, or of a source's first call */
    uint64_t batch_waited; /* ns asleep until then */
    uint64_t mean_ns;      /* running mean of a frame's time, for the size of a batch; 0: not known yet */
    struct work_account work;
    uint8_t *undo_state; /* the state as it was when the call began */
};

/* 0 or -ENOMEM. After transaction_init() and transaction_recover() on s->t. */
int session_init(struct session *s, const mpipe_processor *processor, const struct log *log);
void session_destroy(struct session *s);

/* For the log (a struct session): 1 and its sequence, if the plugin has been given a frame, and did not return yet.
 * Also of a session that is all zeros. */
int session_frame(const void *session, uint64_t *sequence);

/* Brackets a call of the plugin. `in_hand`: its input, NULL for a source and flush(). */
void call_begin(struct session *s, struct view *in_hand, uint32_t index);
void call_end(struct session *s);  /* it returned MPIPE_OK, _EMPTY or _END */
void call_undo(struct session *s); /* it failed: as if it had not been made, but for the processor's state */

/* The host kills the worker if the plugin does not return within the stage's `timeout`. */
static inline void session_watch(struct session *s)
{
    if (s->stage->timeout_ns)
        au64_store_relaxed(&s->t.slot->call_since, clock_coarse());
}

static inline void session_unwatch(struct session *s)
{
    if (s->stage->timeout_ns)
        au64_store_relaxed(&s->t.slot->call_since, 0);
}

/* True if the call kept frames or gave kept ones up: then what it did so far cannot be committed without the rest. */
static inline int session_changed_kept(const struct session *s)
{
    return s->t.n_added > s->mark.n_added || s->t.n_removed > s->mark.n_removed;
}

/* After call_undo(), before the same call is made again: the processor's state as it was. */
void call_restore_state(struct session *s);

/* View of the claimed frame, ready to be given. NULL: the descriptor is bad (never seen unless memory was overwritten).
 * Without memory for it the worker leaves. */
struct view *session_input(struct session *s, uint32_t index);

/* What stage.on_error says of a frame that is not to be processed: the claimed frame `index`, or (CURSOR_NONE) a
 * source's record. Settles it. With on_error = "stop" the worker exits. */
void session_refuse(struct session *s, uint32_t index, int32_t signal, const char *reason);

/* The processor had no memory of its own: adds to the reason what it was refused, if it was. */
void session_explain_memory(struct session *s);

/* Counts an attempt of the claimed frame `index` that failed through no fault of its own. 1: there may be another. */
int session_may_retry(struct session *s, uint32_t index);

/* The view of the claimed frame `index`, unless it is refused: because the host said so after too many deaths, or
 * because its block is not what it was. NULL then. */
struct view *session_admit(struct session *s, uint32_t index);

/* The next kept frame to give again after a death, oldest first; NULL: none left. */
struct view *session_replay(struct session *s);

/* transaction_commit() of all calls that ended, told to the trace. */
void session_decide(struct session *s);

/* Before a commit that takes outputs of the frame in hand, which it does not settle: counts the frame, once however
 * many parts it takes, and however often it is given again. */
void session_note_part(struct session *s);

/* Commits all calls that ended, and gives memory back that others may want. */
void session_commit(struct session *s);

/* How many frames a claim may take now. */
uint32_t session_batch(const struct session *s);

/* Claims so many, or fewer. Returns how many. */
uint32_t session_claim(struct session *s);

/* Starts the clock of a batch; tells whether it is time to commit it, and notes, before the commit of n frames, how
 * long they took. */
void session_batch_start(struct session *s);
int session_batch_is_over(const struct session *s);
void session_batch_end(struct session *s, uint32_t n);

/* Waits until a frame is in the ring, the stream ends, the host commands, memory is short upstream while we keep
 * frames, or the time is over. */
enum wait_result { WAIT_FRAMES, WAIT_END, WAIT_STOP, WAIT_PRESSED, WAIT_TIMEOUT };
enum wait_result session_wait_input(struct session *s, uint64_t deadline_ns);

/* Waits until the readers have room for the outputs. 0: the time is over. */
int session_wait_room(struct session *s, uint64_t deadline_ns);

/* Before a call that is made again because it needs the stage's memory token: takes it, so that the call may wait for
 * memory with blocks in hand. A commit in between gives it back. */
void session_take_token(struct session *s);

/* Gives all spans back, and wakes who waits for memory. Nothing of ours is PENDING. */
void session_release_memory(struct session *s);

/* A block for a frame. Waits if that is safe. NULL and s->shortage otherwise. */
struct view *session_create(struct session *s, uint64_t capacity, uint32_t attributes, int has_tail);

/* Fills the table that the plugin gets. */
void session_fill_io(struct session *s);

/* The get() of a pull-style processor. */
mpipe_status session_get(struct session *s, uint32_t port, int64_t timeout_ns, mpipe_frame **frame);
mpipe_status session_flush_out(struct session *s, int64_t timeout_ns);

#endif
