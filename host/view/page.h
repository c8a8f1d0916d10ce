/* Pages: what a status looks like on a canvas. JSON in, cells out: pure. docs/control.md has the fields. */
#ifndef PAGE_H
#define PAGE_H

#include <jansson.h>

#include "table.h"

/* Name, state, how long, memory; the bottleneck; what limits the pipeline. From the top on; returns rows used. `name`
 * is what micropipe ctl calls it. */
size_t page_headline(const json_t *status, const char *name, struct canvas *c);

/* A row a stage from `top` on, in `height` rows with the head; the cursor is on row `chosen`, or NO_CURSOR. Returns
 * rows used. */
size_t page_stages(const json_t *status, struct canvas *c, size_t top, size_t height, size_t chosen);

/* All that is known of one stage, in at most `height` rows. Returns rows used. */
size_t page_stage(const json_t *stage, struct canvas *c, size_t top, size_t height);

/* A row a worker of the stage. */
size_t page_workers(const json_t *stage, struct canvas *c, size_t top, size_t height, size_t chosen);

/* The scaler's decisions, the newest first, from the `first` of them on, each in at most `lines` rows. */
size_t page_decisions(const json_t *status, struct canvas *c, size_t top, size_t height, size_t first, size_t lines);

/* A row a pipeline, of a roll (roll.h). */
size_t page_roll(const json_t *roll, struct canvas *c, size_t top, size_t height, size_t chosen);

/* A row a stage with all that was ever counted, what limits the pipeline, and all decisions, the oldest first: what
 * micropipe status and ctl print. */
size_t page_totals(const json_t *status, const char *name, struct canvas *c);

#endif
