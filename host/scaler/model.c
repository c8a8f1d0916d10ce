#include "model.h"

#include <math.h>

/* Head-room over the rate, so that chance does not leave the limit without work. Surplus workers share full cores and
 * slow each other, but sleep beside a stage at its limit. Chance is worst for few workers: n needs some sqrt(n) more
 * (square-root staffing, Halfin and Whitt 1981). */
static const double HEADROOM_CPU = 0.1, HEADROOM_STAGE = 0.2, STAFFING = 0.7;

/* Times its own work that a frame may wait for its turn. The longest of n times that vary as much as their mean is some
 * ln(n) + 1 of them; what was seen on top is by workers that get in each other's way, and more of them make it worse.
 */
static const double TURN_LEAST = 1;

/* Workers that a stage needs for one frame of the source a second, but for turns. */
static double own_load(const struct model_stage *s)
{
    return s->visits * (s->cpu_s + s->wait_s);
}

double model_load(const struct model_stage *s)
{
    return own_load(s) + s->visits * s->turn_s;
}

/* Turns do not count here: how long frames wait for them is another matter when more workers are there, and a rate
 * that is taken for too low makes itself true, as all others are sized for it. */
double model_most(const struct model_stage *s)
{
    double load = own_load(s);
    return load > 0 ? fmax(s->limit / load, s->proven / s->visits) : HUGE_VAL;
}

double model_need(const struct model_stage *s, const struct plan *plan, double caution)
{
    double rate = plan->rate * s->boost, own = rate * own_load(s);
    double even = own + fmin(rate * s->visits * s->turn_s, own * (log(fmax(1, own)) + TURN_LEAST));
    return even + caution * (even * plan->headroom + STAFFING * sqrt(even));
}

static uint32_t workers_for(const struct model_stage *s, const struct plan *plan)
{
    double n = ceil(model_need(s, plan, plan->caution) - 1e-9);
    uint32_t workers = n < (double)s->limit ? (uint32_t)fmax(n, 0) : s->limit;
    return workers > s->least ? workers : s->least;
}

static int fits(const struct model *m, const struct plan *plan)
{
    double bytes = 0;
    for (uint32_t i = 0; i < m->n_stages; i++)
        bytes += (double)m->stages[i].worker_bytes * workers_for(&m->stages[i], plan);
    return bytes <= (double)m->memory;
}

/* The greatest value up to `most` with which the plan's workers fit, if 0 does. */
static double greatest(const struct model *m, struct plan *plan, double *value, double most)
{
    double low = 0, high = most;
    for (int i = 0; i < 30; i++) {
        *value = (low + high) / 2;
        if (fits(m, plan))
            low = *value;
        else
            high = *value;
    }
    *value = low;
    return low;
}

/* Lowers the plan's head-room, and if that is not enough its rate, until its workers fit. */
static void fit(const struct model *m, struct plan *plan)
{
    if (fits(m, plan))
        return;
    double rate = plan->rate;
    plan->caution = 0;
    if (!fits(m, plan) && greatest(m, plan, &plan->rate, rate) < rate)
        plan->bound = BOUND_MEMORY;
    greatest(m, plan, &plan->caution, 1);
}

static double rate_by_cpu(const struct model *m)
{
    double cpu_s = 0;
    for (uint32_t i = 0; i < m->n_stages; i++)
        cpu_s += m->stages[i].visits * m->stages[i].cpu_s;
    return cpu_s > 0 ? m->cpus / cpu_s : HUGE_VAL;
}

static double rate_by_stage(const struct model *m, uint32_t *stage)
{
    double rate = HUGE_VAL;
    for (uint32_t i = 0; i < m->n_stages; i++) {
        double most = model_most(&m->stages[i]);
        if (most < rate) {
            rate = most;
            *stage = i;
        }
    }
    return rate;
}

void model_plan(const struct model *m, struct plan *plan)
{
    double by_cpu = rate_by_cpu(m), by_stage = rate_by_stage(m, &plan->stage);
    plan->bound = by_stage < by_cpu ? BOUND_STAGE : BOUND_CPU;
    plan->rate = fmin(fmin(by_cpu, by_stage), m->demand);
    plan->headroom = by_stage < by_cpu * (1 + HEADROOM_STAGE) ? HEADROOM_STAGE : HEADROOM_CPU;
    if (!isfinite(plan->rate)) {
        plan->bound = BOUND_NONE;
        plan->rate = 0;
    }
    plan->caution = 1;
    fit(m, plan);
    for (uint32_t i = 0; i < m->n_stages; i++)
        plan->workers[i] = workers_for(&m->stages[i], plan);
}
