#include "graphviz.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"

extern char **environ; /* NOLINT(cppcoreguidelines-avoid-non-const-global-variables): environ(7) */

/* A file without a name that holds the text, to be read from its start. -1: errno says why. */
static int file_of(const char *text, size_t size)
{
    int fd = memfd_create("dot", MFD_CLOEXEC);
    for (size_t at = 0; fd >= 0 && at < size;) {
        ssize_t n = pwrite(fd, text + at, size - at, (off_t)at);
        if (n <= 0) {
            close(fd);
            return -1;
        }
        at += (size_t)n;
    }
    return fd;
}

/* With the signals that we ignore as a program expects them. 0 or -errno. */
static int start(int in, int out, pid_t *pid)
{
    static char name[] = "dot", format[] = "-Tsvg";
    char *argv[] = {name, format, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGXFSZ);
    int error = posix_spawn_file_actions_init(&files);
    if (error)
        return -error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
        posix_spawnattr_setsigdefault(&attributes, &usual);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
        error = posix_spawnp(pid, name, &files, &attributes, argv, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return -error;
}

/* All that comes, until the end. 0 or -errno. */
static int read_all(int fd, char **out, size_t *size)
{
    char part[8192];
    AUTO_FILE FILE *text = open_memstream(out, size);
    ssize_t n = 1;
    if (!text)
        return -ENOMEM;
    while (n > 0) {
        n = read(fd, part, sizeof part);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0 && fwrite(part, 1, (size_t)n, text) != (size_t)n)
            return -ENOMEM;
    }
    return n < 0 ? -errno : fflush(text) != 0 ? -ENOMEM : 0;
}

int graphviz_svg(const char *dot, size_t size, char **svg, size_t *svg_size)
{
    int ends[2], status = 0;
    char *text = NULL;
    size_t n = 0;
    pid_t pid = -1;
    AUTO_FD int in = file_of(dot, size);
    if (in < 0 || pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    int error = start(in, ends[1], &pid);
    close(ends[1]);
    if (!error) {
        error = read_all(ends[0], &text, &n);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
        if (!error && (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || n == 0))
            error = WIFEXITED(status) && WEXITSTATUS(status) == 127 ? -ENOENT : -EIO;
    }
    close(ends[0]);
    if (error) {
        free(text);
        return error;
    }
    *svg = text;
    *svg_size = n;
    return 0;
}
