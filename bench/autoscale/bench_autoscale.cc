// bench_autoscale [steady | moving | loading | budget]...: what workers = "auto" makes of real pipelines on this
// machine, beside the best fixed numbers of a sweep in the same run.
//
// steady:  five pipelines: share of the best fixed rate, median of five, from 15 s after the start on
// moving:  a stage becomes five times slower and fast again: share of the best rate from 15 s after each change on, and
//          how soon its workers go down again
// loading: from a decision to the first frame of the new worker, where load() took half a second
// budget:  cores that are used with cpus = 1, the most of any five seconds
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <thread>

#include "mirror.h"
#include "shapes.h"

extern "C" {
#include "clock.h"
}

namespace
{

constexpr int REPEATS = 5;
constexpr double SETTLED_S = 15, LOOK_S = 8, FIXED_FROM_S = 2, FIXED_LOOK_S = 5;

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

std::string numbers(const std::vector<unsigned> &workers)
{
    std::string text;
    for (unsigned n : workers)
        text += (text.empty() ? "" : ", ") + std::to_string(n);
    return text;
}

std::string numbers(const Shape &shape, Instant now)
{
    std::vector<unsigned> workers;
    for (const std::string &stage : shape.scaled)
        workers.push_back(now.workers[stage]);
    return numbers(workers);
}

double fixed_rate(const Shape &shape, const std::vector<unsigned> &workers)
{
    Live live(shape.file, fixed(shape, workers));
    return live.rate(shape.counted, FIXED_FROM_S, FIXED_FROM_S + FIXED_LOOK_S);
}

// The best of a sweep; the three best of it are run again, as one run is luck.
std::vector<unsigned> best_fixed(const Shape &shape)
{
    std::vector<std::pair<double, std::vector<unsigned>>> found;
    for (const std::vector<unsigned> &workers : shape.tried)
        found.push_back({fixed_rate(shape, workers), workers});
    std::sort(found.rbegin(), found.rend());
    found.resize(std::min<size_t>(found.size(), 3));
    for (auto &[rate, workers] : found)
        rate = median({rate, fixed_rate(shape, workers), fixed_rate(shape, workers)});
    return std::max_element(found.begin(), found.end())->second;
}

// Both in turn, so that the machine is the same to both.
void steady(const Shape &shape)
{
    std::vector<unsigned> best = best_fixed(shape);
    std::vector<double> shares, rates, bests;
    std::string got, limit;
    for (int i = 0; i < REPEATS; i++) {
        bests.push_back(fixed_rate(shape, best));
        Live live(shape.file, {});
        rates.push_back(live.rate(shape.counted, SETTLED_S, SETTLED_S + LOOK_S));
        Instant now = live.look();
        got = numbers(shape, now);
        limit = now.limit;
        shares.push_back(rates.back() / bests.back());
    }
    std::sort(shares.begin(), shares.end());
    printf("  %-12s %7.0f frames/s of %7.0f: %5.1f %% (%.1f .. %.1f); workers %s, best fixed %s; limited by: %s\n",
           shape.name, median(rates), median(bests), 100 * median(shares), 100 * shares.front(), 100 * shares.back(),
           got.c_str(), numbers(best).c_str(), limit.c_str());
}

// When the stage has no more than so many workers, or -1.
double falls_to(const Live &live, const std::string &stage, uint32_t workers, double until_s)
{
    for (;;) {
        Instant now = live.look();
        if (now.workers[stage] <= workers)
            return now.at_s;
        if (now.at_s > until_s)
            return -1;
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
}

// The serial stage behind it takes 1 ms, so the best is the same throughout, if the moving stage follows.
void moving(const Folder &folder)
{
    constexpr double slow_s = 25, fast_s = 65;
    Shape shape = moving_shape(folder, slow_s, fast_s);
    double best;
    {
        Live live(shape.file, {"stages.moves.workers=64"});
        best = live.rate(shape.counted, 10, 20);
    }
    Live live(shape.file, {});
    double before = live.rate(shape.counted, SETTLED_S, slow_s);
    Instant fast = live.look();
    double slow = live.rate(shape.counted, slow_s + SETTLED_S, fast_s);
    Instant slower = live.look();
    double after = live.rate(shape.counted, fast_s + SETTLED_S, fast_s + SETTLED_S + 10);
    uint32_t most = fast.workers["moves"] * 2;
    double down = falls_to(live, "moves", most, fast_s + 90);
    printf("  moving       best %.0f frames/s; before %.1f %% with %u workers, slow %.1f %% with %u, fast again %.1f "
           "%%; no "
           "more than %u workers %.0f s later\n",
           best, 100 * before / best, fast.workers["moves"], 100 * slow / best, slower.workers["moves"],
           100 * after / best, most, down - fast_s);
}

void budget(const Folder &folder)
{
    std::vector<Shape> shapes = steady_shapes(folder);
    const Shape &shape = shapes[2];
    Live live(shape.file, {"cpus=1"});
    std::vector<double> at, used;
    double most = 0;
    for (int i = 0; i <= 60; i++) {
        at.push_back(live.at(i * 0.5).at_s);
        used.push_back(live.cpu_s());
        if (i >= 10)
            most = std::max(most, (used[i] - used[i - 10]) / (at[i] - at[i - 10]));
    }
    printf("  budget       cpus = 1: at most %.3f cores over any 5 s of 30\n", most);
}

// When a worker that was started since then has committed its first frame; 0: none has.
uint64_t first_frame(soak::Mirror &mirror, const std::string &stage, uint64_t since)
{
    for (uint32_t w = 0; w < mirror.slots_of(stage); w++) {
        mirror.read_slot(stage, w);
        const slot *s = mirror.slot_of(stage, w);
        uint64_t started = au64_relaxed(&s->started), flowing = au64_relaxed(&s->flowing);
        if (started > since && flowing > started)
            return flowing;
    }
    return 0;
}

void loading(const Folder &folder)
{
    constexpr int rounds = 50;
    Shape shape = loading_shape(folder);
    Live live(shape.file, {});
    soak::Mirror mirror(shape.file, MICROPIPE_PACKS);
    live.at(2);
    if (!mirror.attach(live.pid()) || !mirror.read_control())
        throw std::runtime_error("cannot look at the pipeline's memory");
    std::vector<double> ms;
    for (int i = 0; i < rounds; i++) {
        live.scale("loads", 1);
        uint64_t begin = clock_monotonic(), end = 0;
        live.order("loads", 2);
        while ((end = first_frame(mirror, "loads", begin)) == 0)
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        ms.push_back(static_cast<double>(end - begin) / 1e6);
    }
    std::sort(ms.begin(), ms.end());
    printf("  loading      from the order to the first frame of the new worker, which takes 1 ms: median %.2f ms, 90 "
           "%% within "
           "%.2f ms; load() took 500 ms\n",
           median(ms), ms[ms.size() * 9 / 10]);
}

bool wanted(int argc, char **argv, const char *what)
{
    bool found = argc < 2;
    for (int i = 1; i < argc; i++)
        found |= strcmp(argv[i], what) == 0;
    return found;
}

} // namespace

int main(int argc, char **argv)
{
    setvbuf(stdout, nullptr, _IOLBF, 0);
    try {
        if (wanted(argc, argv, "steady")) {
            Folder folder;
            printf("steady: median of %d, share of the best fixed in pairs of runs\n", REPEATS);
            for (const Shape &shape : steady_shapes(folder))
                steady(shape);
        }
        if (wanted(argc, argv, "moving")) {
            Folder folder;
            moving(folder);
        }
        if (wanted(argc, argv, "loading")) {
            Folder folder;
            loading(folder);
        }
        if (wanted(argc, argv, "budget")) {
            Folder folder;
            budget(folder);
        }
    } catch (const std::exception &wrong) {
        fprintf(stderr, "bench_autoscale: %s\n", wrong.what());
        return 1;
    }
    return 0;
}
