/* SPDX-License-Identifier: Apache-2.0
 *
 * A processor: what a plugin writes. Static data; the host reads it in the stage server and in the workers.
 *
 * Life of a processor:
 *     [stage server]  load                                 once, before any fork
 *     [worker]        open, process | run ..., flush, close  each worker; each successor of a worker that died
 * Calls for one instance never overlap, and all come on one thread.
 */
#ifndef MICROPIPE_PROCESSOR_H
#define MICROPIPE_PROCESSOR_H

#include "host.h"
#include "io.h"
#include "option.h"

/* Flags of a processor. Bits 16 to 31: a host that does not know one refuses the processor. */
enum {
    MPIPE_SOURCE = 1,    /* makes frames from nothing: no input port, process() gets NULL; 1 worker unless configured */
    MPIPE_SERIAL = 2,    /* never more than one worker */
    MPIPE_STATELESS = 4, /* no frame changes what becomes of another */
    MPIPE_DETERMINISTIC = 8, /* the same frame and options give the same bytes */
    MPIPE_RESUMABLE = 16,    /* keeps its place within one input in its state: stays exactly-once when one input gives
                                more outputs than a transaction holds. The commit in between happens inside mpipe_emit(),
                                before it takes the frame: write the new place after it returned */
    MPIPE_MUTATES = 32       /* mpipe_writable() may hand out an input in place, because changing again a frame that was
                                changed already, in part or whole, gives the same bytes: upper-casing does, adding one
                                does not */
};

typedef struct mpipe_processor {
    uint32_t struct_size; /* MPIPE_PROCESSOR sets it */
    uint32_t flags;       /* MPIPE_SOURCE ... */
    const char *name;     /* [a-z][a-z0-9_]* */
    const char *summary;  /* one line */
    const char *example;  /* a one-line pipeline, as `micropipe run -e` takes; the tests run it */

    const mpipe_option *const *options; /* this and the next three end with NULL, and may be NULL */
    const mpipe_port *const *inputs;
    const mpipe_port *const *outputs;
    const char *const *needs; /* ids of extensions of the host without which open() would fail */

    uint64_t state_size; /* bytes of host->state; at most 64 KiB */

    /* [stage server] Once, before any fork: what all workers share and nobody changes (a model, a table), inherited
     * copy-on-write. Must start no thread and leave no lock held. *shared goes to every open(). May be NULL. */
    mpipe_status (*load)(const mpipe_host *host, void **shared);

    /* [worker] Makes an instance; host lives until close(). On failure it leaves nothing behind, and close() is not
     * called. May be NULL: then self is NULL. MPIPE_BAD_CONFIG: the pipeline stops with exit code 2. Say why with
     * mpipe_log(). */
    mpipe_status (*open)(const mpipe_host *host, void *shared, void **self);

    /* [worker] Push style: one input frame. Emit, keep or drop it, and any number of new frames. A frame that is still
     * the processor's when it returns is dropped; if the call emitted nothing it counts as dropped on purpose. A source
     * gets NULL, and returns MPIPE_OK (more to come), MPIPE_EMPTY (nothing now: called again after a short while) or
     * MPIPE_END. */
    mpipe_status (*process)(void *self, const mpipe_io *io, mpipe_frame *frame);

    /* [worker] Pull style, instead of process: an own loop over mpipe_get() and mpipe_emit() until MPIPE_END or
     * MPIPE_STOP. A source loops over mpipe_emit() and mpipe_flush_out(), and returns MPIPE_END when there is no more.
     * MPIPE_BAD_FRAME, MPIPE_RETRY, MPIPE_NO_MEMORY: what was not committed is rolled back, the frame in hand (of the
     * last mpipe_get(), if it is not settled) is refused or given again, and run() is called again; frames kept before
     * are still kept. */
    mpipe_status (*run)(void *self, const mpipe_io *io);

    /* [worker] Push style: emit what is held back. At the end of the stream, at retirement, and when a stage upstream
     * waits for memory that kept frames occupy; process() may be called after it. May be NULL. */
    mpipe_status (*flush)(void *self, const mpipe_io *io);

    /* [worker] Once for every open() that succeeded, unless the worker dies. May be NULL. */
    void (*close)(void *self);

    /* [worker] Extensions of the processor, by id; NULL if absent. May be NULL. */
    const void *(*extension)(void *self, const char *id);
} mpipe_processor;

/* First line of every processor: { MPIPE_PROCESSOR, .name = ... } Before C++20, which has no designators, the values
 * follow in the order of the members. */
#if defined(__cplusplus) && __cplusplus < 202002L
#define MPIPE_PROCESSOR (uint32_t)sizeof(mpipe_processor)
#else
#define MPIPE_PROCESSOR .struct_size = (uint32_t)sizeof(mpipe_processor)
#endif

#endif
