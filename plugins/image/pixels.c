/* SPDX-License-Identifier: Apache-2.0 */
#include "pixels.h"

#include <inttypes.h>
#include <string.h>

#include "subject.h"

static const char dtype_uint8[] = "uint8";

enum { ATTRIBUTES_ROOM = 256 };

uint64_t pixels_bytes(uint64_t width, uint64_t height, uint32_t channels)
{
    uint64_t bytes;
    if (__builtin_mul_overflow(width, height, &bytes) || __builtin_mul_overflow(bytes, (uint64_t)channels, &bytes))
        return UINT64_MAX;
    return bytes;
}

static mpipe_status check_dtype(const mpipe_io *io, const mpipe_frame *frame)
{
    const void *value;
    uint64_t size;
    if (mpipe_attribute(io, frame, MPIPE_ATTR_DTYPE, &value, &size) != MPIPE_OK)
        return mpipe_fail(io, MPIPE_BAD_FRAME,
                          "%s: not an image: it has no attribute \"dtype\"; put image.decode before",
                          subject_of(io, frame).text);
    if (size == sizeof dtype_uint8 - 1 && !memcmp(value, dtype_uint8, size))
        return MPIPE_OK;
    return mpipe_fail(io, MPIPE_BAD_FRAME, "%s: samples are %.*s, only uint8 can be handled",
                      subject_of(io, frame).text, (int)(size < 32 ? size : 32), (const char *)value);
}

mpipe_status pixels_of(const mpipe_io *io, const mpipe_frame *frame, struct pixels *out)
{
    const void *value;
    uint64_t size, shape[3];
    if (mpipe_attribute(io, frame, MPIPE_ATTR_SHAPE, &value, &size) != MPIPE_OK)
        return mpipe_fail(io, MPIPE_BAD_FRAME,
                          "%s: not an image: it has no attribute \"shape\"; put image.decode before",
                          subject_of(io, frame).text);
    if (size != sizeof shape)
        return mpipe_fail(io, MPIPE_BAD_FRAME,
                          "%s: the shape of an image is height, width, channels; this one has rank %" PRIu64,
                          subject_of(io, frame).text, size / sizeof shape[0]);
    memcpy(shape, value, sizeof shape);
    const mpipe_status status = check_dtype(io, frame);
    if (status != MPIPE_OK)
        return status;
    if (!shape[0] || !shape[1] || !shape[2] || shape[2] > PIXELS_CHANNELS_MAX)
        return mpipe_fail(io, MPIPE_BAD_FRAME,
                          "%s: cannot handle an image of %" PRIu64 "x%" PRIu64 " pixels with %" PRIu64 " channels",
                          subject_of(io, frame).text, shape[1], shape[0], shape[2]);
    const struct pixels found = {shape[1], shape[0], (uint32_t)shape[2], frame->data};
    if (pixels_bytes(found.width, found.height, found.channels) != frame->size)
        return mpipe_fail(io, MPIPE_BAD_FRAME,
                          "%s: %" PRIu64 " bytes are not the %" PRIu64 "x%" PRIu64
                          " pixels with %u channels that it says it has",
                          subject_of(io, frame).text, frame->size, found.width, found.height, found.channels);
    *out = found;
    return MPIPE_OK;
}

mpipe_status pixels_create(const mpipe_host *host, const mpipe_io *io, const mpipe_frame *parent,
                           const struct pixels *like, mpipe_frame **frame, uint8_t **bytes)
{
    const uint64_t size = pixels_bytes(like->width, like->height, like->channels);
    if (size > host->max_frame)
        return mpipe_fail(io, MPIPE_BAD_FRAME,
                          "%s: %" PRIu64 "x%" PRIu64 " pixels do not fit into this stage's largest frame of %" PRIu64
                          " bytes; raise memory, or stages.%s.memory",
                          subject_of(io, parent).text, like->width, like->height, host->max_frame, host->stage);
    /* Room for our attributes too: a frame that had to grow for them would for a moment be there twice. */
    const uint64_t capacity = size + ATTRIBUTES_ROOM <= host->max_frame ? size + ATTRIBUTES_ROOM : size;
    mpipe_frame *created = mpipe_create(io, capacity, parent);
    if (!created)
        return MPIPE_NO_MEMORY;
    const uint64_t shape[3] = {like->height, like->width, like->channels};
    mpipe_status status = mpipe_set_attribute(io, &created, MPIPE_ATTR_SHAPE, shape, sizeof shape);
    if (status == MPIPE_OK)
        status = mpipe_set_attribute(io, &created, MPIPE_ATTR_DTYPE, dtype_uint8, sizeof dtype_uint8 - 1);
    if (status == MPIPE_OK)
        status = mpipe_set_attribute(io, &created, MPIPE_ATTR_FORMAT, NULL, 0);
    if (status == MPIPE_OK)
        status = mpipe_resize(io, &created, size);
    if (status != MPIPE_OK)
        return status;
    *bytes = mpipe_writable(io, &created);
    if (!*bytes)
        return MPIPE_NO_MEMORY;
    created->type = MPIPE_IMAGE;
    *frame = created;
    return MPIPE_OK;
}
