/* Symbols: what an address is called in the debugging information. In the autopsy's process.
 */
#ifndef SYMBOLS_H
#define SYMBOLS_H

#include <elfutils/libdwfl.h>

#include "report.h"

/* Turns the mangled name of a C++ function into the one of its author, to free(); as __cxa_demangle(). */
typedef char *symbols_demangle(const char *mangled, char *buffer, size_t *size, int *status);

/* Of one address: the functions that were inlined there, innermost first, then the one that was not. At most `max`;
 * returns how many, at least one. `demangle` may be NULL. */
uint32_t symbols_find(Dwfl *files, uint64_t address, symbols_demangle *demangle, struct report_frame *out,
                      uint32_t max);

#endif
