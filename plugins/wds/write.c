/* SPDX-License-Identifier: Apache-2.0
 *
 * wds.write: samples into numbered tar shards, each in exactly one, whenever the worker is killed.
 *
 * The state says how many samples, up to which byte, of which shard are committed; a successor cuts the shard there and
 * goes on. A shard gets its name only after a commit that says it is complete, so what has a name never changes:
 *
 *     FILLING n samples, o bytes --full--> write the end --commit--> SEALED --rename--> FILLING 0 of the next
 *
 * Killed before the commit: the end is cut off again. After it: the successor renames, if that was not done yet.
 */
#include "wds.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sample_name.h"
#include "shard.h"
#include "shard_pattern.h"

enum phase { PHASE_FILLING, PHASE_SEALED };

enum existing { EXISTING_REPLACE, EXISTING_REFUSE }; /* in the order of the option's choices */

enum { ARCHIVE_END = 1024 };

struct write_state {
    uint64_t shard;  /* number of the one that is being written */
    uint64_t count;  /* samples in it */
    uint64_t offset; /* bytes in it */
    uint64_t phase;
};

struct writer {
    const mpipe_host *host;
    const struct shard_pattern *pattern; /* the stage server's */
    struct write_state *state;
    struct shard *shard;          /* NULL: not open */
    char path[PATH_MAX - 8];      /* of state->shard; room for ".part" */
    uint64_t max_count, max_size; /* 0: no limit */
    enum sample_key key;
    enum shard_sync sync;
    const char *suffix, *label_suffix; /* "": from the frame; none */
    struct sample_name name;           /* of the sample in hand */
    char member[SAMPLE_NAME_MAX + SAMPLE_SUFFIX_MAX + 2];
};

/* ---- opening ---- */

static mpipe_status check_suffix(const mpipe_host *host, const char *option)
{
    const char *text = mpipe_option_text(host, option);
    const char *problem = *text ? sample_suffix_problem(text) : NULL;
    if (!problem)
        return MPIPE_OK;
    mpipe_log(host, MPIPE_LOG_ERROR, "%s = \"%s\": %s", option, text, problem);
    return MPIPE_BAD_CONFIG;
}

static mpipe_status writer_load(const mpipe_host *host, void **shared)
{
    if (check_suffix(host, "ext") != MPIPE_OK || check_suffix(host, "label") != MPIPE_OK)
        return MPIPE_BAD_CONFIG;
    struct shard_pattern *pattern = NULL;
    const char *text = mpipe_option_text(host, "pattern");
    const char *why = strerror(ENOMEM);
    if (shard_pattern_create(text, &pattern, &why)) {
        mpipe_log(host, MPIPE_LOG_ERROR, "pattern = \"%s\": %s", text, why);
        return MPIPE_BAD_CONFIG;
    }
    *shared = pattern;
    return MPIPE_OK;
}

static int find_path(struct writer *w)
{
    return shard_pattern_path(w->pattern, w->state->shard, w->path, sizeof w->path);
}

/* Nothing was committed yet, so what is there is an earlier run's. */
static mpipe_status check_existing(const struct writer *w)
{
    const int fresh = !w->state->shard && !w->state->offset;
    if (!fresh || mpipe_option_int(w->host, "existing") == EXISTING_REPLACE || access(w->path, F_OK))
        return MPIPE_OK;
    mpipe_log(w->host, MPIPE_LOG_ERROR,
              "%s: is there already; remove the shards of the earlier run, or set existing = \"replace\"", w->path);
    return MPIPE_BAD_CONFIG;
}

static void writer_close(void *self)
{
    struct writer *w = self;
    shard_close(&w->shard);
    free(w);
}

static mpipe_status writer_open(const mpipe_host *host, void *shared, void **self)
{
    struct writer *w = calloc(1, sizeof *w);
    if (!w)
        return MPIPE_FATAL;
    w->host = host;
    w->pattern = shared;
    w->state = host->state;
    w->max_count = (uint64_t)mpipe_option_int(host, "max_count");
    w->max_size = (uint64_t)mpipe_option_int(host, "max_size");
    w->key = (enum sample_key)mpipe_option_int(host, "key");
    w->sync = mpipe_option_int(host, "fsync") ? SHARD_SYNC : SHARD_NO_SYNC;
    w->suffix = mpipe_option_text(host, "ext");
    w->label_suffix = mpipe_option_text(host, "label");
    mpipe_status status = MPIPE_OK;
    if (find_path(w)) {
        mpipe_log(host, MPIPE_LOG_ERROR, "pattern: the name is too long");
        status = MPIPE_BAD_CONFIG;
    }
    if (status == MPIPE_OK)
        status = check_existing(w);
    if (status != MPIPE_OK) {
        writer_close(w);
        return status;
    }
    *self = w;
    return MPIPE_OK;
}

/* ---- shards ---- */

static mpipe_status fail_shard(const struct writer *w, const mpipe_io *io, int error)
{
    if (error == -ENODATA)
        return mpipe_fail(io, MPIPE_FATAL, "%s.part: somebody removed or cut it; it held %" PRIu64 " samples", w->path,
                          w->state->count);
    return mpipe_fail(io, MPIPE_FATAL, "%s.part: %s", w->path, error == -EBADMSG ? "it is damaged" : strerror(-error));
}

/* The shard that was sealed gets its name, and the next one its turn. */
static mpipe_status publish(struct writer *w, const mpipe_io *io)
{
    const int error = shard_publish(w->path, w->sync);
    if (error)
        return mpipe_fail(io, MPIPE_FATAL, "%s: cannot be renamed from %s.part: %s", w->path, w->path,
                          strerror(-error));
    *w->state = (struct write_state){.shard = w->state->shard + 1, .phase = PHASE_FILLING};
    return find_path(w) ? mpipe_fail(io, MPIPE_FATAL, "pattern: the name is too long") : MPIPE_OK;
}

static mpipe_status seal(struct writer *w, const mpipe_io *io)
{
    const int error = shard_finish(w->shard, w->sync);
    if (error)
        return fail_shard(w, io, error);
    shard_close(&w->shard);
    w->state->phase = PHASE_SEALED;
    const mpipe_status status = mpipe_flush_out(io, MPIPE_FOREVER);
    if (status != MPIPE_OK && status != MPIPE_STOP)
        return status;
    return publish(w, io);
}

/* Brings what is open in line with the state: at the start, and after a frame was refused. */
static mpipe_status resume(struct writer *w, const mpipe_io *io)
{
    if (w->shard && w->state->phase == PHASE_FILLING && shard_offset(w->shard) == w->state->offset)
        return MPIPE_OK;
    shard_close(&w->shard);
    if (find_path(w))
        return mpipe_fail(io, MPIPE_FATAL, "pattern: the name is too long");
    if (w->state->phase == PHASE_SEALED)
        return publish(w, io);
    if (!w->state->offset)
        return MPIPE_OK; /* it is made with its first sample */
    const int error = shard_open(w->path, w->state->offset, &w->shard);
    return error ? fail_shard(w, io, error) : MPIPE_OK;
}

/* ---- samples ---- */

struct label {
    const void *bytes; /* NULL: none */
    uint64_t size;
};

static struct label label_of(const struct writer *w, const mpipe_io *io, const mpipe_frame *frame)
{
    struct label label = {NULL, 0};
    if (*w->label_suffix)
        mpipe_attribute(io, frame, MPIPE_ATTR_LABEL, &label.bytes, &label.size);
    return label;
}

static void name_member(struct writer *w, const char *suffix)
{
    snprintf(w->member, sizeof w->member, "%s.%s", w->name.key, suffix);
}

static int is_full(const struct writer *w)
{
    return w->max_count && w->state->count >= w->max_count;
}

static int would_overflow(struct writer *w, const mpipe_frame *frame, const struct label *label)
{
    if (!w->max_size || !w->state->count)
        return 0;
    name_member(w, w->name.suffix);
    uint64_t need = shard_member_size(w->member, frame->size) + ARCHIVE_END;
    if (label->bytes)
        need += shard_member_size(w->member, label->size);
    return w->state->offset + need > w->max_size;
}

static int add_members(struct writer *w, const mpipe_frame *frame, const struct label *label)
{
    name_member(w, w->name.suffix);
    int error = shard_add_member(w->shard, w->member, frame->data, frame->size);
    if (!error && label->bytes) {
        name_member(w, w->label_suffix);
        error = shard_add_member(w->shard, w->member, label->bytes, label->size);
    }
    return error ? error : shard_end_sample(w->shard, w->name.key);
}

static mpipe_status add_sample(struct writer *w, const mpipe_io *io, mpipe_frame *frame)
{
    mpipe_status status = sample_name_make(io, frame, w->key, w->suffix, &w->name);
    if (status != MPIPE_OK)
        return status;
    const struct label label = label_of(w, io, frame);
    if (is_full(w) || would_overflow(w, frame, &label)) {
        status = seal(w, io);
        if (status != MPIPE_OK)
            return status;
    }
    int error = w->shard ? 0 : shard_open(w->path, 0, &w->shard);
    if (error)
        return fail_shard(w, io, error);
    if (shard_has(w->shard, w->name.key))
        return mpipe_fail(io, MPIPE_BAD_FRAME, "frame %" PRIu64 ": there is a sample \"%s\" in %s already",
                          frame->sequence, w->name.key, w->path);
    error = add_members(w, frame, &label);
    if (error == -EBADMSG) {
        status = mpipe_fail(io, MPIPE_BAD_FRAME, "frame %" PRIu64 ": \"%s\": %s", frame->sequence, w->name.key,
                            shard_reason(w->shard));
        shard_close(&w->shard); /* resume() opens it again, as it was */
        return status;
    }
    if (error)
        return fail_shard(w, io, error);
    w->state->count++;
    w->state->offset = shard_offset(w->shard);
    return MPIPE_OK;
}

/* The next frame. A shard that is full is not left waiting for one. */
static mpipe_status next_frame(struct writer *w, const mpipe_io *io, mpipe_frame **frame)
{
    mpipe_status status = is_full(w) ? mpipe_get(io, MPIPE_ANY_PORT, frame) : MPIPE_EMPTY;
    if (status == MPIPE_EMPTY && is_full(w)) {
        status = seal(w, io);
        if (status != MPIPE_OK)
            return status;
        status = MPIPE_EMPTY;
    }
    return status == MPIPE_EMPTY ? mpipe_get_sync(io, MPIPE_ANY_PORT, MPIPE_FOREVER, frame) : status;
}

static mpipe_status finish(struct writer *w, const mpipe_io *io)
{
    if (w->state->count) {
        const mpipe_status status = seal(w, io);
        if (status != MPIPE_OK)
            return status;
    }
    if (!access(w->path, F_OK))
        mpipe_log(w->host, MPIPE_LOG_WARNING,
                  "%s is of an earlier run, which made more shards: remove it, and those after it, or they are read "
                  "with the new ones",
                  w->path);
    return MPIPE_OK;
}

/* Refusing a frame ends it: it is called again. */
static mpipe_status writer_run(void *self, const mpipe_io *io)
{
    struct writer *w = self;
    mpipe_status status = resume(w, io);
    while (status >= MPIPE_OK) {
        mpipe_frame *frame = NULL;
        status = next_frame(w, io, &frame);
        if (status == MPIPE_END)
            return finish(w, io);
        if (status == MPIPE_STOP)
            return MPIPE_OK;
        if (status == MPIPE_OK)
            status = add_sample(w, io, frame);
    }
    return status;
}

static const char *const keys[] = {"auto", "path", "sequence", "number", NULL};
static const char *const existings[] = {"replace", "refuse", NULL};

static const mpipe_option pattern = {.name = "pattern",
                                     .type = MPIPE_PATH,
                                     .flags = MPIPE_REQUIRED,
                                     .doc = "Path of the shards, with one number in it, as \"out/photos-%06d.tar\"."};
static const mpipe_option max_count = {.name = "max_count",
                                       .type = MPIPE_INT,
                                       .fallback = "10000",
                                       .min = "0",
                                       .unit = "samples",
                                       .doc = "Samples in a shard at most; 0: no limit."};
static const mpipe_option max_size = {.name = "max_size",
                                      .type = MPIPE_SIZE,
                                      .fallback = "1G",
                                      .min = "0",
                                      .unit = "bytes",
                                      .doc =
                                          "Bytes of a shard at most, unless one sample alone is larger; 0: no limit."};
static const mpipe_option key = {.name = "key",
                                 .type = MPIPE_CHOICE,
                                 .fallback = "auto",
                                 .choices = keys,
                                 .doc = "What names a sample: the attribute path, the frame's sequence or its key "
                                        "(number); auto: path if there is one, else sequence."};
static const mpipe_option ext = {
    .name = "ext",
    .type = MPIPE_STRING,
    .fallback = "",
    .doc = "Extension of the members, as \"jpg\"; empty: from the attribute format, else from path."};
static const mpipe_option label_option = {
    .name = "label",
    .type = MPIPE_STRING,
    .fallback = "",
    .doc = "Extension of a second member with the attribute label, as \"cls\"; empty: none."};
static const mpipe_option existing = {.name = "existing",
                                      .type = MPIPE_CHOICE,
                                      .fallback = "replace",
                                      .choices = existings,
                                      .doc = "What becomes of an earlier run's shards of the same names: replaced, one "
                                             "after the other, or the start is refused."};
static const mpipe_option durable = {
    .name = "fsync",
    .type = MPIPE_BOOL,
    .fallback = "false",
    .doc = "Wait until each shard is on the disk before it gets its name, so that it survives a power failure."};

static const mpipe_option *const options[] = {&pattern,      &max_count, &max_size, &key, &ext,
                                              &label_option, &existing,  &durable,  NULL};

static const mpipe_port *const no_outputs[] = {NULL};

const mpipe_processor wds_write = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_SERIAL | MPIPE_DETERMINISTIC,
    .name = "write",
    .summary = "a sink that packs samples into WebDataset tar shards",
    .example = "files.read path=photos | image.decode | image.resize shorter=256 | image.encode | wds.write "
               "pattern=out/photos-%06d.tar",
    .options = options,
    .outputs = no_outputs,
    .state_size = sizeof(struct write_state),
    .load = writer_load,
    .open = writer_open,
    .run = writer_run,
    .close = writer_close,
};
