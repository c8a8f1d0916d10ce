/* The verifying sink's books. In its state, so that they commit with the frames; the driver reads them in the shared
 * memory of the running pipeline. A lane is a way that frames come by: the number of their hops names it.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdint.h>

enum { LANES = 3, LANE_WINDOW = 1 << 17 };

struct lane {
    uint64_t next;    /* all frames below it have come */
    uint64_t count;   /* frames that came */
    uint64_t doubles; /* of them, for the second time */
    uint64_t late;    /* of them, when another was next */
    uint64_t beyond;  /* of them, too far ahead of `next` to be noted */
    uint64_t reserved[3];
    uint64_t ahead[LANE_WINDOW / 64]; /* which frames from `next` on have come: bit number % LANE_WINDOW */
};

struct ledger {
    struct lane lanes[LANES];
};

/* A frame has come. */
static inline void lane_note(struct lane *l, uint64_t sequence)
{
    uint64_t bit = 1ull << sequence % 64;
    uint64_t *word = &l->ahead[sequence % LANE_WINDOW / 64];
    l->count++;
    l->late += sequence != l->next;
    if (sequence >= l->next && sequence - l->next >= LANE_WINDOW) {
        l->beyond++;
        return;
    }
    if (sequence < l->next || (*word & bit)) {
        l->doubles++;
        return;
    }
    *word |= bit;
    while (l->ahead[l->next % LANE_WINDOW / 64] & 1ull << l->next % 64) {
        l->ahead[l->next % LANE_WINDOW / 64] &= ~(1ull << l->next % 64);
        l->next++;
    }
}

#endif
