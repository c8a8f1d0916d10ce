/* The board: what lines the processes of a run repeat, in memory that they share, so that a flood becomes a count, and
 * no count is lost with its process.
 *
 * The host makes it before the first fork. Each process has a page of its own, which it alone writes lines to; counts
 * are taken from it by its owner, and by the host when their time has come or the owner is dead.
 *
 * A line that is like one of the last few is a repetition. If it is the same, it is counted from the second on; if it
 * differs in its numbers, from the eleventh within a second. What was counted is told with the last such line, after a
 * second or before the next line of another kind.
 */
#ifndef LOG_BOARD_H
#define LOG_BOARD_H

#include <stdint.h>

#include "atomic.h"
#include "log_line.h"

enum {
    BOARD_LINES = 4,
    BOARD_STAGE_MAX = 72,
    BOARD_TEXT_MAX = 364,
    BOARD_PAGE = 4096,
    BOARD_BURST = 10,      /* lines that differ in their numbers, in a window */
    BOARD_PAGE_OF_HOST = 1 /* the first; those after it are for whom the host says */
};

#define BOARD_WINDOW_NS 1000000000ull

/* A line, as it is kept. */
struct board_line {
    uint64_t frame;
    uint32_t level, has_frame, varied, of_host; /* of_host: the host says it, about a stage */
    int32_t worker, pid;
    char stage[BOARD_STAGE_MAX]; /* "": none */
    char text[BOARD_TEXT_MAX];
};

/* Shared. One writer, under the page's lock: the owner; but for the word, from which the host takes too. */
struct board_kind {
    au64 word;                   /* changes in one step: how many are counted, which side is the last of them */
    uint64_t like, same;         /* hashes of the lines without and with their numbers; 0: free */
    uint64_t seen_ns, window_ns; /* when the last one came; when the window began, in which `shown` were written */
    au64 counted_ns;             /* when the first that is counted came */
    uint64_t shown;
    struct board_line sides[2];
};

struct board_page {
    au32 lock;
    uint32_t pad;
    au64 lost; /* lines of the owner that nobody read, and that are not told yet */
    uint8_t pad2[48];
    struct board_kind kinds[BOARD_LINES];
    uint8_t pad1[BOARD_PAGE - 64 - BOARD_LINES * sizeof(struct board_kind)];
};

/* Process-private, inherited by fork. */
struct log_board {
    uint8_t *base; /* NULL: there is none */
    uint32_t n_pages;
};

/* For pages 1 .. n - 1. 0 or -ENOMEM. Host, before the first fork. */
int log_board_create(struct log_board *b, uint32_t n);
void log_board_destroy(struct log_board *b);

/* The calling process owns the page from now on, and can write to no other. */
void log_board_enter(struct log_board *b, uint32_t page);

/* Threads of a process take turns. 0: not to be had in a short while, so the line is to be written without the board: a
 * signal handler may have interrupted who has it. */
int log_board_lock(const struct log_board *b, uint32_t page);
void log_board_unlock(const struct log_board *b, uint32_t page);

/* Owner, with the lock: what to do with a line. `text` is all of its text, of which the line holds as much as it can.
 * Before one is written, all counts of the page are to be taken: their lines came before it. */
enum board_verdict { BOARD_WRITE, BOARD_COUNTED };
enum board_verdict log_board_judge(const struct log_board *b, uint32_t page, const struct board_line *line,
                                   const char *text, uint64_t now_ns);

/* Takes a count from a page that is due at `now_ns` (BOARD_ALL: any). How many; 0: there is none. The owner, or the
 * host.
 */
#define BOARD_ALL UINT64_MAX
uint32_t log_board_take(const struct log_board *b, uint32_t page, uint64_t now_ns, struct board_line *out);

/* Where the owner counts the lines that it has lost (outlet.h), for the host to tell them once it is dead. */
au64 *log_board_lost(const struct log_board *b, uint32_t page);

/* Whether the last line of any process was lost: then there is no use in waiting for the log's reader once more. */
int log_board_is_clogged(const struct log_board *b);
void log_board_clog(const struct log_board *b, int clogged);

/* Host: 1 if counts may be waiting somewhere; asked once, it is 0 until there is another. */
int log_board_is_stirred(const struct log_board *b);
void log_board_stir(const struct log_board *b);
int log_board_has_counts(const struct log_board *b, uint32_t page);

#endif
