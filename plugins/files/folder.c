/* SPDX-License-Identifier: Apache-2.0 */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
    int top;
    int below;        /* the folder of the last file, often that of the next; -1: none */
    char *below_name; /* its name, with a slash at the end */
    char *temporary;
    enum folder_sync sync;
};

enum { OPEN_FOLDER = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

void folder_close(struct folder **f)
{
    if (!*f)
        return;
    if ((*f)->top >= 0)
        close((*f)->top);
    if ((*f)->below >= 0)
        close((*f)->below);
    free((*f)->below_name);
    free((*f)->temporary);
    free(*f);
    *f = NULL;
}

/* As mkdir -p. */
static int make_folders(const char *path)
{
    char *name = strdup(path);
    if (!name)
        return -ENOMEM;
    int error = 0;
    for (char *slash = name + 1; *name && !error; slash++) {
        slash = strchrnul(slash, '/');
        const char was = *slash;
        *slash = '\0';
        if (mkdir(name, 0777) && errno != EEXIST)
            error = -errno;
        *slash = was;
        if (!was)
            break;
    }
    free(name);
    return error;
}

int folder_open(const char *path, const char *temporary, enum folder_sync sync, struct folder **out)
{
    struct folder *f = calloc(1, sizeof *f);
    *out = NULL;
    if (!f)
        return -ENOMEM;
    f->sync = sync;
    f->top = f->below = -1;
    f->temporary = strdup(temporary);
    int error = f->temporary ? make_folders(path) : -ENOMEM;
    if (!error) {
        f->top = open(path, OPEN_FOLDER);
        error = f->top < 0 ? -errno : 0;
    }
    if (error)
        folder_close(&f);
    *out = f;
    return error;
}

/* Opens the folder of that name in `at`, made if need be; -errno. */
static int descend(int at, const char *name)
{
    if (mkdirat(at, name, 0777) && errno != EEXIST)
        return -errno;
    const int fd = openat(at, name, OPEN_FOLDER | O_NOFOLLOW);
    return fd < 0 ? -errno : fd;
}

static int walk(int top, char *names)
{
    int at = top;
    char *rest = NULL;
    for (char *name = strtok_r(names, "/", &rest); name; name = strtok_r(NULL, "/", &rest)) {
        const int next = descend(at, name);
        if (at != top)
            close(at);
        if (next < 0)
            return next;
        at = next;
    }
    return at;
}

static void forget_below(struct folder *f)
{
    if (f->below >= 0)
        close(f->below);
    free(f->below_name);
    f->below = -1;
    f->below_name = NULL;
}

/* The open folder of a file; it stays f's. -errno. */
static int parent_of(struct folder *f, const char *name)
{
    const char *slash = strrchr(name, '/');
    const size_t length = slash ? (size_t)(slash - name) + 1 : 0;
    if (!length)
        return f->top;
    if (f->below_name && !strncmp(f->below_name, name, length) && !f->below_name[length])
        return f->below;
    forget_below(f);
    f->below_name = strndup(name, length);
    char *names = strndup(name, length);
    const int fd = f->below_name && names ? walk(f->top, names) : -ENOMEM;
    free(names);
    if (fd < 0)
        forget_below(f);
    else
        f->below = fd;
    return fd;
}

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
    while (size) {
        const ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        bytes += n;
        size -= (size_t)n;
    }
    return 0;
}

static int write_temporary(const struct folder *f, int parent, const uint8_t *bytes, size_t size)
{
    const int fd = openat(parent, f->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return -errno;
    int error = write_all(fd, bytes, size);
    if (!error && f->sync == FOLDER_SYNC && fsync(fd))
        error = -errno;
    if (close(fd) && !error)
        error = -errno;
    return error;
}

static int write_below(const struct folder *f, int parent, const char *base, const uint8_t *bytes, size_t size)
{
    int error = write_temporary(f, parent, bytes, size);
    if (!error && renameat(parent, f->temporary, parent, base))
        error = -errno;
    if (error)
        unlinkat(parent, f->temporary, 0);
    else if (f->sync == FOLDER_SYNC && fsync(parent))
        error = -errno;
    return error;
}

int folder_write(struct folder *f, const char *name, const uint8_t *bytes, size_t size)
{
    const char *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name;
    int parent = parent_of(f, name);
    int error = parent < 0 ? parent : write_below(f, parent, base, bytes, size);
    if (error != -ENOENT || !slash)
        return error;
    forget_below(f); /* somebody removed the folder that we had open */
    parent = parent_of(f, name);
    return parent < 0 ? parent : write_below(f, parent, base, bytes, size);
}
