/* debug.checksum: digests of all frames, to tell whether each arrived once, and in order.
 *
 * All of it is in the state, so it commits with the frames: a worker that is killed makes no difference. The result is
 * written at the end of the stream, when the worker retires, and whenever the host asks for a flush; each time in full.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "debug.h"
#include "digest.h"

struct checksum_state {
    uint64_t count, bytes;
    struct digest128 order, set, keys;
};

struct checksum {
    const mpipe_host *host;
    struct checksum_state *state;
    const char *path; /* "": none */
    int keys;
};

/* What would only fail at the end, after hours. */
static mpipe_status checksum_load(const mpipe_host *host, void **shared)
{
    const char *path = mpipe_option_text(host, "path");
    char *copy = strdup(path);
    *shared = NULL;
    if (!copy)
        return MPIPE_NO_MEMORY;
    const char *folder = dirname(copy);
    int bad = path[0] && access(folder, W_OK | X_OK) != 0;
    if (bad)
        mpipe_log(host, MPIPE_LOG_ERROR, "option 'path': cannot write to the folder '%s': %s", folder, strerror(errno));
    free(copy);
    return bad ? MPIPE_BAD_CONFIG : MPIPE_OK;
}

static mpipe_status checksum_open(const mpipe_host *host, void *shared, void **self)
{
    (void)shared;
    struct checksum *c = calloc(1, sizeof *c);
    if (!c)
        return MPIPE_NO_MEMORY;
    c->host = host;
    c->state = host->state;
    c->path = mpipe_option_text(host, "path");
    c->keys = (int)mpipe_option_int(host, "keys");
    *self = c;
    return MPIPE_OK;
}

static mpipe_status checksum_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    const struct checksum *c = self;
    struct checksum_state *s = c->state;
    struct digest128 hash = digest_of(frame->data, frame->size);
    digest_chain(&s->order, hash);
    digest_add(&s->set, hash);
    if (c->keys) {
        uint64_t sequence = htole64(frame->sequence);
        digest_add(&s->keys, digest_of(&sequence, sizeof sequence));
    }
    s->count++;
    s->bytes += frame->size;
    mpipe_drop(io, frame);
    return MPIPE_OK;
}

enum { RESULT_SIZE = 256 };

/* A line each: a name and a value. */
static int print_result(const struct checksum *c, char text[RESULT_SIZE])
{
    const struct checksum_state *s = c->state;
    char order[DIGEST_TEXT_SIZE], set[DIGEST_TEXT_SIZE], keys[DIGEST_TEXT_SIZE];
    digest_text(s->order, order);
    digest_text(s->set, set);
    digest_text(s->keys, keys);
    int n = snprintf(text, RESULT_SIZE, "count %" PRIu64 "\nbytes %" PRIu64 "\norder %s\nset %s\n", s->count, s->bytes,
                     order, set);
    if (c->keys)
        n += snprintf(text + n, RESULT_SIZE - (size_t)n, "keys %s\n", keys);
    return n;
}

static int put(const char *path, const char *text, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return -errno;
    ssize_t written = write(fd, text, size);
    int error = written == (ssize_t)size ? 0 : written < 0 ? -errno : -ENOSPC;
    return close(fd) != 0 && !error ? -errno : error;
}

/* Under another name first, so that nobody reads half of it. */
static int write_result(const char *path, const char *text, size_t size)
{
    char *draft;
    if (asprintf(&draft, "%s.part", path) < 0)
        return -ENOMEM;
    int error = put(draft, text, size);
    if (!error && rename(draft, path) != 0)
        error = -errno;
    if (error)
        unlink(draft);
    free(draft);
    return error;
}

static mpipe_status checksum_flush(void *self, const mpipe_io *io)
{
    const struct checksum *c = self;
    char text[RESULT_SIZE];
    int size = print_result(c, text);
    int error = c->path[0] ? write_result(c->path, text, (size_t)size) : 0;
    if (error)
        return mpipe_fail(io, MPIPE_FATAL, "cannot write '%s': %s", c->path, strerror(-error));
    for (char *at = text; *at; at++)
        *at = *at != '\n' ? *at : at[1] ? ',' : '\0';
    mpipe_log(c->host, MPIPE_LOG_INFO, "%s", text);
    return MPIPE_OK;
}

static const mpipe_option path_option = {
    .name = "path",
    .type = MPIPE_PATH,
    .doc = "File for the result, one JSON object: count, bytes, order, set, and with `keys` sequences; unset: only the "
           "log.",
};
static const mpipe_option keys_option = {
    .name = "keys",
    .type = MPIPE_BOOL,
    .fallback = "false",
    .doc = "Also makes a set digest of the frames' sequences.",
};

static const mpipe_option *const checksum_options[] = {&path_option, &keys_option, NULL};

static const mpipe_port *const no_outputs[] = {NULL};

const mpipe_processor debug_checksum = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_SERIAL,
    .name = "checksum",
    .summary = "Digests of all frames: in order, and as a set",
    .example = "core.generate count=1000 | debug.checksum path=digests keys=true",
    .options = checksum_options,
    .outputs = no_outputs,
    .state_size = sizeof(struct checksum_state),
    .load = checksum_load,
    .open = checksum_open,
    .process = checksum_process,
    .flush = checksum_flush,
    .close = free,
};
