/* Finds lines in a file or a spool, from any offset on. Where frames begin and end follows from the bytes alone, never
 * from how they came in: so a worker that starts again at a committed offset makes the same frames.
 */
#ifndef LINE_READER_H
#define LINE_READER_H

#include <stddef.h>
#include <stdint.h>

#include "spool.h"

struct line_limits {
    uint32_t lines;       /* of a frame */
    uint64_t line_bytes;  /* a longer line is cut */
    uint64_t frame_bytes; /* a frame ends before the line that would take it beyond; at least line_bytes */
};

struct line_reader {
    struct line_limits limits;
    int fd;              /* of a file, or -1 */
    struct spool *spool; /* or NULL */
    uint64_t base;       /* added to an offset, modulo 2^64: where our offset 0 is in the file or spool */
    uint64_t offset;     /* of what is at `start` */
    int at_end;          /* there is nothing behind `end` */
    uint8_t *buffer;
    size_t capacity, start, end;
    size_t scanned, complete; /* bytes from start on: looked at; up to the end of the last line that was found */
    uint32_t lines;           /* that were found */
};

/* The bytes of the next frame, valid until the next call. */
struct line_span {
    const uint8_t *data;
    uint64_t size;  /* bytes without the line feed at the end */
    uint64_t taken; /* bytes with it */
    uint32_t lines; /* that end here */
    int cut;        /* 1: the line goes on behind it */
};

enum line_result { LINE_FOUND, LINE_NONE_NOW, LINE_END };

/* 0 or -ENOMEM. */
int line_reader_init(struct line_reader *r, struct line_limits limits);
void line_reader_destroy(struct line_reader *r);

/* Starts at `offset`, which is base + offset of a file (fd >= 0, stays the caller's) or of a spool. */
void line_reader_start(struct line_reader *r, int fd, uint64_t base, struct spool *spool, uint64_t offset);

/* The next frame: up to limits.lines lines; within a line that was cut (`inside`) what is left of that line. An enum
 * line_result, or -errno. */
int line_reader_next(struct line_reader *r, int inside, struct line_span *span);

/* The span was used: go on behind it. */
void line_reader_advance(struct line_reader *r, const struct line_span *span);

#endif
