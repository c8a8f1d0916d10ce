// The simulator's command line: see Usage().
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <unistd.h>

#include "simulation.h"

namespace
{

// For the signal handler: a CHECK() of the product that fails ends the process.
volatile uint64_t running_seed;

int Usage()
{
    fputs("usage: simulate --seed N [--trace] | --seeds FROM COUNT [--plant lost-wakes|no-settlement]\n", stderr);
    return 2;
}

void Crashed(int signal)
{
    char text[160];
    int n =
        snprintf(text, sizeof text, "seed %llu: signal %d\nreplay: simulate --seed %llu --trace\n",
                 static_cast<unsigned long long>(running_seed), signal, static_cast<unsigned long long>(running_seed));
    if (write(STDERR_FILENO, text, static_cast<size_t>(n)) < 0)
        _exit(3);
    _exit(1);
}

int Report(uint64_t seed, const Outcome &o)
{
    if (o.wrong.empty())
        return 0;
    printf("seed %llu: %s\nreplay: simulate --seed %llu --trace\n", static_cast<unsigned long long>(seed),
           o.wrong.c_str(), static_cast<unsigned long long>(seed));
    return 1;
}

int One(uint64_t seed, Plant plant, bool trace)
{
    running_seed = seed;
    Outcome first = Simulate(seed, plant, trace);
    Outcome again = Simulate(seed, plant, false);
    printf("seed %llu: digest %016llx, again %016llx, %llu points, %u deaths\n", static_cast<unsigned long long>(seed),
           static_cast<unsigned long long>(first.digest), static_cast<unsigned long long>(again.digest),
           static_cast<unsigned long long>(first.points), first.deaths);
    return Report(seed, first) || first.digest != again.digest;
}

int Many(uint64_t from, uint64_t count, Plant plant)
{
    unsigned long long deaths = 0, frames = 0, points = 0, ns = 0;
    for (uint64_t seed = from; seed < from + count; seed++) {
        running_seed = seed;
        Outcome o = Simulate(seed, plant, false);
        if (Report(seed, o)) {
            printf("found after %llu seeds\n", static_cast<unsigned long long>(seed - from + 1));
            return 1;
        }
        deaths += o.deaths;
        frames += o.frames;
        points += o.points;
        ns += o.virtual_ns;
    }
    printf("%llu seeds: %llu frames, %llu deaths, %llu scheduling points, %llu s of virtual time\n",
           static_cast<unsigned long long>(count), frames, deaths, points, ns / 1000000000);
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    uint64_t from = 0;
    uint64_t count = 0;
    bool trace = false;
    Plant plant = Plant::NONE;
    for (int signal : {SIGABRT, SIGSEGV, SIGILL, SIGTRAP})
        std::signal(signal, Crashed);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            from = strtoull(argv[++i], nullptr, 0);
            count = 0;
        } else if (strcmp(argv[i], "--seeds") == 0 && i + 2 < argc) {
            from = strtoull(argv[++i], nullptr, 0);
            count = strtoull(argv[++i], nullptr, 0);
        } else if (strcmp(argv[i], "--trace") == 0) {
            trace = true;
        } else if (strcmp(argv[i], "--plant") == 0 && i + 1 < argc) {
            const char *what = argv[++i];
            plant = strcmp(what, "lost-wakes") == 0      ? Plant::LOSE_WAKES
                    : strcmp(what, "no-settlement") == 0 ? Plant::SKIP_SETTLEMENT
                                                         : Plant::NONE;
            if (plant == Plant::NONE)
                return Usage();
        } else {
            return Usage();
        }
    }
    return argc < 2 ? Usage() : count ? Many(from, count, plant) : One(from, plant, trace);
}
