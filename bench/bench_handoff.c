/* bench_handoff: what it costs to hand a frame from one process to another, all ways doing the same work: take a block,
 * write the payload, hand over, read the payload, release the block. Beside the goals that the project has.
 */
#include <stdio.h>
#include <stdlib.h>

#include "contest.h"
#include "options.h"
#include "ways.h"

enum { ONE_LINE = 40 /* with our header */, MIB = 1024 * 1024, QUEUE = 1024, MIB_QUEUE = 16 };

static struct load one_to_one(uint64_t payload, uint32_t batch, uint32_t queue)
{
    return (struct load){.payload = payload, .batch = batch, .queue = queue, .senders = 1, .receivers = 1};
}

/* The same load, carried by all. */
struct round {
    int raw, rte_free_ring, rte_mempool, transaction;
};

static struct round add_round(struct contest *c, const struct peers *peers, struct load load)
{
    return (struct round){contest_add(c, &way_raw_ring, load), contest_add(c, peers->rte_free_ring, load),
                          contest_add(c, peers->rte_mempool, load), contest_add(c, &way_transaction, load)};
}

static void print_round(const struct contest *c, const struct round *r)
{
    contest_print_row(c, r->raw, r->raw);
    contest_print_row(c, r->rte_free_ring, r->raw);
    contest_print_row(c, r->rte_mempool, r->raw);
    contest_print_row(c, r->transaction, r->raw);
}

static struct spread against_rte(const struct contest *c, int ours, const struct round *theirs)
{
    return contest_ratio(c, ours, contest_faster(c, theirs->rte_free_ring, theirs->rte_mempool));
}

static void print_goals(const struct contest *c, const struct round *rounds, int come)
{
    print_goal("one by one, beside rte_ring,", ">=", 2, against_rte(c, rounds[0].transaction, &rounds[0]));
    print_goal("batch 32, beside rte_ring,", ">=", 1.2, against_rte(c, rounds[1].transaction, &rounds[1]));
    print_goal("batch 128, beside rte_ring,", ">=", 1.1, against_rte(c, rounds[2].transaction, &rounds[2]));
    print_goal("as they come, beside rte_ring at 32,", ">=", 1.5, against_rte(c, rounds[come].transaction, &rounds[1]));
    print_goal("one by one, beside the raw array,", ">=", 0.5, contest_ratio(c, rounds[0].transaction, rounds[0].raw));
    print_goal("batch 32, beside the raw array,", ">=", 0.5, contest_ratio(c, rounds[1].transaction, rounds[1].raw));
    print_goal("batch 128, beside the raw array,", ">=", 0.5, contest_ratio(c, rounds[2].transaction, rounds[2].raw));
}

static uint32_t handoff40(const struct options *o, const struct peers *peers)
{
    static const uint32_t batches[] = {1, 32, 128, AS_THEY_COME};
    enum { ROUNDS = sizeof batches / sizeof *batches };
    struct round rounds[ROUNDS];
    struct contest c;
    contest_init(&c, o->seconds);
    for (int i = 0; i < ROUNDS; i++)
        rounds[i] = add_round(&c, peers, one_to_one(ONE_LINE, batches[i], QUEUE));
    int workers = contest_add(&c, &way_workers, one_to_one(ONE_LINE, AS_THEY_COME, QUEUE));
    contest_run(&c, o->turns);
    printf("handoff40: frames of %d bytes, one cache line with our header; medians of %u turns\n\n", ONE_LINE,
           o->turns);
    contest_print_head();
    for (int i = 0; i < ROUNDS; i++)
        print_round(&c, &rounds[i]);
    contest_print_row(&c, workers, rounds[ROUNDS - 1].raw);
    contest_print_distance(&c);
    print_goals(&c, rounds, ROUNDS - 1);
    printf("\n");
    return c.failed;
}

static uint32_t trip40(const struct options *o, const struct peers *peers)
{
    struct contest c;
    struct load load = one_to_one(ONE_LINE, 1, QUEUE);
    load.is_rally = 1;
    contest_init(&c, o->seconds);
    struct round r = add_round(&c, peers, load);
    int workers = contest_add(&c, &way_workers, load);
    int pipes = contest_add(&c, &way_pipe, load);
    contest_run(&c, o->turns);
    printf("trip40: round trips of one frame of %d bytes; medians of %u turns\n\n", ONE_LINE, o->turns);
    contest_print_trips_head();
    contest_print_trips(&c, r.raw, r.raw);
    contest_print_trips(&c, r.rte_free_ring, r.raw);
    contest_print_trips(&c, r.rte_mempool, r.raw);
    contest_print_trips(&c, r.transaction, r.raw);
    contest_print_trips(&c, workers, r.raw);
    contest_print_trips(&c, pipes, r.raw);
    contest_print_distance(&c);
    print_goal("a round trip, beside the raw array's,", "<=", 1.3, contest_trip_ratio(&c, r.transaction, r.raw));
    printf("\n");
    return c.failed;
}

static uint32_t handoff1m(const struct options *o, const struct peers *peers)
{
    struct contest c;
    contest_init(&c, o->seconds);
    struct round one = add_round(&c, peers, one_to_one(MIB, 1, MIB_QUEUE));
    struct round come = add_round(&c, peers, one_to_one(MIB, AS_THEY_COME, MIB_QUEUE));
    int workers = contest_add(&c, &way_workers, one_to_one(MIB, AS_THEY_COME, MIB_QUEUE));
    int pipes = contest_add(&c, &way_pipe, one_to_one(MIB, 1, MIB_QUEUE));
    contest_run(&c, o->turns);
    printf("handoff1m: frames of 1 MiB, written and read; medians of %u turns\n\n", o->turns);
    contest_print_head();
    print_round(&c, &one);
    print_round(&c, &come);
    contest_print_row(&c, workers, come.raw);
    contest_print_row(&c, pipes, one.raw);
    contest_print_distance(&c);
    print_goal("one by one, beside the raw array,", ">=", 0.95, contest_ratio(&c, one.transaction, one.raw));
    print_goal("as they come, beside the raw array,", ">=", 0.95, contest_ratio(&c, come.transaction, come.raw));
    printf("\n");
    return c.failed;
}

int main(int argc, char **argv)
{
    static const char *const parts[] = {"handoff40", "trip40", "handoff1m", NULL};
    struct options o;
    uint32_t failed = 0;
    if (options_parse(&o, argc, argv, parts) != 0)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct peers peers = peers_find();
    if (options_want(&o, "handoff40"))
        failed += handoff40(&o, &peers);
    if (options_want(&o, "trip40"))
        failed += trip40(&o, &peers);
    if (options_want(&o, "handoff1m"))
        failed += handoff1m(&o, &peers);
    return failed ? 1 : 0;
}
