/* bench_counters: what the counters of a worker cost: whole workers as they are, beside the same without them.
 */
#include <stdio.h>

#include "contest.h"
#include "options.h"
#include "ways.h"

enum { ONE_LINE = 40 /* with our header */, QUEUE = 1024 };

#define GOAL_NS 10 /* a frame, at both ends together */

const struct way *counted_way(void);
const struct way *uncounted_way(void);

/* CPU time a frame that one entry takes more than another, turn by turn; 0: a turn failed. */
static struct spread cpu_difference(const struct contest *c, int entry, int other)
{
    struct sample more = {0};
    const struct sample *a = &c->entries[entry].cpu_ns, *b = &c->entries[other].cpu_ns;
    for (uint32_t i = 0; i < a->n && i < b->n; i++)
        if (a->values[i] > 0 && b->values[i] > 0)
            sample_add(&more, a->values[i] - b->values[i]);
    return more.n ? sample_spread(&more) : (struct spread){0, 0, 0};
}

int main(int argc, char **argv)
{
    static const char *const parts[] = {"counters", NULL};
    const struct load load = {.payload = ONE_LINE, .batch = AS_THEY_COME, .queue = QUEUE, .senders = 1, .receivers = 1};
    struct options o;
    struct contest c;
    if (options_parse(&o, argc, argv, parts) != 0)
        return 2;
    struct way with = *counted_way(), without = *uncounted_way();
    with.name = "workers";
    without.name = "without counters";
    contest_init(&c, o.seconds);
    int counted = contest_add(&c, &with, load), uncounted = contest_add(&c, &without, load);
    contest_run(&c, o.turns);
    printf("counters: frames of %d bytes, made and taken, one worker to one; medians of %u turns\n\n", ONE_LINE,
           o.turns);
    contest_print_head();
    contest_print_row(&c, counted, uncounted);
    contest_print_row(&c, uncounted, uncounted);
    contest_print_distance(&c);
    struct spread more = cpu_difference(&c, counted, uncounted);
    printf("  CPU time a frame, both ends: %.2f ns (%.2f .. %.2f) more with them; least %.1f and %.1f ns\n",
           more.median, more.least, more.most, sample_spread(&c.entries[counted].cpu_ns).least,
           sample_spread(&c.entries[uncounted].cpu_ns).least);
    printf("  goal: under %d ns: %s\n", GOAL_NS, more.median < GOAL_NS ? "reached" : "MISSED");
    return c.failed ? 1 : 0;
}
