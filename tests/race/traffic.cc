#include "traffic.h"

#include <memory>
#include <ostream>
#include <sstream>
#include <thread>
#include <vector>

#include "child.h"
#include "hauler.h"
#include "shared.h"

namespace
{

// The workers of one stage.
class Crew
{
  public:
    Crew(As as, uint32_t n, const std::function<void(uint32_t)> &work)
    {
        for (uint32_t i = 0; i < n; i++) {
            auto body = [work, i] {
                work(i);
                return 0;
            };
            if (as == As::THREADS)
                threads_.emplace_back(body);
            else
                children_.push_back(std::make_unique<Child>(body));
        }
    }

    // How many of them failed.
    uint32_t Wait()
    {
        uint32_t failed = 0;
        for (std::thread &thread : threads_)
            thread.join();
        for (const auto &child : children_)
            failed += child->Wait() != 0;
        return failed;
    }

  private:
    std::vector<std::thread> threads_;
    std::vector<std::unique_ptr<Child>> children_;
};

class Route
{
  public:
    explicit Route(const Traffic &traffic)
        : t_(traffic), world_({{"source", nullptr, 0, SPANS, t_.sources},
                               {"filter", nullptr, t_.queue, 1, t_.filters, 1, t_.ordered},
                               {"sink", nullptr, t_.queue, 1, t_.sinks, 0}},
                              {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}}),
          accounts_(t_.sources + t_.filters + t_.sinks), seen_(t_.sinks * BytesSeen())
    {
        au32_store_relaxed(&world_.segment()->super->patience.spins, t_.spins);
    }

    std::string Run(As as)
    {
        Crew sinks(as, t_.sinks,
                   [this](uint32_t i) { Hauler(world_, t_, SINK, i, &accounts_[i], &seen_[i * BytesSeen()]).Sink(); });
        Crew filters(as, t_.filters,
                     [this](uint32_t i) { Hauler(world_, t_, FILTER, i, &accounts_[t_.sinks + i], nullptr).Filter(); });
        Crew sources(as, t_.sources, [this](uint32_t i) {
            Hauler(world_, t_, SOURCE, i, &accounts_[t_.sinks + t_.filters + i], nullptr).Source();
        });
        uint32_t failed = sources.Wait();
        ring_close(world_.Ring(FILTER));
        failed += filters.Wait();
        ring_close(world_.Ring(SINK));
        failed += sinks.Wait();
        return failed ? std::to_string(failed) + " workers failed, or hung" : Verdict();
    }

    Passed Count() const
    {
        Passed passed;
        for (uint32_t i = 0; i < t_.sources + t_.filters + t_.sinks; i++) {
            passed.operations += accounts_[i].operations;
            passed.sleeps += accounts_[i].sleeps;
        }
        return passed;
    }

  private:
    enum : uint32_t { SPANS = 6 };

    size_t BytesSeen() const { return (uint64_t{t_.sources} * t_.frames + 7) / 8; }

    // Whether the sinks have got each frame, and once.
    std::string Missing() const
    {
        uint64_t taken = 0;
        for (uint32_t i = 0; i < t_.sinks; i++)
            taken += accounts_[i].frames;
        for (uint64_t bit = 0; bit < uint64_t{t_.sources} * t_.frames; bit++) {
            uint32_t times = 0;
            for (uint32_t i = 0; i < t_.sinks; i++)
                times += seen_[i * BytesSeen() + bit / 8] >> bit % 8 & 1;
            if (times != 1)
                return "frame " + std::to_string(bit % t_.frames) + " of source " + std::to_string(bit / t_.frames) +
                       " came to " + std::to_string(times) + " sinks";
        }
        return taken == uint64_t{t_.sources} * t_.frames ? "" : "frames were doubled: " + std::to_string(taken);
    }

    std::string Verdict() const
    {
        uint64_t not_whole = 0, disorder = 0;
        for (uint32_t i = 0; i < t_.sinks; i++) {
            not_whole += accounts_[i].not_whole;
            disorder += accounts_[i].disorder;
        }
        if (not_whole > 0)
            return std::to_string(not_whole) + " frames were not what their source made";
        std::string missing = Missing();
        if (!missing.empty())
            return missing;
        if (disorder > 0 && (t_.filters == 1 || t_.ordered))
            return std::to_string(disorder) + " frames came out of order";
        for (uint32_t stage : {FILTER, SINK})
            if (ring_fill(world_.Ring(stage)) > 0)
                return "frames are left in a ring";
        return world_.AllIsFree() ? "" : "a block or a span is still held";
    }

    const Traffic t_;
    World world_;
    Shared<Account> accounts_; // sinks, filters, sources
    Shared<uint8_t> seen_;     // a sink after the other
};

} // namespace

Traffic Traffic::OfSeed(uint64_t seed)
{
    Dice dice(seed);
    Traffic t;
    t.seed = seed;
    t.queue = 1u << dice.Below(13);
    t.sources = static_cast<uint32_t>(dice.Between(1, 4));
    t.filters = static_cast<uint32_t>(dice.Between(1, 4));
    t.sinks = static_cast<uint32_t>(dice.Between(1, 4));
    t.ordered = dice.OneIn(3);
    t.batch = 1u << dice.Below(11);
    t.size = dice.OneIn(2) ? 64 : 64u << dice.Below(12);
    t.stall_each = dice.OneIn(4) ? 0 : 1u << dice.Below(7);
    t.spins = dice.OneIn(2) ? 0 : 1u << dice.Below(10);
    t.frames = t.queue < 16 ? 200 : 1000;
    return t;
}

std::ostream &operator<<(std::ostream &to, const Traffic &t)
{
    return to << t.sources << " sources, " << t.filters << (t.ordered ? " ordered" : "") << " filters, " << t.sinks
              << " sinks, rings of " << t.queue << ", batches to " << t.batch << ", payloads to " << t.size
              << " bytes, a stall each " << t.stall_each << ", " << t.spins << " spins";
}

std::string RunTraffic(const Traffic &traffic, As as, Passed *passed)
{
    Route route(traffic);
    std::string wrong = route.Run(as);
    if (passed)
        *passed = route.Count();
    if (wrong.empty())
        return wrong;
    std::ostringstream text;
    text << traffic << ": " << wrong;
    return text.str();
}
