/* Breaks: sources that have nothing to read for some seconds, again and again.
 *
 * How long they last, and how long the time between them, as seen by the workers of the sources that wait for input.
 */
#ifndef BREAKS_H
#define BREAKS_H

#include <stdint.h>

struct breaks {
    double dry_s, wet_s; /* of the break that is on; of the time since the last */
    double made;         /* frames of the sources since the last */
    double off_s, on_s;  /* how long breaks last, and the time between them */
    double rate;         /* of the sources, of whole cycles */
    uint32_t n;          /* breaks seen; 0 again after a long time without one, or with nothing else */
    int has_ended;       /* one did, in this tick */
    double without_s;    /* without input, of all time */
};

/* `idle`: workers of the source without input in the last dt_s, on average, of several sources the least; `made`:
 * frames of the sources. */
void breaks_update(struct breaks *b, double idle, double made, double dt_s);

/* Whether off_s, on_s and rate say something. */
int breaks_are_known(const struct breaks *b);

/* Whether there is no input, for what may be a break. */
int breaks_are_on(const struct breaks *b);

#endif
