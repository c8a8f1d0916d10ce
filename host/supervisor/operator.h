/* What an operator may do to a run: look, scale, pause, drain, stop. Host process, from within the loop (see
 * supervisor_watch.ready).
 */
#ifndef OPERATOR_H
#define OPERATOR_H

#include "scaling.h"
#include "supervisor.h"

/* The figures of now. */
void operator_look(const struct supervisor *s, struct snapshot *out);
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
