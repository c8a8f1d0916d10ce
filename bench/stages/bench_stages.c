/* bench_stages: the program with two to eight stages, with 1 to 64 workers a stage, and with nothing to do; and what it
 * costs to pass on a frame that is not read, by its size.
 */
#include <stdio.h>
#include <string.h>

#include "circle.h"
#include "contest.h"
#include "idle.h"
#include "options.h"
#include "program.h"

enum { STAGES_LEAST = 2, STAGES_MOST = 8, PIPELINE_MAX = 512, SETTINGS_MAX = 64 };

#define FRAMES_A_SECOND 4e6 /* roughly: how many frames fill a run */
#define RUN_LENGTHS 20      /* a run of the program takes so many times what another benchmark's does */
#define STARTS 4            /* 192 workers take a while to start, which the run is to hide */
#define THREE_STAGES_GOAL 10e6
#define IDLE_S 20.0
#define QUICK_IDLE_S 2.0
#define IDLE_GOAL 0.001

static void describe(char *to, uint32_t stages, uint64_t frames)
{
    int at = snprintf(to, PIPELINE_MAX, "stages.give count=%llu", (unsigned long long)frames);
    for (uint32_t i = 2; i < stages; i++)
        at += snprintf(to + at, PIPELINE_MAX - (size_t)at, " | stages.pass");
    snprintf(to + at, PIPELINE_MAX - (size_t)at, " | stages.take");
}

/* Runs `stages` stages of `workers` workers each, and notes the rate and the CPU time a frame. */
static int run(uint32_t stages, uint32_t workers, uint64_t frames, struct sample *rates, struct sample *cpu_ns)
{
    static const char *const names[] = {"give", "pass", "take"};
    char pipeline[PIPELINE_MAX], settings[3][SETTINGS_MAX];
    const char *words[] = {"-e",        pipeline, "--plugin-path", MICROPIPE_PACKS, "--set",     "memory=1G", "--set",
                           settings[0], "--set",  settings[1],     "--set",         settings[2], NULL};
    struct program_run r;
    describe(pipeline, stages, frames);
    for (int i = 0; i < 3; i++)
        snprintf(settings[i], SETTINGS_MAX, "stages.%s.workers=%u", names[i], workers);
    if (workers == 1)
        words[6] = NULL;
    if (program_run_with(MICROPIPE_PROGRAM, words, &r) != 0)
        return -1;
    sample_add(rates, (double)frames / r.elapsed_s);
    sample_add(cpu_ns, r.cpu_s * 1e9 / (double)frames);
    return 0;
}

static void print_row(const char *name, const struct sample *rates, const struct sample *cpu_ns)
{
    struct spread s = sample_spread(rates);
    printf("  %-12s %9s  (%s .. %s) %12.1f ns\n", name, figure_of(s.median).text, figure_of(s.least).text,
           figure_of(s.most).text, sample_spread(cpu_ns).median);
}

/* Least squares through the CPU time a frame: what a stage more costs, and how straight the line is. */
static void print_line(const struct sample *cpu_ns)
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;
    for (uint32_t stages = STAGES_LEAST; stages <= STAGES_MOST; stages++, n++) {
        double ns = sample_spread(&cpu_ns[stages]).median;
        x += stages;
        y += ns;
        xx += (double)stages * stages;
        xy += stages * ns;
        yy += ns * ns;
    }
    double covariance = n * xy - x * y, slope = covariance / (n * xx - x * x);
    printf("\n  a stage costs %.1f ns of CPU a frame, R2 %.3f\n", slope,
           covariance * covariance / ((n * xx - x * x) * (n * yy - y * y)));
}

static int stages(const struct options *o)
{
    struct sample rates[STAGES_MOST + 1] = {{.n = 0}}, cpu_ns[STAGES_MOST + 1] = {{.n = 0}};
    struct contest machine;
    uint64_t frames = (uint64_t)(FRAMES_A_SECOND * o->seconds * RUN_LENGTHS);
    contest_init(&machine, o->seconds);
    for (uint32_t turn = 0; turn < o->turns; turn++) {
        for (uint32_t n = STAGES_LEAST; n <= STAGES_MOST; n++)
            if (run(n, 1, frames, &rates[n], &cpu_ns[n]) != 0)
                return 1;
        contest_turn(&machine);
    }
    printf("stages: the program, frames of 64 bytes, a worker a stage; medians of %u turns\n\n", o->turns);
    printf("  %-12s %9s  %-20s %15s\n", "stages", "frames/s", "(least .. most)", "CPU a frame");
    for (uint32_t n = STAGES_LEAST; n <= STAGES_MOST; n++) {
        char name[16];
        snprintf(name, sizeof name, "%u", n);
        print_row(name, &rates[n], &cpu_ns[n]);
    }
    print_line(cpu_ns);
    contest_print_distance(&machine);
    double three = sample_spread(&rates[3]).median;
    printf("  three stages: %s frames/s; the goal is 10 M: %s\n", figure_of(three).text,
           three >= THREE_STAGES_GOAL ? "reached" : "missed");
    printf("\n");
    return 0;
}

static int workers(const struct options *o)
{
    static const uint32_t counts[] = {1, 4, 16, 64};
    enum { N = sizeof counts / sizeof *counts };
    struct sample rates[N] = {{.n = 0}}, cpu_ns[N] = {{.n = 0}}, ratios = {.n = 0};
    struct contest machine;
    uint64_t frames = (uint64_t)(FRAMES_A_SECOND * o->seconds * RUN_LENGTHS * STARTS);
    contest_init(&machine, o->seconds);
    for (uint32_t turn = 0; turn < o->turns; turn++) {
        contest_turn(&machine);
        for (uint32_t i = 0; i < N; i++)
            if (run(3, counts[i], frames, &rates[i], &cpu_ns[i]) != 0)
                return 1;
        sample_add(&ratios, rates[N - 1].values[turn] / rates[0].values[turn]);
    }
    printf("workers: three stages, frames of 64 bytes, so many workers in each; medians of %u turns\n\n", o->turns);
    printf("  %-12s %9s  %-20s %15s\n", "workers", "frames/s", "(least .. most)", "CPU a frame");
    for (uint32_t i = 0; i < N; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", counts[i]);
        print_row(name, &rates[i], &cpu_ns[i]);
    }
    contest_print_distance(&machine);
    print_goal("64 workers a stage, beside one,", ">=", 0.8, sample_spread(&ratios));
    printf("\n");
    return 0;
}

static int idle(const struct options *o)
{
    double seconds = o->seconds < 0.1 ? QUICK_IDLE_S : IDLE_S;
    struct idle found;
    if (idle_run(MICROPIPE_PROGRAM, "core.generate rate=0.01 size=64 | core.batch size=4 timeout=1h | core.null",
                 seconds, &found) != 0)
        return 1;
    printf(
        "idle: three stages that wait, %d processes, watched for %.0f s: %.6f %% of a CPU; the goal is %.1f %%: %s\n\n",
        found.processes, seconds, found.cpu * 100, IDLE_GOAL * 100, found.cpu < IDLE_GOAL ? "reached" : "missed");
    return 0;
}

static int forward(const struct options *o)
{
    static const uint64_t sizes[] = {64, 1024, 64 * 1024, 1024 * 1024, 16 * 1024 * 1024};
    enum { N = sizeof sizes / sizeof *sizes };
    struct sample rates[N] = {{.n = 0}};
    struct contest machine;
    uint64_t times = (uint64_t)(FRAMES_A_SECOND * o->seconds);
    contest_init(&machine, o->seconds);
    for (uint32_t turn = 0; turn < o->turns; turn++) {
        contest_turn(&machine);
        for (uint32_t i = 0; i < N; i++) {
            double rate = circle_run(sizes[i], times);
            if (rate < 0)
                return 1;
            sample_add(&rates[i], rate);
        }
    }
    printf("forward: 16 frames that two processes pass to each other, unread; forwards a second of both; medians of %u "
           "turns\n\n",
           o->turns);
    for (uint32_t i = 0; i < N; i++) {
        struct spread s = sample_spread(&rates[i]);
        printf("  %10llu bytes %9s  (%s .. %s)\n", (unsigned long long)sizes[i], figure_of(s.median).text,
               figure_of(s.least).text, figure_of(s.most).text);
    }
    contest_print_distance(&machine);
    printf("\n");
    return 0;
}

int main(int argc, char **argv)
{
    static const char *const parts[] = {"stages", "workers", "idle", "forward", NULL};
    struct options o;
    int failed = 0;
    if (options_parse(&o, argc, argv, parts) != 0)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (options_want(&o, "stages"))
        failed |= stages(&o);
    if (options_want(&o, "workers"))
        failed |= workers(&o);
    if (options_want(&o, "idle"))
        failed |= idle(&o);
    if (options_want(&o, "forward"))
        failed |= forward(&o);
    return failed;
}
