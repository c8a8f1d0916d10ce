/* What an operator may do to a run: look, scale, pause, drain, stop. Host process, from within the loop (see
 * supervisor_watch.ready).
 */
#ifndef OPERATOR_H
#define OPERATOR_H

#include "history.h"
#include "scaling.h"
#include "supervisor.h"

/* The figures of now. */
void operator_look(const struct supervisor *s, struct snapshot *out);

/* The figures of now, with those of the last second or so beside them, and how long frames took, latency[n_stages]. The
 * window is valid until the next call; NULL: there is no memory for it. */
const struct window *operator_watch(struct supervisor *s, struct snapshot *now, struct stage_latency *latency);

/* The workers of a stage that are alive, STAGE_WORKERS_MAX at most. Returns how many. */
uint32_t operator_workers(const struct supervisor *s, uint32_t stage, struct worker_snapshot *out);

/* Where the stage's and the pipeline's memory is. */
const struct segment *operator_segment(const struct supervisor *s);
const struct scaling *operator_scaling(const struct supervisor *s); /* its decisions; valid during the call */
const struct pipeline *operator_pipeline(const struct supervisor *s);

/* Gives a stage so many workers, 0: as many as the scaler finds. Returns how many it is to have; 0: it is a source,
 * which keeps its number. */
uint32_t operator_scale(struct supervisor *s, uint32_t stage, uint32_t workers);

/* Has the sources make nothing, until they are let go on; what is under way goes on. 0; -1: they have stopped for good.
 */
int operator_pause(struct supervisor *s, int paused);

/* The sources make no more, and what is under way goes through, within drain_timeout. `who` wants it, for the log. */
void operator_drain(struct supervisor *s, const char *who, uint64_t now_ns);

/* Ends the run at once: what is under way is lost. */
void operator_stop(struct supervisor *s, const char *who);

#endif
