/* SPDX-License-Identifier: Apache-2.0
 *
 * files.read: a source of files, one a frame, in the order of their names.
 *
 * The list is made once, before any worker starts, so that a successor goes on in the same list; the state is the last
 * path that was dealt with.
 */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "listing.h"

struct read_state {
    char last[LISTING_PATH_MAX]; /* path of the last file that was sent or refused; "": none yet */
};

struct reader {
    const mpipe_host *host;
    const struct listing *list; /* the stage server's */
    struct read_state *state;
    size_t next;
    uint64_t max_size; /* 0: no limit */
    int folder;
    int open_flags;
};

/* A file that is being read into a frame. */
struct transfer {
    const char *path;
    int fd;
    struct stat about;
    mpipe_frame *frame; /* its size is the room for bytes */
    uint64_t got;
};

static const char **list_option(const mpipe_host *host, const char *name, size_t *n)
{
    *n = mpipe_option_count(host, name);
    const char **items = calloc(*n + 1, sizeof *items);
    for (uint32_t i = 0; items && i < *n; i++)
        items[i] = mpipe_option_item(host, name, i);
    return items;
}

static int make_list(const mpipe_host *host, struct listing **list)
{
    struct listing_rules rules = {
        .root = mpipe_option_text(host, "path"),
        .letters = mpipe_option_int(host, "ignore_case") ? GLOB_IGNORE_CASE : GLOB_EXACT_CASE,
        .recursive = mpipe_option_int(host, "recursive") != 0,
        .follow_symlinks = mpipe_option_int(host, "follow_symlinks") != 0,
    };
    const char **include = list_option(host, "include", &rules.n_include);
    const char **exclude = list_option(host, "exclude", &rules.n_exclude);
    rules.include = include;
    rules.exclude = exclude;
    const int error = include && exclude ? listing_create(&rules, list) : -ENOMEM;
    free(include);
    free(exclude);
    return error;
}

static mpipe_status reader_load(const mpipe_host *host, void **shared)
{
    struct listing *list = NULL;
    const char *path = mpipe_option_text(host, "path");
    const int error = make_list(host, &list);
    if (error) {
        mpipe_log(host, MPIPE_LOG_ERROR, "%s: %s", path,
                  error == -EINVAL ? "neither a folder nor a file" : strerror(-error));
        return MPIPE_BAD_CONFIG;
    }
    if (!list->n)
        mpipe_log(host, MPIPE_LOG_WARNING, "%s: no files there%s", path,
                  mpipe_option_count(host, "include") ? " that include means" : "");
    *shared = list;
    return MPIPE_OK;
}

static mpipe_status reader_open(const mpipe_host *host, void *shared, void **self)
{
    const struct listing *list = shared;
    struct reader *r = malloc(sizeof *r);
    if (!r)
        return MPIPE_FATAL;
    struct read_state *state = host->state;
    *r = (struct reader){
        .host = host,
        .list = list,
        .state = state,
        .next = listing_after(list, state->last),
        .max_size = (uint64_t)mpipe_option_int(host, "max_size"),
        .folder = open(list->folder, O_PATH | O_DIRECTORY | O_CLOEXEC),
        .open_flags =
            O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (mpipe_option_int(host, "follow_symlinks") ? 0 : O_NOFOLLOW),
    };
    if (r->folder < 0) {
        mpipe_log(host, MPIPE_LOG_ERROR, "%s: %s", list->folder, strerror(errno));
        free(r);
        return MPIPE_FATAL;
    }
    *self = r;
    return MPIPE_OK;
}

static void reader_close(void *self)
{
    struct reader *r = self;
    close(r->folder);
    free(r);
}

static mpipe_status refuse(const struct reader *r, const mpipe_io *io, const char *path, int error)
{
    const char *reason = error == ELOOP ? "a symbolic link; set follow_symlinks = true to read it" : strerror(error);
    return mpipe_fail(io, MPIPE_BAD_FRAME, "%s/%s: %s", r->list->folder, path, reason);
}

static mpipe_status check_size(const struct reader *r, const mpipe_io *io, const char *path, uint64_t size)
{
    if (r->max_size && size > r->max_size)
        return mpipe_fail(io, MPIPE_BAD_FRAME, "%s/%s: %" PRIu64 " bytes are more than max_size = %" PRIu64,
                          r->list->folder, path, size, r->max_size);
    if (size > r->host->max_frame)
        return mpipe_fail(io, MPIPE_BAD_FRAME,
                          "%s/%s: %" PRIu64 " bytes do not fit into this stage's largest frame of %" PRIu64
                          "; raise memory, or stages.%s.memory",
                          r->list->folder, path, size, r->host->max_frame, r->host->stage);
    return MPIPE_OK;
}

static uint64_t hash(const char *text)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */
    for (; *text; text++)
        h = (h ^ (uint8_t)*text) * UINT64_C(1099511628211);
    return h;
}

/* With room for the attribute: a frame that had to move for it would for a moment be there twice. */
static mpipe_status make_frame(const struct reader *r, const mpipe_io *io, struct transfer *t)
{
    uint64_t size = (uint64_t)t->about.st_size;
    uint64_t room = MPIPE_TAIL_ROOM + mpipe_attribute_room(MPIPE_ATTR_PATH, strlen(t->path));
    t->frame = mpipe_create(io, size + room <= r->host->max_frame ? size + room : size, NULL);
    if (!t->frame)
        return MPIPE_NO_MEMORY;
    mpipe_status status = mpipe_set_attribute(io, &t->frame, MPIPE_ATTR_PATH, t->path, strlen(t->path));
    if (status == MPIPE_OK)
        status = mpipe_resize(io, &t->frame, size);
    if (status != MPIPE_OK)
        return status;
    t->frame->key = hash(t->path);
    t->frame->time_ns = (int64_t)t->about.st_mtim.tv_sec * 1000000000 + t->about.st_mtim.tv_nsec;
    t->frame->type = MPIPE_BYTES;
    return MPIPE_OK;
}

static ssize_t read_some(int fd, void *to, uint64_t n)
{
    ssize_t got;
    do
        got = read(fd, to, n);
    while (got < 0 && errno == EINTR);
    return got;
}

/* The file is longer than it was when it was opened: more room, and the byte that told it. */
static mpipe_status grow(const struct reader *r, const mpipe_io *io, struct transfer *t, uint8_t byte)
{
    struct stat now;
    uint64_t room = t->got + t->got / 2 + 4096;
    if (!fstat(t->fd, &now) && (uint64_t)now.st_size > room)
        room = (uint64_t)now.st_size;
    if (room > r->host->max_frame)
        room = t->got < r->host->max_frame ? r->host->max_frame : t->got + 1;
    mpipe_status status = check_size(r, io, t->path, t->got + 1);
    if (status == MPIPE_OK)
        status = mpipe_resize(io, &t->frame, room);
    if (status != MPIPE_OK)
        return status;
    uint8_t *to = mpipe_writable(io, &t->frame);
    if (!to)
        return MPIPE_NO_MEMORY;
    to[t->got++] = byte;
    return MPIPE_OK;
}

/* Until the end of the file, wherever that is by now. */
static mpipe_status fill(const struct reader *r, const mpipe_io *io, struct transfer *t)
{
    for (;;) {
        uint8_t *to = mpipe_writable(io, &t->frame);
        if (!to)
            return MPIPE_NO_MEMORY;
        uint8_t beyond = 0;
        const uint64_t room = t->frame->size - t->got;
        const ssize_t got = room ? read_some(t->fd, to + t->got, room) : read_some(t->fd, &beyond, 1);
        if (got < 0)
            return refuse(r, io, t->path, errno);
        if (got == 0)
            return mpipe_resize(io, &t->frame, t->got);
        if (room) {
            t->got += (uint64_t)got;
            continue;
        }
        const mpipe_status status = grow(r, io, t, beyond);
        if (status != MPIPE_OK)
            return status;
    }
}

static mpipe_status send_open_file(const struct reader *r, const mpipe_io *io, struct transfer *t)
{
    if (fstat(t->fd, &t->about))
        return refuse(r, io, t->path, errno);
    if (!S_ISREG(t->about.st_mode))
        return mpipe_fail(io, MPIPE_BAD_FRAME, "%s/%s: no longer a file", r->list->folder, t->path);
    mpipe_status status = check_size(r, io, t->path, (uint64_t)t->about.st_size);
    if (status == MPIPE_OK)
        status = make_frame(r, io, t);
    if (status == MPIPE_OK)
        status = fill(r, io, t);
    if (status == MPIPE_OK)
        status = check_size(r, io, t->path, t->got);
    return status == MPIPE_OK ? mpipe_emit(io, 0, t->frame) : status;
}

static mpipe_status send_file(const struct reader *r, const mpipe_io *io, const struct listing_entry *entry)
{
    struct transfer t = {.path = entry->path};
    if (entry->error)
        return refuse(r, io, entry->path, entry->error);
    t.fd = openat(r->folder, entry->path, r->open_flags);
    if (t.fd < 0)
        return refuse(r, io, entry->path, errno);
    const mpipe_status status = send_open_file(r, io, &t);
    close(t.fd);
    return status;
}

static mpipe_status reader_process(void *self, const mpipe_io *io, mpipe_frame *unused)
{
    struct reader *r = self;
    (void)unused;
    if (r->next == r->list->n)
        return MPIPE_END;
    const struct listing_entry *entry = &r->list->entries[r->next];
    const mpipe_status status = send_file(r, io, entry);
    if (status != MPIPE_OK && status != MPIPE_BAD_FRAME)
        return status;
    r->next++;
    memcpy(r->state->last, entry->path, strlen(entry->path) + 1); /* no longer than LISTING_PATH_MAX: see listing.c */
    mpipe_progress(io, r->next, r->list->n);
    return status;
}

static const mpipe_option path = {.name = "path",
                                  .type = MPIPE_PATH,
                                  .flags = MPIPE_REQUIRED | MPIPE_MUST_EXIST,
                                  .doc = "The folder to read, or one file."};
static const mpipe_option include = {.name = "include",
                                     .type = MPIPE_STRING | MPIPE_LIST,
                                     .doc = "Patterns of what to read, as \"*.jpg\" for a file's name or \"raw/**\" "
                                            "for its path in the folder; empty: all."};
static const mpipe_option exclude = {.name = "exclude",
                                     .type = MPIPE_STRING | MPIPE_LIST,
                                     .doc = "Patterns of what to leave out, files as well as whole folders."};
static const mpipe_option ignore_case = {.name = "ignore_case",
                                         .type = MPIPE_BOOL,
                                         .fallback = "false",
                                         .doc = "Let patterns mean capital and small letters alike."};
static const mpipe_option recursive = {
    .name = "recursive", .type = MPIPE_BOOL, .fallback = "true", .doc = "Read the folders in the folder too."};
static const mpipe_option follow_symlinks = {
    .name = "follow_symlinks",
    .type = MPIPE_BOOL,
    .fallback = "false",
    .doc = "Read what symbolic links in the folder lead to; else they are left out."};
static const mpipe_option max_size = {.name = "max_size",
                                      .type = MPIPE_SIZE,
                                      .fallback = "0",
                                      .min = "0",
                                      .unit = "bytes",
                                      .doc = "Larger files are refused; 0: no limit but the stage's memory."};

static const mpipe_option *const options[] = {&path,      &include,         &exclude,  &ignore_case,
                                              &recursive, &follow_symlinks, &max_size, NULL};

static const mpipe_port port_out = {
    .name = "out", .doc = "files, with the attribute \"path\" relative to the folder", .type = MPIPE_BYTES};
static const mpipe_port *const outputs[] = {&port_out, NULL};

const mpipe_processor files_read = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_SOURCE | MPIPE_SERIAL,
    .name = "read",
    .summary = "a source of files, one a frame, in the order of their names",
    .example = "files.read path=photos include=*.jpg,*.png | image.decode | image.resize shorter=256 | image.encode | "
               "files.write path=out",
    .options = options,
    .outputs = outputs,
    .state_size = sizeof(struct read_state),
    .load = reader_load,
    .open = reader_open,
    .process = reader_process,
    .close = reader_close,
};
