/* A worker: one processor's instance in a process of its own. Forked by the stage server, which has the plugin loaded.
 */
#ifndef WORKER_H
#define WORKER_H

#include <micropipe/processor.h>

#include "log.h"
#include "segment.h"

struct worker_start {
    const struct segment *segment;
    const mpipe_processor *processor;
    void *shared; /* what load() made */
    uint32_t stage, worker, epoch;
    const struct log *log;    /* the stage server's: descriptor and threshold */
    struct crash_area *crash; /* where it leaves what it knows of its death; NULL: nowhere */
};

/* Runs the worker to its end, and returns its exit code (slot.h). In the forked child; the caller calls _exit() with
 * it. */
int worker_run(const struct worker_start *start);

#endif
