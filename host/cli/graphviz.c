#include "graphviz.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"

extern char **environ; /* NOLINT(cppcoreguidelines-avoid-non-const-global-variables): environ(7) */

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
    posix_spawn_file_actions_init(&files); /* glibc takes no memory for these */
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    int error = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    if (!error)
        error = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
    if (!error)
        error = posix_spawnp(pid, name, &files, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return -error;
}

/* To its end. 0; -EIO: it failed; or another -errno. */
static int run(int in, int out)
{
    pid_t pid = -1;
    int status = 0;
    int error = start(in, out, &pid);
    if (error)
        return error;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

/* All that is in the file, to be freed. 0 or -errno. */
static int contents(int fd, char **out, size_t *size)
{
    struct stat s;
    if (fstat(fd, &s) != 0 || s.st_size == 0)
        return -EIO;
    char *text = malloc((size_t)s.st_size);
    if (!text)
        return -ENOMEM;
    ssize_t n = pread(fd, text, (size_t)s.st_size, 0);
    if (n != s.st_size) {
        free(text);
        return -EIO;
    }
    *out = text;
    *size = (size_t)n;
    return 0;
}

int graphviz_svg(const char *dot, size_t size, char **svg, size_t *svg_size)
{
    AUTO_FD int in = memfd_create("dot", MFD_CLOEXEC);
    AUTO_FD int out = memfd_create("svg", MFD_CLOEXEC);
    if (in < 0 || out < 0 || pwrite(in, dot, size, 0) < 0) /* a part of it dot finds fault with */
        return -errno;
    int error = run(in, out);
    return error ? error : contents(out, svg, svg_size);
}
