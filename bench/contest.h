/* Several ways against each other in one run: turn by turn, so that whatever else the machine does falls on all of
 * them, with the distance of the CPUs measured between the turns. What is compared is compared turn by turn, too.
 */
#ifndef CONTEST_H
#define CONTEST_H

#include "duel.h"
#include "statistics.h"

enum { ENTRIES_MAX = 40 };

/* A way with a load, and what it gave in each turn; 0: it failed. */
struct entry {
    const struct way *way;
    struct load load;
    struct sample rates, cpu_ns, trip_ns, trip_p99_ns;
};

struct contest {
    struct duel_cpus cpus;
    double seconds; /* that a run is to take */
    struct entry entries[ENTRIES_MAX];
    uint32_t n, turns, failed;
    struct sample distances; /* nanoseconds */
};

void contest_init(struct contest *c, double seconds);

/* Its entry, or -1: there is no such way (NULL), or it cannot carry the load. load.frames is found out by a run that
 * does not count. */
int contest_add(struct contest *c, const struct way *way, struct load load);

/* One turn: each entry once, every other time in reverse. */
void contest_turn(struct contest *c);
void contest_run(struct contest *c, uint32_t turns);

/* How much faster one entry is than another, turn by turn. */
struct spread contest_ratio(const struct contest *c, int entry, int other);

/* How much longer its round trips take. */
struct spread contest_trip_ratio(const struct contest *c, int entry, int other);

/* The one of two entries, each -1 or not, that is faster. */
int contest_faster(const struct contest *c, int entry, int other);

/* "61.2 M" */
struct figure {
    char text[24];
};
struct figure figure_of(double value);

void contest_print_head(void);
/* Rates, beside those of the entry `limit` (-1: of none). */
void contest_print_row(const struct contest *c, int entry, int limit);
void contest_print_trips_head(void);
void contest_print_trips(const struct contest *c, int entry, int limit);
void contest_print_distance(const struct contest *c);

/* "goal: TEXT >= 1.20 x: measured 1.31 x (1.25 .. 1.40): reached". */
void print_goal(const char *text, const char *relation, double goal, struct spread measured);

#endif
