/* The log: one line a record on stderr, one write() each, so that lines of many processes do not mix.
 *
 *     12:03:04.117 warning decode/1: frame 812: not a JPEG
 *
 * Any process. The threshold is a parameter of the sink, which a process makes once and passes down. Lines that a
 * process repeats are counted on the board (log_board.h), if there is one, and told later.
 */
#ifndef LOG_H
#define LOG_H

#include <stdarg.h>
#include <stdint.h>

#include "log_board.h"
#include "log_line.h"
#include "outlet.h"

/* What takes a half-written line off a terminal. A record starts with it there, since a progress bar may stand in its
 * way. */
#define LOG_CLEAR_LINE "\r\033[K"

struct log {
    int fd;                   /* where lines go; -1: nowhere */
    enum log_level threshold; /* the least urgent level that is written */
    enum log_format format;
    int on_terminal;
    char who[64];                /* "micropipe"; "": a process of the stage */
    char stage[BOARD_STAGE_MAX]; /* "": none */
    int32_t worker;              /* LOG_NOBODY: a stage server */
    struct log_board *board;     /* NULL: nothing is counted */
    uint32_t page;
    struct outlet *outlet; /* of this process, which may not wait until a line is read; NULL: it may */
    /* 1 and the sequence of the frame that is in hand, or 0; NULL: there is never one */
    int (*frame)(const void *context, uint64_t *sequence);
    const void *frame_context;
};

/* For people, without a board. */
void log_init(struct log *log, int fd, enum log_level threshold, const char *who);

/* For a stage server (LOG_NOBODY) or a worker, as `parent` has it. It owns that page of the board from now on. */
void log_of_stage(struct log *log, const struct log *parent, const char *stage, int32_t worker, uint32_t page);

/* 1 if the file is a terminal that can clear a line. */
int log_is_terminal(int fd);

__attribute__((format(printf, 3, 4))) void log_write(const struct log *log, enum log_level level, const char *format,
                                                     ...);
void log_writev(const struct log *log, enum log_level level, const char *format, va_list args);

/* The same, of a frame that may be in hand no more. */
__attribute__((format(printf, 4, 5))) void log_frame(const struct log *log, enum log_level level, uint64_t sequence,
                                                     const char *format, ...);

/* The host, about a stage, or a worker of it. */
__attribute__((format(printf, 5, 6))) void log_about(const struct log *log, enum log_level level, const char *stage,
                                                     int32_t worker, const char *format, ...);

/* About a place in a file. */
__attribute__((format(printf, 4, 5))) void log_at(const struct log *log, enum log_level level,
                                                  const struct log_place *place, const char *format, ...);

/* A process of a stage, which is not to wait for the reader either: its lines go through `own`, an outlet that it
 * shares. */
void log_go_through(struct log *log, struct outlet *own);

/* Host: writes what has been counted on a page, whose owner is dead; or, on all of them, what is due at `now_ns`
 * (BOARD_ALL: everything). The latter returns when to look again. */
void log_settle(const struct log *log, uint32_t page);
uint64_t log_sweep(const struct log *log, uint64_t now_ns);

/* At the end: says how many lines the outlet has lost, if somebody reads that within a second. */
void log_finish(const struct log *log);

#endif
