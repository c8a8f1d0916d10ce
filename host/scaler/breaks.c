#include "breaks.h"

static const double IDLE = 0.5;  /* workers of the source: with more, there is a break */
static const double LEAST_S = 1; /* a shorter one, or a shorter time between two, is none; */
static const double MOST_S = 30; /* a longer one is not bridged by what is stored */
static const double NEW = 0.4;   /* weight of the newest break */

/* Takes in the break that has ended. */
static void learn(struct breaks *b)
{
    double keep = b->n == 0 ? 0 : 1 - NEW;
    if (b->dry_s > MOST_S) {
        *b = (struct breaks){.without_s = b->without_s};
        return;
    }
    b->off_s = b->off_s * keep + b->dry_s * (1 - keep);
    b->on_s = b->on_s * keep + b->wet_s * (1 - keep);
    b->rate = b->rate * keep + b->made / (b->dry_s + b->wet_s) * (1 - keep);
    b->n++;
}

void breaks_update(struct breaks *b, double idle, double made, double dt_s)
{
    b->made += made;
    b->has_ended = 0;
    b->without_s += idle > IDLE ? dt_s : 0;
    if (idle > IDLE) {
        b->dry_s += dt_s;
        return;
    }
    if (b->dry_s >= LEAST_S) {
        if (b->wet_s >= LEAST_S)
            learn(b);
        b->has_ended = 1;
        b->wet_s = b->made = 0;
    } else {
        b->wet_s += b->dry_s;
    }
    b->dry_s = 0;
    b->wet_s += dt_s;
    if (b->wet_s > MOST_S)
        b->n = 0;
}

int breaks_are_known(const struct breaks *b)
{
    return b->n > 0 && b->dry_s < MOST_S;
}

int breaks_are_on(const struct breaks *b)
{
    return b->dry_s > 0 && b->dry_s < MOST_S;
}
