/* What of the segment a process may write to: a plugin's wild write to the rest is a SIGSEGV, and not a neighbour's
 * loss.
 */
#ifndef PROTECTION_H
#define PROTECTION_H

#include "segment.h"

/* Stage server, before the plugin is mapped: nothing. */
void protection_for_load(const struct segment *s);

/* Worker, before it runs plugin code: its journal, its ring and those downstream, the share of its stage, and those
 * upstream, whose life words it writes. For good: where the kernel has mseal() the plugin cannot undo it, nor unmap the
 * segment. */
void protection_for_work(const struct segment *s, uint32_t stage, uint32_t worker);

#endif
