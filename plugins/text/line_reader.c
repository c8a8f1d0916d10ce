#include "line_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 256 * 1024 };

int line_reader_init(struct line_reader *r, struct line_limits limits)
{
    /* One frame, and the line behind it that tells where it ends, fit at once. */
    size_t capacity = limits.frame_bytes + limits.line_bytes + READ_SIZE;
    *r = (struct line_reader){.limits = limits, .fd = -1, .capacity = capacity, .buffer = malloc(capacity)};
    return r->buffer ? 0 : -ENOMEM;
}

void line_reader_destroy(struct line_reader *r)
{
    free(r->buffer);
    r->buffer = NULL;
}

static void forget_scan(struct line_reader *r)
{
    r->scanned = r->complete = 0;
    r->lines = 0;
}

void line_reader_start(struct line_reader *r, int fd, uint64_t base, struct spool *spool, uint64_t offset)
{
    r->fd = fd;
    r->base = base;
    r->spool = spool;
    r->offset = offset;
    r->at_end = 0;
    r->start = r->end = 0;
    forget_scan(r);
}

void line_reader_advance(struct line_reader *r, const struct line_span *span)
{
    r->start += span->taken;
    r->offset += span->taken;
    forget_scan(r);
}

static int64_t read_file(const struct line_reader *r, uint64_t offset, void *to, size_t size)
{
    ssize_t n;
    do
        n = pread(r->fd, to, size, (off_t)offset);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/* Bytes behind `offset`, or 0 at the end of the input, -EAGAIN if it has none now. */
static int64_t read_spool(const struct line_reader *r, uint64_t offset, void *to, size_t size)
{
    int64_t n = spool_read(r->spool, offset, to, size);
    if (n != 0)
        return n;
    int more = spool_pull(r->spool, size);
    return more > 0 ? spool_read(r->spool, offset, to, size) : more;
}

static int fill(struct line_reader *r)
{
    if (r->capacity - r->end < READ_SIZE) {
        memmove(r->buffer, r->buffer + r->start, r->end - r->start);
        r->end -= r->start;
        r->start = 0;
    }
    uint64_t offset = r->base + r->offset + (r->end - r->start);
    int64_t n = r->spool ? read_spool(r, offset, r->buffer + r->end, READ_SIZE)
                         : read_file(r, offset, r->buffer + r->end, READ_SIZE);
    if (n < 0)
        return (int)n;
    r->at_end = n == 0;
    r->end += (size_t)n;
    return 0;
}

static int found(const struct line_reader *r, size_t taken, size_t size, uint32_t lines, int cut,
                 struct line_span *span)
{
    *span = (struct line_span){.data = r->buffer + r->start, .size = size, .taken = taken, .lines = lines, .cut = cut};
    return LINE_FOUND;
}

static int whole_lines(const struct line_reader *r, struct line_span *span)
{
    return found(r, r->complete, r->complete - 1, r->lines, 0, span);
}

/* Looks through what is in the buffer. LINE_FOUND, or LINE_NONE_NOW: more is needed. */
static int scan(struct line_reader *r, uint32_t wanted, struct line_span *span)
{
    const uint8_t *data = r->buffer + r->start;
    size_t length = r->end - r->start;
    for (;;) {
        const uint8_t *feed = memchr(data + r->scanned, '\n', length - r->scanned);
        size_t end = feed ? (size_t)(feed - data) : length;
        int too_long = end - r->complete > r->limits.line_bytes;
        if (r->lines && (too_long || end > r->limits.frame_bytes))
            return whole_lines(r, span);
        if (too_long)
            return found(r, r->limits.line_bytes, r->limits.line_bytes, 0, 1, span);
        r->scanned = feed ? end + 1 : length;
        if (!feed)
            return LINE_NONE_NOW;
        r->complete = r->scanned;
        if (++r->lines == wanted)
            return whole_lines(r, span);
    }
}

int line_reader_next(struct line_reader *r, int inside, struct line_span *span)
{
    uint32_t wanted = inside ? 1 : r->limits.lines;
    while (scan(r, wanted, span) != LINE_FOUND) {
        size_t length = r->end - r->start;
        if (r->at_end && length > r->complete) /* the last line has no line feed */
            return found(r, length, length, r->lines + 1, 0, span);
        if (r->at_end)
            return r->complete ? whole_lines(r, span) : LINE_END;
        int error = fill(r);
        if (error)
            return error == -EAGAIN ? LINE_NONE_NOW : error;
    }
    return LINE_FOUND;
}
