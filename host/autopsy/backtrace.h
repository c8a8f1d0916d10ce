/* A backtrace: which calls led to a death, by the unwinding tables of the files that were loaded, out of a copy of
 * registers and stack. In the autopsy's process: it reads files that a plugin's author has made.
 */
#ifndef BACKTRACE_H
#define BACKTRACE_H

#include <elfutils/libdwfl.h>

#include "crash_area.h"

enum { BACKTRACE_MAX = 32 };

struct backtrace {
    uint32_t n;
    uint64_t at[BACKTRACE_MAX]; /* an address of the very instruction, or within the call that goes on */
};

/* The files that were loaded, for libdw; NULL: none can be read. dwfl_end() it. */
Dwfl *backtrace_files(const struct crash_area *evidence);

/* Innermost first; at least the address at fault. */
void backtrace_walk(Dwfl *files, const struct crash_area *evidence, struct backtrace *out);

#endif
