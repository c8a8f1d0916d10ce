// The races' command line: see Usage().
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include <unistd.h>

#include "ends.h"
#include "traffic.h"

namespace
{

#if defined(__SANITIZE_THREAD__)
constexpr As AS = As::THREADS;
#else
constexpr As AS = As::PROCESSES;
#endif

// For a run. A planted bug is to be found at once.
enum : uint32_t { SECONDS = 60, SECONDS_PLANTED = 3 };

// For the signal handler.
volatile uint64_t running_seed;

void Hung(int)
{
    char text[160];
    int n = snprintf(text, sizeof text, "seed %llu: nothing came to its end\nreplay: races --seeds %llu 1\n",
                     static_cast<unsigned long long>(running_seed), static_cast<unsigned long long>(running_seed));
    if (write(STDOUT_FILENO, text, static_cast<size_t>(n)) < 0)
        _exit(3);
    _exit(1);
}

void Watch(uint64_t seed, uint32_t seconds)
{
    const char *plant = getenv("RACES_PLANT");
    running_seed = seed;
    std::signal(SIGALRM, Hung);
    alarm(plant && *plant ? SECONDS_PLANTED : seconds);
}

int Usage()
{
    fputs("usage: races --seeds FROM COUNT | --operations N | --rings N\n", stderr);
    return 2;
}

bool Report(const std::string &wrong, uint64_t seed)
{
    if (wrong.empty())
        return true;
    printf("%s\nreplay: races --seeds %llu 1\n", wrong.c_str(), static_cast<unsigned long long>(seed));
    return false;
}

void Summary(uint64_t runs, const Passed &all)
{
    printf("%llu runs, %s: %llu ring operations, %llu sleeps\n", static_cast<unsigned long long>(runs),
           AS == As::THREADS ? "threads" : "processes", static_cast<unsigned long long>(all.operations),
           static_cast<unsigned long long>(all.sleeps));
}

void Add(Passed *all, const Passed &passed)
{
    all->operations += passed.operations;
    all->sleeps += passed.sleeps;
}

int Seeds(uint64_t from, uint64_t count)
{
    Passed all;
    for (uint64_t seed = from; seed < from + count; seed++) {
        Passed passed;
        Watch(seed, SECONDS);
        if (!Report(RunTraffic(Traffic::OfSeed(seed), AS, &passed), seed)) {
            printf("found after %llu seeds\n", static_cast<unsigned long long>(seed - from + 1));
            return 1;
        }
        Add(&all, passed);
    }
    Summary(count, all);
    return 0;
}

struct Shape {
    uint32_t queue, workers, batch;
    uint64_t part; // of all operations, in thousandths
};

constexpr Shape SHAPES[] = {{4096, 1, 4096, 450}, {4096, 2, 1024, 300}, {256, 1, 256, 200},
                            {64, 2, 32, 47},      {8, 3, 8, 2},         {1, 1, 1, 1}};

// Bare rings: what their ends do, and nothing else.
int Rings(uint64_t wanted)
{
    uint64_t done = 0;
    for (const Shape &shape : SHAPES) {
        Ends ends = {shape.queue, shape.workers, shape.workers, shape.batch,
                     wanted * shape.part / 1000 / 2 / shape.workers + 1};
        Watch(0, 20 * SECONDS);
        std::string wrong = RunEnds(ends);
        if (!wrong.empty()) {
            std::cout << ends << ": " << wrong << "\n";
            return 1;
        }
        done += ends.Operations();
    }
    std::cout << done << " operations on bare rings, threads\n";
    return done >= wanted ? 0 : 1;
}

// Many frames of a line each through whole transactions.
int Operations(uint64_t wanted)
{
    enum : uint64_t { A_FRAME = 4 }; // into two rings, and out of them
    Passed all;
    uint64_t runs = 0;
    for (const Shape &shape : SHAPES) {
        Passed passed;
        Traffic t;
        t.seed = ++runs;
        t.queue = shape.queue;
        t.sources = t.filters = t.sinks = shape.workers;
        t.batch = shape.batch;
        t.size = 16;
        t.spins = 100;
        t.frames = static_cast<uint32_t>(wanted * shape.part / 1000 / A_FRAME / shape.workers + 1);
        Watch(0, 20 * SECONDS);
        std::string wrong = RunTraffic(t, AS, &passed);
        if (!wrong.empty()) {
            std::cout << wrong << "\n";
            return 1;
        }
        Add(&all, passed);
    }
    Summary(runs, all);
    return all.operations >= wanted ? 0 : 1;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--seeds") == 0)
        return Seeds(strtoull(argv[2], nullptr, 0), strtoull(argv[3], nullptr, 0));
    if (argc == 3 && strcmp(argv[1], "--rings") == 0)
        return Rings(strtoull(argv[2], nullptr, 0));
    if (argc == 3 && strcmp(argv[1], "--operations") == 0)
        return Operations(strtoull(argv[2], nullptr, 0));
    return Usage();
}
