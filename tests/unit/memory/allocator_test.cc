#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <set>

#include "stepped.h"
#include "test_arena.h"

namespace
{

constexpr uint64_t BIG = 256 * 1024; // 8 blocks a span

TEST(Allocator, ABlockIsPendingUnderAGenerationAboveZero)
{
    TestArena arena(1);
    TestAllocator a(arena, arena.All(), 3);
    descriptor d;
    ASSERT_EQ(a.Take(64, &d), 0);
    EXPECT_EQ(au64_relaxed(&arena.Block(d)->life), life_make(d.generation, HOLDER_PENDING));
    EXPECT_GT(d.generation, 0u);
}

TEST(Allocator, BlocksDoNotOverlapAndFillTheirSpan)
{
    for (uint32_t c = 0; c < SIZE_CLASSES; c++) {
        TestArena arena(1);
        TestAllocator a(arena, arena.All(), 0);
        std::set<uint64_t> starts;
        for (const descriptor &d : a.TakeAll(size_class_bytes(c)))
            starts.insert(d.block);
        EXPECT_EQ(starts.size(), SPAN_SIZE / size_class_bytes(c)) << "class " << c;
        uint64_t free_from = arena->spans_offset;
        for (uint64_t start : starts) {
            EXPECT_GE(start, free_from);
            free_from = start + size_class_bytes(c);
        }
        EXPECT_LE(free_from, arena->spans_offset + SPAN_SIZE);
    }
}

TEST(Allocator, WhatIsDroppedIsTakenAgainUnderTheNextGeneration)
{
    TestArena arena(1);
    TestAllocator a(arena, arena.All(), 0);
    std::map<uint64_t, uint32_t> generations;
    for (int round = 0; round < 3; round++)
        for (const descriptor &d : a.TakeAll(BIG)) {
            if (round > 0) {
                EXPECT_EQ(d.generation, generations.at(d.block) + 1);
            }
            generations[d.block] = d.generation;
            arena.Publish(d, READER_A);
            arena.Drop(d, READER_A);
        }
    EXPECT_EQ(generations.size(), 8u);
}

TEST(Allocator, AbandonedBlocksAreTakenAgain)
{
    TestArena arena(1);
    TestAllocator a(arena, arena.All(), 0);
    for (int round = 0; round < 3; round++) {
        std::vector<descriptor> taken = a.TakeAll(BIG);
        EXPECT_EQ(taken.size(), 8u);
        for (const descriptor &d : taken)
            allocator_abandon(a.get(), &d);
    }
    allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    EXPECT_EQ(arena.FreeSpans(), 1u);
}

TEST(Allocator, HeldBlocksAreNotTaken)
{
    TestArena arena(1);
    TestAllocator a(arena, arena.All(), 0);
    std::vector<descriptor> taken = a.TakeAll(BIG);
    for (const descriptor &d : taken)
        arena.Publish(d, READER_A);
    allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    descriptor d;
    EXPECT_EQ(a.Take(BIG, &d), -ENOMEM);
    EXPECT_EQ(a.Take(64, &d), -ENOMEM);
    arena.Drop(taken[3], READER_A);
    ASSERT_EQ(a.Take(BIG, &d), 0);
    EXPECT_EQ(d.block, taken[3].block);
    EXPECT_EQ(a.Take(BIG, &d), -ENOMEM);
}

TEST(Allocator, AnIdleSpanIsCutAnewForAnotherClass)
{
    TestArena arena(1);
    TestAllocator a(arena, arena.All(), 0);
    descriptor d;
    ASSERT_EQ(a.Take(BIG, &d), 0);
    arena.Publish(d, READER_A);
    arena.Drop(d, READER_A);
    EXPECT_EQ(a.Take(64, &d), -ENOMEM) << "the span is still ours for the other class";
    allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    EXPECT_EQ(a.TakeAll(64).size(), size_t{SPAN_SIZE / 64});
}

TEST(Allocator, ADescriptorOfBeforeTheSpanWasCutAnewNeverMatches)
{
    TestArena arena(1);
    TestAllocator a(arena, arena.All(), 0);
    std::vector<descriptor> stale;
    for (uint64_t bytes : {BIG, BIG / 2, BIG, 3 * BIG, BIG / 4, uint64_t{SPAN_SIZE}, BIG}) {
        for (const descriptor &d : a.TakeAll(bytes)) {
            for (const descriptor &old : stale)
                EXPECT_FALSE(old.block == d.block && old.generation == d.generation);
            stale.push_back(d);
            arena.Publish(d, READER_A);
            arena.Drop(d, READER_A);
        }
        allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    }
    EXPECT_GT(stale.size(), 8u);
}

TEST(Allocator, ALargeFrameTakesARunOfSpansAndGivesItBack)
{
    TestArena arena(4);
    TestAllocator a(arena, arena.All(), 0);
    descriptor run, small;
    ASSERT_EQ(a.Take(2 * uint64_t{SPAN_SIZE} + 1, &run), 0);
    arena.Publish(run, READER_A);
    EXPECT_EQ(arena_block_bytes(arena.get(), arena.Block(run)), 3 * uint64_t{SPAN_SIZE});
    allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    EXPECT_EQ(arena.FreeSpans(), 1u);
    memset(arena.Block(run) + 1, 0xff, 3 * uint64_t{SPAN_SIZE} - sizeof(block)); // what is in it is nobody's life word
    ASSERT_EQ(a.Take(64, &small), 0);
    EXPECT_EQ(arena.SpanOf(small), 3u);
    allocator_abandon(a.get(), &small);
    arena.Drop(run, READER_A);
    allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    EXPECT_EQ(arena.FreeSpans(), 4u);
    EXPECT_EQ(a.TakeAll(BIG).size(), 32u);
}

TEST(Allocator, ATailOfALiveRunIsNeverTaken)
{
    TestArena arena(3);
    TestAllocator a(arena, arena.All(), 0);
    TestAllocator b(arena, {1, 2}, 1); // sees the tails, not their first
    descriptor run, d;
    ASSERT_EQ(a.Take(3 * uint64_t{SPAN_SIZE}, &run), 0);
    arena.Publish(run, READER_A);
    allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    EXPECT_EQ(a.Take(64, &d), -ENOMEM);
    EXPECT_EQ(a.Take(SPAN_SIZE, &d), -ENOMEM);
}

TEST(Allocator, AShorterRunInTheSamePlaceFreesTheRestOfTheTails)
{
    TestArena arena(4);
    TestAllocator a(arena, arena.All(), 0);
    descriptor run, d;
    ASSERT_EQ(a.Take(4 * uint64_t{SPAN_SIZE}, &run), 0);
    allocator_abandon(a.get(), &run);
    allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    ASSERT_EQ(a.Take(2 * uint64_t{SPAN_SIZE}, &run), 0);
    arena.Publish(run, READER_A);
    allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    EXPECT_EQ(arena.FreeSpans(), 2u);
    EXPECT_EQ(a.Take(2 * uint64_t{SPAN_SIZE}, &d), 0);
}

TEST(Allocator, ARunNeedsIdleSpansInARow)
{
    TestArena arena(3);
    TestAllocator a(arena, arena.All(), 0);
    TestAllocator middle(arena, {1, 1}, 1);
    descriptor pin, d;
    ASSERT_EQ(middle.Take(64, &pin), 0);
    EXPECT_EQ(a.Take(2 * uint64_t{SPAN_SIZE}, &d), -ENOMEM);
    EXPECT_EQ(a->n_owned, 0u) << "what was taken for it was given back";
    EXPECT_EQ(a.Take(SPAN_SIZE, &d), 0);
    allocator_abandon(a.get(), &d);
    allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    allocator_abandon(middle.get(), &pin);
    allocator_settle(middle.get(), ALLOCATOR_RELEASE_ALL);
    EXPECT_EQ(a.Take(3 * uint64_t{SPAN_SIZE}, &d), 0);
}

TEST(Allocator, WhatCanNeverFitIsToldApartFromWhatDoesNotFitNow)
{
    TestArena arena(2);
    TestAllocator a(arena, arena.All(), 0);
    descriptor d;
    EXPECT_EQ(allocator_limit(a.get()), 2 * uint64_t{SPAN_SIZE});
    EXPECT_EQ(a.Take(2 * uint64_t{SPAN_SIZE} + 1, &d), -E2BIG);
    EXPECT_EQ(a.Take(UINT64_MAX, &d), -E2BIG);
    EXPECT_EQ(a.Take(2 * uint64_t{SPAN_SIZE}, &d), 0);
    EXPECT_EQ(a.Take(64, &d), -ENOMEM);
}

TEST(Allocator, AllIsItsOwnUnlessAReaderHoldsABlockOrASiblingASpan)
{
    TestArena arena(2);
    TestAllocator a(arena, arena.All(), 1);
    descriptor d, large;
    EXPECT_TRUE(allocator_holds_all(a.get()));
    ASSERT_EQ(a.Take(512 * 1024, &d), 0);
    EXPECT_TRUE(allocator_holds_all(a.get())) << "it is PENDING";
    arena.Publish(d, READER_A);
    EXPECT_FALSE(allocator_holds_all(a.get())) << "a reader holds it, in a span of this slot's";
    EXPECT_TRUE(arena.Drop(d, READER_A));
    EXPECT_TRUE(allocator_holds_all(a.get()));
    TestAllocator sibling(arena, arena.All(), 2);
    ASSERT_EQ(sibling.Take(SPAN_SIZE, &large), 0);
    EXPECT_FALSE(allocator_holds_all(a.get())) << "a sibling owns the other span";
}

TEST(Allocator, OneInAShareOfNothingHasRoomForNothing)
{
    TestArena arena(1);
    TestAllocator a(arena, {0, 0}, 0);
    descriptor d;
    EXPECT_EQ(a.Take(64, &d), -E2BIG);
}

TEST(Allocator, TwoThatShareARangeNeverGetTheSameBlock)
{
    TestArena arena(4);
    TestAllocator a(arena, arena.All(), 0), b(arena, arena.All(), 1);
    std::set<uint64_t> seen;
    descriptor d;
    for (TestAllocator *which : {&a, &b, &b, &a, &a, &b})
        for (uint64_t bytes : {uint64_t{64}, BIG})
            if (which->Take(bytes, &d) == 0) {
                EXPECT_TRUE(seen.insert(d.block).second);
            }
    EXPECT_EQ(seen.size(), 12u);
}

TEST(Allocator, OneTakesBlocksFromASpanThatTheOtherGaveBackHalfFull)
{
    TestArena arena(1);
    TestAllocator a(arena, arena.All(), 0), b(arena, arena.All(), 1);
    descriptor d;
    for (int i = 0; i < 4; i++) {
        ASSERT_EQ(a.Take(BIG, &d), 0);
        arena.Publish(d, READER_A);
    }
    EXPECT_EQ(b.Take(BIG, &d), -ENOMEM);
    allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    EXPECT_EQ(b.TakeAll(BIG).size(), 4u);
}

TEST(Allocator, SettlingKeepsTheOpenSpanAndGivesBackTheUsedUpOnes)
{
    TestArena arena(3);
    TestAllocator a(arena, arena.All(), 0);
    descriptor d;
    for (int i = 0; i < 9; i++) {
        ASSERT_EQ(a.Take(BIG, &d), 0);
        arena.Publish(d, READER_A);
    }
    EXPECT_EQ(a->n_owned, 2u);
    allocator_settle(a.get(), ALLOCATOR_KEEP_OPEN);
    EXPECT_EQ(a->n_owned, 1u);
    EXPECT_EQ(au32_relaxed(&arena.Table()[arena.SpanOf(d)].owner), 1u);
    allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    EXPECT_EQ(a->n_owned, 0u);
    for (uint32_t i = 0; i < 3; i++)
        EXPECT_EQ(au32_relaxed(&arena.Table()[i].owner), 0u);
}

// Random sizes, held in random order: neither leaks nor overlaps, and all comes back.
TEST(Allocator, FragmentationLeavesNothingBehind)
{
    TestArena arena(6);
    TestAllocator a(arena, arena.All(), 0);
    std::vector<descriptor> held;
    uint64_t random = 42;
    auto next = [&random] { return (random = random * 6364136223846793005u + 1442695040888963407u) >> 33; };
    for (int i = 0; i < 20000; i++) {
        descriptor d;
        uint64_t bytes = UINT64_C(1) << (6 + next() % 17);
        if (a.Take(bytes + next() % bytes, &d) == 0) {
            arena.Publish(d, READER_A);
            held.push_back(d);
        }
        while (!held.empty() && (held.size() > 40 || next() % 4 == 0)) {
            size_t victim = next() % held.size();
            ASSERT_TRUE(arena.Drop(held[victim], READER_A));
            held[victim] = held.back();
            held.pop_back();
        }
        if (next() % 16 == 0)
            allocator_settle(a.get(), next() % 2 ? ALLOCATOR_KEEP_OPEN : ALLOCATOR_RELEASE_ALL);
    }
    for (const descriptor &d : held)
        arena.Drop(d, READER_A);
    allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    EXPECT_EQ(arena.FreeSpans(), 6u);
    descriptor d;
    EXPECT_EQ(a.Take(6 * uint64_t{SPAN_SIZE}, &d), 0);
}

TEST(Allocator, TakesOneBlockOnceAnIdleRunIsDissolvedForIt)
{
    TestArena arena(2);
    TestAllocator a(arena, arena.All(), 1);
    descriptor run, d;
    ASSERT_EQ(a.Take(2 * uint64_t{SPAN_SIZE}, &run), 0);
    allocator_abandon(a.get(), &run);
    allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    descriptor held;
    TestAllocator other(arena, {0, 1}, 2);
    ASSERT_EQ(other.Take(64, &held), 0); // takes the run's first: its tail is nobody's then
    ASSERT_EQ(a.Take(512 * 1024, &d), 0);
    allocator_abandon(a.get(), &d);
    EXPECT_EQ(a.TakeAll(512 * 1024).size(), 4u) << "one of the four is lost";
}

TEST(Allocator, ASuccessorLeavesSpansOfOtherRangesAlone)
{
    TestArena arena(2);
    TestAllocator neighbour(arena, {1, 1}, 1), successor(arena, {0, 1}, 1);
    descriptor d;
    ASSERT_EQ(neighbour.Take(64, &d), 0);
    allocator_recover(successor.get());
    EXPECT_EQ(au64_relaxed(&arena.Block(d)->life), life_make(d.generation, HOLDER_PENDING));
    EXPECT_EQ(au32_relaxed(&arena.Table()[1].owner), 2u);
}

// Between any two instructions of one that takes a block, a sibling takes the last span, or a block in it.
class AllocatorBesideOthers : public testing::Test
{
  protected:
    void SetUp() override
    {
        if (!Stepped::Works())
            GTEST_SKIP() << "no ptrace";
    }

    // All is idle, and cut into blocks of 512 KiB.
    void Before()
    {
        au32_store_relaxed(&arena_.Table()->kind, size_class_of(BYTES) + 1);
        au32_store_relaxed(&arena_.Table()->owner, 0);
        au32_store_relaxed(&arena_.Table()->formatted, 1);
        for (uint64_t at = 0; at < SPAN_SIZE; at += BYTES)
            au64_store_relaxed(&reinterpret_cast<block *>(arena_.Span(0) + at)->life, life_make(1, 0));
    }

    int Take(uint64_t bytes)
    {
        TestAllocator a(arena_, arena_.All(), 1);
        descriptor d;
        Stepped::Mark();
        return a.Take(bytes, &d) == 0 ? 1 : 0;
    }

    bool IsOwnedBySibling() const { return au32_relaxed(&arena_.Table()->owner) == SIBLING; }

    enum : uint64_t { BYTES = 512 * 1024 };
    enum : uint32_t { SIBLING = 8 };
    TestArena arena_{1};
};

TEST_F(AllocatorBesideOthers, ASpanIsOneOwnersAlone)
{
    for (uint64_t bytes : {uint64_t{BYTES}, uint64_t{BYTES / 2}, uint64_t{SPAN_SIZE}})
        Stepped::AtEachInstruction({[&] { Before(); }, [&] { return Take(bytes); },
                                    [&] {
                                        uint32_t nobody = 0;
                                        __atomic_compare_exchange_n(&arena_.Table()->owner.word, &nobody, SIBLING, 0,
                                                                    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
                                    },
                                    [&](int took) {
                                        if (took) {
                                            ASSERT_FALSE(IsOwnedBySibling()) << bytes;
                                        }
                                    }},
                                   53);
}

TEST_F(AllocatorBesideOthers, AHeldBlockIsNeverCutInto)
{
    bool held = false;
    auto *last = reinterpret_cast<block *>(arena_.Span(0) + SPAN_SIZE - BYTES);
    for (uint64_t bytes : {uint64_t{BYTES / 2}, uint64_t{SPAN_SIZE}})
        Stepped::AtEachInstruction({[&] {
                                        Before();
                                        held = false;
                                    },
                                    [&] { return Take(bytes); },
                                    [&] {
                                        held = au32_relaxed(&arena_.Table()->owner) == 0; // a sibling's, given back
                                        if (held)
                                            au64_store_relaxed(&last->life, life_make(2, READER_A));
                                    },
                                    [&](int took) {
                                        if (held && au32_relaxed(&arena_.Table()->kind) == size_class_of(BYTES) + 1) {
                                            ASSERT_EQ(au64_relaxed(&last->life), life_make(2, READER_A)) << bytes;
                                        }
                                        if (held) {
                                            ASSERT_FALSE(took) << bytes;
                                        }
                                    }},
                                   53);
}

} // namespace
