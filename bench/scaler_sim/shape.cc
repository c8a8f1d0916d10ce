#include "shape.h"

#include <algorithm>

std::vector<double> Shape::Visits() const
{
    std::vector<double> visits(stages.size(), 0);
    for (size_t i = 0; i < stages.size(); i++) {
        visits[i] = stages[i].feeders.empty() ? 1 : 0;
        for (uint32_t f : stages[i].feeders)
            visits[i] += visits[f] * stages[f].selectivity;
    }
    return visits;
}

std::vector<uint32_t> Shape::Readers(uint32_t stage) const
{
    std::vector<uint32_t> readers;
    for (uint32_t i = 0; i < stages.size(); i++)
        if (std::find(stages[i].feeders.begin(), stages[i].feeders.end(), stage) != stages[i].feeders.end())
            readers.push_back(i);
    return readers;
}

model Shape::Model() const
{
    model m = {};
    std::vector<double> visits = Visits();
    m.n_stages = static_cast<uint32_t>(stages.size());
    m.cpus = cores;
    m.demand = HUGE_VAL;
    m.memory = memory;
    for (uint32_t i = 0; i < stages.size(); i++) {
        const StageShape &s = stages[i];
        // A device's own rate is the most that the stage can give.
        double most = s.device != 0 ? s.device / s.wait_s : HUGE_VAL;
        double useful = most * (s.cpu_s + s.wait_s);
        m.stages[i] = {visits[i], s.cpu_s, s.wait_s, 0, 0, 1, 1, s.max, s.bytes};
        if (useful < s.max)
            m.stages[i].limit = static_cast<uint32_t>(std::ceil(useful));
    }
    return m;
}

uint64_t Shape::Bytes(const std::vector<uint32_t> &workers) const
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < stages.size(); i++)
        bytes += workers[i] * stages[i].bytes;
    return bytes;
}

namespace
{

// Half of the stages only compute, a quarter waits 4 to 40 times as long, a quarter does some of both.
void give_costs(StageShape &s, Random &random, double cores)
{
    s.cpu_s = random.Logarithmic(1, 100);
    double kind = random.Unit();
    s.wait_s = kind < 0.5 ? 0 : kind < 0.75 ? s.cpu_s * random.Logarithmic(4, 40) : s.cpu_s * random.Between(0.2, 4);
    static const double noises[] = {0.1, 0.5, 1};
    s.noise = noises[random.Whole(0, 2)];
    if (s.wait_s == 0 && random.Chance(0.15)) { // a lock that all workers take for a part of each frame
        double held = s.cpu_s * random.Logarithmic(0.02, 0.3);
        s.cpu_s -= held;
        s.wait_s = held;
        s.device = 1;
    } else if (s.wait_s > 0 && random.Chance(0.3)) {
        s.device = static_cast<uint32_t>(random.Logarithmic(2, 2 * cores + 1));
    }
    if (random.Chance(0.15))
        s.crowding = random.Between(0.1, 0.6);
}

void give_limits(StageShape &s, Random &random, double cores)
{
    uint32_t whole = static_cast<uint32_t>(cores);
    s.max = 4 * whole + 8;
    double kind = random.Unit();
    if (kind < 0.12)
        s.max = 1; // serial
    else if (kind < 0.22)
        s.max = random.Whole(2, whole < 2 ? 2 : whole); // as many as there are keys
    s.ordered = random.Chance(0.1);
    s.ring = std::max(8u, whole) << random.Whole(0, 4);
    s.warm_up_s = random.Logarithmic(0.005, 0.4);
    s.bytes = static_cast<uint64_t>(random.Logarithmic(20, 500));
    s.selectivity = random.Chance(0.6) ? 1 : random.Logarithmic(0.3, 4);
}

// Chains, and graphs in which a stage is fed by one or two of the three stages before it.
void give_feeders(Shape &shape, Random &random)
{
    bool is_chain = random.Chance(0.5);
    for (uint32_t i = 1; i < shape.stages.size(); i++) {
        StageShape &s = shape.stages[i];
        uint32_t first = is_chain ? i - 1 : random.Whole(i > 3 ? i - 3 : 0, i - 1);
        s.feeders.push_back(first);
        if (!is_chain && i > 1 && random.Chance(0.4)) {
            uint32_t second = random.Whole(i > 3 ? i - 3 : 0, i - 1);
            if (second != first)
                s.feeders.push_back(second);
        }
    }
    std::vector<double> visits = shape.Visits();
    for (uint32_t i = 0; i < shape.stages.size(); i++)
        if (shape.Visits()[i] * shape.stages[i].selectivity > 20 ||
            shape.Visits()[i] * shape.stages[i].selectivity < 0.05)
            shape.stages[i].selectivity = 1;
}

// Scales all costs so that the whole pipeline finishes 100 to 1,000 frames a second over all stages: a frame here
// stands for what a worker takes at a time, and no simulation waits for frames of minutes.
void scale_costs(Shape &shape, Random &random)
{
    model m = shape.Model();
    plan p;
    model_plan(&m, &p);
    double visits = 0, longest = 0;
    for (double v : shape.Visits())
        visits += v;
    shape.services = random.Logarithmic(100, 1000);
    double factor = p.rate * visits / shape.services;
    for (const StageShape &s : shape.stages)
        longest = std::max(longest, factor * (s.cpu_s + s.wait_s));
    if (longest > 1) {
        factor /= longest;
        shape.services *= longest;
    }
    for (StageShape &s : shape.stages) {
        s.cpu_s *= factor;
        s.wait_s *= factor;
    }
}

} // namespace

Shape shape_make(uint64_t seed, double cores)
{
    Random random(seed * 1000 + static_cast<uint64_t>(cores));
    Shape shape;
    shape.seed = seed;
    shape.cores = cores;
    shape.stages.resize(random.Whole(2, 7));
    for (StageShape &s : shape.stages) {
        give_costs(s, random, cores);
        give_limits(s, random, cores);
    }
    give_feeders(shape, random);
    scale_costs(shape, random);
    if (random.Chance(0.3)) { // the memory for a part of the workers that would be best
        model m = shape.Model();
        plan p;
        model_plan(&m, &p);
        std::vector<uint32_t> all(p.workers, p.workers + m.n_stages), one(m.n_stages, 1);
        double share = random.Between(0.3, 0.9);
        shape.memory = std::max(shape.Bytes(one), static_cast<uint64_t>(share * static_cast<double>(shape.Bytes(all))));
    }
    return shape;
}
