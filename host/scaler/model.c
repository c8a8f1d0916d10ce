#include "model.h"

#include <math.h>

/* Head-room over the rate, so that chance does not leave the limit without work. If that is the cores, surplus workers
 * share them and slow each other; beside a stage at its limit they sleep. */
static const double HEADROOM_CPU = 1.15, HEADROOM_STAGE = 1.3;

double model_load(const struct model_stage *s)
{
    return s->visits * (s->cpu_s + s->wait_s);
}

static uint32_t workers_for(const struct model_stage *s, double rate)
{
    double n = ceil(rate * s->boost * model_load(s) - 1e-9);
    uint32_t workers = n < (double)s->limit ? (uint32_t)fmax(n, 0) : s->limit;
    return workers > s->least ? workers : s->least;
}

static int fits(const struct model *m, double rate)
{
    double bytes = 0;
    for (uint32_t i = 0; i < m->n_stages; i++)
        bytes += (double)m->stages[i].worker_bytes * workers_for(&m->stages[i], rate);
    return bytes <= (double)m->memory;
}

/* The highest rate up to `most` whose workers fit; `most` * 1e-6 at least. */
static double fitting_rate(const struct model *m, double most)
{
    double low = most * 1e-6, high = most;
    for (int i = 0; i < 40; i++) {
        double middle = (low + high) / 2;
        if (fits(m, middle))
            low = middle;
        else
            high = middle;
    }
    return low;
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
        const struct model_stage *s = &m->stages[i];
        double load = model_load(s);
        double most = load > 0 ? fmax(s->limit / load, s->proven / s->visits) : HUGE_VAL;
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
    plan->bound = BOUND_CPU;
    plan->rate = by_cpu;
    plan->goal = HEADROOM_CPU * by_cpu;
    if (by_stage < plan->goal) {
        plan->goal = HEADROOM_STAGE * fmin(by_cpu, by_stage);
        plan->rate = fmin(by_cpu, by_stage);
        plan->bound = by_stage < by_cpu ? BOUND_STAGE : BOUND_CPU;
    }
    if (m->demand < plan->goal) {
        plan->goal = m->demand;
        plan->rate = fmin(plan->rate, m->demand);
    }
    if (!isfinite(plan->goal)) {
        plan->bound = BOUND_NONE;
        plan->rate = plan->goal = 0;
    }
    if (!fits(m, plan->goal)) {
        plan->goal = fitting_rate(m, plan->goal);
        if (plan->goal < plan->rate) {
            plan->rate = plan->goal;
            plan->bound = BOUND_MEMORY;
        }
    }
    for (uint32_t i = 0; i < m->n_stages; i++)
        plan->workers[i] = workers_for(&m->stages[i], plan->goal);
}
