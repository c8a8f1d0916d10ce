/* Cores: how many of the machine's this pipeline may use, and how many it can have now. Host process, Linux.
 *
 * The budget is held by the kernel: this process, and so all that it forks, is bound to so many processors. What a
 * control group allows on top of that is the kernel's business too, and is only taken into account.
 */
#ifndef CORES_H
#define CORES_H

#include <sched.h>
#include <stdint.h>

struct cores {
    cpu_set_t set;
    double budget;      /* cores; a control group may allow parts of one */
    uint64_t busy_ns;   /* of the set's processors, by everybody, when last looked */
    uint64_t ours_ns;   /* of it, by this pipeline */
    uint64_t looked_at; /* monotonic ns, 0: never */
    double others;      /* cores that others use, mean of some seconds */
};

/* Takes the budget: `limit` cores at most, 0: no limit. Binds this process to them, if they are fewer than it may use.
 */
void cores_take(struct cores *c, uint32_t limit);

/* Cores that the pipeline can have now: the budget, or what others leave of the processors that it is bound to, but at
 * least one. `ours_ns`: CPU time that its processes have used since the start. */
double cores_available(struct cores *c, uint64_t ours_ns, uint64_t now_ns);

#endif
