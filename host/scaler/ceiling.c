#include "ceiling.h"

#include <math.h>

#include "clock.h"

static const double WORTH_A_LOOK = 1.2; /* so much more must be busy for the comparison to say something */
static const double FLAT = 0.6;         /* the share of the growth that went into waiting; */
static const double STEEP = 1.6;        /* no device makes frames wait longer than in proportion: */
static const double CPU_TOO = 0.5;      /* then, or when their CPU time grew as well, they have become dearer */
static const double SURE = 2.5;         /* standard errors, if costs vary as much as their mean */
static const double NEAR = 0.8;         /* the ceiling: a look at so many of its workers says something of it */
static const double ALL = 0.97;         /* of the rate that was seen is to be kept */

enum { FIRST_S = 20, GROWTH = 3, LONGEST_S = 900, MOST = 1 << 20 /* workers */ };

static double service(const struct level *l)
{
    return l->cpu_s + l->wait_s;
}

/* The fewest busy workers that give nearly the rate seen at `after`, if a frame's time grows evenly in between. */
static double knee(const struct level *before, const struct level *after)
{
    double slope = (service(after) - service(before)) / (after->busy - before->busy);
    double base = service(before) - slope * before->busy, rate = ALL * after->busy / service(after);
    double busy = rate * base / (1 - rate * slope);
    if (before->busy / service(before) >= rate)
        return before->busy;
    return slope * rate < 1 ? fmin(fmax(busy, before->busy), after->busy) : after->busy;
}

/* Seconds. */
static uint64_t lasting(uint32_t times)
{
    uint64_t seconds = FIRST_S;
    for (uint32_t i = 0; i < times && seconds < LONGEST_S; i++)
        seconds *= GROWTH;
    return seconds < LONGEST_S ? seconds : LONGEST_S;
}

enum ceiling_finding ceiling_learn(struct ceiling *c, const struct level *before, const struct level *after,
                                   uint64_t now_ns)
{
    if (before->busy <= 0 || service(before) <= 0 || after->frames < 1 || after->busy < WORTH_A_LOOK * before->busy ||
        now_ns < c->doubted_until_ns)
        return CEILING_NOT_SEEN;
    double grown = service(after) - service(before), waited = after->wait_s - before->wait_s;
    double flat = log(service(after) / service(before)) / log(after->busy / before->busy);
    double chance = SURE * sqrt(1 / before->frames + 1 / after->frames);
    if (flat > STEEP || after->cpu_s > before->cpu_s * (1 + chance) * pow(service(after) / service(before), CPU_TOO))
        return CEILING_NOT_SEEN;
    if (flat < FLAT && c->workers > 0 && now_ns >= c->until_ns && after->busy + after->turn > NEAR * c->workers) {
        c->workers = c->workers < MOST ? 2 * c->workers : c->workers;
        c->rate = fmax(c->rate, after->busy / service(after));
        c->found = 0;
        c->until_ns = now_ns + lasting(0) * NS_PER_S;
        return CEILING_RAISED;
    }
    if (flat < FLAT || waited < 0.7 * grown || log(service(after) / service(before)) < chance)
        return CEILING_NOT_SEEN;
    c->workers = (uint32_t)ceil(1.1 * knee(before, after) * (1 + after->turn / after->busy)) + 1;
    c->until_ns = now_ns + lasting(c->found) * NS_PER_S;
    c->rate = after->busy / service(after);
    c->found++;
    return CEILING_NEW;
}

void ceiling_refute(struct ceiling *c, uint64_t now_ns)
{
    uint32_t refuted = c->refuted + 1;
    *c = (struct ceiling){.refuted = refuted, .doubted_until_ns = now_ns + lasting(refuted) * NS_PER_S};
}

void ceiling_forget(struct ceiling *c)
{
    *c = (struct ceiling){.found = c->found, .refuted = c->refuted};
}

uint32_t ceiling_limit(const struct ceiling *c, uint32_t max, uint64_t now_ns)
{
    if (c->workers == 0)
        return max;
    uint32_t workers = now_ns < c->until_ns ? c->workers : c->workers + c->workers / 4 + 1;
    return workers < max ? workers : max;
}
