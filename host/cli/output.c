#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"

void output_prepare(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", O_RDWR) != fd) /* the lowest that is free, on purpose kept over exec */
            return;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

static int reader_is_gone(int fd)
{
    struct pollfd p = {.fd = fd, .events = 0};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLERR);
}

int output_finish(int result, FILE *err)
{
    int error = fflush(stdout) != 0 ? errno : 0; /* of a write before this one, only that it failed is known */
    if ((!error && !ferror(stdout)) || reader_is_gone(STDOUT_FILENO))
        return result;
    __fpurge(stdout);
    clearerr(stdout);
    fprintf(err, "micropipe: cannot write to the standard output%s%s\n", error ? ": " : "",
            error ? strerror(error) : "");
    return EXIT_SYSTEM;
}
