// bench_scaler: the scaler and other rules on random pipelines in virtual time, beside the best fixed allocation.
//
//   bench_scaler [--pipelines N] [--changing N] [--from SEED] [--cores C]... [--only scaler]
//   bench_scaler --show SEED CORES [CHANGE [WORKERS...]]   one pipeline: what the scaler decides, or what these give
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>

#include "best.h"

namespace
{

const RuleKind RULES[] = {RuleKind::SCALER, RuleKind::QUEUE, RuleKind::DS2, RuleKind::SLOW};
const char *const CHANGES[] = {"steady", "a stage 2-4x dearer", "a stage 2-4x cheaper", "half the cores",
                               "on/off source"};
const double STEADY_S = 600, SHORT_S = 60;

// After the first minute.
double length(RuleKind kind, Change change)
{
    return change != Change::NONE ? 2 * SHORT_S : kind == RuleKind::SCALER ? STEADY_S : SHORT_S;
}

// How often a scene is played, each time with other random numbers, for the mean of the rates: some finish only a few
// hundred frames, and chance would count as much as the rule.
uint32_t runs(Change change)
{
    return change != Change::NONE ? 5 : 1;
}

Outcome play_rule(const Scene &scene, RuleKind kind, Change change)
{
    const uint32_t n = runs(change);
    Outcome mean = scene_play(scene, kind, length(kind, change), false);
    for (uint32_t run = 1; run < n; run++) {
        Outcome more = scene_play(scene, kind, length(kind, change), false, run);
        mean.rate += more.rate;
        mean.rate_at_once += more.rate_at_once;
        mean.passed_memory |= more.passed_memory;
    }
    mean.rate /= n;
    mean.rate_at_once /= n;
    return mean;
}

struct Result {
    Scene scene;
    Best best;
    std::vector<Outcome> outcomes; // a rule each
};

struct Options {
    uint32_t pipelines = 300, changing = 60, seed = 1000001;
    std::vector<double> cores = {2, 8, 32, 64};
    bool only_scaler = false;
};

double quantile(std::vector<double> v, double q)
{
    std::sort(v.begin(), v.end());
    return v.empty() ? 0 : v[static_cast<size_t>(q * static_cast<double>(v.size() - 1) + 0.5)];
}

// All seeds, over all cores of this machine.
std::vector<Result> play(const Options &o, double cores, Change change, uint32_t n)
{
    std::vector<Result> results(n);
    std::atomic<uint32_t> next{0};
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < std::max(1u, std::thread::hardware_concurrency()); t++)
        threads.emplace_back([&] {
            for (uint32_t i = next++; i < n; i = next++) {
                Result &r = results[i];
                r.scene = scene_make(o.seed + i, cores, change);
                r.best = best_find(r.scene, length(RuleKind::SCALER, change), runs(change));
                for (RuleKind kind : RULES)
                    if (kind == RuleKind::SCALER || (!o.only_scaler && change == Change::NONE))
                        r.outcomes.push_back(play_rule(r.scene, kind, change));
            }
        });
    for (std::thread &t : threads)
        t.join();
    return results;
}

void print_row(const std::vector<Result> &results, size_t rule, double cores)
{
    std::vector<double> share, at_once, decisions, reversals, reached;
    int passed = 0;
    for (const Result &r : results) {
        const Outcome &o = r.outcomes[rule];
        share.push_back(100 * o.rate / r.best.rate);
        at_once.push_back(100 * o.rate_at_once / r.best.rate);
        decisions.push_back(o.decisions);
        reversals.push_back(o.reversals);
        reached.push_back(o.rate_90_s);
        passed += o.passed_memory;
    }
    printf("%5.0f  %-12s %6.1f %6.1f %6.1f   %6.1f   %4.0f %4.0f   %4.0f %4.0f   %5.1f %5.1f   %d\n", cores,
           rule_name(RULES[rule]), quantile(share, 0.5), quantile(share, 0.1), quantile(share, 0),
           quantile(at_once, 0.1), quantile(decisions, 0.5), quantile(decisions, 1), quantile(reversals, 0.5),
           quantile(reversals, 1), quantile(reached, 0.5), quantile(reached, 0.9), passed);
}

void print_worst(std::vector<Result> &results, double cores, Change change)
{
    std::sort(results.begin(), results.end(), [](const Result &a, const Result &b) {
        return a.outcomes[0].rate / a.best.rate < b.outcomes[0].rate / b.best.rate;
    });
    printf("       worst:");
    for (size_t i = 0; i < std::min<size_t>(6, results.size()); i++)
        printf(" --show %lu %.0f %d = %.1f;", static_cast<unsigned long>(results[i].scene.shape.seed), cores,
               static_cast<int>(change), 100 * results[i].outcomes[0].rate / results[i].best.rate);
    printf("\n");
    auto turns = std::max_element(results.begin(), results.end(), [](const Result &a, const Result &b) {
        return a.outcomes[0].reversals < b.outcomes[0].reversals;
    });
    printf("       most reversals: --show %lu %.0f %d\n", static_cast<unsigned long>(turns->scene.shape.seed), cores,
           static_cast<int>(change));
}

void print_table(const Options &o, Change change, uint32_t n)
{
    printf("%s, %u pipelines\n", CHANGES[static_cast<int>(change)], n);
    printf("       share of the best fixed allocation      p10 at  decisions reversals   s to 90 %%    memory\n");
    printf("cores  rule         median    p10  worst     once    med most   med most    med   p90    passed\n");
    for (double cores : o.cores) {
        std::vector<Result> results = play(o, cores, change, n);
        for (size_t rule = 0; rule < results[0].outcomes.size(); rule++)
            print_row(results, rule, cores);
        if (o.only_scaler)
            print_worst(results, cores, change);
        fflush(stdout);
    }
    printf("\n");
}

void print_workers(const char *what, const std::vector<uint32_t> &workers, double rate)
{
    printf("%s %.4g/s:", what, rate);
    for (uint32_t n : workers)
        printf(" %u", n);
    printf("\n");
}

void print_scene(const Scene &scene)
{
    std::vector<double> visits = scene.shape.Visits();
    for (size_t i = 0; i < scene.shape.stages.size(); i++) {
        const StageShape &s = scene.shape.stages[i];
        printf("stage %zu: cpu %.4g ms wait %.4g ms noise %.1f visits %.3g max %u ring %u device %u crowding %.2f%s "
               "warm %.3g "
               "bytes %lu from",
               i, s.cpu_s * 1e3, s.wait_s * 1e3, s.noise, visits[i], s.max, s.ring, s.device, s.crowding,
               s.ordered ? " ordered" : "", s.warm_up_s, static_cast<unsigned long>(s.bytes));
        for (uint32_t f : s.feeders)
            printf(" %u", f);
        printf("\n");
    }
    if (scene.shape.memory != UINT64_MAX)
        printf("memory %lu\n", static_cast<unsigned long>(scene.shape.memory));
    printf("change: %s, stage %u x %.2f; source on %.1f off %.1f\n", CHANGES[static_cast<int>(scene.change)],
           scene.stage, scene.factor, scene.shape.bursts.on_s, scene.shape.bursts.off_s);
}

// One pipeline: what the scaler does with it, or what these numbers give.
int show(uint64_t seed, double cores, Change change, const std::vector<uint32_t> &workers)
{
    Scene scene = scene_make(seed, cores, change);
    if (workers.size() == scene.shape.stages.size()) {
        print_workers("fixed", workers, best_rate(scene, workers, length(RuleKind::SCALER, change), runs(change)));
        return 0;
    }
    print_scene(scene);
    Outcome out = scene_play(scene, RuleKind::SCALER, length(RuleKind::SCALER, change), true);
    Best best = best_find(scene, length(RuleKind::SCALER, change), runs(change));
    out.rate = play_rule(scene, RuleKind::SCALER, change).rate;
    print_workers("best", best.workers, best.rate);
    print_workers("scaler", out.workers, out.rate);
    printf("%.1f %%, at once %.1f %%, 90 %% in %.1f s; its last numbers, fixed: %.4g\n", 100 * out.rate / best.rate,
           100 * out.rate_at_once / best.rate, out.rate_90_s, scene_rate(scene, out.workers, 40000, 2));
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    Options o;
    bool cores_given = false;
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--pipelines") == 0 && more)
            o.pipelines = static_cast<uint32_t>(std::stoul(argv[++i]));
        else if (strcmp(argv[i], "--changing") == 0 && more)
            o.changing = static_cast<uint32_t>(std::stoul(argv[++i]));
        else if (strcmp(argv[i], "--from") == 0 && more)
            o.seed = static_cast<uint32_t>(std::stoul(argv[++i]));
        else if (strcmp(argv[i], "--cores") == 0 && more) {
            if (!cores_given)
                o.cores.clear();
            cores_given = true;
            o.cores.push_back(std::stod(argv[++i]));
        } else if (strcmp(argv[i], "--only") == 0 && more) {
            o.only_scaler = strcmp(argv[++i], "scaler") == 0;
        } else if (strcmp(argv[i], "--show") == 0 && i + 2 < argc) {
            std::vector<uint32_t> workers;
            for (int n = i + 4; n < argc; n++)
                workers.push_back(static_cast<uint32_t>(std::stoul(argv[n])));
            return show(std::stoul(argv[i + 1]), std::stod(argv[i + 2]),
                        static_cast<Change>(i + 3 < argc ? std::stoi(argv[i + 3]) : 0), workers);
        } else {
            fprintf(stderr,
                    "usage: bench_scaler [--pipelines N] [--changing N] [--from SEED] [--cores C]... [--only scaler]\n"
                    "       bench_scaler --show SEED CORES [CHANGE [WORKERS...]]\n");
            return 2;
        }
    }
    if (o.pipelines > 0)
        print_table(o, Change::NONE, o.pipelines);
    for (Change change : {Change::DEARER, Change::CHEAPER, Change::HALF_CORES, Change::BURSTS})
        if (o.changing > 0)
            print_table(o, change, o.changing);
    return 0;
}
