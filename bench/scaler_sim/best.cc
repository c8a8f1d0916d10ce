#include "best.h"

#include <algorithm>
#include <map>

namespace
{

const double SHORT_RUN = 6000, LONG_RUN = 40000; // frames over all stages
const double BETTER = 1.003;
const size_t FINALISTS = 4;

class Search
{
  public:
    explicit Search(const Scene &scene) : scene_(scene), after_(scene_after(scene)) {}

    Best Find()
    {
        Start();
        for (int round = 0; round < 3 && Improve(); round++) {
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

    // The model with the true costs and several head-rooms, as far as memory goes; as many workers as cores; all.
    void Start()
    {
        model m = after_.Model();
        m.memory = UINT64_MAX;
        plan p;
        model_plan(&m, &p);
        Try(Allocation(after_.stages.size(), 1));
        for (double scale : {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.6, 2.0, 3.0}) {
            Allocation a;
            for (size_t i = 0; i < after_.stages.size(); i++)
                a.push_back(Clamp(i, std::ceil(scale * p.rate * model_load(&m.stages[i]))));
            if (scale >= 1 || after_.memory != UINT64_MAX)
                Try(a);
        }
        Allocation cores, all;
        for (size_t i = 0; i < after_.stages.size(); i++) {
            cores.push_back(Clamp(i, after_.cores));
            all.push_back(after_.stages[i].max);
        }
        Try(cores);
        Try(all);
    }

    // A third more or fewer of each stage, and, where memory is short, one up for another down.
    bool Improve()
    {
        bool better = false;
        for (size_t i = 0; i < best_.size(); i++) {
            for (double factor : {1.34, 0.75, 2.5}) {
                Allocation a = best_;
                double n = a[i] * factor;
                a[i] = Clamp(i, factor > 1 ? std::max(n, a[i] + 1.0) : std::min(n, a[i] - 1.0));
                better |= Try(a);
            }
            for (size_t j = 0; j < best_.size() && after_.memory != UINT64_MAX; j++) {
                Allocation a = best_;
                a[i] = Clamp(i, a[i] + 1.0 + a[i] / 10);
                while (after_.Bytes(a) > after_.memory && a[j] > 1 && j != i)
                    a[j]--;
                better |= Try(a);
            }
        }
        return better;
    }

    // The search picked lucky runs, so the best few are run again, for longer and with other numbers.
    Best Final() const
    {
        std::vector<std::pair<double, Allocation>> all;
        for (const auto &t : tried_)
            all.push_back({t.second, t.first});
        std::sort(all.rbegin(), all.rend());
        Best best;
        for (size_t i = 0; i < std::min(FINALISTS, all.size()); i++) {
            double rate = scene_rate(scene_, all[i].second, LONG_RUN, 2);
            if (rate > best.rate)
                best = {all[i].second, rate};
        }
        return best;
    }

    const Scene &scene_;
    const Shape after_;
    std::map<Allocation, double> tried_;
    Allocation best_;
    double best_rate_ = 0;
};

} // namespace

Best best_find(const Scene &scene)
{
    return Search(scene).Find();
}
