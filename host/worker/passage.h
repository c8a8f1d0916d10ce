/* A passage: how long a frame lies in a ring, measured at one frame at a time.
 *
 * Whoever has published, now and then, marks the last frame with the time; whoever claims that frame takes the mark
 * off, and counts the time between. So a passage costs the other frames a look at a line that both ends read anyhow. A
 * mark is no part of the protocol: one that a death leaves behind is replaced once the ring's head is past it.
 *
 * The mark is one word: monotonic time in units of 64 ns, 40 bits, then the low 24 bits of the frame's position in the
 * ring; 0: there is none. Worker processes.
 */
#ifndef PASSAGE_H
#define PASSAGE_H

#include "histogram.h"
#include "ring.h"

/* Marks the newest frame of the ring, unless a marked one is still in it. */
void passage_mark(struct ring *r, uint64_t now_ns);

/* A claim has taken the marked frame, if it is among these n. */
void passage_end(struct ring *r, struct histogram *h, uint64_t mark, uint64_t start, uint32_t n);

/* After a claim of n frames from position `start` on. */
static inline void passage_note(struct ring *r, struct histogram *h, uint64_t start, uint32_t n)
{
    uint64_t mark = au64_relaxed(&r->mark);
    if (mark)
        passage_end(r, h, mark, start, n);
}

#endif
