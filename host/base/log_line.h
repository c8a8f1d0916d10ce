/* A line of the log: what is told, as a person or as a program reads it. Pure.
 *
 *     12:03:04.117 warning decode/1: frame 812: not a JPEG
 *     {"time":"2026-11-26T12:03:04.117Z","level":"warning","stage":"decode","worker":1,"pid":4711,"frame":812,...
 */
#ifndef LOG_LINE_H
#define LOG_LINE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum log_format { LOG_HUMAN, LOG_JSON };

enum { LOG_NOBODY = -1, LOG_HUMAN_MAX = 1024, LOG_LINE_MAX = 4096 }; /* a pipe takes so much in one piece */

/* Of what is wrong in a file. A record for people has it in its text. */
struct log_place {
    const char *file;    /* NULL: it has no name */
    int line, column;    /* from 1, the column in bytes; 0: unknown */
    const char *excerpt; /* the line, and a caret below it; NULL: none */
};

struct log_record {
    struct timespec time; /* since the epoch */
    enum log_level level;
    const char *who;   /* a process that is of no stage: "micropipe"; NULL: of the stage */
    const char *stage; /* that it is of, or about; NULL: none */
    int32_t worker;    /* LOG_NOBODY: none */
    pid_t pid;         /* who says it */
    int has_frame;
    uint64_t frame; /* its sequence */
    const char *text;
    const struct log_place *place; /* NULL: none */
    uint64_t repeated;             /* how many times more; 0: it is told once */
    int varied;                    /* 1: those had other numbers in them */
};

/* "error" ... */
const char *log_level_name(enum log_level level);

/* Writes the line, with a newline at its end, and no NUL. Whatever bytes the text has: a line stays a line, a terminal
 * gets no command, and JSON is valid. What does not fit is cut. Returns the length. */
size_t log_line(const struct log_record *r, enum log_format format, char line[LOG_LINE_MAX]);

#endif
