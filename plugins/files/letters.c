/* SPDX-License-Identifier: Apache-2.0
 *
 * files.letters: a source of the dead letters in a folder, each the frame that it was.
 *
 * The list is made once, before any worker starts: letters that come later are not seen, and a successor goes on in the
 * same list. The state is how many of them have been sent.
 */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "letter.h"

#define SUFFIX ".json"

struct letters_state {
    uint64_t sent;
};

struct name_list {
    char **names; /* of the letters, without their suffix */
    size_t n, room;
};

struct sender {
    const mpipe_host *host;
    const struct name_list *list; /* the stage server's */
    struct letters_state *state;
    int folder;
    struct letter letter; /* that is being sent */
};

static int add_name(struct name_list *l, const char *name, size_t length)
{
    if (length >= LETTER_NAME_MAX)
        return -ENAMETOOLONG;
    if (l->n == l->room) {
        const size_t room = l->room ? l->room * 2 : 256;
        char **names = reallocarray(l->names, room, sizeof *names);
        if (!names)
            return -ENOMEM;
        l->names = names;
        l->room = room;
    }
    l->names[l->n] = strndup(name, length);
    return l->names[l->n] ? (int)(l->n++, 0) : -ENOMEM;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int list_folder(const char *path, struct name_list *out)
{
    DIR *folder = opendir(path);
    if (!folder)
        return -errno;
    int error = 0;
    for (const struct dirent *e; !error && (e = readdir(folder));) {
        const size_t length = strlen(e->d_name), suffix = strlen(SUFFIX);
        if (e->d_name[0] != '.' && length > suffix && !strcmp(e->d_name + length - suffix, SUFFIX))
            error = add_name(out, e->d_name, length - suffix);
    }
    closedir(folder);
    if (!error && out->n)
        qsort(out->names, out->n, sizeof *out->names, by_name);
    return error;
}

static int read_names(const char *path, struct name_list *out)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t room = 0;
    int error = file ? 0 : -errno;
    for (ssize_t n; !error && (n = getline(&line, &room, file)) > 0;) {
        n -= line[n - 1] == '\n';
        if (memchr(line, '/', (size_t)n))
            error = -EINVAL;
        else if (n > 0)
            error = add_name(out, line, (size_t)n);
    }
    if (!error && ferror(file))
        error = -EIO;
    free(line);
    if (file)
        fclose(file);
    return error;
}

static mpipe_status letters_load(const mpipe_host *host, void **shared)
{
    const char *path = mpipe_option_text(host, "path"), *names = mpipe_option_text(host, "names");
    struct name_list *list = calloc(1, sizeof *list);
    const int error = !list ? -ENOMEM : *names ? read_names(names, list) : list_folder(path, list);
    *shared = list; /* of a server that ends: not freed */
    if (!error)
        return MPIPE_OK;
    mpipe_log(host, MPIPE_LOG_ERROR, "%s: %s", *names ? names : path,
              error == -EINVAL ? "the name of a letter has no slash in it" : strerror(-error));
    return MPIPE_BAD_CONFIG;
}

static mpipe_status letters_open(const mpipe_host *host, void *shared, void **self)
{
    const char *path = mpipe_option_text(host, "path");
    struct sender *s = malloc(sizeof *s);
    if (!s)
        return MPIPE_FATAL;
    *s = (struct sender){host, shared, host->state, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), {.payload = -1}};
    if (s->folder < 0) {
        mpipe_log(host, MPIPE_LOG_ERROR, "%s: %s", path, strerror(errno));
        free(s);
        return MPIPE_BAD_CONFIG;
    }
    *self = s;
    return MPIPE_OK;
}

static void letters_close(void *self)
{
    struct sender *s = self;
    close(s->folder);
    free(s);
}

static int read_all(int fd, uint8_t *to, uint64_t size)
{
    while (size) {
        const ssize_t n = read(fd, to, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO; /* it became shorter */
        to += n;
        size -= (uint64_t)n;
    }
    return 0;
}

static mpipe_status send_letter(const struct sender *s, const mpipe_io *io, const char *name)
{
    const struct letter *l = &s->letter;
    if (l->size > s->host->max_frame)
        return mpipe_fail(io, MPIPE_BAD_FRAME,
                          "letter %s: %" PRIu64 " bytes do not fit into this stage's largest frame of %" PRIu64
                          "; raise memory",
                          name, l->size, s->host->max_frame);
    /* With room for all that it gets: a frame that had to move for it would for a moment be there twice, and of two
     * sizes at once a share of one span has no room. The largest of all takes whole spans, and has that room in any
     * case. */
    const uint64_t roomy = l->size + letter_room(l);
    mpipe_frame *frame = mpipe_create(io, roomy <= s->host->max_frame ? roomy : l->size, NULL);
    if (!frame)
        return MPIPE_NO_MEMORY;
    mpipe_status status = letter_address(l, io, &frame);
    if (status == MPIPE_OK)
        status = mpipe_resize(io, &frame, l->size);
    if (status != MPIPE_OK)
        return status;
    uint8_t *to = mpipe_writable(io, &frame);
    if (!to)
        return MPIPE_NO_MEMORY;
    const int error = read_all(l->payload, to, l->size);
    if (error)
        return mpipe_fail(io, MPIPE_BAD_FRAME, "letter %s: its payload: %s", name, strerror(-error));
    return mpipe_emit(io, 0, frame);
}

static mpipe_status letters_process(void *self, const mpipe_io *io, mpipe_frame *none)
{
    struct sender *s = self;
    char why[200];
    (void)none;
    if (s->state->sent >= s->list->n)
        return MPIPE_END;
    const char *name = s->list->names[s->state->sent];
    mpipe_status status = MPIPE_OK;
    if (letter_open(s->folder, name, &s->letter, why, sizeof why)) {
        status = mpipe_fail(io, MPIPE_BAD_FRAME, "letter %s: %s", name, why);
    } else {
        status = send_letter(s, io, name);
        letter_close(&s->letter);
    }
    if (status == MPIPE_OK || status == MPIPE_BAD_FRAME)
        s->state->sent++; /* with a refusal, too: it commits with it */
    mpipe_progress(io, s->state->sent, s->list->n);
    return status;
}

static const mpipe_option path = {
    .name = "path", .type = MPIPE_PATH, .flags = MPIPE_REQUIRED, .doc = "The folder with the dead letters."};
static const mpipe_option names = {
    .name = "names",
    .type = MPIPE_PATH,
    .fallback = "",
    .doc = "A file that names the letters to send, one a line and without .json, in that order; none: all, by name."};
static const mpipe_option *const options[] = {&path, &names, NULL};

static const mpipe_port port_out = {.name = "out", .doc = "the frames that were refused", .type = MPIPE_BYTES};
static const mpipe_port *const outputs[] = {&port_out, NULL};

const mpipe_processor files_letters = {
    MPIPE_PROCESSOR,
    .flags = MPIPE_SOURCE | MPIPE_SERIAL,
    .name = "letters",
    .summary = "a source of dead letters, each the frame that was refused",
    .example = "files.letters path=out/dead | image.decode | image.encode | files.write path=out",
    .options = options,
    .outputs = outputs,
    .state_size = sizeof(struct letters_state),
    .load = letters_load,
    .open = letters_open,
    .process = letters_process,
    .close = letters_close,
};
