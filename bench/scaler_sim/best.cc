#include "best.h"

#include <algorithm>
#include <map>

namespace
{

const double SHORT_RUN = 8000; // frames over all stages
const double BETTER = 1.003;
const size_t FINALISTS = 6;
const int ROUNDS = 6;

class Search
{
  public:
    Search(const Scene &scene, double steady_s, uint32_t runs)
        : scene_(scene), after_(scene_after(scene)), steady_s_(steady_s), runs_(runs)
    {
    }

    Best Find()
    {
        Start();
        for (int round = 0; round < ROUNDS && Improve(); round++) {
        }
        return Final();
    }

  private:
    using Allocation = std::vector<uint32_t>;

    // False if it does not fit, or was tried.
    bool Try(const Allocation &a)
    {
        if (after_.Bytes(a) > after_.memory || tried_.count(a) != 0)
            return false;
        double rate = scene_rate(scene_, a, SHORT_RUN, 1);
        tried_[a] = rate;
        if (rate <= best_rate_ * (best_.empty() ? 1 : BETTER))
            return false;
        best_rate_ = rate;
        best_ = a;
        return true;
    }

    uint32_t Clamp(size_t i, double n) const
    {
        return static_cast<uint32_t>(std::min<double>(std::max(1.0, n), after_.stages[i].max));
    }

    // What the model makes of the true costs for this share of its rate.
    Allocation Scaled(const model &m, double rate) const
    {
        Allocation a;
        for (size_t i = 0; i < after_.stages.size(); i++)
            a.push_back(Clamp(i, std::ceil(rate * model_load(&m.stages[i]))));
        return a;
    }

    // One each; the model with the true costs, with and without head-room, for the memory that there is; several times
    // its rate; as many workers as cores; all.
    void Start()
    {
        model m = after_.Model();
        plan p, short_of_memory;
        model_plan(&m, &short_of_memory);
        m.memory = UINT64_MAX;
        model_plan(&m, &p);
        Try(Allocation(after_.stages.size(), 1));
        Try(Allocation(short_of_memory.workers, short_of_memory.workers + after_.stages.size()));
        Try(Scaled(m, short_of_memory.rate));
        for (double scale = 1; after_.Bytes(Scaled(m, scale * p.rate)) > after_.memory && scale > 0.05; scale -= 0.05)
            Try(Scaled(m, (scale - 0.05) * p.rate));
        for (double scale : {1.0, 1.15, 1.3, 1.6, 2.0, 3.0})
            Try(Scaled(m, scale * p.rate));
        Allocation cores, all;
        for (size_t i = 0; i < after_.stages.size(); i++) {
            cores.push_back(Clamp(i, after_.cores));
            all.push_back(after_.stages[i].max);
        }
        Try(cores);
        Try(all);
    }

    // More or fewer of each stage, by a worker at least, and, where memory is short, more of one for fewer of
    // another.
    bool Improve()
    {
        bool better = false;
        for (size_t i = 0; i < best_.size(); i++) {
            for (double factor : {1.1, 1.34, 2.5, 0.9, 0.75, 0.4}) {
                Allocation a = best_;
                double n = a[i] * factor;
                a[i] = Clamp(i, factor > 1 ? std::max(n, a[i] + 1.0) : std::min(n, a[i] - 1.0));
                better |= Try(a);
            }
            for (size_t j = 0; j < best_.size() && after_.memory != UINT64_MAX; j++)
                for (double share : {0.05, 0.2}) {
                    Allocation a = best_;
                    a[i] = Clamp(i, a[i] + 1.0 + share * a[i]);
                    while (after_.Bytes(a) > after_.memory && a[j] > 1 && j != i)
                        a[j]--;
                    better |= Try(a);
                }
        }
        return better;
    }

    // The search picked lucky runs, so the best few are run again, as the rules are, and for as long. The luckiest of
    // those is picked in turn, so what it gives is found by further runs.
    Best Final() const
    {
        std::vector<std::pair<double, Allocation>> all;
        for (const auto &t : tried_)
            all.push_back({t.second, t.first});
        std::sort(all.rbegin(), all.rend());
        Best best;
        for (size_t i = 0; i < std::min(FINALISTS, all.size()); i++) {
            double rate = scene_play_fixed(scene_, all[i].second, steady_s_, 0).rate;
            if (rate > best.rate)
                best = {all[i].second, rate};
        }
        best.rate = best_rate(scene_, best.workers, steady_s_, runs_);
        return best;
    }

    const Scene &scene_;
    const Shape after_;
    const double steady_s_;
    const uint32_t runs_;
    std::map<Allocation, double> tried_;
    Allocation best_;
    double best_rate_ = 0;
};

} // namespace

double best_rate(const Scene &scene, const std::vector<uint32_t> &workers, double steady_s, uint32_t runs)
{
    double rate = 0;
    for (uint32_t run = 1; run <= runs; run++)
        rate += scene_play_fixed(scene, workers, steady_s, run).rate / runs;
    return rate;
}

Best best_find(const Scene &scene, double steady_s, uint32_t runs)
{
    return Search(scene, steady_s, runs).Find();
}
