/* Crashes: what the host makes of the deaths by a signal: a report in the log, and in the dead letter of the frame that
 * was in hand. From the supervisor's loop; nothing here waits for an autopsy, and a successor waits for nothing here.
 *
 * The first death at a place of a stage is examined and told in full, those after it are counted.
 */
#ifndef CRASHES_H
#define CRASHES_H

#include <stdint.h>
#include <sys/types.h>

struct crew;
struct supervisor;
struct crashes;

/* NULL: no memory. */
struct crashes *crashes_create(void);
void crashes_destroy(struct crashes **c);

/* A worker died by a signal: takes what it left, before its successor may start. After crew_worker_died(). */
void crashes_note(struct supervisor *s, const struct crew *c, uint32_t worker, int signal);

/* Starts and ends autopsies, and completes letters. Returns when to be called again; UINT64_MAX: nothing is to be done.
 */
uint64_t crashes_tick(struct supervisor *s, uint64_t now_ns);

/* The autopsy has something to say. */
void crashes_hear(struct supervisor *s);

/* The autopsy that goes on, not to be killed as a leftover; 0: none. */
pid_t crashes_examiner(const struct crashes *c);

/* At the end of a run, once all workers are gone: waits some seconds, or until a signal comes, for what
 * is still examined, tells the counts, and
 * completes all letters. */
void crashes_finish(struct supervisor *s);

#endif
