#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {[LOG_LEVEL_ERROR] = "error",
                                          [LOG_LEVEL_WARNING] = "warning",
                                          [LOG_LEVEL_INFO] = "info",
                                          [LOG_LEVEL_DEBUG] = "debug"};

int log_is_terminal(int fd)
{
    const char *terminal = getenv("TERM");
    return fd >= 0 && isatty(fd) && terminal && strcmp(terminal, "dumb") != 0;
}

void log_init(struct log *log, int fd, enum log_level threshold, const char *who)
{
    log->fd = fd;
    log->threshold = threshold;
    log->on_terminal = log_is_terminal(fd);
    snprintf(log->who, sizeof log->who, "%s", who);
}

/* Control characters of a plugin's text must not become terminal commands or forged lines. */
static void defuse(char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            *text = ' ';
}

void log_writev(const struct log *log, enum log_level level, const char *format, va_list args)
{
    char line[1024];
    struct timespec now;
    struct tm local;
    if (log->fd < 0 || level > log->threshold)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    size_t used = log->on_terminal ? (size_t)snprintf(line, sizeof line, LOG_CLEAR_LINE) : 0;
    used += strftime(line + used, sizeof line - used, "%H:%M:%S", &local);
    int n = snprintf(line + used, sizeof line - used, ".%03ld %s %s: ", now.tv_nsec / 1000000, level_names[level],
                     log->who);
    used += (size_t)n;
    n = vsnprintf(line + used, sizeof line - used - 1, format, args);
    size_t room = sizeof line - used - 2;
    defuse(line + used);
    used += n < 0 ? 0 : (size_t)n > room ? room : (size_t)n;
    line[used++] = '\n';
    if (write(log->fd, line, used) < 0)
        return; /* nobody to tell */
}

void log_write(const struct log *log, enum log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    log_writev(log, level, format, args);
    va_end(args);
}
