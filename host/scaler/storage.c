#include "storage.h"

#include <math.h>

static const double BOOST_MOST = 4;
static const double BOOSTED = 1.05; /* such a boost is one */
static const double FURTHER = 2;    /* than the sources' rate of today is not looked */
static const double AIM = 1.1;      /* stored is for this times the rate: cores are shared, not given by need */
static const double SPARE = 0.95;   /* of its time, a stage with all its workers is to have a core when it needs one */
static const double RUNNABLE_MOST = 4; /* workers a core */
static const double SWITCHING = 0.04;  /* what each multiple of runnable workers over cores may cost, */
static const double WORTH = 1.5;       /* and how many times that a gain has to be */
static const double EASY = 0.7; /* of the cores in use: those that only store soon sleep, and are in nobody's way */
static const double AFTER_LEAST = 0.05; /* share of a frame's work that is still to be done where it is stored */

/* Frames of the source that lie before a stage when its feeders wait for room: in its ring, and before it. */
static void find_stored(const struct scaler_stage *stages, const struct model *m, const uint32_t *workers,
                        double *stored)
{
    for (uint32_t i = 0; i < m->n_stages; i++) {
        double before = stages[i].feeders == 0 ? 0.5 * workers[i] : HUGE_VAL; /* in hand, half done */
        for (uint32_t j = 0; j < i; j++)
            if (stages[i].feeders >> j & 1)
                before = fmin(before, (stages[j].feeders == 0 ? 0 : stored[j]) +
                                          (m->stages[j].visits > 0 ? workers[j] / m->stages[j].visits : 0));
        if (stages[i].feeders != 0 && m->stages[i].visits > 0)
            before += stages[i].ring / m->stages[i].visits;
        stored[i] = before;
    }
}

/* CPU seconds that are left for the break: stages go on at the rate that they have all the time, and with no more than
 * is stored. What they could do on top, they have done before: few leave something when they have workers enough. */
static double work_in_break(const struct breaks *b, const struct model *m, const double *stored, double rate)
{
    double work_s = 0;
    for (uint32_t i = 0; i < m->n_stages; i++)
        work_s += m->stages[i].visits * m->stages[i].cpu_s * fmin(stored[i], rate * b->off_s);
    return work_s;
}

/* The highest rate of whole cycles: what the cores and the stages do while there is input, and, in the break, of what
 * is stored. */
static double rate_of_cycles(const struct breaks *b, const struct model *m, const double *stored)
{
    double cycle_s = b->on_s + b->off_s, cpu_s = 0, low = 0, high = FURTHER * b->rate;
    for (uint32_t i = 0; i < m->n_stages; i++) {
        double most = model_most(&m->stages[i]);
        high = fmin(high, (most * b->on_s + fmin(stored[i], most * b->off_s)) / cycle_s);
        cpu_s += m->stages[i].visits * m->stages[i].cpu_s;
    }
    for (int turns = 0; turns < 30; turns++) {
        double rate = turns == 0 ? high : (low + high) / 2, later_s = work_in_break(b, m, stored, rate);
        if (rate * cycle_s * cpu_s > m->cpus * b->on_s + fmin(m->cpus * b->off_s, later_s))
            high = rate;
        else
            low = rate;
    }
    return low;
}

/* Workers that only store share the cores while they fill: where a stage takes much of them, that costs more than a few
 * frames more in the break bring. */
static int stores_cheaply(const struct breaks *b, const struct model *m, uint32_t stage, double rate)
{
    double visits = m->stages[stage].visits, share = rate * visits * m->stages[stage].cpu_s / m->cpus;
    return WORTH * SWITCHING * share * visits * rate * (b->on_s + b->off_s) <= m->cpus;
}

/* For this rate of whole cycles. */
static void set_boosts(const struct breaks *b, const double *stored, double rate, struct model *m)
{
    for (uint32_t i = 0; i < m->n_stages; i++) {
        double lasts_s = fmin(b->off_s, stored[i] / rate);
        /* With all cores to itself a stage is as fast as it gets. */
        double most = fmax(1, m->cpus / fmax(1e-12, rate * m->stages[i].visits * m->stages[i].cpu_s));
        m->stages[i].boost = fmin(fmin(BOOST_MOST, most), (b->on_s + b->off_s - lasts_s) / b->on_s);
    }
}

/* What is stored lasts the longer, the lower the rate is. If memory holds it down, the boosts are for what it allows.
 */
static void set_boosts_in_memory(const struct breaks *b, const double *stored, double rate, struct model *m)
{
    struct plan plan;
    double low = 0, high = rate;
    set_boosts(b, stored, rate, m);
    model_plan(m, &plan);
    if (plan.bound != BOUND_MEMORY)
        return;
    for (int turns = 0; turns < 12; turns++) {
        double middle = (low + high) / 2;
        set_boosts(b, stored, middle, m);
        model_plan(m, &plan);
        if (plan.rate < middle)
            high = middle;
        else
            low = middle;
    }
    set_boosts(b, stored, high, m);
}

void storage_boost(const struct breaks *b, const struct scaler_stage *stages, const uint32_t *workers, struct model *m)
{
    double stored[SCALER_STAGES_MAX];
    uint32_t could[SCALER_STAGES_MAX];
    if (!breaks_are_known(b))
        return;
    for (uint32_t i = 0; i < m->n_stages; i++)
        could[i] = m->memory == UINT64_MAX && stores_cheaply(b, m, i, b->rate) ? stages[i].max : workers[i];
    find_stored(stages, m, could, stored);
    double rate = rate_of_cycles(b, m, stored);
    m->demand = fmin(m->demand, rate);
    find_stored(stages, m, workers, stored);
    if (rate > 0)
        set_boosts_in_memory(b, stored, rate, m);
}

/* Stages that a frame of `stage` goes on to. */
static uint64_t readers_of(const struct scaler_stage *stages, uint32_t n, uint32_t stage)
{
    uint64_t after = UINT64_C(1) << stage;
    for (uint32_t i = stage + 1; i < n; i++)
        if (stages[i].feeders & after)
            after |= UINT64_C(1) << i;
    return after & ~(UINT64_C(1) << stage);
}

/* Workers that a frame of the stage keeps runnable, of those that it keeps. */
static double computing(const struct model_stage *s)
{
    double all_s = s->cpu_s + s->wait_s;
    return all_s > 0 ? s->cpu_s / all_s : 0;
}

/* How many runnable workers there may be: with more, a stage that has all its workers, and carries more while there is
 * input than its share, does not get the part of the cores that it needs for that. */
static double most_runnable(const struct model *m, const struct plan *plan, const uint32_t *workers)
{
    double least = HUGE_VAL, rate = plan->rate;
    uint32_t limit = plan->bound == BOUND_STAGE ? plan->stage : m->n_stages;
    for (uint32_t i = 0; i < m->n_stages; i++) {
        const struct model_stage *s = &m->stages[i];
        double carries = SPARE * rate * s->boost * s->visits;
        if ((s->boost > BOOSTED || i == limit) && workers[i] >= s->limit && carries * s->cpu_s > 0)
            least = fmin(least, m->cpus * fmax(0, workers[i] - carries * s->wait_s) / (carries * s->cpu_s));
    }
    return least;
}

/* Workers that a stage needs to carry the rate, with its boost, when each second of CPU takes `slower` as long. */
static double boosted(const struct model_stage *s, double rate, double slower)
{
    return rate * s->boost * s->visits * (s->cpu_s * slower + s->wait_s);
}

/* Makes room on the cores for stages that carry more while there is input: more workers, or fewer of those that would
 * take their part of the cores. */
static void share_cores(const struct scaler_stage *stages, const struct model *m, double rate, struct plan *plan,
                        uint32_t *workers)
{
    for (int turns = 0; turns < 4; turns++) {
        double runnable = 0;
        for (uint32_t i = 0; i < m->n_stages; i++)
            runnable += workers[i] * computing(&m->stages[i]);
        for (uint32_t i = 0; i < m->n_stages && runnable > m->cpus; i++)
            if (m->stages[i].boost > BOOSTED) {
                double n = ceil(boosted(&m->stages[i], rate, runnable / m->cpus));
                n = fmin(n, ceil(m->cpus / fmax(1e-9, computing(&m->stages[i]))));
                workers[i] = (uint32_t)fmax(workers[i], fmin(n, m->stages[i].limit));
            }
        if (runnable <= most_runnable(m, plan, workers))
            break;
        plan->caution = fmax(0, plan->caution - 0.25);
        for (uint32_t i = 0; i < m->n_stages; i++)
            if (m->stages[i].boost <= BOOSTED)
                workers[i] = (uint32_t)fmin(workers[i],
                                            fmax(stages[i].min, ceil(model_need(&m->stages[i], plan, plan->caution))));
    }
}

/* Enough workers for what is left to the break, on all cores. */
static void use_cores_in_break(const struct breaks *b, const struct scaler_stage *stages, const struct model *m,
                               const struct plan *plan, uint32_t *workers)
{
    double runnable = 0, work_s = 0;
    for (uint32_t i = 0; i < m->n_stages; i++)
        if (stages[i].feeders != 0) {
            runnable += workers[i] * computing(&m->stages[i]);
            work_s += m->stages[i].visits * m->stages[i].cpu_s * plan->rate * (b->on_s + b->off_s);
        }
    double useful = fmin(m->cpus, work_s / b->off_s);
    for (uint32_t i = 0; i < m->n_stages && runnable > 0 && useful > runnable; i++)
        if (stages[i].feeders != 0)
            workers[i] = (uint32_t)fmax(workers[i], fmin(m->stages[i].limit, ceil(workers[i] * useful / runnable)));
}

/* What is to be stored on top. */
struct lack {
    double work_s; /* CPU seconds that are left to do in the break, so that the cores have work throughout */
    double frames[SCALER_STAGES_MAX]; /* of the source before each stage that is too slow to do all between breaks */
};

static struct lack find_lack(const struct breaks *b, const struct scaler_stage *stages, const struct model *m,
                             const struct plan *plan, const uint32_t *workers)
{
    double stored[SCALER_STAGES_MAX], cycle_s = b->on_s + b->off_s, rate = AIM * plan->rate, work_s = 0;
    find_stored(stages, m, workers, stored);
    for (uint32_t i = 0; i < m->n_stages; i++)
        work_s += m->stages[i].visits * m->stages[i].cpu_s * rate * cycle_s;
    double later_s = fmin(work_s, m->cpus * cycle_s) - m->cpus * b->on_s;
    struct lack lack = {.work_s = later_s - work_in_break(b, m, stored, rate)};
    for (uint32_t i = 0; i < m->n_stages; i++)
        lack.frames[i] = fmax(0, rate * cycle_s - model_most(&m->stages[i]) * b->on_s - stored[i]);
    return lack;
}

/* Of the stages that a frame goes on to, the one that lacks most. */
static double most_lacking(const struct lack *lack, uint32_t n, uint64_t readers)
{
    double most = 0;
    for (uint32_t i = 0; i < n; i++)
        if (readers >> i & 1)
            most = fmax(most, lack->frames[i]);
    return most;
}

/* CPU seconds of a frame of the source in these stages. */
static double cpu_of(const struct model *m, uint64_t stages)
{
    double cpu_s = 0;
    for (uint32_t i = 0; i < m->n_stages; i++)
        if (stages >> i & 1)
            cpu_s += m->stages[i].visits * m->stages[i].cpu_s;
    return cpu_s;
}

/* While there is input. */
static double cores_in_use(const struct model *m, double rate)
{
    double cores = 0;
    for (uint32_t i = 0; i < m->n_stages; i++)
        cores += rate * m->stages[i].boost * m->stages[i].visits * m->stages[i].cpu_s;
    return cores;
}

/* Workers that do nothing but store, of the sources first: what they hold has all its work to come. */
static void store(const struct breaks *b, const struct scaler_stage *stages, const struct model *m,
                  const struct plan *plan, uint32_t *workers)
{
    struct lack lack = find_lack(b, stages, m, plan, workers);
    double bytes = (double)m->memory, most = fmin(most_runnable(m, plan, workers), RUNNABLE_MOST * m->cpus);
    int is_crowded = cores_in_use(m, plan->rate) > EASY * m->cpus;
    for (uint32_t i = 0; i < m->n_stages; i++) {
        bytes -= (double)m->stages[i].worker_bytes * workers[i];
        most -= workers[i] * computing(&m->stages[i]);
    }
    for (uint32_t i = 0; i < m->n_stages; i++) {
        const struct model_stage *s = &m->stages[i];
        uint64_t readers = readers_of(stages, m->n_stages, i);
        double after_s = cpu_of(m, readers), frames = most_lacking(&lack, m->n_stages, readers);
        double room = (double)stages[i].max - workers[i];
        if (stages[i].feeders == 0) { /* half done, in hand */
            after_s += 0.5 * s->visits * s->cpu_s;
            frames = fmax(frames, 2 * lack.frames[i]);
        }
        if (after_s > AFTER_LEAST * cpu_of(m, UINT64_MAX))
            frames = fmax(frames, lack.work_s / after_s);
        if (s->worker_bytes > 0)
            room = fmin(room, floor(bytes / (double)s->worker_bytes));
        if (is_crowded && stages[i].feeders != 0 && computing(s) > 0)
            room = fmin(room, floor(most / computing(s)));
        double more = fmin(ceil(frames * s->visits), room);
        if (more <= 0 || !stores_cheaply(b, m, i, AIM * plan->rate))
            continue;
        workers[i] += (uint32_t)more;
        most -= more * computing(s);
        bytes -= more * (double)s->worker_bytes;
        lack.work_s -= more / s->visits * after_s;
        for (uint32_t j = 0; j < m->n_stages; j++)
            if (readers >> j & 1)
                lack.frames[j] -= more / s->visits;
    }
}

void storage_plan(const struct breaks *b, const struct scaler_stage *stages, const struct model *m, struct plan *plan,
                  uint32_t *workers)
{
    for (uint32_t i = 0; i < m->n_stages; i++)
        workers[i] = plan->workers[i];
    if (!breaks_are_known(b) || plan->bound == BOUND_NONE || plan->bound == BOUND_MEMORY)
        return;
    share_cores(stages, m, plan->rate, plan, workers);
    use_cores_in_break(b, stages, m, plan, workers);
    store(b, stages, m, plan, workers);
}
