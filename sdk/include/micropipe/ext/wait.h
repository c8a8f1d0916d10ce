/* SPDX-License-Identifier: Apache-2.0
 *
 * mpipe.wait/1: for a source that waits for something outside (a pipe, a socket, a time) and must still hear that it
 * shall stop. host->extension(host->context, MPIPE_EXT_WAIT), from open() on.
 */
#ifndef MICROPIPE_EXT_WAIT_H
#define MICROPIPE_EXT_WAIT_H

#include <stdint.h>

#include "../status.h"

#define MPIPE_EXT_WAIT "mpipe.wait/1"

typedef struct mpipe_ext_wait {
    uint32_t struct_size;
    uint32_t reserved;
    void *context; /* first argument of the calls */

    /* [worker, in process or run] Waits until fd can be read without blocking (MPIPE_OK), the time is over
     * (MPIPE_TIMEOUT; < 0: for ever) or this worker shall stop (MPIPE_STOP). fd -1: only waits. Call mpipe_flush_out()
     * before it, or return MPIPE_EMPTY, so that what was emitted does not wait too. The time counts as waiting, not as
     * work. */
    mpipe_status (*readable)(void *context, int32_t fd, int64_t timeout_ns);
} mpipe_ext_wait;

#endif
