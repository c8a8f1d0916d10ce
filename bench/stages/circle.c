#include "circle.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "transaction.h"
#include "two_stages.h"
#include "view.h"

enum { FRAMES = 16, BATCH = 16 };

static void no_refusal(void *context, const struct refusal *refusal, const struct descriptor *frame)
{
    (void)context;
    (void)refusal;
    (void)frame;
}

static void emit(struct transaction *t, uint64_t size)
{
    uint64_t bytes = view_block_bytes(size, 0, 0);
    struct descriptor d;
    if (allocator_take(&t->allocator, bytes, &d) != 0)
        _exit(1);
    struct block *b = (struct block *)(void *)(t->segment->arena.base + d.block);
    b->sequence = 0;
    b->size_type_flags = block_word(size, 0, bytes >= BLOCK_WIDE_FROM ? BLOCK_IS_WIDE : 0);
    transaction_emit(t, &d, 0, OUTPUT_CREATED);
}

static void claim(struct transaction *t)
{
    while (transaction_claim(t, BATCH) == 0)
        for (uint32_t looks = 1000; looks > 0 && ring_fill(t->input) == 0; looks--)
            cpu_relax();
}

/* Side 0 starts the frames. Either side ends when so many have passed it, and keeps none: those that are on their way
 * then end with the segment. */
static void side(struct two_stages *p, uint32_t stage, uint64_t size, uint64_t times)
{
    struct transaction t;
    if (transaction_init(&t, &p->segment, stage, 0, 1, (struct refusal_sink){no_refusal, NULL}) != 0)
        _exit(1);
    transaction_recover(&t);
    if (stage == 0) {
        for (int i = 0; i < FRAMES; i++)
            emit(&t, size);
        transaction_commit(&t, 0);
    }
    for (uint64_t passed = 0; passed < times;) {
        claim(&t);
        for (uint32_t i = 0; i < t.n_claimed; i++) {
            if (!transaction_input(&t, i) || transaction_emit(&t, &t.journal->claim[i], 0, OUTPUT_FORWARDED) != 0)
                _exit(1);
        }
        passed += t.n_claimed;
        transaction_commit(&t, t.n_claimed);
    }
    _exit(0);
}

double circle_run(uint64_t size, uint64_t times)
{
    const struct load load = {.payload = size, .queue = 2 * FRAMES, .senders = 1, .receivers = 1, .is_rally = 1};
    struct two_stages *p = two_stages_open(&load);
    if (!p)
        return -1;
    struct duel_cpus cpus = duel_cpus();
    pid_t pids[STAGES];
    int failed = 0;
    uint64_t start = clock_monotonic();
    for (uint32_t i = 0; i < STAGES; i++) {
        if ((pids[i] = fork()) == 0) {
            duel_pin(i ? cpus.receiver : cpus.sender);
            side(p, i, size, times);
        }
    }
    for (uint32_t i = 0; i < STAGES; i++) {
        int status = 1;
        waitpid(pids[i], &status, 0);
        failed |= status != 0;
    }
    double seconds = (double)(clock_monotonic() - start) / (double)NS_PER_S;
    two_stages_close(p);
    if (failed)
        fprintf(stderr, "frames of %llu bytes could not be forwarded\n", (unsigned long long)size);
    return failed ? -1 : 2 * (double)times / seconds;
}
