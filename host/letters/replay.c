#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "entries.h"

#define WORK ".replay"
#define TAKEN "taken"
#define TAKEN_PART ".taken.part"

enum { OPEN_FOLDER = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW };

static int has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), s = strlen(suffix);
    return n > s && strcmp(name + n - s, suffix) == 0;
}

static int remove_file(int folder, const char *name)
{
    return unlinkat(folder, name, 0) != 0 && errno != ENOENT ? -errno : 0;
}

static int remove_but_taken(void *context, int folder, const char *name)
{
    (void)context;
    return strcmp(name, TAKEN) == 0 ? 0 : remove_file(folder, name);
}

/* `taken` last: without it the rest would be undone. */
static int remove_work(int folder, int work)
{
    int error = entries_visit(work, remove_but_taken, NULL);
    if (!error)
        error = remove_file(work, TAKEN);
    if (!error && unlinkat(folder, WORK, AT_REMOVEDIR) != 0)
        error = -errno;
    return error;
}

/* What is moved, and where to. */
struct move {
    int to;
    const char *suffix;
};

static int move_file(void *context, int folder, const char *name)
{
    const struct move *m = context;
    return has_suffix(name, m->suffix) && renameat(folder, name, m->to, name) != 0 ? -errno : 0;
}

/* <name>SUFFIX; it need not be there. 0 or -errno. */
static int remove_named(int folder, const char *name, const char *suffix)
{
    AUTO_FREE char *file = NULL;
    if (asprintf(&file, "%s%s", name, suffix) < 0) {
        file = NULL;
        return -ENOMEM;
    }
    return remove_file(folder, file);
}

/* Names are one a line; no letter of ours has a slash in its name. */
static int remove_taken(int folder, FILE *taken)
{
    AUTO_FREE char *line = NULL;
    size_t room = 0;
    int error = 0;
    for (ssize_t n; !error && (n = getline(&line, &room, taken)) > 0;) {
        line[n - (line[n - 1] == '\n')] = '\0';
        if (!*line || strchr(line, '/'))
            continue;
        error = remove_named(folder, line, ".json"); /* first: a .json means that the letter is whole */
        if (!error)
            error = remove_named(folder, line, ".bin");
    }
    return !error && !feof(taken) ? -EIO : error; /* to its end: what is not removed will be sent again */
}

/* What the decision means: the run's own letters come to the others, payload first, and what was taken goes. */
static int finish(int folder, int work, int taken)
{
    AUTO_FILE FILE *names = fdopen(taken, "re");
    if (!names) {
        close(taken);
        return -ENOMEM;
    }
    struct move payloads = {folder, ".bin"}, letters = {folder, ".json"};
    int error = entries_visit(work, move_file, &payloads);
    if (!error)
        error = entries_visit(work, move_file, &letters);
    if (!error)
        error = remove_taken(folder, names);
    return error ? error : remove_work(folder, work);
}

static int settle(int folder)
{
    AUTO_FD int work = openat(folder, WORK, OPEN_FOLDER);
    if (work < 0)
        return errno == ENOENT ? 0 : -errno;
    int taken = openat(work, TAKEN, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (taken >= 0)
        return finish(folder, work, taken);
    return errno == ENOENT ? remove_work(folder, work) : -errno;
}

int replay_open(struct replay *r, const char *path)
{
    *r = (struct replay){.folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .path = path};
    if (r->folder < 0)
        return -errno;
    int error = flock(r->folder, LOCK_EX | LOCK_NB) != 0 ? -errno : settle(r->folder);
    if (!error && asprintf(&r->work, "%s/" WORK, path) < 0) {
        r->work = NULL;
        error = -ENOMEM;
    }
    if (!error)
        return 0;
    close(r->folder); /* not replay_close(): it is another's replay */
    r->folder = -1;
    return error;
}

void replay_close(struct replay *r)
{
    if (r->folder < 0)
        return;
    settle(r->folder);
    close(r->folder);
    free(r->work);
    *r = (struct replay){.folder = -1};
}

int replay_begin(struct replay *r)
{
    return mkdirat(r->folder, WORK, 0777) != 0 ? -errno : 0;
}

static int write_names(const char *path, const char *const *names, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    AUTO_FILE FILE *file = fd < 0 ? NULL : fdopen(fd, "we");
    if (!file)
        return fd < 0 ? -errno : (close(fd), -ENOMEM);
    int error = 0;
    for (size_t i = 0; i < n && !error; i++)
        error = fprintf(file, "%s\n", names[i]) < 0 ? -errno : 0;
    if (!error && (fflush(file) != 0 || fsync(fd) != 0))
        error = -errno; /* a full disk, above all */
    return error;
}

int replay_write_names(const struct replay *r, const char *file, const char *const *names, size_t n, char **path)
{
    char *whole = NULL;
    if (asprintf(&whole, "%s/%s", r->work, file) < 0)
        return -ENOMEM;
    int error = write_names(whole, names, n);
    if (error)
        free(whole);
    else
        *path = whole;
    return error;
}

int replay_take(struct replay *r, const char *const *names, size_t n)
{
    AUTO_FREE char *part = NULL;
    int error = replay_write_names(r, TAKEN_PART, names, n, &part);
    AUTO_FD int work = error ? -1 : openat(r->folder, WORK, OPEN_FOLDER);
    if (!error && (work < 0 || renameat(work, TAKEN_PART, work, TAKEN) != 0 || fsync(work) != 0))
        error = -errno;
    return error ? error : settle(r->folder);
}
