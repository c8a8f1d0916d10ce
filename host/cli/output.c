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

int output_give_up(FILE *out, int error, int result, FILE *err)
{
    if (reader_is_gone(fileno(out)))
        return result;
    __fpurge(out);
    clearerr(out);
    fprintf(err, "micropipe: cannot write to the standard output%s%s\n", error ? ": " : "",
            error ? strerror(error) : "");
    return EXIT_SYSTEM;
}

int output_finish(int result, FILE *err)
{
    int error = fflush(stdout) != 0 ? errno : 0; /* of a write before this one, only that it failed is known */
    return error || ferror(stdout) ? output_give_up(stdout, error, result, err) : result;
}
