#include "attempt.h"

#include <math.h>

static const double IDLE = 0.95;       /* of the cores in use: with less, others may help */
static const double NOISE_MOST = 0.06; /* with more of it, what crowds the cores cannot be told */
static const double CROWDED = 1.4;     /* runnable workers a core: with more, fewer may help */
static const double BUSY = 0.6;        /* of its time: a stage that could be what holds up the rest; */
static const double SATURATED = 0.9;   /* one that is */
static const double DELAYED = 0.05;    /* of its runnable time: it does not get the cores that it needs */
static const double SPARE = 0.5;       /* workers: so many can be missed */
static const double LITTLE = 0.05;     /* of the stage's workers: not worth a try */
static const double DEARER = 0.15;     /* frames are by switching, and by chance; what is on top is by crowding, */
static const double CROWDS = 0.3;      /* and so much on top is clear */
static const double STEP_MORE = 0.5, STEP_FEWER = 0.2, STEP_FAR = 0.667; /* of the stage's workers */
static const double STEP_SPARE = 0.8;                                    /* of those to spare */
static const double IN_USE_LEAST = 0.5;                                  /* of the time with breaks the cores are */
static const double ENOUGH = 1.1, ENOUGH_FAR = 1; /* runnable workers a core keep it busy: no step goes below */

enum { FAR_LEAST = 3 /* workers, for far fewer to be another step than fewer */ };

/* What each find_...() looks through for a stage: its number, or -1 for none. */
struct search {
    const struct attempt_stage *stages;
    uint32_t n;
    const struct look *look;
    const struct attempts_failed *failed;
};

/* Stages for which this way was no good. */
static const uint64_t *ways(const struct attempts_failed *failed, enum attempt_way way)
{
    return &failed->stages[(int)way - (int)ATTEMPT_FAR_FEWER];
}

void attempt_has_failed(struct attempts_failed *failed, uint32_t stage, enum attempt_way way)
{
    failed->stages[ways(failed, way) - failed->stages] |= UINT64_C(1) << stage;
}

void attempt_forget(struct attempts_failed *failed, uint32_t stage)
{
    for (int way = 0; way < ATTEMPT_WAYS; way++)
        failed->stages[way] &= ~(UINT64_C(1) << stage);
}

/* Workers by which the stage may be changed this way. */
static uint32_t room(const struct attempt_stage *of, enum attempt_way way)
{
    return way == ATTEMPT_MORE ? of->most - of->workers : of->workers - of->least;
}

/* True if the stage may be changed this way, and by enough to be worth it. */
static int is_open(const struct search *s, uint32_t stage, enum attempt_way way)
{
    const struct attempt_stage *of = &s->stages[stage];
    return !(*ways(s->failed, way) >> stage & 1) && room(of, way) >= fmax(1, LITTLE * of->workers);
}

/* True if the stage has all its workers at work all the time. */
static int is_limit(const struct search *s, uint32_t stage)
{
    return s->stages[stage].workers >= s->stages[stage].most && s->look->occupied[stage] > SATURATED;
}

/* The greater, the more its frames have become dearer since it had fewer workers. */
static double dearness(const struct attempt_stage *s)
{
    return DEARER + (s->light_cpu_s > 0 ? fmax(0, s->cpu_s / s->light_cpu_s - 1) : 0);
}

/* Runnable workers a core, while the cores are in use: in a break they may have nothing to do. */
static double crowd(const struct look *l)
{
    return l->has_breaks ? l->runnable / fmin(1, fmax(IN_USE_LEAST, l->used)) : l->runnable;
}

/* True if the stage is a source whose workers hold frames for its breaks: not one that rather computes than waits, if
 * its frames have clearly become dearer by that. */
static int is_store(const struct search *s, uint32_t stage)
{
    const struct look *l = s->look;
    double busy_s = l->occupied[stage] * (1 - l->dry) * l->seconds * s->stages[stage].workers;
    double computes_s = l->runnable_s[stage] * (1 - l->delayed[stage]), waits_s = busy_s - l->runnable_s[stage];
    return l->has_breaks && s->stages[stage].is_source &&
           (computes_s < waits_s || dearness(&s->stages[stage]) < DEARER + CROWDS);
}

/* True if fewer workers of the stage may crowd the cores less. */
static int can_crowd(const struct search *s, uint32_t stage, enum attempt_way way)
{
    const struct look *l = s->look;
    uint32_t at_least = way == ATTEMPT_FAR_FEWER ? FAR_LEAST : 2;
    double share = l->runnable_s[stage] / (l->runnable * l->cpus * l->seconds);
    return crowd(l) > CROWDED && share > LITTLE && s->stages[stage].workers >= at_least && is_open(s, stage, way) &&
           !is_store(s, stage);
}

/* True if workers of one stage get in each other's way, and fewer of them are still to be tried. */
static int is_crowd_clear(const struct search *s)
{
    for (uint32_t i = 0; i < s->n; i++)
        if (dearness(&s->stages[i]) > DEARER + CROWDS &&
            (can_crowd(s, i, ATTEMPT_FEWER) || can_crowd(s, i, ATTEMPT_FAR_FEWER)))
            return 1;
    return 0;
}

/* A source that is at work all the time that it has input, and waits for cores. */
static int find_short_source(const struct search *s)
{
    const struct look *l = s->look;
    for (uint32_t i = 0; i < s->n && l->has_breaks && !is_crowd_clear(s); i++)
        if (s->stages[i].is_source && is_open(s, i, ATTEMPT_MORE) && l->occupied[i] > SATURATED &&
            l->delayed[i] > DELAYED)
            return (int)i;
    return -1;
}

/* The stage that is most of the time at work; none if one is at its limit. With breaks, a source may also hold more for
 * them. */
static int find_busiest(const struct search *s)
{
    const double *occupied = s->look->occupied;
    int found = -1;
    for (uint32_t i = 0; i < s->n; i++) {
        if (is_limit(s, i))
            return -1;
        if (is_open(s, i, ATTEMPT_MORE) && occupied[i] > BUSY && (found < 0 || occupied[i] > occupied[found]))
            found = (int)i;
    }
    for (uint32_t i = 0; i < s->n && found < 0 && s->look->has_breaks; i++)
        if (s->stages[i].is_source && is_open(s, i, ATTEMPT_MORE))
            found = (int)i;
    return found;
}

/* If a stage at its limit waits for cores: of those that have workers to spare, the one that is runnable most. */
static int find_spare(const struct search *s)
{
    const struct look *l = s->look;
    int found = -1, is_delayed = 0;
    for (uint32_t i = 0; i < s->n; i++)
        is_delayed |= is_limit(s, i) && l->delayed[i] > DELAYED;
    for (uint32_t i = 0; i < s->n && is_delayed; i++)
        if (is_open(s, i, ATTEMPT_FEWER) && !is_limit(s, i) && !(l->has_breaks && s->stages[i].is_source) &&
            l->spare[i] > fmax(SPARE, LITTLE * s->stages[i].workers) &&
            (found < 0 || l->runnable_s[i] > l->runnable_s[found]))
            found = (int)i;
    return found;
}

/* The stage that is runnable most, the more so if its frames have become dearer. */
static int find_crowd(const struct search *s, enum attempt_way way)
{
    double most = 0;
    int found = -1;
    for (uint32_t i = 0; i < s->n; i++) {
        double weight = s->look->runnable_s[i] * dearness(&s->stages[i]);
        if (can_crowd(s, i, way) && weight > most) {
            found = (int)i;
            most = weight;
        }
    }
    return found;
}

/* Workers that crowd the cores, if they are this stage's, and are not too much for one step. */
static double crowd_step(const struct search *s, uint32_t stage, enum attempt_way way)
{
    const struct look *l = s->look;
    double workers = s->stages[stage].workers, each = l->runnable_s[stage] / (l->seconds * workers);
    if (way == ATTEMPT_FAR_FEWER)
        return fmin(round((l->runnable - ENOUGH_FAR) * l->cpus / each), workers - ceil((1 - STEP_FAR) * workers));
    return fmin((l->runnable - ENOUGH) * l->cpus / each, STEP_FEWER * workers);
}

/* By so many workers, if there are, and by one at least. */
static int try(const struct search *s, int stage, enum attempt_way way, double by, struct attempt *a)
{
    *a = (struct attempt){(uint32_t)stage, way, (uint32_t)fmin(room(&s->stages[stage], way), fmax(1, by))};
    return 1;
}

static int try_more(const struct search *s, int stage, struct attempt *a)
{
    return try(s, stage, ATTEMPT_MORE, STEP_MORE * s->stages[stage].workers, a);
}

static int try_crowd(const struct search *s, int stage, enum attempt_way way, struct attempt *a)
{
    return try(s, stage, way, crowd_step(s, (uint32_t)stage, way), a);
}

int attempt_find(const struct attempt_stage *stages, uint32_t n, const struct look *l,
                 const struct attempts_failed *failed, struct attempt *a)
{
    struct search s = {stages, n, l, failed};
    int is_idle = l->used < IDLE && 1 - l->used > 2 * l->noise, can_tell = l->noise <= NOISE_MOST, i;
    if (can_tell && (i = find_short_source(&s)) >= 0)
        return try_more(&s, i, a);
    if (is_idle && !l->has_breaks && (i = find_busiest(&s)) >= 0)
        return try_more(&s, i, a);
    if (l->used < IDLE && can_tell && (i = find_spare(&s)) >= 0)
        return try(&s, i, ATTEMPT_FEWER, round(STEP_SPARE * l->spare[i]), a);
    if (can_tell && (i = find_crowd(&s, ATTEMPT_FEWER)) >= 0)
        return try_crowd(&s, i, ATTEMPT_FEWER, a);
    if (can_tell && (i = find_crowd(&s, ATTEMPT_FAR_FEWER)) >= 0)
        return try_crowd(&s, i, ATTEMPT_FAR_FEWER, a);
    /* In a break cores are idle anyway. */
    if (is_idle && l->has_breaks && (i = find_busiest(&s)) >= 0)
        return try_more(&s, i, a);
    return 0;
}
