#include "scene.h"

#include <algorithm>

namespace
{

const double TICK_S = 0.5;
const double FIRST_S = 60;    // to settle
const double GRACE_S = 15;    // to follow a change
const double MOMENT_S = 1e-6; // turns are not that close to each other
const double SHORT_S = 2;     // over which a rate is taken when it is to reach 90 %

// Whether the source has input at t.
bool has_input(const Bursts &b, double t)
{
    return b.off_s == 0 || std::fmod(t, b.on_s + b.off_s) < b.on_s;
}

// At least so long, and a multiple of the cycle, if there is one.
double whole_cycles(double cycle_s, double t)
{
    return cycle_s > 0 ? cycle_s * std::ceil(t / cycle_s) : t;
}

// When that changes next.
double next_turn(const Bursts &b, double t)
{
    if (b.off_s == 0)
        return HUGE_VAL;
    double whole = std::floor(t / (b.on_s + b.off_s)) * (b.on_s + b.off_s);
    double on_ends = whole + b.on_s, off_ends = whole + b.on_s + b.off_s;
    return on_ends > t + 1e-9 ? on_ends : off_ends > t + 1e-9 ? off_ends : off_ends + b.on_s;
}

void make_change(const Scene &scene, Engine &engine)
{
    if (scene.change == Change::HALF_CORES)
        engine.SetCores(scene.shape.cores / 2);
    if (scene.change == Change::DEARER || scene.change == Change::CHEAPER)
        engine.SetCostFactor(scene.stage, scene.factor);
}

// What all would take: those that are to leave are still there.
uint64_t wished_bytes(const Engine &engine, const Shape &shape, const std::vector<uint32_t> &workers)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < workers.size(); i++)
        bytes += std::max(workers[i], engine.Present(i)) * shape.stages[i].bytes;
    return bytes;
}

// Gives the engine the workers that the rule wants, as far as memory goes: what it has to spare is given back first.
void apply(Engine &engine, const Shape &shape, const std::vector<uint32_t> &workers)
{
    for (uint32_t i = 0; i < workers.size(); i++)
        if (workers[i] < engine.Present(i))
            engine.SetWorkers(i, workers[i]);
    for (uint32_t i = 0; i < workers.size(); i++) {
        uint32_t n = workers[i];
        while (n > engine.Present(i) && engine.Bytes() + (n - engine.Present(i)) * shape.stages[i].bytes > shape.memory)
            n--;
        if (n >= engine.Present(i))
            engine.SetWorkers(i, n);
    }
}

} // namespace

Scene scene_make(uint64_t seed, double cores, Change change)
{
    Scene scene;
    Random random(seed * 77 + static_cast<uint64_t>(change));
    scene.shape = shape_make(seed, cores);
    scene.change = change;
    scene.stage = random.Whole(0, static_cast<uint32_t>(scene.shape.stages.size()) - 1);
    scene.factor = random.Between(2, 4);
    if (change == Change::CHEAPER)
        scene.factor = 1 / scene.factor;
    if (change == Change::BURSTS)
        scene.shape.bursts = {random.Between(4, 8), random.Between(3, 6)};
    return scene;
}

Shape scene_after(const Scene &scene)
{
    Shape shape = scene.shape;
    if (scene.change == Change::HALF_CORES)
        shape.cores /= 2;
    if (scene.change == Change::DEARER || scene.change == Change::CHEAPER) {
        shape.stages[scene.stage].cpu_s *= scene.factor;
        shape.stages[scene.stage].wait_s *= scene.factor;
    }
    return shape;
}

void scene_run(const Scene &scene, Engine &engine, double end_s, const std::function<void()> &tick)
{
    const Bursts &b = scene.shape.bursts;
    double change = scene.change_s > engine.Now() ? scene.change_s : HUGE_VAL;
    double tick_s = engine.Now() + TICK_S, turn = next_turn(b, engine.Now());
    // A turn at this very moment lies before the engine's clock, or behind it.
    engine.SetSource(has_input(b, engine.Now() + MOMENT_S));
    while (engine.Now() < end_s) {
        double t = std::min({end_s, tick_s, turn, change});
        engine.RunUntil(t);
        if (t >= change) {
            make_change(scene, engine);
            change = HUGE_VAL;
        }
        if (t >= turn) {
            engine.SetSource(has_input(b, t + MOMENT_S));
            turn = next_turn(b, t);
        }
        if (t >= tick_s) {
            tick();
            tick_s += TICK_S;
        }
    }
}

namespace
{

// Frames of the source that each end of the pipeline has finished since then, the least of all: what went on in one
// branch, and only fills rings in another, does not count.
double finished_since(const Engine &engine, const Shape &shape, const std::vector<double> &before)
{
    std::vector<double> now = engine.Finished();
    double least = HUGE_VAL;
    for (uint32_t i = 0; i < now.size(); i++)
        if (shape.Readers(i).empty())
            least = std::min(least, now[i] - before[i]);
    return least;
}

// What comes of the rule with these random numbers. The engine starts with `workers`.
Outcome play(const Scene &scene, Rule &rule, std::vector<uint32_t> workers, uint64_t seed, double steady_s)
{
    const double cycle = scene.shape.bursts.on_s + scene.shape.bursts.off_s;
    const double first_s = whole_cycles(cycle, FIRST_S), end_s = first_s + whole_cycles(cycle, steady_s);
    Engine engine(scene.shape, seed);
    std::vector<int> directions(workers.size(), 0);
    std::vector<double> delivered(1, 0); // at each tick
    Outcome out;
    apply(engine, scene.shape, workers);
    auto tick = [&] {
        observation seen = {};
        std::vector<uint32_t> before = workers;
        engine.Observe(&seen);
        seen.memory = scene.shape.memory;
        rule.Decide(seen, engine.Now(), workers);
        for (size_t i = 0; i < workers.size(); i++) {
            int way = workers[i] > before[i] ? 1 : workers[i] < before[i] ? -1 : 0;
            out.reversals += engine.Now() > first_s && way * directions[i] < 0;
            directions[i] = way != 0 ? way : directions[i];
        }
        out.decisions += engine.Now() <= first_s && workers != before;
        out.passed_memory |= wished_bytes(engine, scene.shape, workers) > scene.shape.memory;
        apply(engine, scene.shape, workers);
        delivered.push_back(engine.Delivered());
    };
    scene_run(scene, engine, first_s, tick);
    std::vector<double> at_first = engine.Finished();
    bool has_grace = scene.change != Change::NONE && scene.change != Change::BURSTS;
    double grace_s = has_grace ? GRACE_S : 0;
    scene_run(scene, engine, first_s + grace_s, tick);
    std::vector<double> at_grace = engine.Finished();
    scene_run(scene, engine, end_s, tick);
    out.rate = finished_since(engine, scene.shape, at_grace) / (end_s - first_s - grace_s);
    out.rate_at_once = finished_since(engine, scene.shape, at_first) / (end_s - first_s);
    const size_t width = static_cast<size_t>(SHORT_S / TICK_S);
    for (size_t i = width; i < delivered.size(); i++)
        if (delivered[i] - delivered[i - width] >= 0.9 * out.rate * SHORT_S) {
            out.rate_90_s = static_cast<double>(i) * TICK_S;
            break;
        }
    out.workers = workers;
    return out;
}

// Leaves all as it is.
class Fixed : public Rule
{
    void Decide(const observation &, double, std::vector<uint32_t> &) override {}
};

} // namespace

Outcome scene_play(const Scene &scene, RuleKind kind, double steady_s, bool log, uint32_t run)
{
    std::unique_ptr<Rule> rule = rule_make(kind, scene.shape, log);
    return play(scene, *rule, std::vector<uint32_t>(scene.shape.stages.size(), 1), scene.shape.seed + 1 + 1000 * run,
                steady_s);
}

Outcome scene_play_fixed(const Scene &scene, const std::vector<uint32_t> &workers, double steady_s, uint32_t run)
{
    Fixed rule;
    Scene fixed = scene;
    fixed.change = Change::NONE;
    fixed.shape = scene_after(scene);
    return play(fixed, rule, workers, scene.shape.seed + 2 + 1000 * run, steady_s);
}

double scene_rate(const Scene &scene, const std::vector<uint32_t> &workers, double services, uint64_t seed)
{
    Scene fixed = scene;
    fixed.change = Change::NONE;
    fixed.shape = scene_after(scene);
    Engine engine(fixed.shape, seed);
    for (uint32_t i = 0; i < workers.size(); i++)
        engine.SetWorkers(i, workers[i]);
    double cycle = scene.shape.bursts.on_s + scene.shape.bursts.off_s;
    double seconds = std::max(30.0, services / scene.shape.services), warm = std::max(5.0, seconds / 4);
    warm = whole_cycles(cycle, warm);
    seconds = whole_cycles(cycle, seconds);
    scene_run(fixed, engine, warm, [] {});
    std::vector<double> before = engine.Finished();
    scene_run(fixed, engine, warm + seconds, [] {});
    std::vector<double> after = engine.Finished();
    double least = HUGE_VAL;
    for (size_t i = 0; i < after.size(); i++)
        least = std::min(least, after[i] - before[i]);
    return least / seconds;
}
