/* bench_ring: frames of all sizes, by micropipe and by what else there is; several workers on a side; round trips.
 */
#include <stdio.h>

#include "contest.h"
#include "options.h"
#include "ways.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

struct size {
    const char *part;
    const char *name;
    uint64_t payload;
    uint32_t queue, batches; /* batches: the first of BATCHES */
};

static const uint32_t BATCHES[] = {AS_THEY_COME, 1, 32, 128};

static const struct size SIZES[] = {
    {"16", "16 bytes", 16, 1024, 4},    {"64", "64 bytes", 64, 1024, 4}, {"1k", "1 KiB", KIB, 1024, 4},
    {"64k", "64 KiB", 64 * KIB, 64, 3}, {"1m", "1 MiB", MIB, 16, 2},
};
enum { N_SIZES = sizeof SIZES / sizeof *SIZES };

static void print_all(const struct contest *c)
{
    contest_print_head();
    for (uint32_t i = 0; i < c->n; i++)
        contest_print_row(c, (int)i, -1);
    contest_print_distance(c);
    printf("\n");
}

static uint32_t throughput(const struct options *o, const struct peers *peers, const struct size *size)
{
    const struct way *ways[] = {&way_raw_ring, peers->rte_free_ring, peers->rte_mempool, &way_transaction, &way_pipe};
    const struct way *own_batch[] = {&way_workers, &way_socket, peers->zeromq, peers->nng};
    struct contest c;
    contest_init(&c, o->seconds);
    struct load load = {.payload = size->payload, .queue = size->queue, .senders = 1, .receivers = 1};
    for (uint32_t b = 0; b < size->batches; b++) {
        load.batch = BATCHES[b];
        for (uint32_t i = 0; i < sizeof ways / sizeof *ways; i++)
            contest_add(&c, ways[i], load);
    }
    load.batch = AS_THEY_COME;
    for (uint32_t i = 0; i < sizeof own_batch / sizeof *own_batch; i++)
        contest_add(&c, own_batch[i], load);
    contest_run(&c, o->turns);
    printf("%s: frames of %s, written and read, one process to one; medians of %u turns\n\n", size->part, size->name,
           o->turns);
    print_all(&c);
    return c.failed;
}

static uint32_t sides(const struct options *o, const struct peers *peers, const struct size *size)
{
    static const uint32_t workers[][2] = {{1, 1}, {1, 2}, {2, 1}, {2, 2}};
    enum { MOST = 3 }; /* of BATCHES */
    enum { MICROPIPE = 2 };
    const struct way *ways[] = {peers->rte_free_ring, peers->rte_mempool, [MICROPIPE] = &way_transaction};
    struct contest c;
    contest_init(&c, o->seconds);
    for (uint32_t w = 0; w < sizeof workers / sizeof *workers; w++) {
        struct load load = {
            .payload = size->payload, .queue = size->queue, .senders = workers[w][0], .receivers = workers[w][1]};
        for (uint32_t b = 0; b < size->batches && b < MOST; b++) {
            load.batch = BATCHES[b];
            /* Who is preempted within rte_ring holds up the others for a time slice: two on a CPU come to no end. */
            int crowded = load.senders > 1 || load.receivers > 1;
            for (uint32_t i = crowded ? MICROPIPE : 0; i < sizeof ways / sizeof *ways; i++)
                contest_add(&c, ways[i], load);
        }
        load.batch = AS_THEY_COME;
        contest_add(&c, &way_workers, load);
    }
    contest_run(&c, o->turns);
    printf("sides: several senders, several receivers, frames of %s; senders on one CPU, receivers on the other; "
           "medians of %u turns; rte_ring only where each has a CPU of its own, as it must not be preempted\n\n",
           size->name, o->turns);
    print_all(&c);
    return c.failed;
}

static uint32_t trips(const struct options *o, const struct peers *peers)
{
    const struct way *ways[] = {&way_raw_ring, peers->rte_free_ring, peers->rte_mempool, &way_transaction, &way_workers,
                                &way_pipe,     peers->zeromq,        peers->nng};
    uint32_t failed = 0;
    for (int i = 0; i < N_SIZES; i++) {
        struct load load = {.payload = SIZES[i].payload,
                            .batch = 1,
                            .queue = SIZES[i].queue,
                            .senders = 1,
                            .receivers = 1,
                            .is_rally = 1};
        struct contest c;
        contest_init(&c, o->seconds);
        for (uint32_t w = 0; w < sizeof ways / sizeof *ways; w++)
            contest_add(&c, ways[w], load);
        contest_run(&c, o->turns);
        printf("trips: round trips of one frame of %s; medians of %u turns\n\n", SIZES[i].name, o->turns);
        contest_print_trips_head();
        for (uint32_t e = 0; e < c.n; e++)
            contest_print_trips(&c, (int)e, 0);
        contest_print_distance(&c);
        printf("\n");
        failed += c.failed;
    }
    return failed;
}

int main(int argc, char **argv)
{
    static const char *const parts[] = {"16", "64", "1k", "64k", "1m", "sides", "trips", NULL};
    struct options o;
    uint32_t failed = 0;
    if (options_parse(&o, argc, argv, parts) != 0)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct peers peers = peers_find();
    for (int i = 0; i < N_SIZES; i++)
        if (options_want(&o, SIZES[i].part))
            failed += throughput(&o, &peers, &SIZES[i]);
    for (int i = 0; i < N_SIZES; i++)
        if (options_want(&o, "sides"))
            failed += sides(&o, &peers, &SIZES[i]);
    if (options_want(&o, "trips"))
        failed += trips(&o, &peers);
    return failed ? 1 : 0;
}
