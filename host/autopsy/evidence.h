/* Evidence: what a worker left in its crash area, copied to where nobody else writes, and checked. Host process.
 */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include <sys/types.h>

#include "crash_area.h"

/* A copy, to free(): its sizes and counts can be followed, and its modules are a string. NULL: the worker of that epoch
 * left nothing, as a plugin has handlers of its own, or an overflow of a stack came before one could run. `server` is
 * its stage server, which has the same files loaded: asked if the worker could not say. */
struct crash_area *evidence_take(const struct crash_area *area, uint32_t epoch, pid_t server);

/* Where in the plugin (`file`) it died: the address at fault if that is in there, else the first address on the stack
 * that is: an abort() is always in the C library. The same bug gives the same place again. */
uint64_t evidence_place(const struct crash_area *evidence, const char *file);

/* True if it looks as if the stack had no room left. */
int evidence_is_overflow(const struct crash_area *evidence);

/* "SIGSEGV, no memory is mapped there, at 0x10". */
void evidence_describe(const struct crash_area *evidence, char *text, size_t size);

#endif
