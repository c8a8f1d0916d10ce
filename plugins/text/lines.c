/* text.lines: a source of lines of files, or of standard input.
 *
 * The place (which input, the offset in it, the number of the line) is in the state and moves with each frame that is
 * emitted, so that it commits with it. What standard input gave stays in a spool until then: see spool.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <micropipe/ext/wait.h>

#include "inputs.h"
#include "line_reader.h"
#include "text.h"

/* Frames and bytes after which a transaction is committed, so that readers need not wait for a full one. */
enum { FRAMES_PER_COMMIT = 256, BYTES_PER_COMMIT = 1 << 20 };

/* A frame of many lines ends here. What attributes and the host's own header take of the largest frame. */
enum { FRAME_BYTES = 4 << 20, FRAME_RESERVE = 64 * 1024 };

enum long_lines { LONG_SPLIT, LONG_DROP };

struct lines_state {
    uint64_t input, id;    /* index of the input, and its id; id 0: not begun */
    uint64_t offset, line; /* in it; line: how many ended before the offset */
    uint64_t sequence;     /* of the next frame */
    uint64_t dropped;      /* lines that were too long */
    uint64_t spool, base;  /* id of the spool that the offset is in; what was read before it began */
    uint32_t inside;       /* 1: the offset is within a line that was cut */
    uint32_t reserved;
};

struct lines {
    const mpipe_host *host;
    struct lines_state *state;
    const struct inputs *inputs;
    const mpipe_ext_wait *wait;
    enum long_lines long_lines;
    int attributes;
    struct line_reader reader;
    int fd;                 /* of the input that is open; -1: none, or standard input */
    uint64_t frames, bytes; /* emitted since the last commit */
};

/* ---- inputs ---- */

static void close_input(struct lines *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
}

static void go_to_input(struct lines_state *s, const struct inputs *inputs, uint64_t index)
{
    s->input = index;
    s->id = index < inputs->n ? inputs->list[index].id : 0;
    s->offset = s->line = 0;
    s->inside = 0;
}

/* Opens the input that the state names, at the place that the state names. MPIPE_END: there is none. */
static mpipe_status open_input(struct lines *l, const mpipe_io *io)
{
    struct lines_state *s = l->state;
    const struct inputs *inputs = l->inputs;
    close_input(l);
    for (; s->input < inputs->n; go_to_input(s, inputs, s->input + 1)) {
        const char *path = inputs->list[s->input].path;
        if (inputs->spool || inputs->stdin_file >= 0) {
            uint64_t base = inputs->spool ? 0 - s->base : inputs->stdin_base;
            line_reader_start(&l->reader, inputs->stdin_file, base, inputs->spool, s->offset);
            return MPIPE_OK;
        }
        l->fd = open(path, O_RDONLY | O_CLOEXEC);
        if (l->fd >= 0) {
            line_reader_start(&l->reader, l->fd, 0, NULL, s->offset);
            return MPIPE_OK;
        }
        if (errno != ENOENT)
            return mpipe_fail(io, MPIPE_FATAL, "cannot read '%s': %s", path, strerror(errno));
        mpipe_log(l->host, MPIPE_LOG_WARNING, "'%s' was deleted before it was read: skipped", path);
    }
    return MPIPE_END;
}

/* A place in a list of files that is not the same any more, since the stage server was started again. */
static void find_place(struct lines *l)
{
    struct lines_state *s = l->state;
    if (!s->id && s->input == 0)
        go_to_input(s, l->inputs, 0);
    size_t place = inputs_place(l->inputs, s->input, s->id);
    if (place < l->inputs->n)
        s->input = place;
    else if (s->input < l->inputs->n)
        go_to_input(s, l->inputs, s->input);
}

/* The stage server was started again: its spool begins with what is in the pipe now. */
static void find_spool(struct lines *l)
{
    struct lines_state *s = l->state;
    if (!l->inputs->spool || s->spool == spool_id(l->inputs->spool))
        return;
    if (s->spool)
        mpipe_log(l->host, MPIPE_LOG_WARNING,
                  "the stage was started again: what it had read of standard input and not handed on yet is lost");
    s->spool = spool_id(l->inputs->spool);
    s->base = s->offset;
}

/* ---- frames ---- */

/* An empty frame that need not move for its attributes: of two sizes at once a share of one span has no room. */
static mpipe_frame *create(const struct lines *l, const mpipe_io *io, uint64_t size)
{
    const char *path = l->inputs->list[l->state->input].name;
    uint64_t room = MPIPE_TAIL_ROOM + mpipe_attribute_room(MPIPE_ATTR_PATH, strlen(path)) +
                    mpipe_attribute_room("line", sizeof(uint64_t));
    return mpipe_create(io, l->attributes && size + room <= l->host->max_frame ? size + room : size, NULL);
}

static mpipe_status set_attributes(const struct lines *l, const mpipe_io *io, mpipe_frame **frame)
{
    const char *path = l->inputs->list[l->state->input].name;
    uint64_t line = l->state->line + 1;
    mpipe_status status = mpipe_set_attribute(io, frame, MPIPE_ATTR_PATH, path, strlen(path));
    return status == MPIPE_OK ? mpipe_set_attribute(io, frame, "line", &line, sizeof line) : status;
}

/* MPIPE_NO_MEMORY: nothing has changed, and no frame is left over. */
static mpipe_status try_to_send(const struct lines *l, const mpipe_io *io, const struct line_span *span)
{
    mpipe_frame *frame = create(l, io, span->size);
    if (!frame)
        return MPIPE_NO_MEMORY;
    mpipe_status status = l->attributes ? set_attributes(l, io, &frame) : MPIPE_OK;
    if (status == MPIPE_OK)
        status = mpipe_resize(io, &frame, span->size);
    uint8_t *to = status == MPIPE_OK ? mpipe_writable(io, &frame) : NULL;
    if (to) {
        memcpy(to, span->data, span->size);
        frame->type = MPIPE_TEXT;
        frame->sequence = l->state->sequence;
        status = mpipe_emit(io, 0, frame);
        if (status == MPIPE_OK)
            return MPIPE_OK;
    } else if (status == MPIPE_OK) {
        status = MPIPE_NO_MEMORY;
    }
    mpipe_drop(io, frame);
    return status;
}

static mpipe_status commit(struct lines *l, const mpipe_io *io)
{
    mpipe_status status = mpipe_flush_out(io, MPIPE_FOREVER);
    if (status != MPIPE_OK && status != MPIPE_STOP)
        return status;
    l->frames = l->bytes = 0;
    if (l->inputs->spool)
        spool_release(l->inputs->spool, l->state->offset - l->state->base);
    return status;
}

/* Without room: what was sent so far goes out, which makes some. */
static mpipe_status send(struct lines *l, const mpipe_io *io, const struct line_span *span)
{
    mpipe_status status = try_to_send(l, io, span);
    if (status == MPIPE_NO_MEMORY || status == MPIPE_FULL) {
        status = commit(l, io);
        if (status == MPIPE_OK)
            status = try_to_send(l, io, span);
    }
    if (status == MPIPE_OK) {
        l->state->sequence++;
        l->frames++;
        l->bytes += span->size;
    }
    return status;
}

/* A span that was sent or dropped: the place is behind it. */
static void move_on(struct lines *l, const struct line_span *span)
{
    struct lines_state *s = l->state;
    s->offset += span->taken;
    s->line += span->lines;
    s->inside = (uint32_t)span->cut;
    line_reader_advance(&l->reader, span);
}

static mpipe_status use_span(struct lines *l, const mpipe_io *io, const struct line_span *span)
{
    struct lines_state *s = l->state;
    if (l->long_lines == LONG_DROP && (span->cut || s->inside)) {
        if (!s->inside && !s->dropped++)
            mpipe_log(l->host, MPIPE_LOG_WARNING,
                      "%s: line %llu is longer than max_line, and dropped; so will others be",
                      l->inputs->list[s->input].path, (unsigned long long)s->line + 1);
        move_on(l, span);
        return MPIPE_OK;
    }
    mpipe_status status = send(l, io, span);
    if (status == MPIPE_OK)
        move_on(l, span);
    return status;
}

static void report_progress(const struct lines *l, const mpipe_io *io)
{
    const struct inputs *inputs = l->inputs;
    uint64_t before = l->state->input < inputs->n ? inputs->list[l->state->input].before : inputs->total;
    mpipe_progress(io, before + l->state->offset, inputs->total);
}

/* Nothing comes now: let out what there is, then wait. */
static mpipe_status wait_for_input(struct lines *l, const mpipe_io *io)
{
    mpipe_status status = commit(l, io);
    if (status == MPIPE_OK)
        status = l->wait->readable(l->wait->context, spool_input(l->inputs->spool), MPIPE_FOREVER);
    return status == MPIPE_TIMEOUT ? MPIPE_OK : status;
}

static mpipe_status next_input(struct lines *l, const mpipe_io *io)
{
    go_to_input(l->state, l->inputs, l->state->input + 1);
    return open_input(l, io);
}

static mpipe_status step(struct lines *l, const mpipe_io *io)
{
    struct line_span span;
    int result = line_reader_next(&l->reader, (int)l->state->inside, &span);
    if (result == LINE_NONE_NOW)
        return wait_for_input(l, io);
    if (result == LINE_END)
        return next_input(l, io);
    if (result < 0)
        return mpipe_fail(io, MPIPE_FATAL, "cannot read '%s' at byte %llu: %s", l->inputs->list[l->state->input].path,
                          (unsigned long long)l->state->offset, strerror(-result));
    mpipe_status status = use_span(l, io, &span);
    if (status == MPIPE_OK && (l->frames >= FRAMES_PER_COMMIT || l->bytes >= BYTES_PER_COMMIT)) {
        report_progress(l, io);
        status = commit(l, io);
    }
    return status;
}

static mpipe_status lines_run(void *self, const mpipe_io *io)
{
    struct lines *l = self;
    l->frames = l->bytes = 0;
    mpipe_status status = open_input(l, io); /* again after a roll-back: the state says where we are */
    while (status == MPIPE_OK)
        status = step(l, io);
    report_progress(l, io);
    return status == MPIPE_STOP ? MPIPE_OK : status;
}

/* ---- life ---- */

static mpipe_status lines_load(const mpipe_host *host, void **shared)
{
    struct inputs *inputs = NULL;
    mpipe_status status = inputs_find(host, mpipe_option_text(host, "path"), &inputs);
    *shared = inputs;
    return status;
}

static void lines_close(void *self)
{
    struct lines *l = self;
    if (l->state->dropped)
        mpipe_log(l->host, MPIPE_LOG_WARNING, "%llu lines were longer than max_line, and dropped",
                  (unsigned long long)l->state->dropped);
    close_input(l);
    line_reader_destroy(&l->reader);
    free(l);
}

static struct line_limits limits_of(const mpipe_host *host)
{
    uint64_t most = host->max_frame > 2 * FRAME_RESERVE ? host->max_frame - FRAME_RESERVE : host->max_frame / 2;
    uint64_t line = (uint64_t)mpipe_option_int(host, "max_line");
    line = line < most ? line : most;
    uint64_t frame = line > FRAME_BYTES ? line : FRAME_BYTES;
    return (struct line_limits){.lines = (uint32_t)mpipe_option_int(host, "lines_per_frame"),
                                .line_bytes = line,
                                .frame_bytes = frame < most ? frame : most};
}

static mpipe_status lines_open(const mpipe_host *host, void *shared, void **self)
{
    struct lines *l = calloc(1, sizeof *l);
    if (!l)
        return MPIPE_NO_MEMORY;
    l->host = host;
    l->state = host->state;
    l->inputs = shared;
    l->wait = host->extension(host->context, MPIPE_EXT_WAIT);
    l->long_lines = (enum long_lines)mpipe_option_int(host, "long_lines");
    l->attributes = (int)mpipe_option_int(host, "attributes");
    l->fd = -1;
    if (line_reader_init(&l->reader, limits_of(host)) != 0) {
        free(l);
        return MPIPE_NO_MEMORY;
    }
    find_place(l);
    find_spool(l);
    *self = l;
    return MPIPE_OK;
}

static const char *const long_lines_choices[] = {"split", "drop", NULL};
static const char *const lines_needs[] = {MPIPE_EXT_WAIT, NULL};

static const mpipe_option path_option = {
    .name = "path",
    .type = MPIPE_STRING,
    .flags = MPIPE_REQUIRED,
    .doc = "A file, a folder (its files, by name), a pattern as *.log, or - for standard input.",
};
static const mpipe_option lines_per_frame_option = {
    .name = "lines_per_frame",
    .type = MPIPE_INT,
    .fallback = "1",
    .min = "1",
    .max = "1000000",
    .unit = "lines",
    .doc = "How many lines a frame has; fewer at the end of a file, and where it would pass 4 MiB.",
};
static const mpipe_option max_line_option = {
    .name = "max_line",
    .type = MPIPE_SIZE,
    .fallback = "1M",
    .min = "1",
    .max = "1G",
    .unit = "bytes",
    .doc = "A line that is longer, or longer than the stage's largest frame, is treated as long_lines says.",
};
static const mpipe_option long_lines_option = {
    .name = "long_lines",
    .type = MPIPE_CHOICE,
    .fallback = "split",
    .choices = long_lines_choices,
    .doc =
        "What becomes of a line longer than max_line: frames of max_line bytes and one of the rest, or it is left out.",
};
static const mpipe_option attributes_option = {
    .name = "attributes",
    .type = MPIPE_BOOL,
    .fallback = "true",
    .doc = "Frames carry the attributes path, and line: the number of their first line, from 1, as a native uint64_t.",
};

static const mpipe_option *const lines_options[] = {&path_option,       &lines_per_frame_option, &max_line_option,
                                                    &long_lines_option, &attributes_option,      NULL};

const mpipe_processor text_lines = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_SOURCE | MPIPE_SERIAL | MPIPE_DETERMINISTIC | MPIPE_RESUMABLE,
    .name = "lines",
    .summary = "Reads lines of files or of standard input",
    .example = "text.lines path=/usr/share/common-licenses/GPL-3 lines_per_frame=10 | core.null",
    .options = lines_options,
    .needs = lines_needs,
    .state_size = sizeof(struct lines_state),
    .load = lines_load,
    .open = lines_open,
    .run = lines_run,
    .close = lines_close,
};
