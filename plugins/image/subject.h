/* SPDX-License-Identifier: Apache-2.0
 *
 * What a message calls a frame: the path that it came from, or its number. Any processor of the pack, in process().
 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include <micropipe/micropipe.h>

struct subject {
    char text[256];
};

/* A path that is too long is cut at the front, control characters become '?': it ends up on terminals. */
struct subject subject_of(const mpipe_io *io, const mpipe_frame *frame);

#endif
