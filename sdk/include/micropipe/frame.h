/* SPDX-License-Identifier: Apache-2.0
 *
 * A frame: some bytes, a few numbers about them, and named attributes.
 */
#ifndef MICROPIPE_FRAME_H
#define MICROPIPE_FRAME_H

#include <stdint.h>

/* Frame types below 128 are the project's; mpipe_type() makes others. */
enum {
    MPIPE_BYTES = 0, /* nothing is known of the bytes */
    MPIPE_TEXT = 1,  /* UTF-8 text */
    MPIPE_IMAGE =
        2, /* pixels: rows from the top, interleaved channels, no padding; attributes "shape" and "dtype" say what */
    MPIPE_TENSOR = 3 /* C-contiguous elements; attributes "shape" and "dtype" */
};

/* Names of the attributes that packs agree on. Values are bytes; text has no NUL at its end. */
#define MPIPE_ATTR_PATH \
    "path" /* text: the name of the file that the bytes came from, relative to the source's folder */
#define MPIPE_ATTR_LABEL "label"   /* text */
#define MPIPE_ATTR_SHAPE "shape"   /* uint64_t[rank], native byte order; an image: height, width, channels */
#define MPIPE_ATTR_DTYPE "dtype"   /* text: "uint8", "uint16", "float32", ... */
#define MPIPE_ATTR_FORMAT "format" /* text: "jpeg", "png", "txt", ...: what encoding the bytes are in */

/* Flags of a frame. */
enum {
    MPIPE_FRAME_KEPT = 1 /* comes again after a death, because it had been kept: see mpipe_keep() */
};

/* A worker's view of a frame, in the worker's own memory. Made by the host alone, so it only grows.
 *
 * One frame has one owner at a time: what process() and get() give is the processor's until it emits, keeps or drops
 * it, or returns. Read all fields; change type, key and time_ns only in a frame that you created or made writable, and
 * sequence only in one that you created: they are taken over when it is emitted. */
typedef struct mpipe_frame {
    const uint8_t *data; /* size bytes; 8-byte aligned, from 4 KiB capacity on 64-byte aligned. Write through
                            mpipe_writable() only */
    uint64_t size;       /* bytes; change it with mpipe_resize() */
    uint64_t capacity;   /* bytes that size may grow to in place */
    uint64_t sequence;   /* number that the source gave, from 0; a child has its parent's unless you set it */
    uint64_t key;        /* for grouping; 0 if never set */
    int64_t time_ns;     /* nanoseconds since the epoch, as the source set it; 0 if never set */
    uint32_t type;       /* MPIPE_BYTES, ... or mpipe_type("com.acme.x") */
    uint32_t port;       /* index of the input port that it came by */
    uint32_t attempt;    /* 1 the first time; more after a death or MPIPE_RETRY: side effects may have happened */
    uint32_t flags;      /* MPIPE_FRAME_... */
} mpipe_frame;

/* A type of your own, from a name in reverse DNS form: FNV-1a, 32 bits, with the top bit set. Any context. */
static inline uint32_t mpipe_type(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (uint8_t)*name) * 16777619u;
    return hash | 0x80000000u;
}

#endif
