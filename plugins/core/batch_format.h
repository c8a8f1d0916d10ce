/* The layout of a batch: many frames in the bytes of one. Everything is little-endian; headers and payloads start at
 * multiples of 8.
 *
 *     header   8 bytes "MPBATCH1", u32 count of frames, u32 zero, u64 size of the whole batch
 *     frame    u64 size, u64 sequence, u64 key, i64 time_ns, u32 type, u32 size of the attributes
 *              attributes, one after the other: u32 size of the name, u32 size of the value, name, value, zeros up to 8
 *              payload, zeros up to 8
 *
 * Whoever reads one believes nothing: each size is checked against what is left, in numbers that cannot overflow.
 */
#ifndef BATCH_FORMAT_H
#define BATCH_FORMAT_H

#include <micropipe/micropipe.h>

enum { BATCH_HEADER_SIZE = 24, BATCH_RECORD_SIZE = 40, BATCH_ATTRIBUTE_SIZE = 8, BATCH_FRAMES_MAX = 4096 };

/* Name of the frame type of a batch. */
#define BATCH_TYPE "micropipe.batch"

/* One frame of a batch that is read. All pointers are into the batch. */
struct batch_record {
    uint64_t size, sequence, key;
    int64_t time_ns;
    uint32_t type;
    uint32_t attributes_size;
    const uint8_t *attributes; /* checked: batch_attribute() cannot fail */
    const uint8_t *payload;
};

struct batch_attribute {
    uint32_t name_size, value_size;
    const char *name; /* no NUL at its end */
    const uint8_t *value;
};

/* Bytes that a frame takes in a batch. */
uint64_t batch_frame_size(const mpipe_io *io, const mpipe_frame *frame);

/* Write the header, and a frame of exactly batch_frame_size() bytes; return where the next one goes. */
uint8_t *batch_put_header(uint8_t *to, uint32_t count, uint64_t size);
uint8_t *batch_put_frame(const mpipe_io *io, const mpipe_frame *frame, uint8_t *to);

struct batch_summary {
    uint32_t count;
    uint64_t largest; /* bytes of the largest frame */
};

/* NULL and *summary, or why these bytes are no batch. Looks at every record. */
const char *batch_check(const uint8_t *data, uint64_t size, struct batch_summary *summary);

/* The record at `offset`; *offset moves to the next. Only in bytes that batch_check() found good, below its count. */
void batch_record_at(const uint8_t *data, uint64_t *offset, struct batch_record *record);

/* The attribute at `offset` of a record's attributes; *offset moves to the next. 0: there are no more. */
int batch_attribute_at(const struct batch_record *record, uint32_t *offset, struct batch_attribute *attribute);

#endif
