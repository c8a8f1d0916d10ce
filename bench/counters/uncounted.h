/* Takes the counters out of the worker layer: what frames cost, when, and how long they were in rings and processors.
 * For bench_counters alone; the product is not compiled with it and has no switch for it.
 *
 * What stays is what the protocol needs: the figures that commit with the frames, and a batch's mean time, by which the
 * next is sized.
 */
#ifndef UNCOUNTED_H
#define UNCOUNTED_H

/* Before the macros, so that the declarations are untouched. */
#include "histogram.h"
#include "passage.h"
#include "work.h"

#define work_begin(w, slot, out) ((void)0)
#define work_count(w, frames) ((void)0)
#define work_tell(w, slot) 0
#define work_end(w, slot) ((void)0)
#define passage_mark(r, now) ((void)0)
#define passage_note(r, h, start, n) ((void)0)
#define histogram_add(h, value, n) ((void)0)

#endif
