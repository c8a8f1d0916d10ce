/* An outlet: where a process writes lines that it may not wait with until somebody reads them, as its reader may be
 * stopped: a pager, a terminal after Ctrl-S, a log collector that hangs. The process that opened it, not one that it
 * forks.
 */
#ifndef OUTLET_H
#define OUTLET_H

#include <stddef.h>
#include <stdint.h>

struct outlet {
    int fd;        /* -1: closed */
    int is_own;    /* it is to be closed */
    int is_socket; /* else a file */
    uint64_t lost; /* lines, since the last that was written */
};

/* To where `fd` goes, which keeps its flags: others write to it, too. */
void outlet_open(struct outlet *o, int fd);

/* Writes a line. One that finds no room waits for it for at most so long, unless the last was lost, too; -1: it is
 * lost. */
int outlet_write(struct outlet *o, const char *line, size_t n, int patience_ms);

void outlet_close(struct outlet *o);

#endif
