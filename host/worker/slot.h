/* A slot: a worker's place in its stage, in shared memory. Successors of a worker that died take the same slot.
 *
 * One writer a line: the host commands, the worker reports. The journal follows.
 */
#ifndef SLOT_H
#define SLOT_H

#include <stdlib.h>

#include "histogram.h"
#include "journal.h"

/* What the host wants of the worker. */
enum slot_command {
    SLOT_RUN,    /* go on until the stream ends */
    SLOT_FINISH, /* a source: make no more, commit, end the stream */
    SLOT_RETIRE, /* leave at the next transaction boundary, after flush; what is in the ring is for others */
    SLOT_PAUSE   /* a source: make nothing until it is told something else */
};

/* What the worker is doing. */
enum slot_state {
    SLOT_VACANT,
    SLOT_STARTING, /* recovery, open() */
    SLOT_BUSY,
    SLOT_WAIT_INPUT,
    SLOT_WAIT_OUTPUT, /* a reader's ring is full */
    SLOT_WAIT_MEMORY,
    SLOT_WAIT_TURN, /* an ordered stage: an earlier claim is not published yet */
    SLOT_ENDED,     /* the stream has ended here, all is committed */
    SLOT_RETIRED
};

/* How a worker exits; anything else, and a signal, is a death. */
enum worker_exit {
    WORKER_DONE = 0,      /* slot state ENDED or RETIRED says which; otherwise a plugin called exit() */
    WORKER_FATAL = 70,    /* MPIPE_FATAL, or open() failed: counts as a death */
    WORKER_STOP = 77,     /* a frame was refused, and on_error = "stop": the pipeline stops */
    WORKER_CONFIG = 78,   /* MPIPE_BAD_CONFIG: do not start again */
    WORKER_ROLLBACK = 75, /* gives its memory back for another's sake: start again, nobody is to blame */
    WORKER_ORPHAN = 76    /* its parent was gone */
};

struct slot {
    /* the host */
    au32 command;
    au32 held; /* 1: its workers wait for a debugger before open() */
    /* monotonic ns, of the last death: waitid() returned it; what it owned is settled; the successor was asked for */
    au64 died, settled, asked;
    uint8_t pad0[32];
    /* the worker */
    au32 state;
    au32 in_call;    /* 1: the plugin runs */
    au64 since;      /* monotonic ns: when the state began */
    au64 call_since; /* when the call of the plugin that has a deadline began, 0: there is none (session_watch()) */
    au64 wait_input_ns, wait_output_ns, wait_memory_ns,
        wait_turn_ns;  /* asleep, in all; a wait that goes on is not in it: see state, since */
    au64 transactions; /* committed by this slot */
    au64 done, total;  /* progress of a source */
    au64 first_done;   /* monotonic ns: when the first frame was settled, 0: none yet */
    /* monotonic ns, of this worker, not the slot; 0: not yet */
    au64 started;   /* it began */
    au64 recovered; /* what its predecessor left is finished or undone */
    au64 opened;    /* the processor is open */
    au64 flowing;   /* the first commit of a frame */
    au32 leaving; /* 1 + the worker_exit that it leaves with by itself; 0: a plugin that calls exit() does not set it */
    uint8_t pad1[4];
    /* for the scaler (work.h): of frames that are finished, in all */
    au64 work_done;
    au64 work_busy_ns; /* without waits for input, room, memory or a turn */
    au64 work_cpu_ns;
    au64 work_since;     /* monotonic ns: the last frame that is counted was finished */
    au64 work_waited;    /* sum of the waits above at that time, */
    au64 work_cpu_at;    /* and CPU time of the process */
    au64 sleep_delay_ns; /* how long it was ready to go on after its waits, but had no core; measured at some of them */
    uint32_t schedstat;  /* 1 + descriptor of its own /proc/self/schedstat, 0: none */
    uint8_t pad2[4];
    char reason[REASON_MAX]; /* the text of the last mpipe_fail() */
    /* for who watches: monotonic ns, when the frames that are in hand were taken on */
    au64 batch_since;
    int64_t trace; /* from here to its trace ring, bytes; 0: the run is not traced (tracing.h) */
    uint8_t pad3[48];
    struct histogram in_ring;    /* of its input's frames, those that were marked (passage.h) */
    struct histogram in_process; /* each frame, with the mean of its batch, which takes a millisecond or is one frame */
    struct journal journal;
};
BLOCK_ASSERT(__builtin_offsetof(struct slot, state) == 64 && __builtin_offsetof(struct slot, work_done) == 192 &&
                 __builtin_offsetof(struct slot, reason) == 256,
             "a writer a line");
BLOCK_ASSERT(__builtin_offsetof(struct slot, journal) % 64 == 0, "the journal starts on a line");

/* Leaves the process from within a call, on the worker's own account. */
__attribute__((noreturn)) static inline void slot_leave(struct slot *s, enum worker_exit how)
{
    au32_store_release(&s->leaving, (uint32_t)how + 1);
    _Exit(how);
}

#endif
