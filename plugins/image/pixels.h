/* SPDX-License-Identifier: Apache-2.0
 *
 * An image as frames carry it: 8-bit samples, rows from the top, channels interleaved, no padding. What a frame says of
 * itself is checked here; the other modules may rely on it. In process() only.
 */
#ifndef PIXELS_H
#define PIXELS_H

#include <micropipe/micropipe.h>

#define PIXELS_CHANNELS_MAX 4

struct pixels {
    uint64_t width, height; /* at least 1 */
    uint32_t channels;      /* 1 to PIXELS_CHANNELS_MAX */
    const uint8_t *data;    /* width * height * channels bytes; the frame's */
};

/* The image in a frame. MPIPE_BAD_FRAME, with the reason said: "shape" or "dtype" is missing, wrong, or does not agree
 * with the frame's size. */
mpipe_status pixels_of(const mpipe_io *io, const mpipe_frame *frame, struct pixels *out);

/* A new frame that holds such an image, a child of `parent`: type, attributes and size are set, *bytes is where the
 * samples go (not cleared). MPIPE_BAD_FRAME, with the reason said: larger than the stage can ever create.
 * MPIPE_NO_MEMORY: no room now. */
mpipe_status pixels_create(const mpipe_host *host, const mpipe_io *io, const mpipe_frame *parent,
                           const struct pixels *like, mpipe_frame **frame, uint8_t **bytes);

/* Bytes of such an image; UINT64_MAX if that overflows. */
uint64_t pixels_bytes(uint64_t width, uint64_t height, uint32_t channels);

#endif
