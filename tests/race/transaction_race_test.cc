// Whole stages as threads: sources, filters and sinks over real slots, rings and memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "world.h"

extern "C" {
#include "waiting.h"
}

namespace
{

enum : uint32_t { SOURCE, FILTER, SINK };

struct Shape {
    uint32_t queue;
    uint32_t sources, filters, sinks;
    bool ordered;
    uint32_t frames; // each source
};

std::ostream &operator<<(std::ostream &to, const Shape &s)
{
    return to << s.sources << " sources, " << s.filters << (s.ordered ? " ordered" : "") << " filters, " << s.sinks
              << " sinks, queues of " << s.queue;
}

void IgnoreRefusal(void *, const refusal *, const descriptor *) {}

class TransactionRace : public testing::TestWithParam<Shape>
{
  protected:
    // A worker's transaction, in a thread.
    struct Worker {
        Worker(const World &world, uint32_t stage, uint32_t number) : random(stage * 100 + number)
        {
            transaction_init(&t, world.segment(), stage, number, 1, {IgnoreRefusal, nullptr});
            transaction_recover(&t);
        }
        Worker(const Worker &) = delete;
        Worker &operator=(const Worker &) = delete;
        ~Worker() { transaction_destroy(&t); }

        void Commit(uint32_t settle)
        {
            transaction_commit(&t, settle);
            event *freed = &t.segment->stages[t.stage].memory->freed;
            if (allocator_settle(&t.allocator, event_wanted(freed) ? ALLOCATOR_RELEASE_ALL : ALLOCATOR_KEEP_OPEN) > 0)
                event_wake_all(freed);
            if (random() % 64 == 0)
                std::this_thread::yield();
        }

        // A frame of a random size whose bytes all say who made it. Waits for memory with nothing in hand.
        void Create(uint64_t sequence, uint8_t mark)
        {
            view v = {};
            descriptor d;
            uint64_t size = 16 + random() % (random() % 16 ? 64 : 100000);
            event *freed = &t.segment->stages[t.stage].memory->freed;
            while (allocator_take(&t.allocator, view_block_bytes(size, 0, 0), &d) != 0) {
                uint32_t wait = event_prepare(freed);
                if (t.n_outputs > 0)
                    Commit(0);
                else if (allocator_settle(&t.allocator, ALLOCATOR_RELEASE_ALL) + !!allocator_gave_back(&t.allocator) >
                         0)
                    event_wake_all(freed);
                else if (allocator_take(&t.allocator, view_block_bytes(size, 0, 0), &d) == 0)
                    break;
                else
                    event_sleep(freed, wait, EVENT_FOREVER);
            }
            view_format(&v, &t.segment->arena, &d, 0, 0);
            memset(const_cast<uint8_t *>(v.frame.data), mark, size);
            v.frame.size = size;
            v.frame.sequence = sequence;
            view_seal(&v, &t.segment->arena);
            transaction_emit(&t, &d, 0, OUTPUT_CREATED);
        }

        // Waits for frames. False: the ring is closed and empty.
        bool Claim()
        {
            while (transaction_claim(&t, 1 + random() % 32) == 0) {
                uint32_t wait = event_prepare(&t.input->data);
                uint32_t closed = au32_acquire(&t.input->closed);
                if (ring_fill(t.input) > 0)
                    continue;
                if (closed)
                    return false;
                event_sleep(&t.input->data, wait, EVENT_FOREVER);
            }
            return true;
        }

        transaction t;
        std::mt19937 random;
    };

    void Source(uint32_t number)
    {
        Worker w(world_, SOURCE, number);
        uint64_t n = 0;
        while (n < GetParam().frames) {
            for (uint32_t batch = 1 + w.random() % 32; batch > 0 && n < GetParam().frames; batch--, n++)
                w.Create(uint64_t{number} << 32 | n, static_cast<uint8_t>(number + 1));
            w.Commit(0);
        }
        Leave(w);
    }

    void Filter(uint32_t number)
    {
        Worker w(world_, FILTER, number);
        while (w.Claim()) {
            for (uint32_t i = 0; i < w.t.n_claimed; i++)
                transaction_emit(&w.t, &w.t.journal->claim[i], 0, OUTPUT_FORWARDED);
            w.Commit(w.t.n_claimed);
        }
        Leave(w);
    }

    void Sink(uint32_t number, std::vector<uint64_t> *got)
    {
        Worker w(world_, SINK, number);
        while (w.Claim()) {
            for (uint32_t i = 0; i < w.t.n_claimed; i++) {
                view v = {};
                if (view_open(&v, &world_.segment()->arena, &w.t.journal->claim[i], w.t.bit) != 0) {
                    got->push_back(UINT64_MAX);
                    continue;
                }
                auto mark = static_cast<uint8_t>((v.frame.sequence >> 32) + 1);
                bool whole =
                    std::all_of(v.frame.data, v.frame.data + v.frame.size, [mark](uint8_t b) { return b == mark; });
                got->push_back(whole ? v.frame.sequence : UINT64_MAX);
            }
            w.Commit(w.t.n_claimed);
        }
        Leave(w);
    }

    static void Leave(Worker &w)
    {
        if (allocator_settle(&w.t.allocator, ALLOCATOR_RELEASE_ALL) > 0)
            event_wake_all(&w.t.segment->stages[w.t.stage].memory->freed);
    }

    template <typename F>
    static std::vector<std::thread> Start(uint32_t n, F f)
    {
        std::vector<std::thread> threads;
        for (uint32_t i = 0; i < n; i++)
            threads.emplace_back([f, i] { f(i); });
        return threads;
    }

    static void Join(std::vector<std::thread> &threads)
    {
        for (std::thread &thread : threads)
            thread.join();
    }

    World world_{{{"source", nullptr, 0, 6, GetParam().sources},
                  {"filter", nullptr, GetParam().queue, 1, GetParam().filters, 1, GetParam().ordered},
                  {"sink", nullptr, GetParam().queue, 1, GetParam().sinks, 0}},
                 {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}}};
};

TEST_P(TransactionRace, EachFrameArrivesWholeAndOnce)
{
    const Shape shape = GetParam();
    std::vector<std::vector<uint64_t>> got(shape.sinks);
    auto sinks = Start(shape.sinks, [&](uint32_t i) { Sink(i, &got[i]); });
    auto filters = Start(shape.filters, [&](uint32_t i) { Filter(i); });
    auto sources = Start(shape.sources, [&](uint32_t i) { Source(i); });
    Join(sources);
    ring_close(world_.Ring(FILTER));
    Join(filters);
    ring_close(world_.Ring(SINK));
    Join(sinks);
    std::map<uint64_t, int> times;
    for (const std::vector<uint64_t> &list : got)
        for (uint64_t sequence : list)
            times[sequence]++;
    EXPECT_EQ(times.count(UINT64_MAX), 0u) << "a frame was not whole";
    EXPECT_EQ(times.size(), size_t{shape.sources} * shape.frames);
    for (auto [sequence, n] : times)
        ASSERT_EQ(n, 1) << sequence;
    if (shape.ordered && shape.sources == 1 && shape.sinks == 1) {
        EXPECT_TRUE(std::is_sorted(got[0].begin(), got[0].end()));
    }
    EXPECT_TRUE(world_.AllIsFree());
}

INSTANTIATE_TEST_SUITE_P(Shapes, TransactionRace,
                         testing::Values(Shape{1, 1, 1, 1, false, 500}, Shape{2, 2, 2, 2, false, 1000},
                                         Shape{64, 1, 1, 1, false, 8000}, Shape{64, 2, 3, 2, false, 4000},
                                         Shape{16, 1, 3, 1, true, 4000}, Shape{4096, 2, 2, 2, false, 4000}));

} // namespace
