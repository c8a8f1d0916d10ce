#include "restart.h"

#include <string.h>

#include "clock.h"

#define FIRST_DELAY (100 * NS_PER_MS)
#define LONGEST_DELAY (30 * NS_PER_S)
#define WINDOW (30 * NS_PER_S)
#define FIRST_YIELD_DELAY NS_PER_MS
#define LONGEST_YIELD_DELAY (64 * NS_PER_MS)

static void note_death(struct restart_history *h, uint64_t now_ns)
{
    if (h->n_deaths == RESTART_DEATHS_MAX)
        memmove(h->deaths, h->deaths + 1, sizeof h->deaths - sizeof *h->deaths);
    else
        h->n_deaths++;
    h->deaths[h->n_deaths - 1] = now_ns;
}

/* None for the first in a row, then `first`, doubled each time, up to `longest`. */
static uint64_t delay(uint32_t in_a_row, uint64_t first, uint64_t longest)
{
    if (in_a_row == 0)
        return 0;
    uint64_t ns = first << (in_a_row - 1 < 20 ? in_a_row - 1 : 20);
    return ns < longest ? ns : longest;
}

struct restart_decision restart_decide(struct restart_history *h, enum death_cause cause, int progress, uint64_t now_ns)
{
    struct restart_decision d = {0, 0};
    if (progress)
        h->n_deaths = h->in_a_row = h->yields = h->hangs = 0;
    if (cause == DEATH_BY_FRAME)
        return d;
    if (cause == DEATH_TO_YIELD) {
        d.after_ns = delay(h->yields++, FIRST_YIELD_DELAY, LONGEST_YIELD_DELAY);
        return d;
    }
    if (cause == DEATH_FROM_OUTSIDE) {
        d.after_ns = delay(h->in_a_row > 0, FIRST_DELAY, LONGEST_DELAY);
        h->in_a_row += h->in_a_row == 0;
        return d;
    }
    d.after_ns = delay(h->in_a_row++, FIRST_DELAY, LONGEST_DELAY);
    if (cause == DEATH_BY_DEADLINE)
        d.give_up = ++h->hangs == RESTART_DEATHS_MAX;
    if (cause != DEATH_BY_ITSELF)
        return d;
    note_death(h, now_ns);
    d.give_up = h->n_deaths == RESTART_DEATHS_MAX && now_ns - h->deaths[0] <= WINDOW;
    return d;
}
