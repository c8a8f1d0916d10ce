/* bench_journal: what the journal and the checks cost: transactions as they are, beside the same without them.
 */
#include <stdio.h>

#include "contest.h"
#include "options.h"
#include "ways.h"

enum { ONE_LINE = 40 /* with our header */, QUEUE = 1024 };

#define GOAL 0.85 /* of the rate without them */

extern const struct way whole_way, bare_way;

int main(int argc, char **argv)
{
    static const char *const parts[] = {"journal", NULL};
    static const uint32_t batches[] = {1, 32, 128, AS_THEY_COME};
    enum { N = sizeof batches / sizeof *batches };
    struct options o;
    struct contest c;
    int whole[N], bare[N];
    if (options_parse(&o, argc, argv, parts) != 0)
        return 2;
    struct way without = bare_way;
    without.name = "without journal and checks";
    contest_init(&c, o.seconds);
    for (int i = 0; i < N; i++) {
        struct load load = {.payload = ONE_LINE, .batch = batches[i], .queue = QUEUE, .senders = 1, .receivers = 1};
        whole[i] = contest_add(&c, &whole_way, load);
        bare[i] = contest_add(&c, &without, load);
    }
    contest_run(&c, o.turns);
    printf("journal: frames of %d bytes, written and read, one process to one; medians of %u turns\n\n", ONE_LINE,
           o.turns);
    contest_print_head();
    for (int i = 0; i < N; i++) {
        contest_print_row(&c, whole[i], bare[i]);
        contest_print_row(&c, bare[i], bare[i]);
    }
    contest_print_distance(&c);
    for (int i = 0; i < N; i++) {
        char text[64];
        snprintf(text, sizeof text, batches[i] ? "batch %u, beside itself without them," : "as they come, beside it,",
                 batches[i]);
        print_goal(text, ">=", GOAL, contest_ratio(&c, whole[i], bare[i]));
    }
    return c.failed ? 1 : 0;
}
