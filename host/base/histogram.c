#include "histogram.h"

uint64_t histogram_bound(uint32_t bucket)
{
    if (bucket >= HISTOGRAM_BUCKETS - 1)
        return UINT64_MAX;
    uint64_t start = UINT64_C(1) << (HISTOGRAM_FIRST + bucket / HISTOGRAM_STEPS);
    return start + start / HISTOGRAM_STEPS * (bucket % HISTOGRAM_STEPS);
}

void durations_add(struct durations *d, const struct histogram *h)
{
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        d->counts[i] += au64_relaxed(&h->counts[i]);
    d->sum_ns += au64_relaxed(&h->sum_ns);
}

/* What was read a moment apart from another's memory need not fit: never below nothing. */
static uint64_t difference(uint64_t now, uint64_t earlier)
{
    return now > earlier ? now - earlier : 0;
}

void durations_subtract(struct durations *d, const struct durations *earlier)
{
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        d->counts[i] = difference(d->counts[i], earlier->counts[i]);
    d->sum_ns = difference(d->sum_ns, earlier->sum_ns);
}

uint64_t durations_count(const struct durations *d)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        n += d->counts[i];
    return n;
}

uint64_t durations_quantile(const struct durations *d, double q)
{
    uint64_t all = durations_count(d);
    double before = 0, wanted = q * (double)all;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        double here = (double)d->counts[i];
        if (here == 0 || before + here < wanted) {
            before += here;
            continue;
        }
        uint64_t low = i == 0 ? 0 : histogram_bound(i - 1), high = histogram_bound(i);
        return high == UINT64_MAX ? low : low + (uint64_t)((double)(high - low) * (wanted - before) / here);
    }
    return 0;
}
