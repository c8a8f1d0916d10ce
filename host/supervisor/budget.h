/* The budget: how the memory that a pipeline's processes may take of their own is shared out among its workers. Pure
 * policy: no kernel, no clock, no log; rationing.h carries it out.
 *
 * A worker has a share: what it takes in any case (`own`: its stack, and pages of its server's that it may have to
 * copy), and what it may take on top (`grant`), which the kernel holds. The sum of all shares, and of what host and
 * servers take, never exceeds the total.
 */
#ifndef BUDGET_H
#define BUDGET_H

#include <stdint.h>

#define SHARE_LEAST (UINT64_C(1) << 20) /* that a worker can begin with, and that it keeps on top of what it uses */

struct share {
    uint64_t own, grant; /* both 0: no worker is there, or will be */
    uint64_t used;       /* of the grant, as last seen */
    int is_leaving;      /* it is about to give all of it back */
};

struct budget {
    uint64_t total;
    uint64_t fixed; /* the host and the stage servers */
    uint32_t n;
    struct share *shares;
};

/* What is left to be given out. */
uint64_t budget_free(const struct budget *b);

/* What is in use, as far as it was looked at: never more than is given out. */
uint64_t budget_used(const struct budget *b);

/* What the shares but one have on top of what they use and shall keep: it can be taken back at once. */
uint64_t budget_spare(const struct budget *b, uint32_t except);

/* The grant for a new worker; 0: it does not fit. `need`: what others of its stage were seen to use, 0: not known;
 * `waiting`: workers that are to be started now, and for all of which the free memory has to do, this one included. */
uint64_t budget_first(const struct budget *b, uint64_t own, uint64_t need, uint32_t waiting);

/* What a worker shall have that uses so much. */
uint64_t budget_target(uint64_t used);

enum budget_answer {
    BUDGET_GRANT,     /* *grant from now on */
    BUDGET_TAKE_BACK, /* what others do not use, then ask again */
    BUDGET_WAIT,      /* for workers that are leaving, or for others to give back what they use: ask again then */
    BUDGET_RETIRE,    /* one worker less would do it */
    BUDGET_REFUSE     /* it would not fit if all others had only the least */
};

/* A worker needs so many bytes on top of what it uses. `surplus`: what the shares come to of workers that could be done
 * without. */
enum budget_answer budget_ask(const struct budget *b, uint32_t share, uint64_t bytes, uint64_t surplus,
                              uint64_t *grant);

#endif
