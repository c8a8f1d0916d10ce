/* Memory for a way that has none of its own, on the same pages as a pipeline's; and the end of a stream with several
 * senders.
 */
#ifndef SHARED_H
#define SHARED_H

#include "atomic.h"
#include "backing.h"

/* At the start of the memory. */
struct shared_head {
    au64 sending; /* senders that have not ended */
    uint8_t pad[56];
};

struct shared {
    struct backing backing;
    struct shared_head *head;
    uint8_t *memory; /* behind it, `size` bytes, zero, aligned to 64 */
};

/* 0 or -errno. */
int shared_open(struct shared *s, uint64_t size, uint32_t senders);
void shared_close(struct shared *s);

/* Sender: all that it has is handed over. True for the last one. */
static inline int shared_end(struct shared *s)
{
    return __atomic_sub_fetch(&s->head->sending.word, 1, __ATOMIC_ACQ_REL) == 0;
}

/* Receiver: nothing will come but what is there already, so look once more after it. */
static inline int shared_has_ended(const struct shared *s)
{
    return au64_acquire(&s->head->sending) == 0;
}

/* Somebody who spins looks again: a moment later, or after whoever else wants the CPU. */
void shared_yield(void);

static inline void shared_pause(int crowded)
{
    if (crowded)
        shared_yield();
    else
        cpu_relax();
}

#endif
