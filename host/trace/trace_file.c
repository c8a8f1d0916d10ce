#include "trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char head[] = "[", separator[] = ",\n", tail[] = "\n]\n";

enum { HEAD = sizeof head - 1, SEPARATOR = sizeof separator - 1, TAIL = sizeof tail - 1, MARKS_PART = 16 };

int trace_file_open(struct trace_file *f, const char *path, uint64_t limit)
{
    f->error = f->begun = 0;
    f->limit = limit < TRACE_FILE_LEAST ? TRACE_FILE_LEAST : limit;
    f->end = f->owed = f->dropped[TRACE_OF_SPANS] = f->dropped[TRACE_OF_MARKS] = 0;
    f->used = 0;
    f->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0666);
    if (f->fd < 0)
        return -errno;
    memcpy(f->buffer, head, HEAD);
    f->used = HEAD;
    int error = trace_file_flush(f);
    if (error) {
        close(f->fd);
        f->fd = -1;
    }
    return error;
}

/* `done` bytes of the buffer are written, and there is room for no more: the file ends behind the last object that is
 * whole. The bracket takes the place of what is there already. */
static void end_whole(struct trace_file *f, size_t done)
{
    size_t whole = done > TAIL ? done - TAIL : 0;
    while (whole > 0 && memcmp(f->buffer + whole, separator, SEPARATOR) != 0)
        whole--;
    f->end += whole;
    ssize_t written = f->end ? pwrite(f->fd, tail, TAIL, (off_t)f->end) : 0;
    int cut = ftruncate(f->fd, (off_t)f->end + (f->end ? TAIL : 0));
    (void)written; /* the error that is told is the first */
    (void)cut;
}

int trace_file_flush(struct trace_file *f)
{
    size_t done = 0, all = f->used + TAIL;
    if (f->error || f->used == 0)
        return f->error;
    memcpy(f->buffer + f->used, tail, TAIL);
    while (done < all) {
        ssize_t n = pwrite(f->fd, f->buffer + done, all - done, (off_t)(f->end + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            f->error = n < 0 ? -errno : -EIO;
            end_whole(f, done);
            return f->error;
        }
        done += (size_t)n;
    }
    f->end += f->used;
    f->used = 0;
    return 0;
}

static void append(struct trace_file *f, const char *object, size_t size)
{
    if (f->used + SEPARATOR + size + TAIL > sizeof f->buffer)
        trace_file_flush(f);
    if (f->error) /* what is in the buffer stays there for ever */
        return;
    const char *before = f->begun ? separator : "\n";
    size_t n = strlen(before);
    memcpy(f->buffer + f->used, before, n);
    memcpy(f->buffer + f->used + n, object, size);
    f->used += n + size;
    f->begun = 1;
}

int trace_file_refuses(struct trace_file *f)
{
    int refuses = f->error || f->dropped[TRACE_OF_SPANS] > 0;
    f->dropped[TRACE_OF_SPANS] += (uint64_t)refuses;
    return refuses;
}

int trace_file_add(struct trace_file *f, enum trace_share share, const char *object, size_t size, uint64_t owes)
{
    uint64_t limit = share == TRACE_OF_MARKS ? f->limit : f->limit - f->limit / MARKS_PART;
    uint64_t owed = owes ? owes + SEPARATOR : 0;
    if (f->error || size > TRACE_LINE_MAX - SEPARATOR - TAIL ||
        f->end + f->used + f->owed + SEPARATOR + size + owed + TAIL > limit) {
        f->dropped[share]++;
        return 0;
    }
    append(f, object, size);
    f->owed += owed;
    return 1;
}

void trace_file_pay(struct trace_file *f, const char *object, size_t size, uint64_t owed)
{
    f->owed -= owed + SEPARATOR;
    append(f, object, size);
}

int trace_file_close(struct trace_file *f)
{
    int error = trace_file_flush(f);
    close(f->fd);
    f->fd = -1;
    return error;
}
