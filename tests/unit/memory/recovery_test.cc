// What an allocator that is killed leaves behind, at every store.
#include <gtest/gtest.h>

#include <functional>

#include "stepped.h"
#include "sweep.h"
#include "test_arena.h"

namespace
{

constexpr uint64_t LARGE = 512 * 1024;
enum : uint32_t { SPANS = 4, SLOT = 2 };

class AllocatorDeath : public testing::Test
{
  protected:
    void SetUp() override
    {
        if (!Stepped::Works())
            GTEST_SKIP() << "no ptrace";
    }

    // The table, and the part of each span in which blocks of LARGE and above have their life words.
    std::vector<Region> Lives() const
    {
        std::vector<Region> regions = {{arena_.Table(), SPANS * sizeof(span)}};
        for (uint32_t s = 0; s < SPANS; s++)
            for (uint64_t at = 0; at < SPAN_SIZE; at += LARGE)
                regions.push_back({arena_.Span(s) + at, sizeof(block)});
        return regions;
    }

    // Kills `body` at every store, has a successor recover, and looks whether all is free that was not published.
    void KillEverywhere(const std::function<void(TestAllocator &)> &body)
    {
        SweepHooks hooks;
        hooks.state = [this](uint64_t step) { CheckRecovery(step); };
        SweepResult result = Sweep(
            Lives(), Lives(),
            [&] {
                TestAllocator a(arena_, arena_.All(), SLOT);
                Stepped::Mark();
                body(a);
                return 0;
            },
            hooks);
        EXPECT_EQ(result.exit_code, 0);
        EXPECT_GT(result.states, 5u);
        CheckRecovery(result.steps);
    }

    void CheckRecovery(uint64_t step)
    {
        TestAllocator successor(arena_, arena_.All(), SLOT);
        allocator_recover(successor.get());
        for (uint32_t i = 0; i < SPANS; i++)
            ASSERT_EQ(au32_relaxed(&arena_.Table()[i].owner), 0u) << "after " << step << " instructions";
        std::vector<descriptor> held;
        for (const descriptor &d : published_)
            if (arena_block(arena_.get(), &d, READER_A))
                held.push_back(d);
        ASSERT_EQ(held.size(), published_.size()) << "a published block is gone after " << step << " instructions";
        for (const descriptor &d : held)
            arena_.Drop(d, READER_A);
        ASSERT_EQ(arena_.FreeSpans(), SPANS) << "after " << step << " instructions";
        std::vector<descriptor> again = successor.TakeAll(LARGE);
        ASSERT_EQ(again.size(), SPANS * SPAN_SIZE / LARGE) << "after " << step << " instructions";
        for (const descriptor &d : again) {
            for (const descriptor &old : published_)
                ASSERT_FALSE(d.block == old.block && d.generation == old.generation);
            allocator_abandon(successor.get(), &d);
        }
        allocator_settle(successor.get(), ALLOCATOR_RELEASE_ALL);
        descriptor run;
        ASSERT_EQ(successor.Take(SPANS * uint64_t{SPAN_SIZE}, &run), 0) << "after " << step << " instructions";
    }

    // A block that a reader holds all the while.
    void HoldOne(uint64_t bytes)
    {
        TestAllocator earlier(arena_, arena_.All(), SLOT);
        descriptor d;
        ASSERT_EQ(earlier.Take(bytes, &d), 0);
        arena_.Block(d)->size_type_flags = block_word(8, 0, 0);
        arena_.Publish(d, READER_A);
        published_.push_back(d);
        allocator_settle(earlier.get(), ALLOCATOR_RELEASE_ALL);
    }

    // Leaves every span idle, but cut and used before.
    void UseUp(uint64_t bytes)
    {
        TestAllocator earlier(arena_, arena_.All(), SLOT);
        for (const descriptor &d : earlier.TakeAll(bytes))
            allocator_abandon(earlier.get(), &d);
        allocator_settle(earlier.get(), ALLOCATOR_RELEASE_ALL);
    }

    TestArena arena_{SPANS};
    std::vector<descriptor> published_;
};

TEST_F(AllocatorDeath, WhileItTakesBlocksLosesNone)
{
    HoldOne(LARGE);
    KillEverywhere([](TestAllocator &a) {
        descriptor d[6];
        for (descriptor &each : d)
            a.Take(LARGE, &each);
        allocator_abandon(a.get(), &d[1]);
        allocator_abandon(a.get(), &d[5]);
    });
}

TEST_F(AllocatorDeath, WhileItCutsSpansAnewLosesNone)
{
    UseUp(LARGE);
    HoldOne(LARGE);
    KillEverywhere([](TestAllocator &a) {
        descriptor d;
        a.Take(2 * LARGE, &d);
        a.Take(2 * LARGE, &d);
        a.Take(2 * LARGE, &d);
    });
}

TEST_F(AllocatorDeath, WhileItTakesARunLosesNoSpan)
{
    HoldOne(LARGE);
    KillEverywhere([](TestAllocator &a) {
        descriptor d;
        a.Take(3 * uint64_t{SPAN_SIZE}, &d);
        allocator_abandon(a.get(), &d);
        allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
        a.Take(2 * uint64_t{SPAN_SIZE}, &d);
    });
}

TEST_F(AllocatorDeath, WhileItDissolvesARunLosesNoSpan)
{
    UseUp(SPANS * uint64_t{SPAN_SIZE});
    KillEverywhere([](TestAllocator &a) {
        descriptor d;
        a.Take(LARGE, &d);
        a.Take(2 * LARGE, &d);
        a.Take(2 * uint64_t{SPAN_SIZE}, &d);
    });
}

TEST_F(AllocatorDeath, WhileItSettlesLosesNothing)
{
    KillEverywhere([](TestAllocator &a) {
        descriptor d;
        a.Take(LARGE, &d);
        allocator_abandon(a.get(), &d);
        a.Take(2 * LARGE, &d);
        allocator_abandon(a.get(), &d);
        allocator_settle(a.get(), ALLOCATOR_KEEP_OPEN);
        allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    });
}

TEST_F(AllocatorDeath, OfARecoveryIsRecoveredFrom)
{
    TestAllocator dead(arena_, arena_.All(), SLOT);
    descriptor d;
    ASSERT_EQ(dead.Take(LARGE, &d), 0);
    ASSERT_EQ(dead.Take(LARGE, &d), 0);
    ASSERT_EQ(dead.Take(SPAN_SIZE, &d), 0);
    KillEverywhere([](TestAllocator &a) { allocator_recover(a.get()); });
}

// Two workers of a stage want all of its idle memory at the same moment. If both went away empty-handed, both would
// sleep for good.
TEST_F(AllocatorDeath, IsNotNeededForOneOfTwoThatWantAllToGetIt)
{
    for (int ahead = 0; ahead <= 240; ahead += 60) {
        TestArena arena(SPANS);
        auto want = [&arena](uint32_t slot) {
            return [&arena, slot] {
                TestAllocator a(arena, arena.All(), slot);
                descriptor d;
                Stepped::Mark();
                return a.Take(SPANS * uint64_t{SPAN_SIZE}, &d) == 0 ? 0 : 1;
            };
        };
        Stepped one(want(0)), other(want(1));
        for (int i = 0; i < ahead; i++)
            one.Step();
        while (one.Step() | other.Step())
            ;
        EXPECT_EQ(one.result() + other.result(), 1) << ahead;
    }
}

} // namespace
