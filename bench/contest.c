#include "contest.h"

#include <stdio.h>
#include <string.h>

#define FIRST_RUN_S 0.01
#define BYTES_A_SECOND 4e9

void contest_init(struct contest *c, double seconds)
{
    memset(c, 0, sizeof *c);
    c->cpus = duel_cpus();
    c->seconds = seconds;
}

static uint64_t frames_for(const struct entry *e, double seconds, double rate)
{
    double frames = rate * seconds;
    if (e->load.is_rally)
        return frames < 100 ? 100 : frames > RALLY_MAX ? RALLY_MAX : (uint64_t)frames;
    uint64_t batches = (uint64_t)(frames / BATCH_MAX / e->load.senders);
    return (batches < 1 ? 1 : batches) * BATCH_MAX;
}

int contest_add(struct contest *c, const struct way *way, struct load load)
{
    if (!way || c->n == ENTRIES_MAX || load.senders > way->side_max || load.receivers > way->side_max ||
        (load.is_rally && !way->rally) || (way->payload_max && load.payload > way->payload_max))
        return -1;
    struct entry *e = &c->entries[c->n];
    e->way = way;
    e->load = load;
    e->load.crowded = c->cpus.sender == c->cpus.receiver || load.senders + load.receivers > 2;
    return (int)c->n++;
}

/* One run to warm up and to see how many frames fill the time; the last one's frames may be far too few, as the slow
 * start of a process is in it, hence two. */
static void warm_up(struct contest *c, struct entry *e)
{
    double rate = e->way->rate / (e->load.is_rally ? 20 : 1);
    double bytes_limit = BYTES_A_SECOND / (double)e->load.payload;
    rate = rate < bytes_limit ? rate : bytes_limit;
    for (int i = 0; i < 2; i++) {
        e->load.frames = frames_for(e, i ? c->seconds / 4 : FIRST_RUN_S, rate);
        struct duel_result r = duel_run(e->way, &e->load, c->cpus);
        rate = r.rate > 0 ? r.rate : rate;
    }
    e->load.frames = frames_for(e, c->seconds, rate);
}

static void run_entry(struct contest *c, struct entry *e)
{
    struct duel_result r = duel_run(e->way, &e->load, c->cpus);
    c->failed += r.rate <= 0;
    if (r.rate <= 0)
        fprintf(stderr, "%s: failed, with frames of %llu bytes\n", e->way->name, (unsigned long long)e->load.payload);
    sample_add(&e->rates, r.rate > 0 ? r.rate : 0);
    sample_add(&e->cpu_ns, r.cpu_ns);
    sample_add(&e->trip_ns, r.trip_ns);
    sample_add(&e->trip_p99_ns, r.trip_p99_ns);
}

void contest_turn(struct contest *c)
{
    for (uint32_t i = 0; i < c->n && c->turns == 0; i++)
        warm_up(c, &c->entries[i]);
    sample_add(&c->distances, duel_distance(c->cpus));
    for (uint32_t i = 0; i < c->n; i++)
        run_entry(c, &c->entries[c->turns % 2 ? c->n - 1 - i : i]);
    sample_add(&c->distances, duel_distance(c->cpus));
    c->turns++;
}

void contest_run(struct contest *c, uint32_t turns)
{
    for (uint32_t i = 0; i < turns; i++)
        contest_turn(c);
}

static struct spread ratios(const struct sample *a, const struct sample *b)
{
    struct sample each = {.n = 0};
    for (uint32_t i = 0; i < a->n && i < b->n; i++)
        sample_add(&each, b->values[i] > 0 ? a->values[i] / b->values[i] : 0);
    return sample_spread(&each);
}

struct spread contest_ratio(const struct contest *c, int entry, int other)
{
    if (entry < 0 || other < 0)
        return (struct spread){0, 0, 0};
    return ratios(&c->entries[entry].rates, &c->entries[other].rates);
}

struct spread contest_trip_ratio(const struct contest *c, int entry, int other)
{
    if (entry < 0 || other < 0)
        return (struct spread){0, 0, 0};
    return ratios(&c->entries[entry].trip_ns, &c->entries[other].trip_ns);
}

int contest_faster(const struct contest *c, int entry, int other)
{
    if (entry < 0 || other < 0)
        return entry < 0 ? other : entry;
    return sample_spread(&c->entries[entry].rates).median >= sample_spread(&c->entries[other].rates).median ? entry
                                                                                                            : other;
}

struct figure figure_of(double value)
{
    struct figure f;
    if (value >= 1e6)
        snprintf(f.text, sizeof f.text, "%.*f M", value >= 1e8 ? 0 : value >= 1e7 ? 1 : 2, value / 1e6);
    else if (value >= 1e3)
        snprintf(f.text, sizeof f.text, "%.*f k", value >= 1e5 ? 0 : value >= 1e4 ? 1 : 2, value / 1e3);
    else
        snprintf(f.text, sizeof f.text, "%.0f", value);
    return f;
}

static void print_name(const struct entry *e)
{
    char batch[24], sides[16] = "";
    if (e->way->ignores_batch || e->load.is_rally)
        snprintf(batch, sizeof batch, "%s", "");
    else if (e->load.batch == AS_THEY_COME)
        snprintf(batch, sizeof batch, "as they come");
    else
        snprintf(batch, sizeof batch, "batch %u", e->load.batch);
    if (e->load.senders + e->load.receivers > 2)
        snprintf(sides, sizeof sides, " %u:%u", e->load.senders, e->load.receivers);
    printf("  %-28s %-12s", e->way->name, strncat(batch, sides, sizeof batch - strlen(batch) - 1));
}

void contest_print_head(void)
{
    printf("  %-28s %-12s %9s  %-20s %10s %10s %8s\n", "", "", "frames/s", "(least .. most)", "GB/s", "CPU ns",
           "limit");
}

void contest_print_row(const struct contest *c, int entry, int limit)
{
    if (entry < 0)
        return;
    const struct entry *e = &c->entries[entry];
    struct spread s = sample_spread(&e->rates);
    char range[64];
    print_name(e);
    snprintf(range, sizeof range, "(%s .. %s)", figure_of(s.least).text, figure_of(s.most).text);
    printf(" %9s  %-20s %10.3f %10.1f", figure_of(s.median).text, range, s.median * (double)e->load.payload / 1e9,
           sample_spread(&e->cpu_ns).median);
    if (limit >= 0)
        printf(" %6.2f x", contest_ratio(c, entry, limit).median);
    printf("\n");
}

void contest_print_trips_head(void)
{
    printf("  %-28s %-12s %9s %9s  %-20s %8s\n", "", "", "median us", "p99 us", "(least .. most)", "limit");
}

void contest_print_trips(const struct contest *c, int entry, int limit)
{
    if (entry < 0)
        return;
    const struct entry *e = &c->entries[entry];
    struct spread s = sample_spread(&e->trip_ns);
    char range[64];
    print_name(e);
    snprintf(range, sizeof range, "(%.2f .. %.2f)", s.least / 1e3, s.most / 1e3);
    printf(" %9.2f %9.2f  %-20s", s.median / 1e3, sample_spread(&e->trip_p99_ns).median / 1e3, range);
    if (limit >= 0)
        printf(" %6.2f x", contest_trip_ratio(c, entry, limit).median);
    printf("\n");
}

void contest_print_distance(const struct contest *c)
{
    if (c->cpus.sender == c->cpus.receiver) {
        printf("  only one CPU may be used: all processes shared it\n");
        return;
    }
    struct spread d = sample_spread(&c->distances);
    printf("  a cache line from CPU %d to CPU %d and back: %.0f ns (%.0f .. %.0f)%s\n", c->cpus.sender,
           c->cpus.receiver, d.median, d.least, d.most,
           d.most > 2 * d.least ? "; it varied: another load, or CPUs that move, so mistrust the figures" : "");
}

void print_goal(const char *text, const char *relation, double goal, struct spread measured)
{
    int is_least = relation[0] == '>';
    if (measured.median <= 0) {
        printf("  goal: %s %s %.2f: not measured\n", text, relation, goal);
        return;
    }
    printf("  goal: %s %s %.2f: measured %.2f (%.2f .. %.2f): %s\n", text, relation, goal, measured.median,
           measured.least, measured.most,
           (is_least ? measured.median >= goal : measured.median <= goal) ? "reached" : "MISSED");
}
