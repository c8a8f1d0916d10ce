#include "contest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int contest_turns(int argc, char *const *argv, int otherwise)
{
    long n = argc > 1 ? strtol(argv[1], NULL, 10) : otherwise;
    return n < 1 ? 1 : n > TURNS_MAX ? TURNS_MAX : (int)n;
}

void contest_init(struct contest *r)
{
    memset(r, 0, sizeof *r);
    r->cpus = duel_cpus();
}

void contest_add(struct contest *r, const struct way *way)
{
    if (r->n_ways < WAYS_MAX)
        r->ways[r->n_ways++] = way;
}

void contest_turn(struct contest *r)
{
    sample_add(&r->distances, duel_distance(r->cpus));
    for (uint32_t i = 0; i < r->n_ways; i++) {
        double rate = duel_run(r->ways[i], r->cpus);
        if (rate > 0)
            sample_add(&r->rates[i], rate);
        else
            r->failed++;
    }
    sample_add(&r->distances, duel_distance(r->cpus));
}

struct figure figure_of(double value)
{
    struct figure f;
    if (value >= 1e6)
        snprintf(f.text, sizeof f.text, "%.*f M", value >= 1e8 ? 0 : value >= 1e7 ? 1 : 2, value / 1e6);
    else
        snprintf(f.text, sizeof f.text, "%.0f k", value / 1e3);
    return f;
}

static const struct sample *pipe_rates(const struct contest *r)
{
    for (uint32_t i = 0; i < r->n_ways; i++)
        if (r->ways[i] == &way_pipe && r->rates[i].n > 0)
            return &r->rates[i];
    return NULL;
}

void contest_print_head(void)
{
    printf("  %-30s %12s   %-22s %10s %10s\n", "", "frames/s", "(least .. most)", "raw ring", "pipe");
}

void contest_print_row(const struct contest *r, const char *name, const struct sample *rates)
{
    if (rates->n == 0) {
        printf("  %-30s %12s\n", name, "failed");
        return;
    }
    struct spread s = sample_spread(rates);
    char range[64];
    snprintf(range, sizeof range, "(%s .. %s)", figure_of(s.least).text, figure_of(s.most).text);
    printf("  %-30s %12s   %-22s", name, figure_of(s.median).text, range);
    if (r->rates[0].n > 0)
        printf(" %8.1f %%", 100 * s.median / sample_spread(&r->rates[0]).median);
    if (pipe_rates(r))
        printf(" %8.1f x", s.median / sample_spread(pipe_rates(r)).median);
    printf("\n");
}

void contest_print_rows(const struct contest *r)
{
    for (uint32_t i = 0; i < r->n_ways; i++)
        contest_print_row(r, r->ways[i]->name, &r->rates[i]);
    if (r->cpus.sender == r->cpus.receiver) {
        printf("  only one CPU may be used: both processes shared it\n");
        return;
    }
    struct spread d = sample_spread(&r->distances);
    printf("  a cache line from CPU %d to CPU %d and back: %.0f ns (%.0f .. %.0f)%s\n", r->cpus.sender,
           r->cpus.receiver, d.median, d.least, d.most,
           d.most > 2 * d.least ? "; it varied: another load, or CPUs that move, so mistrust the figures" : "");
}
