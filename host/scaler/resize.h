/* Resizing: from the plan, other numbers of workers for the stages. What would hold back the rest is raised; what was
 * too big for a while is lowered, at once when there are fewer cores.
 */
#ifndef RESIZE_H
#define RESIZE_H

#include "scaler.h"

/* At each tick, after the plan was made. */
void resize_stages(struct scaler *s, const struct observation *seen, uint64_t now_ns, struct scaler_verdict *v);

/* One stage gets so many workers, and the log a line. */
void resize_stage(struct scaler *s, uint32_t stage, uint32_t to, enum scaler_cause cause, struct scaler_verdict *v);

/* A probe found that the stage gives no less with so many workers, or more, than with `from`. */
void resize_found(struct scaler *s, uint32_t stage, uint32_t workers, uint32_t from);

/* The stage's cost, or the cores, have become others, for no change of ours: what probes found out is void. */
void resize_forget(struct scaler *s, uint32_t stage);

/* True if stages were changed to and fro so often, of late, that only what is needed is changed. */
int resize_is_damped(const struct scaler *s);

/* Bytes that may still be given out. What leaves keeps its memory until it is gone, and what a try of fewer has freed
 * is kept for its undoing. */
double resize_room(const struct scaler *s, const struct observation *seen);

/* Of `to` workers for a stage that has `from`, as many as fit into this room. */
uint32_t resize_fit(uint32_t from, uint32_t to, uint64_t worker_bytes, double room);

#endif
