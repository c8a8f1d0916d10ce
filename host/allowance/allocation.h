/* Allocation: malloc() and its family, and what else takes memory, as all code in a process of ours finds them, plugins
 * and their libraries too. They go on to libc's; what fails there, in a process that has an allowance, is asked of the
 * host before the caller hears of it. So a worker grows when it needs to, and what it could not get is known when it
 * dies of that.
 *
 * Left out where a sanitizer has its own.
 */
#ifndef ALLOCATION_H
#define ALLOCATION_H

#include <stddef.h>

#include "allowance.h"

/* From now on this process has an allowance; `bell` as for allowance_ask(). `leave` is called, and must not return, if
 * it shall make room for others. */
void allocation_watch(struct allowance *a, int bell, void (*leave)(void *context), void *context);

/* Gives the system what is free in this process's heap, if the host has asked for that. Between two frames. */
void allocation_tidy(void);

/* The last request that was refused, 0: none: to this process, and to the one whose place it has taken. */
uint64_t allocation_refused(void);
uint64_t allocation_refused_before(void);

enum { ALLOWANCE_TEXT = 112 };

/* "; it was refused 200 MiB of memory of its own: raise workers_memory", or "" if it was refused none. */
void allowance_explain(uint64_t refused, char *text, size_t size);

#endif
