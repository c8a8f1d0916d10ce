/* The log: one line a record on stderr, one write() each, so that lines of many processes do not mix.
 *
 *     12:03:04.117 warning decode/1: frame 812: not a JPEG
 *
 * Any process. The threshold is a parameter of the sink, which a process makes once and passes down.
 */
#ifndef LOG_H
#define LOG_H

#include <stdarg.h>

/* What takes a half-written line off a terminal. A record starts with it there, since a progress bar may stand in its
 * way. */
#define LOG_CLEAR_LINE "\r\033[K"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log {
    int fd;                   /* where lines go; -1: nowhere */
    enum log_level threshold; /* the least urgent level that is written */
    int on_terminal;
    char who[64]; /* "micropipe", "stage decode", "decode/1" */
};

void log_init(struct log *log, int fd, enum log_level threshold, const char *who);

/* 1 if the file is a terminal that can clear a line. */
int log_is_terminal(int fd);

__attribute__((format(printf, 3, 4))) void log_write(const struct log *log, enum log_level level, const char *format,
                                                     ...);
void log_writev(const struct log *log, enum log_level level, const char *format, va_list args);

#endif
