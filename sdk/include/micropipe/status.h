/* SPDX-License-Identifier: Apache-2.0
 *
 * What the calls of the host and of a processor return.
 */
#ifndef MICROPIPE_STATUS_H
#define MICROPIPE_STATUS_H

#include <stdint.h>

/* 0: done. Above 0: not now, or no more; nothing is wrong. Below 0: failed; say why with mpipe_fail(). */
typedef int32_t mpipe_status;

enum {
    MPIPE_OK = 0,
    MPIPE_EMPTY = 1,        /* nothing there now; a source: nothing to read yet, call again */
    MPIPE_FULL = 2,         /* no room now; the frame is still yours */
    MPIPE_TIMEOUT = 3,      /* the time given is over; nothing was lost */
    MPIPE_END = 4,          /* a source: there is no more. get(): the stream has ended */
    MPIPE_STOP = 5,         /* this worker shall retire: finish and return MPIPE_OK */
    MPIPE_BAD_FRAME = -1,   /* this frame is refused: it goes to the dead letters, the processor goes on */
    MPIPE_RETRY = -2,       /* not the frame's fault: give it again, at most max_attempts times in all */
    MPIPE_FATAL = -3,       /* this instance cannot go on: the worker is replaced, the frame is given to the next */
    MPIPE_BAD_CONFIG = -4,  /* load() and open() only: the pipeline does not start */
    MPIPE_NO_MEMORY = -5,   /* create() or writable() gave NULL: the call is made again when there is room */
    MPIPE_UNSUPPORTED = -6, /* this host, or this pipeline, cannot do it */
    MPIPE_MISUSE = -7       /* called in the wrong context, or with an impossible argument: a bug of the caller */
};

#endif
