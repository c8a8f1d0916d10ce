#include "work.h"

#include "clock.h"

enum { WRITE_NS = 1000000 };

uint64_t slot_waits(const struct slot *slot)
{
    return au64_relaxed(&slot->wait_input_ns) + au64_relaxed(&slot->wait_output_ns) +
           au64_relaxed(&slot->wait_memory_ns) + au64_relaxed(&slot->wait_turn_ns);
}

static void mark(struct work_account *w, struct slot *slot, uint64_t now_ns, uint64_t waited_ns, uint64_t cpu_ns)
{
    w->since = now_ns;
    w->waited_ns = waited_ns;
    w->cpu_ns = cpu_ns;
    au64_store_relaxed(&slot->work_since, now_ns);
    au64_store_relaxed(&slot->work_waited, waited_ns);
    au64_store_relaxed(&slot->work_cpu_at, cpu_ns);
}

void work_begin(struct work_account *w, struct slot *slot, uint64_t out)
{
    w->frames = 0;
    w->out = out;
    w->next_write = 0; /* the first frames are news */
    mark(w, slot, clock_monotonic(), slot_waits(slot), clock_now(CLOCK_PROCESS_CPUTIME_ID));
}

static void add(au64 *sum, uint64_t more)
{
    au64_store_relaxed(sum, au64_relaxed(sum) + more);
}

/* A reader that comes in between sees frames without their time or the other way round, of one tick at most. */
void work_end(struct work_account *w, struct slot *slot)
{
    uint64_t now = clock_monotonic(), waited = slot_waits(slot), cpu = clock_now(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t all = now - w->since, waits = waited - w->waited_ns;
    add(&slot->work_done, w->frames);
    add(&slot->work_busy_ns, all > waits ? all - waits : 0);
    add(&slot->work_cpu_ns, cpu - w->cpu_ns);
    w->frames = 0;
    mark(w, slot, now, waited, cpu);
}

int work_tell(struct work_account *w, struct slot *slot)
{
    uint64_t now = clock_coarse();
    if (now < w->next_write)
        return 0;
    w->next_write = now + WRITE_NS;
    work_end(w, slot);
    return 1;
}
