/* SPDX-License-Identifier: Apache-2.0 */
#include "subject.h"

#include <inttypes.h>
#include <stdio.h>

struct subject subject_of(const mpipe_io *io, const mpipe_frame *frame)
{
    struct subject subject;
    const void *value;
    uint64_t size;
    if (mpipe_attribute(io, frame, MPIPE_ATTR_PATH, &value, &size) != MPIPE_OK || !size) {
        snprintf(subject.text, sizeof subject.text, "frame %" PRIu64, frame->sequence);
        return subject;
    }
    const char *path = value;
    const uint64_t room = sizeof subject.text - 1;
    const uint64_t skip = size > room ? size - room : 0;
    const uint64_t length = size - skip;
    for (uint64_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)path[skip + i];
        subject.text[i] = c < 0x20 || c == 0x7f ? '?' : (char)c;
    }
    subject.text[length] = '\0';
    return subject;
}
