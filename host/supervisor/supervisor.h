/* The supervisor: runs one pipeline from start to end. Host process, single-threaded, one epoll loop; never in the data
 * path.
 *
 * Creates the shared memory, forks a stage server a stage (server.h), has it fork workers, and reaps, repairs and
 * replaces those that die. It watches signalfd (SIGTERM, SIGINT: drain; the second: stop now), pidfds, the servers'
 * sockets and timers.
 */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include <sys/types.h>

#include "log.h"
#include "pipeline.h"
#include "snapshot.h"

/* How a run ended; also the program's exit code. */
enum outcome {
    OUTCOME_DONE = 0,   /* the stream ended, every frame was taken or dropped on purpose */
    OUTCOME_FAILED = 1, /* the system failed, or a stage could not go on, or it was stopped before it was drained */
    OUTCOME_CONFIG = 2, /* the configuration cannot work: refused by a processor, memory too small */
    OUTCOME_DEAD_LETTERS = 3, /* the stream ended, but some frames were refused */
};

struct supervisor;

enum { SUPERVISOR_WATCHES_MAX = 4 };

/* A descriptor that the loop watches for somebody else, who makes it one of several, and of timers, by an epoll and
 * timerfds of its own. */
struct supervisor_watch {
    int fd;
    /* Whenever `fd` can be read. From the supervisor's loop: must not block. What it may do to the run: operator.h. */
    void (*ready)(void *context, struct supervisor *s);
    void *context;
};

/* A debugger for one stage, whose only worker waits for it before open(). The run is not over before it has ended. */
struct supervisor_debug {
    uint32_t stage;
    pid_t (*start)(void *context, pid_t worker); /* attached to that process; its pid, or -errno */
    void *context;
};

struct supervisor_hooks {
    struct supervisor_watch watches[SUPERVISOR_WATCHES_MAX];
    uint32_t n_watches;
    /* Every `tick_ms` milliseconds while it runs (0: never), and not after the end. From the supervisor's loop: must
     * not block. */
    void (*tick)(void *context, struct supervisor *s, const struct snapshot *now);
    void *context;
    uint32_t tick_ms;
    const struct supervisor_debug *debug; /* NULL: none */
    const char *trace;                    /* file for a trace of the run; NULL: it is not traced */
    uint64_t trace_size;
};

/* Runs to the end. Problems are logged where they happen; *last is the final snapshot, valid as long as the pipeline.
 * `reason` (may be empty) is one sentence for the summary: why it failed, or that it was stopped and what was in
 * flight. */
enum outcome supervisor_run(const struct pipeline *p, const struct log *log, const struct supervisor_hooks *hooks,
                            struct snapshot *last, char *reason, size_t reason_size);

#endif
