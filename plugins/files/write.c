/* SPDX-License-Identifier: Apache-2.0
 *
 * files.write: each frame becomes a file. A frame that is given twice makes the same file twice, so nothing needs to be
 * remembered.
 */
#include "files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"
#include "name_pattern.h"

enum { PATH_SIZE = 4096 };

struct writer {
    const mpipe_host *host;
    const char *path;
    const struct name_pattern *pattern; /* the stage server's */
    struct folder *folder;
    int warned;
};

static mpipe_status writer_load(const mpipe_host *host, void **shared)
{
    struct name_pattern *pattern = NULL;
    const char *text = mpipe_option_text(host, "name");
    const char *why = strerror(ENOMEM);
    if (name_pattern_create(text, &pattern, &why)) {
        mpipe_log(host, MPIPE_LOG_ERROR, "name = \"%s\": %s", text, why);
        return MPIPE_BAD_CONFIG;
    }
    *shared = pattern;
    return MPIPE_OK;
}

static mpipe_status writer_open(const mpipe_host *host, void *shared, void **self)
{
    struct writer *w = calloc(1, sizeof *w);
    if (!w)
        return MPIPE_FATAL;
    w->host = host;
    w->path = mpipe_option_text(host, "path");
    w->pattern = shared;
    /* The parent is the stage server: a successor uses the same name, and so takes away what its predecessor left. */
    char temporary[64];
    snprintf(temporary, sizeof temporary, ".micropipe-%ld-%u.part", (long)getppid(), host->worker);
    const enum folder_sync sync = mpipe_option_int(host, "fsync") ? FOLDER_SYNC : FOLDER_NO_SYNC;
    const int error = folder_open(w->path, temporary, sync, &w->folder);
    if (error) {
        mpipe_log(host, MPIPE_LOG_ERROR, "%s: %s", w->path, strerror(-error));
        free(w);
        return MPIPE_BAD_CONFIG;
    }
    *self = w;
    return MPIPE_OK;
}

static void writer_close(void *self)
{
    struct writer *w = self;
    folder_close(&w->folder);
    free(w);
}

/* Errors that come from the name: another frame can still be written. */
static int is_frames_fault(int error)
{
    switch (error) {
    case ENAMETOOLONG:
    case EISDIR:
    case ENOTDIR:
    case ENOTEMPTY:
    case EEXIST:
    case ELOOP:
    case EINVAL:
    case EILSEQ:
    case EFBIG:
        return 1;
    default:
        return 0;
    }
}

static mpipe_status writer_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    struct writer *w = self;
    char name[PATH_SIZE];
    const mpipe_status status = name_pattern_expand(w->pattern, io, frame, name, sizeof name);
    if (status != MPIPE_OK)
        return status;
    if (frame->type == MPIPE_IMAGE && !w->warned) {
        w->warned = 1;
        mpipe_log(w->host, MPIPE_LOG_WARNING, "%s/%s: writing raw pixels; put image.encode before to write image files",
                  w->path, name);
    }
    const int error = -folder_write(w->folder, name, frame->data, frame->size);
    if (error)
        return mpipe_fail(io, is_frames_fault(error) ? MPIPE_BAD_FRAME : MPIPE_FATAL, "%s/%s: %s", w->path, name,
                          error == ELOOP || error == ENOTDIR ? "a part of the name is a link or a file, not a folder"
                                                             : strerror(error));
    mpipe_drop(io, frame);
    return MPIPE_OK;
}

static const mpipe_option path = {.name = "path",
                                  .type = MPIPE_PATH,
                                  .flags = MPIPE_REQUIRED,
                                  .doc = "The folder to write into; it is made if need be."};
static const mpipe_option name = {.name = "name",
                                  .type = MPIPE_STRING,
                                  .fallback = "{path}",
                                  .doc = "Each file's name: text with {path}, {dir}, {name}, {stem}, {ext}, "
                                         "{sequence}, {key} or {any attribute} in it."};
static const mpipe_option durable = {.name = "fsync",
                                     .type = MPIPE_BOOL,
                                     .fallback = "false",
                                     .doc =
                                         "Wait until each file is on the disk, so that it survives a power failure."};

static const mpipe_option *const options[] = {&path, &name, &durable, NULL};

static const mpipe_port *const no_outputs[] = {NULL};

const mpipe_processor files_write = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_STATELESS | MPIPE_DETERMINISTIC,
    .name = "write",
    .summary = "a sink that makes each frame a file",
    .example = "files.read path=photos | image.decode | image.encode | files.write path=out name={dir}{stem}.{ext}",
    .options = options,
    .outputs = no_outputs,
    .load = writer_load,
    .open = writer_open,
    .process = writer_process,
    .close = writer_close,
};
