#include "shared.h"

#include <sched.h>
#include <stdio.h>

int shared_open(struct shared *s, uint64_t size, uint32_t senders)
{
    uint64_t pages = (sizeof(struct shared_head) + size + HUGE_PAGE_SIZE - 1) / HUGE_PAGE_SIZE;
    int error = backing_create(&s->backing, pages * HUGE_PAGE_SIZE, BACKING_TRY_HUGE);
    if (!error && (error = backing_fill(&s->backing)) != 0)
        backing_destroy(&s->backing);
    if (error) {
        fprintf(stderr, "no memory for a benchmark: %s\n", s->backing.report);
        return error;
    }
    s->head = (struct shared_head *)(void *)s->backing.base;
    s->memory = s->backing.base + sizeof(struct shared_head);
    au64_store_relaxed(&s->head->sending, senders);
    return 0;
}

void shared_close(struct shared *s)
{
    backing_destroy(&s->backing);
}

void shared_yield(void)
{
    sched_yield();
}
