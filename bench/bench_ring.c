/* bench_ring [TURNS]: handing 64-byte frames from one process to another, by micropipe and by what else there is.
 */
#include <stdio.h>

#include "contest.h"

enum { TURNS = 7 };

int main(int argc, char **argv)
{
    static const struct way *const ways[] = {&way_raw_ring, &way_transaction, &way_workers, &way_pipe_batched,
                                             &way_pipe,     &way_socket,      NULL};
    int turns = contest_turns(argc, argv, TURNS);
    struct contest contest;
    contest_init(&contest);
    for (const struct way *const *way = ways; *way; way++)
        contest_add(&contest, *way);
    for (int i = 0; i < turns; i++)
        contest_turn(&contest);
    printf("64-byte frames between two processes, every byte written and read: medians of %d turns, one way after the "
           "other\n\n",
           turns);
    contest_print_head();
    contest_print_rows(&contest);
    return contest.failed ? 1 : 0;
}
