/* An outlet: where a process writes lines that it may not wait with until somebody reads them, as its reader may be
 * stopped: a pager, a terminal after Ctrl-S, a log collector that hangs. The process that opened it; what that forks
 * has one of its own, with outlet_share().
 */
#ifndef OUTLET_H
#define OUTLET_H

#include <stddef.h>
#include <stdint.h>

#include "atomic.h"

struct outlet {
    int fd;        /* -1: closed */
    int is_own;    /* it is to be closed */
    int is_socket; /* else a file */
    au64 *lost;    /* lines, not told yet; NULL: `count` is it */
    au64 count;
};

/* To where `fd` goes, which keeps its flags: others write to it, too. */
void outlet_open(struct outlet *o, int fd);

/* To where `of` goes, by a copy of its descriptor, or by the same, which a fork has inherited. */
void outlet_share(struct outlet *o, const struct outlet *of, int fd);

/* How many lines are lost and not told, which any thread may be changing; more of them, that others have lost; and what
 * is to be told now, 0 from then on. */
uint64_t outlet_lost(const struct outlet *o);
void outlet_lose(struct outlet *o, uint64_t n);
uint64_t outlet_take_lost(struct outlet *o);

/* Writes a line. One that finds no room waits for it for at most so long, unless some are lost already; -1: it is
 * lost. */
int outlet_write(struct outlet *o, const char *line, size_t n, int patience_ms);

void outlet_close(struct outlet *o);

#endif
