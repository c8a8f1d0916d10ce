#include "rule.h"

#include <algorithm>
#include <cstdio>

extern "C" {
#include "clock.h"
}

namespace
{

class ScalerRule : public Rule
{
  public:
    ScalerRule(const Shape &shape, bool log) : log_(log)
    {
        std::vector<scaler_stage> stages;
        for (uint32_t i = 0; i < shape.stages.size(); i++) {
            const StageShape &s = shape.stages[i];
            uint64_t feeders = 0;
            for (uint32_t f : s.feeders)
                feeders |= 1ull << f;
            stages.push_back({feeders, 1, s.max, s.ordered, s.ring, shape.Readers(i).empty()});
        }
        scaler_init(&scaler_, stages.data(), static_cast<uint32_t>(stages.size()), 0);
    }

    void Decide(const observation &seen, double now_s, std::vector<uint32_t> &workers) override
    {
        scaler_decide(&scaler_, &seen, static_cast<uint64_t>(now_s * NS_PER_S), &verdict_);
        for (uint32_t i = 0; i < workers.size(); i++)
            workers[i] = scaler_workers(&scaler_, i);
        if (log_)
            Log(now_s);
    }

  private:
    void Log(double now_s) const
    {
        for (uint32_t i = 0; i < verdict_.n; i++) {
            const scaler_decision &d = verdict_.decisions[i];
            printf("t=%.1f stage %u: %u > %u, cause %d, capacity %.4g goal %.4g, cpu %.4g ms wait %.4g ms visits %.3g; "
                   "limit %d stage %u rate %.4g\n",
                   now_s, d.stage, d.from, d.to, d.cause, d.capacity, d.goal, d.cpu_s * 1e3, d.wait_s * 1e3, d.visits,
                   verdict_.state.limit, verdict_.state.stage, verdict_.state.rate);
        }
    }

    scaler scaler_;
    scaler_verdict verdict_;
    bool log_;
};

// What the others share: what has changed since the tick before.
class Ticking : public Rule
{
  public:
    explicit Ticking(const Shape &shape) : shape_(shape), visits_(shape.Visits()) {}

  protected:
    uint32_t Clamp(uint32_t stage, double n) const
    {
        return static_cast<uint32_t>(std::min<double>(std::max(1.0, n), shape_.stages[stage].max));
    }
    const Shape &shape_;
    const std::vector<double> visits_;
    observation last_ = {};
};

// A worker more where the ring is three quarters full, one fewer where it is a quarter full. Its source: one more while
// the ring behind it is less than a quarter full.
class QueueRule : public Ticking
{
  public:
    using Ticking::Ticking;

    void Decide(const observation &seen, double, std::vector<uint32_t> &workers) override
    {
        for (uint32_t i = 0; i < workers.size(); i++) {
            const stage_observation &o = seen.stages[i];
            if (shape_.stages[i].feeders.empty()) {
                double blocked = static_cast<double>(o.wait_output_ns - last_.stages[i].wait_output_ns);
                if (blocked < 0.1 * 0.5e9 * o.live)
                    workers[i] = Clamp(i, workers[i] + 1);
                continue;
            }
            double fill = static_cast<double>(o.queued) / shape_.stages[i].ring;
            workers[i] = Clamp(i, workers[i] + (fill >= 0.75 ? 1.0 : fill <= 0.25 ? -1.0 : 0.0));
        }
        last_ = seen;
    }
};

// DS2 to the letter, every other second: true rate = frames / useful time, where useful time is all that is no wait for
// input or output, and the target, as there is no other, is a quarter more than the source was seen to give.
class Ds2Rule : public Ticking
{
  public:
    using Ticking::Ticking;

    void Decide(const observation &seen, double now_s, std::vector<uint32_t> &workers) override
    {
        if (now_s < next_s_)
            return;
        double target = 1.25 * static_cast<double>(seen.stages[0].done - last_.stages[0].done) / (now_s - next_s_ + 2);
        for (uint32_t i = 0; i < workers.size(); i++) {
            double done = static_cast<double>(seen.stages[i].done - last_.stages[i].done);
            double useful = static_cast<double>(seen.stages[i].busy_ns - last_.stages[i].busy_ns) * 1e-9;
            if (done > 0)
                workers[i] = Clamp(i, std::ceil(target * visits_[i] * useful / done));
        }
        last_ = seen;
        next_s_ = now_s + 2;
    }

  private:
    double next_s_ = 2;
};

// Every 10 s, while less than 70 % of the cores are in use, a worker for the stage with the most frames before it;
// above 90 %, nothing.
class SlowRule : public Ticking
{
  public:
    using Ticking::Ticking;

    void Decide(const observation &seen, double now_s, std::vector<uint32_t> &workers) override
    {
        if (now_s < next_s_)
            return;
        double cpu_s = 0;
        uint32_t fullest = 0, most = 0;
        for (uint32_t i = 0; i < workers.size(); i++) {
            cpu_s += static_cast<double>(seen.stages[i].cpu_ns - last_.stages[i].cpu_ns) * 1e-9;
            if (seen.stages[i].queued > most && workers[i] < shape_.stages[i].max) {
                most = seen.stages[i].queued;
                fullest = i;
            }
        }
        if (cpu_s < 0.7 * 10 * seen.cpus)
            workers[fullest] = Clamp(fullest, workers[fullest] + 1);
        last_ = seen;
        next_s_ = now_s + 10;
    }

  private:
    double next_s_ = 10;
};

} // namespace

const char *rule_name(RuleKind kind)
{
    static const char *const names[] = {"scaler", "queue length", "literal DS2", "one in 10 s"};
    return names[static_cast<int>(kind)];
}

std::unique_ptr<Rule> rule_make(RuleKind kind, const Shape &shape, bool log)
{
    switch (kind) {
    case RuleKind::QUEUE:
        return std::make_unique<QueueRule>(shape);
    case RuleKind::DS2:
        return std::make_unique<Ds2Rule>(shape);
    case RuleKind::SLOW:
        return std::make_unique<SlowRule>(shape);
    default:
        return std::make_unique<ScalerRule>(shape, log);
    }
}
