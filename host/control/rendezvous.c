#include "rendezvous.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SUFFIX ".sock"

static int place(char *folder, size_t size)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    int n = runtime && runtime[0] == '/' ? snprintf(folder, size, "%s/micropipe", runtime)
            : geteuid() == 0             ? snprintf(folder, size, "/run/micropipe")
                                         : snprintf(folder, size, "/tmp/micropipe-%u", (unsigned)geteuid());
    return n > 0 && (size_t)n < size ? 0 : -ENAMETOOLONG;
}

int rendezvous_make(char *folder, size_t size)
{
    struct stat status;
    int error = place(folder, size);
    if (error)
        return error;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return -errno;
    if (lstat(folder, &status) != 0)
        return -errno;
    if (!S_ISDIR(status.st_mode) || status.st_uid != geteuid() || status.st_mode & (S_IWGRP | S_IWOTH))
        return -EPERM;
    return 0;
}

int rendezvous_address(const char *folder, const char *name, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(out->sun_path, sizeof out->sun_path, "%s/%s" SUFFIX, folder, name);
    return n > 0 && (size_t)n < sizeof out->sun_path ? 0 : -ENAMETOOLONG;
}

enum { LOCK_PATH = sizeof((struct sockaddr_un *)0)->sun_path + 8, TRIES = 4 };
#define PAUSE_NS 2000000

static int lock_file(const char *folder, const char *name, int flags)
{
    char path[LOCK_PATH];
    struct stat opened, named;
    snprintf(path, sizeof path, "%s/%s.lock", folder, name);
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    if (fd < 0)
        return -1;
    int error = flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
    /* It may have been removed after it was opened, by whoever had it. */
    if (!error && (fstat(fd, &opened) != 0 || stat(path, &named) != 0 || opened.st_ino != named.st_ino))
        error = ESTALE;
    if (!error)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

int rendezvous_hold(const char *folder, const char *name)
{
    const struct timespec pause = {0, PAUSE_NS};
    int fd = lock_file(folder, name, O_CREAT);
    /* Whoever lists or clears the folder has it for a moment. */
    for (int i = 1; fd < 0 && (errno == EWOULDBLOCK || errno == ESTALE) && i < TRIES; i++) {
        nanosleep(&pause, NULL);
        fd = lock_file(folder, name, O_CREAT);
    }
    return fd;
}

void rendezvous_release(const char *folder, const char *name, int lock)
{
    char path[LOCK_PATH];
    snprintf(path, sizeof path, "%s/%s.lock", folder, name);
    unlink(path);
    close(lock);
}

static int has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), length = strlen(suffix);
    return n > length && strcmp(name + n - length, suffix) == 0;
}

static int is_lock(const struct dirent *e)
{
    return has_suffix(e->d_name, ".lock");
}

/* All names of the folder, held or not, one after the other: name[*n], to be freed with each of them. */
static char **all_names(const char *folder, int *n)
{
    struct dirent **found;
    *n = scandir(folder, &found, is_lock, alphasort);
    char **names = *n > 0 ? calloc((size_t)*n, sizeof *names) : NULL;
    for (int i = 0; i < *n; i++) {
        if (names)
            names[i] = strndup(found[i]->d_name, strlen(found[i]->d_name) - strlen(".lock"));
        free(found[i]);
    }
    if (*n >= 0)
        free(found);
    *n = names ? *n : 0;
    return names;
}

void rendezvous_clear(const char *folder)
{
    static const char *const suffixes[] = {SUFFIX, ".token"};
    int n;
    char **names = all_names(folder, &n);
    for (int i = 0; i < n; i++) {
        int lock = names[i] ? lock_file(folder, names[i], 0) : -1;
        for (size_t k = 0; lock >= 0 && k < sizeof suffixes / sizeof suffixes[0]; k++) {
            char path[LOCK_PATH];
            snprintf(path, sizeof path, "%s/%s%s", folder, names[i], suffixes[k]);
            unlink(path);
        }
        if (lock >= 0)
            rendezvous_release(folder, names[i], lock);
        free(names[i]);
    }
    free(names);
}

void rendezvous_list(const char *folder, char *text, size_t size)
{
    size_t used = 0;
    int n;
    char **names = all_names(folder, &n);
    text[0] = '\0';
    for (int i = 0; i < n; i++) {
        int lock = names[i] ? lock_file(folder, names[i], 0) : -1;
        int is_held = lock < 0 && names[i] && errno == EWOULDBLOCK;
        if (is_held && used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? " " : "", names[i]);
        if (lock >= 0)
            close(lock);
        free(names[i]);
    }
    free(names);
}
