/* bench_pipeline: the program itself, source to sink, beside a raw ring and a pipe; and how soon the first
 * frame is there.
 *
 * Runs the micropipe that lies in the same folder.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "contest.h"
#include "options.h"
#include "program.h"
#include "ways.h"

enum { HELLOS_A_TURN = 3, FRAMES = 5000000, FRAME_BYTES = 64 };

#define HELLO_TARGET_MS 50.0

/* The program beside this one. 0, or -1. */
static int find_program(char *path, size_t size)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0)
        return -1;
    self[n] = 0;
    char *slash = strrchr(self, '/');
    int length = snprintf(path, size, "%.*s/micropipe", (int)(slash - self), self);
    return length > 0 && (size_t)length < size ? access(path, X_OK) : -1;
}

static void say_hello(const struct sample *first_frames, const struct sample *whole)
{
    struct spread first = sample_spread(first_frames), all = sample_spread(whole);
    printf("\n  a pipeline of one frame: start to first frame %.1f ms (%.1f .. %.1f), whole run %.1f ms (%.1f .. "
           "%.1f); the target is %.0f ms: %s\n",
           first.median, first.least, first.most, all.median, all.least, all.most, HELLO_TARGET_MS,
           first.median < HELLO_TARGET_MS ? "met" : "missed");
}

int main(int argc, char **argv)
{
    static const char *const parts[] = {"program", NULL};
    static const struct load load = {.payload = FRAME_BYTES, .queue = 1024, .senders = 1, .receivers = 1};
    struct options o;
    char program[PATH_MAX], pipeline[128];
    struct contest contest;
    struct sample rates = {.n = 0}, first_frames = {.n = 0}, whole = {.n = 0};
    struct program_run run;
    if (options_parse(&o, argc, argv, parts) != 0)
        return 2;
    if (find_program(program, sizeof program) != 0) {
        fprintf(stderr, "bench_pipeline: there is no micropipe beside this program: build it first (./run build)\n");
        return 2;
    }
    contest_init(&contest, o.seconds);
    int raw = contest_add(&contest, &way_raw_ring, load);
    int pipes = contest_add(&contest, &way_pipe, load);
    snprintf(pipeline, sizeof pipeline, "core.generate count=%d size=%d | core.null", FRAMES, FRAME_BYTES);
    for (uint32_t i = 0; i < o.turns; i++) {
        contest_turn(&contest);
        if (program_run(program, pipeline, &run) != 0)
            return 1;
        sample_add(&rates, FRAMES / run.elapsed_s);
        for (int k = 0; k < HELLOS_A_TURN; k++) {
            if (program_run(program, "core.generate count=1 size=64 | core.null", &run) != 0)
                return 1;
            sample_add(&first_frames, run.first_frame_ms);
            sample_add(&whole, run.wall_ms);
        }
    }
    printf("micropipe run -e '%s', %u turns, beside what two processes can do at best\n\n", pipeline, o.turns);
    contest_print_head();
    contest_print_row(&contest, raw, raw);
    contest_print_row(&contest, pipes, raw);
    printf("  %-41s %9s\n", "micropipe, the program", figure_of(sample_spread(&rates).median).text);
    contest_print_distance(&contest);
    say_hello(&first_frames, &whole);
    return contest.failed ? 1 : 0;
}
