/* text.write: appends the bytes of every frame, and a separator, to a file; each exactly once, whenever its worker is
 * killed.
 *
 * The state says up to where the file is settled. A successor cuts the file there before it writes: what its
 * predecessor wrote beyond was never committed, and those frames come again. So bytes must be in the file before the
 * commit that claims them. To write many frames with one system call, frames are kept, which costs no copy, until there
 * are FRAMES_MAX of them or nothing more comes at once; the transaction that drops them is the one that moves the
 * offset.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "text.h"

enum { FRAMES_MAX = 256, BYTES_ENOUGH = 4 << 20 };

/* Failed writes in a row after which nobody tries again: fewer than the deaths after which the host would blame a
 * frame. */
enum { FAILURES_MAX = 2 };

enum durability { FSYNC_NEVER, FSYNC_END, FSYNC_ALWAYS };

struct write_state {
    uint64_t offset; /* the file is settled up to here */
    uint32_t begun;  /* 1: offset is valid */
    uint32_t failures;
    int32_t error; /* errno of the last one */
    uint32_t reserved;
};

struct writer {
    const mpipe_host *host;
    struct write_state *state;
    const char *path;
    struct iovec separator;
    enum durability durability;
    int fd;
    uint32_t count; /* frames that are kept */
    uint64_t bytes; /* of them, with separators */
    mpipe_frame *frames[FRAMES_MAX];
    struct iovec pieces[2 * FRAMES_MAX];
};

static void log_errno(const struct writer *w, const char *what)
{
    mpipe_log(w->host, MPIPE_LOG_ERROR, "%s '%s': %s", what, w->path, strerror(errno));
}

/* Opens the file at what is settled. Nothing of it is lost that was not ours. */
static mpipe_status open_file(struct writer *w)
{
    struct stat info;
    int append = (int)mpipe_option_int(w->host, "append");
    w->fd = open(w->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (w->fd < 0 || fstat(w->fd, &info) != 0) {
        int lacking = errno == EMFILE || errno == ENFILE || errno == ENOSPC || errno == ENOMEM || errno == EIO;
        log_errno(w, "cannot write to");
        return lacking ? MPIPE_FATAL : MPIPE_BAD_CONFIG;
    }
    if (!S_ISREG(info.st_mode)) {
        mpipe_log(w->host, MPIPE_LOG_ERROR,
                  "'%s' is not a regular file: what was written to it could not be taken back", w->path);
        return MPIPE_BAD_CONFIG;
    }
    uint64_t size = (uint64_t)info.st_size;
    uint64_t settled = w->state->begun ? w->state->offset : append ? size : 0;
    if (size < settled) {
        mpipe_log(w->host, MPIPE_LOG_ERROR, "'%s' has %llu bytes, but %llu were written: somebody else cut it", w->path,
                  (unsigned long long)size, (unsigned long long)settled);
        return MPIPE_FATAL;
    }
    if (size > settled && ftruncate(w->fd, (off_t)settled) != 0) {
        log_errno(w, "cannot cut");
        return MPIPE_FATAL;
    }
    w->state->offset = settled;
    if (w->state->failures >= FAILURES_MAX) {
        mpipe_log(w->host, MPIPE_LOG_ERROR, "cannot write to '%s': %s; what is in it, %llu bytes, is complete", w->path,
                  strerror(w->state->error), (unsigned long long)w->state->offset);
        return MPIPE_FATAL; /* nothing is committed any more, so the stage is given up */
    }
    return MPIPE_OK;
}

/* The byte that follows a backslash; -1: not one that is known. */
static int escaped(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case '0':
        return '\0';
    case '\\':
        return '\\';
    default:
        return -1;
    }
}

/* Sets w->separator from the option, with its escapes replaced. */
static mpipe_status read_separator(struct writer *w)
{
    const char *text = mpipe_option_text(w->host, "separator");
    char *bytes = malloc(strlen(text) + 1);
    if (!bytes)
        return MPIPE_NO_MEMORY;
    w->separator = (struct iovec){bytes, 0};
    for (; *text; text++) {
        int byte = *text == '\\' ? escaped(*++text) : (unsigned char)*text;
        if (byte < 0) {
            mpipe_log(w->host, MPIPE_LOG_ERROR,
                      "option 'separator': after a backslash comes n, r, t, 0 or another backslash");
            return MPIPE_BAD_CONFIG;
        }
        bytes[w->separator.iov_len++] = (char)byte;
    }
    return MPIPE_OK;
}

static void write_close(void *self)
{
    struct writer *w = self;
    if (w->fd >= 0)
        close(w->fd);
    free(w->separator.iov_base);
    free(w);
}

static mpipe_status write_open(const mpipe_host *host, void *shared, void **self)
{
    (void)shared;
    struct writer *w = calloc(1, sizeof *w);
    if (!w)
        return MPIPE_NO_MEMORY;
    w->host = host;
    w->state = host->state;
    w->path = mpipe_option_text(host, "path");
    w->durability = (enum durability)mpipe_option_int(host, "fsync");
    w->fd = -1;
    mpipe_status status = read_separator(w);
    if (status == MPIPE_OK)
        status = open_file(w);
    if (status != MPIPE_OK) {
        write_close(w);
        return status;
    }
    *self = w;
    return MPIPE_OK;
}

static uint32_t gather_pieces(struct writer *w)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < w->count; i++) {
        union {
            const uint8_t *data;
            void *base;
        } unconst = {w->frames[i]->data};
        if (w->frames[i]->size)
            w->pieces[n++] = (struct iovec){unconst.base, w->frames[i]->size};
        if (w->separator.iov_len)
            w->pieces[n++] = w->separator;
    }
    return n;
}

/* Takes `written` bytes off the front. Returns how many pieces are done; the next may be cut. */
static uint32_t advance(struct iovec *pieces, uint32_t n, size_t written)
{
    uint32_t done = 0;
    while (done < n && written >= pieces[done].iov_len)
        written -= pieces[done++].iov_len;
    if (done < n) {
        pieces[done].iov_base = (char *)pieces[done].iov_base + written;
        pieces[done].iov_len -= written;
    }
    return done;
}

/* All pieces at the settled end. 0 or -errno. */
static int write_pieces(struct writer *w, uint32_t n)
{
    uint64_t offset = w->state->offset;
    for (uint32_t done = 0; done < n;) {
        uint32_t some = n - done < IOV_MAX ? n - done : IOV_MAX;
        ssize_t written = pwritev(w->fd, w->pieces + done, (int)some, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -ENOSPC;
        offset += (uint64_t)written;
        done += advance(w->pieces + done, n - done, (size_t)written);
    }
    return w->durability == FSYNC_ALWAYS && fdatasync(w->fd) != 0 ? -errno : 0;
}

/* The frames are not to blame: they stay kept, and what happened is committed, so that it ends after FAILURES_MAX. */
static mpipe_status failed(struct writer *w, const mpipe_io *io, const char *what, int error)
{
    w->state->failures++;
    w->state->error = error;
    mpipe_status status = mpipe_flush_out(io, MPIPE_FOREVER);
    if (status < 0)
        return status;
    return mpipe_fail(io, MPIPE_FATAL, "cannot %s '%s' at byte %llu: %s", what, w->path,
                      (unsigned long long)w->state->offset, strerror(error));
}

/* Writes what is kept. Only when it is in the file do the state and the frames change. */
static mpipe_status write_out(struct writer *w, const mpipe_io *io)
{
    if (!w->count)
        return MPIPE_OK;
    int error = write_pieces(w, gather_pieces(w));
    if (error)
        return failed(w, io, "write to", -error);
    w->state->offset += w->bytes;
    w->state->failures = 0;
    for (uint32_t i = 0; i < w->count; i++)
        mpipe_drop(io, w->frames[i]);
    w->count = 0;
    w->bytes = 0;
    return MPIPE_OK;
}

static mpipe_status add(struct writer *w, const mpipe_io *io, mpipe_frame *frame)
{
    mpipe_status status = mpipe_keep(io, frame);
    if (status != MPIPE_OK)
        return mpipe_fail(io, MPIPE_FATAL, "the host does not keep the frame (status %d)", status);
    w->frames[w->count++] = frame;
    w->bytes += frame->size + w->separator.iov_len;
    return MPIPE_OK;
}

/* The next frame: of those that are there already, or, when all are written, whichever comes. */
static mpipe_status next(struct writer *w, const mpipe_io *io, mpipe_frame **frame)
{
    mpipe_status status = MPIPE_EMPTY;
    if (w->count < FRAMES_MAX && w->bytes < BYTES_ENOUGH)
        status = mpipe_get(io, MPIPE_ANY_PORT, frame);
    if (status != MPIPE_EMPTY)
        return status;
    status = write_out(w, io);
    return status == MPIPE_OK ? mpipe_get_sync(io, MPIPE_ANY_PORT, MPIPE_FOREVER, frame) : status;
}

static mpipe_status finish(struct writer *w, const mpipe_io *io)
{
    mpipe_status status = write_out(w, io);
    if (status == MPIPE_OK && w->durability != FSYNC_NEVER && fsync(w->fd) != 0)
        return failed(w, io, "bring to the disk", errno);
    return status;
}

static mpipe_status write_run(void *self, const mpipe_io *io)
{
    struct writer *w = self;
    if (!w->state->begun) {
        /* Where we start must be known before the first byte: a successor could not tell ours from what was there. */
        w->state->begun = 1;
        mpipe_status status = mpipe_flush_out(io, MPIPE_FOREVER);
        if (status < 0)
            return status;
    }
    for (;;) {
        mpipe_frame *frame;
        mpipe_status status = next(w, io, &frame);
        if (status == MPIPE_END || status == MPIPE_STOP)
            return finish(w, io);
        if (status == MPIPE_OK)
            status = add(w, io, frame);
        if (status < 0)
            return status;
    }
}

static const char *const durabilities[] = {"never", "end", "always", NULL};

static const mpipe_option path_option = {
    .name = "path",
    .type = MPIPE_PATH,
    .flags = MPIPE_REQUIRED,
    .doc = "The file; it is made if it does not exist.",
};
static const mpipe_option separator_option = {
    .name = "separator",
    .type = MPIPE_STRING,
    .fallback = "\\n",
    .doc = "What is written after the bytes of each frame, with the escapes \\n \\r \\t \\0 and \\\\; may be empty.",
};
static const mpipe_option append_option = {
    .name = "append",
    .type = MPIPE_BOOL,
    .fallback = "false",
    .doc = "Goes on at the end of a file that exists, instead of replacing what is in it.",
};
static const mpipe_option fsync_option = {
    .name = "fsync",
    .type = MPIPE_CHOICE,
    .fallback = "never",
    .choices = durabilities,
    .doc = "When bytes are forced to the disk: never, at the end, or before each commit.",
};

static const mpipe_option *const write_options[] = {&path_option, &separator_option, &append_option, &fsync_option,
                                                    NULL};
static const mpipe_port *const no_outputs[] = {NULL};

const mpipe_processor text_write = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_SERIAL,
    .name = "write",
    .summary = "Appends every frame to a file, each exactly once",
    .example = "core.generate count=1000 size=16 | text.write path=numbers.bin separator=\"\"",
    .options = write_options,
    .outputs = no_outputs,
    .state_size = sizeof(struct write_state),
    .open = write_open,
    .run = write_run,
    .close = write_close,
};
