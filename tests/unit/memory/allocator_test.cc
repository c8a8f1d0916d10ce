#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <set>

#include "store_trap.h"
#include "test_arena.h"

namespace
{

constexpr uint64_t BIG = 256 * 1024; // 8 blocks a span

int callocs_that_fail; // n: the n-th from now on fails

} // namespace

// The linker puts these in the place of the calls of calloc().
extern "C" {
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
    return callocs_that_fail > 0 && callocs_that_fail-- == 1 ? nullptr : __real_calloc(n, size);
}
}

namespace
{

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
    EXPECT_EQ(a.TakeAll(64).size(), size_t{SPAN_SIZE / 64}) << "though the span is still ours for the other class";
}

TEST(Allocator, ASpanInWhichAllWasAbandonedIsCutAnewInTheSameTransaction)
{
    TestArena arena(3);
    TestAllocator a(arena, arena.All(), 0);
    descriptor small, large;
    ASSERT_EQ(a.Take(64, &small), 0);
    allocator_abandon(a.get(), &small);
    ASSERT_EQ(a.Take(3 * uint64_t{SPAN_SIZE}, &large), 0) << "a span of small blocks is in the way of a run";
    allocator_abandon(a.get(), &large);
    EXPECT_EQ(a.TakeAll(BIG).size(), 3u * SPAN_SIZE / BIG) << "the run is in the way of blocks";
}

TEST(Allocator, ASpanWithABlockThatIsNotAbandonedIsNotCutAnew)
{
    TestArena arena(3);
    TestAllocator a(arena, arena.All(), 0);
    descriptor run, kept, d;
    ASSERT_EQ(a.Take(2 * uint64_t{SPAN_SIZE}, &run), 0);
    ASSERT_EQ(a.Take(64, &kept), 0);
    ASSERT_EQ(a.Take(64, &d), 0);
    allocator_abandon(a.get(), &d);
    EXPECT_EQ(a.Take(BIG, &d), -ENOMEM) << "one of the two small blocks is still to be published";
    allocator_abandon(a.get(), &kept);
    EXPECT_EQ(a.TakeAll(BIG).size(), size_t{SPAN_SIZE / BIG}) << "of the third span, and not of the run's two";
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

TEST(Allocator, ARunIsTakenBehindTheLastOneAndFromTheStartAfterTheEnd)
{
    TestArena arena(3);
    TestAllocator a(arena, arena.All(), 0);
    for (uint32_t span : {0u, 1u, 2u, 0u}) {
        descriptor d;
        ASSERT_EQ(a.Take(SPAN_SIZE, &d), 0);
        EXPECT_EQ(arena.SpanOf(d), span);
        allocator_abandon(a.get(), &d);
        allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    }
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

TEST(Allocator, ASuccessorFreesWhatItsPredecessorTookAndDidNotPublish)
{
    TestArena arena(4);
    TestAllocator dead(arena, arena.All(), 1), successor(arena, arena.All(), 1);
    descriptor published, pending, run;
    ASSERT_EQ(dead.Take(BIG, &published), 0);
    ASSERT_EQ(dead.Take(BIG, &pending), 0);
    ASSERT_EQ(dead.Take(3 * uint64_t{SPAN_SIZE}, &run), 0);
    arena.Publish(published, READER_A);
    allocator_recover(successor.get());
    EXPECT_EQ(au64_relaxed(&arena.Block(published)->life), life_make(published.generation, READER_A));
    EXPECT_EQ(au64_relaxed(&arena.Block(pending)->life), life_make(pending.generation, 0));
    EXPECT_EQ(au64_relaxed(&arena.Block(run)->life), life_make(run.generation, 0));
    for (uint32_t i = 0; i < 4; i++)
        EXPECT_EQ(au32_relaxed(&arena.Table()[i].owner), 0u) << i;
}

TEST(Allocator, SaysThatItHasNoMemoryForItself)
{
    TestArena arena(1);
    allocator a;
    callocs_that_fail = 1;
    EXPECT_EQ(allocator_init(&a, arena.get(), arena.All(), 0), -ENOMEM);
    allocator_destroy(&a);
}

TEST(Allocator, TheTailsOfItsOwnRunAreNotHeldByOthers)
{
    TestArena arena(3);
    TestAllocator a(arena, arena.All(), 1);
    descriptor run;
    ASSERT_EQ(a.Take(3 * uint64_t{SPAN_SIZE}, &run), 0);
    EXPECT_TRUE(allocator_holds_all(a.get())) << "it is PENDING";
    arena.Publish(run, READER_A);
    EXPECT_FALSE(allocator_holds_all(a.get()));
}

TEST(Allocator, TailsThatADissolvedRunLeftBehindCountAsFree)
{
    TestArena arena(3);
    TestAllocator a(arena, arena.All(), 0);
    descriptor run, d;
    ASSERT_EQ(a.Take(3 * uint64_t{SPAN_SIZE}, &run), 0);
    allocator_abandon(a.get(), &run);
    allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    ASSERT_EQ(a.Take(64, &d), 0); // cuts the run's first
    EXPECT_EQ(arena.FreeSpans(), 2u);
}

// The table is in shared memory, so a plugin may have written to it.
TEST(Allocator, IsNotMisledByATailWithoutARun)
{
    for (uint32_t distance : {0u, 2u, UINT32_MAX}) { // itself, before the share, before the arena
        TestArena arena(3);
        TestAllocator a(arena, {1, 2}, 0);
        for (uint32_t i : {1u, 2u}) {
            au32_store_relaxed(&arena.Table()[i].kind, SPAN_TAIL);
            au32_store_relaxed(&arena.Table()[i].run, distance + (distance == 2 ? i - 1 : 0));
        }
        au32_store_relaxed(&arena.Table()[0].kind, SPAN_RUN);
        au32_store_relaxed(&arena.Table()[0].run, 3);
        descriptor d;
        EXPECT_EQ(a.Take(64, &d), 0) << distance;
        EXPECT_EQ(arena.SpanOf(d), 1u) << distance;
    }
}

TEST(Allocator, GivesBackASpanWhoseKindWasOverwritten)
{
    TestArena arena(1);
    for (uint32_t kind : {uint32_t{SPAN_EMPTY}, uint32_t{SIZE_CLASSES} + 1, uint32_t{SPAN_TAIL}, UINT32_MAX}) {
        TestAllocator a(arena, arena.All(), 0);
        descriptor d;
        ASSERT_EQ(a.Take(BIG, &d), 0);
        arena.Publish(d, READER_A);
        arena.Drop(d, READER_A);
        au32_store_relaxed(&arena.Table()->kind, kind);
        EXPECT_EQ(allocator_settle(a.get(), ALLOCATOR_KEEP_OPEN), 1u) << kind;
        au32_store_relaxed(&arena.Table()->kind, SPAN_EMPTY);
    }
}

// Before or after any store of one that takes memory, a sibling does something.
class AllocatorBesideOthers : public testing::Test
{
  protected:
    void SetUp() override
    {
        if (!StoreTrap::Works())
            GTEST_SKIP() << "no trap flag";
    }

    static constexpr uint64_t BYTES = 512 * 1024; // 4 blocks a span
    enum : uint32_t { SPANS = 4, ME = 1, SIBLING = 7 };

    std::vector<Region> Memory() const { return {{arena_.Table(), SPANS * sizeof(span)}, {arena_.Span(0), N()}}; }
    static uint64_t N() { return SPANS * uint64_t{SPAN_SIZE}; }
    block *Block(uint32_t span, uint32_t n) const
    {
        return reinterpret_cast<block *>(arena_.Span(span) + n * uint64_t{BYTES});
    }

    // All spans are idle, and cut into blocks of BYTES.
    void Before()
    {
        for (uint32_t i = 0; i < SPANS; i++) {
            arena_.Table()[i] = {};
            au32_store_relaxed(&arena_.Table()[i].kind, size_class_of(BYTES) + 1);
            au32_store_relaxed(&arena_.Table()[i].formatted, 1);
            for (uint32_t n = 0; n < SPAN_SIZE / BYTES; n++)
                au64_store_relaxed(&Block(i, n)->life, life_make(1, 0));
        }
        sibling_ = std::make_unique<TestAllocator>(arena_, arena_.All(), SIBLING);
        held_.clear();
    }

    // What the sibling takes is held by a reader from then on.
    void TakeBySibling(uint64_t bytes)
    {
        descriptor d;
        if (sibling_->Take(bytes, &d) == 0) {
            arena_.Publish(d, READER_A);
            held_.push_back(d);
        }
    }

    // One takes `bytes` in all spans of the range; the number of its result.
    int Take(uint64_t bytes, arena_range range)
    {
        TestAllocator a(arena_, range, ME);
        int result = a.Take(bytes, &mine_);
        gave_back_ = allocator_gave_back(a.get()) != 0;
        n_owned_ = a->n_owned;
        return result;
    }

    // Nothing that the sibling has is ours as well, and no span has two owners.
    void CheckApart(int result) const
    {
        for (const descriptor &d : held_) {
            ASSERT_EQ(au64_relaxed(&arena_.Block(d)->life), life_make(d.generation, READER_A));
            if (result != 0)
                continue;
            ASSERT_TRUE(mine_.block + arena_block_bytes(arena_.get(), arena_.Block(mine_)) <= d.block ||
                        d.block + arena_block_bytes(arena_.get(), arena_.Block(d)) <= mine_.block);
        }
        uint32_t owned = 0;
        for (uint32_t i = 0; i < SPANS; i++)
            owned += au32_relaxed(&arena_.Table()[i].owner) == ME + 1;
        ASSERT_EQ(owned, n_owned_);
    }

    TestArena arena_{SPANS};
    std::unique_ptr<TestAllocator> sibling_;
    std::vector<descriptor> held_; // the sibling's
    descriptor mine_ = {};
    bool gave_back_ = false;
    uint32_t n_owned_ = 0;
};

// The sibling keeps the span that it took, or gives it back with a block in it that a reader holds.
TEST_F(AllocatorBesideOthers, NothingIsGivenToBoth)
{
    for (uint64_t mine : {BYTES, BYTES / 2, 3 * uint64_t{SPAN_SIZE}})
        for (uint64_t siblings : {BYTES, BYTES / 2, 2 * uint64_t{SPAN_SIZE}})
            for (bool gives_back : {false, true})
                StoreTrap::AtEachStore(Memory(), {[&] { Before(); }, [&] { return Take(mine, arena_.All()); },
                                                  [&] {
                                                      TakeBySibling(siblings);
                                                      if (gives_back)
                                                          allocator_settle(sibling_->get(), ALLOCATOR_RELEASE_ALL);
                                                  },
                                                  [&](int result) { CheckApart(result); }});
}

// What was a sibling's for a moment only, and looked free before and after it, is not missed for good: whoever goes
// away empty-handed says so, or finds it.
TEST_F(AllocatorBesideOthers, WhoHadASpanInVainSaysThatItGaveItBack)
{
    enum : uint32_t { ONE_SPAN = 1 };
    int in_vain = 0;
    for (uint64_t mine : {BYTES, BYTES / 2, uint64_t{SPAN_SIZE}})
        StoreTrap::AtEachStore(Memory(), {[&] { Before(); },
                                          [&] {
                                              return Take(mine, {0, ONE_SPAN});
                                          },
                                          [&] {
                                              if (au32_relaxed(&arena_.Table()->owner) != 0)
                                                  return;
                                              for (uint32_t n = 0; n < SPAN_SIZE / BYTES; n++)
                                                  au64_store_relaxed(&Block(0, n)->life, life_make(2, READER_A));
                                          },
                                          [&](int result) {
                                              if (result == 0)
                                                  return;
                                              ASSERT_EQ(n_owned_, 0u);
                                              ASSERT_EQ(au32_relaxed(&arena_.Table()->owner), 0u);
                                              in_vain += gave_back_;
                                          }});
    EXPECT_GT(in_vain, 0) << "it was cut as wanted, looked roomy, and was full once it was owned";
}

TEST_F(AllocatorBesideOthers, OneThatLosesTheMiddleOfARunGivesBackWhatItHadAndGoesOn)
{
    int lost = 0;
    StoreTrap::AtEachStore(Memory(), {[&] { Before(); }, [&] { return Take(2 * uint64_t{SPAN_SIZE}, arena_.All()); },
                                      [&] {
                                          if (au32_relaxed(&arena_.Table()[1].owner) == 0)
                                              au32_store_relaxed(&arena_.Table()[1].owner, SIBLING + 1);
                                      },
                                      [&](int result) {
                                          ASSERT_EQ(result, 0) << "there is room for it behind";
                                          ASSERT_EQ(n_owned_, 2u);
                                          lost += gave_back_;
                                      }});
    EXPECT_GT(lost, 0) << "it never had the first when it lost the second";
}

TEST_F(AllocatorBesideOthers, ATailThatIsOfALiveRunAgainIsNotTaken)
{
    StoreTrap::AtEachStore(Memory(), {[&] {
                                          Before();
                                          au32_store_relaxed(&arena_.Table()[1].kind, SPAN_TAIL);
                                          au32_store_relaxed(&arena_.Table()[1].run, 1);
                                          au32_store_relaxed(&arena_.Table()[0].owner, SIBLING + 1);
                                      },
                                      [&] {
                                          return Take(BYTES, {0, 2});
                                      },
                                      [&] {
                                          if (au32_relaxed(&arena_.Table()[1].owner) != 0)
                                              return;
                                          au32_store_relaxed(&arena_.Table()[0].run, 2);
                                          au32_store_relaxed(&arena_.Table()[0].kind, SPAN_RUN);
                                      },
                                      [&](int result) {
                                          bool live = au32_relaxed(&arena_.Table()[0].kind) == SPAN_RUN;
                                          ASSERT_EQ(result, live ? -ENOMEM : 0);
                                          ASSERT_EQ(au32_relaxed(&arena_.Table()[1].owner), live ? 0u : ME + 1);
                                      }});
}

// A sibling's run becomes free when the spans were looked through already: then it is dissolved, and they are looked
// through again.
TEST_F(AllocatorBesideOthers, OneFindsTheSpansOfARunThatBecameFreeMeanwhile)
{
    int rounds = 0;
    StoreTrap::AtEachStore(Memory(), {[&] {
                                          Before();
                                          TakeBySibling(2 * uint64_t{SPAN_SIZE});
                                          for (uint32_t i : {2u, 3u})
                                              au32_store_relaxed(&arena_.Table()[i].owner, 0);
                                      },
                                      [&] {
                                          return Take(BYTES / 2, {0, 3});
                                      },
                                      [&] {
                                          au64_store_relaxed(&Block(2, 0)->life, life_make(2, READER_A));
                                          arena_.Drop(held_[0], READER_A);
                                          allocator_settle(sibling_->get(), ALLOCATOR_RELEASE_ALL);
                                          held_.clear();
                                      },
                                      [&](int result) {
                                          ASSERT_EQ(result, 0);
                                          rounds++;
                                      }});
    EXPECT_GT(rounds, 2);
}

} // namespace
