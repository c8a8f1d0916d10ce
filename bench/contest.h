/* Several ways against each other in one run: turn by turn, so that whatever else the machine does falls on all of
 * them, with the distance of the CPUs measured between the turns.
 */
#ifndef CONTEST_H
#define CONTEST_H

#include "duel.h"
#include "statistics.h"

enum { WAYS_MAX = 8 };

struct contest {
    struct duel_cpus cpus;
    const struct way *ways[WAYS_MAX];
    struct sample rates[WAYS_MAX]; /* frames a second */
    uint32_t n_ways, failed;
    struct sample distances; /* nanoseconds */
};

/* The number of turns: the program's argument, or `otherwise`; 1 to TURNS_MAX. */
enum { TURNS_MAX = RUNS_MAX / 4 };
int contest_turns(int argc, char *const *argv, int otherwise);

void contest_init(struct contest *c);
void contest_add(struct contest *c, const struct way *way);

/* One turn: each way once. */
void contest_turn(struct contest *c);

/* "61.2 M" */
struct figure {
    char text[24];
};
struct figure figure_of(double value);

/* The table: rates, and how each compares with the first way and with the pipe, whichever of them runs. */
void contest_print_head(void);
void contest_print_row(const struct contest *c, const char *name, const struct sample *rates);
void contest_print_rows(const struct contest *c); /* a row for each way, and the distance */

#endif
