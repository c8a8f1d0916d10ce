/* Rationing: holds the private memory of all processes of a pipeline within `workers_memory`. Host process.
 *
 * The kernel enforces it: each process has a limit on its data (RLIMIT_DATA), and the limits, with what host and
 * servers have, add up to no more than the budget (budget.h). Servers load one after the other, each with all that is
 * left, and are then held at what they took. A worker begins with what others of its stage were seen to need, or a part
 * of what is left, and grows when it asks (allowance.h). What workers do not use is taken back when another needs it;
 * if that is not enough, workers that can be done without leave.
 */
#ifndef RATIONING_H
#define RATIONING_H

#include "allowance.h"
#include "budget.h"
#include "crew.h"
#include "snapshot.h"

struct rationing;

/* For a pipeline that has such a budget. NULL in *out: it cannot be held, as a sanitizer maps terabytes. 0 or -errno.
 */
int rationing_create(struct rationing **out, const struct segment *s, const struct crew *crews, uint64_t now_ns);
void rationing_destroy(struct rationing **r);

/* The rest takes no NULL. */

/* Rung by processes that ask. */
int rationing_bell(const struct rationing *r);

enum ration_answer { RATION_START, RATION_WAIT, RATION_NONE /* it fits in no more: not to be started */ };

/* Whether the server of a stage may be started now, and *limit of its data then. */
enum ration_answer rationing_server(struct rationing *r, const struct crew *c, uint64_t *limit);

const struct allowances *rationing_allowances(const struct rationing *r);

/* It is loaded: it is held at what it has. */
void rationing_loaded(struct rationing *r, const struct crew *c);

/* Whether a worker may be started now. */
enum ration_answer rationing_worker(struct rationing *r, const struct crew *c, uint32_t worker);

/* Answers who asks, and looks round twice a second. Returns when to be called again; 0: the pipeline cannot go on
 * within its budget, and why. */
uint64_t rationing_tick(struct rationing *r, struct crew *crews, const struct log *log, uint64_t now_ns, char *why,
                        size_t size);

/* What all workers together may have, and one more of a stage is likely to take: for the scaler. */
uint64_t rationing_for_workers(const struct rationing *r);
uint64_t rationing_of_worker(const struct rationing *r, uint32_t stage);

/* For those who watch. */
struct ration_figures rationing_figures(const struct rationing *r);

/* The last request of a stage's server, or of a worker of it, that was refused; 0: none. */
uint64_t rationing_refused_server(const struct rationing *r, uint32_t stage);
uint64_t rationing_refused(const struct rationing *r, uint32_t stage, uint32_t worker);

#endif
