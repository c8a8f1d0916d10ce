// How spans are chosen, cut, gone round in and given back: what no caller sees in one block, but all rely on.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>

#include "store_trap.h"
#include "test_arena.h"

namespace
{

constexpr uint64_t EIGHTH = SPAN_SIZE / 8; // blocks of that many bytes: 8 a span
enum : uint32_t { WINDOW = 1024 };         // blocks of 64 bytes that are gone round at first

// Takes a block, and lets it be read and dropped.
descriptor Pass(const TestArena &arena, TestAllocator &a, uint64_t bytes = 64)
{
    descriptor d = {};
    EXPECT_EQ(a.Take(bytes, &d), 0);
    arena.Publish(d, READER_A);
    arena.Drop(d, READER_A);
    return d;
}

descriptor Hold(const TestArena &arena, TestAllocator &a, uint64_t bytes)
{
    descriptor d = {};
    EXPECT_EQ(a.Take(bytes, &d), 0);
    arena.Publish(d, READER_A);
    return d;
}

uint32_t Index(const TestArena &arena, const descriptor &d, uint64_t step = 64)
{
    return static_cast<uint32_t>((d.block - arena->spans_offset) / step);
}

} // namespace

TEST(SpanCursor, GoesFromBlockToBlock)
{
    TestArena arena(1);
    TestAllocator a(arena, arena.All(), 0);
    for (uint32_t i = 0; i < 5; i++)
        EXPECT_EQ(Index(arena, Pass(arena, a)), i);
}

TEST(SpanCursor, ComesRoundAfterAWindowSoThatBlocksStayInTheCache)
{
    TestArena arena(1);
    TestAllocator a(arena, arena.All(), 0);
    for (uint32_t i = 0; i < 2 * WINDOW; i++)
        ASSERT_EQ(Index(arena, Pass(arena, a)), i % WINDOW);
}

TEST(SpanCursor, TriesWhatIsBehindTheWindowWhenABlockIsStillHeld)
{
    TestArena arena(2);
    TestAllocator a(arena, arena.All(), 0);
    descriptor first = Hold(arena, a, 64);
    for (uint32_t i = 1; i < WINDOW; i++)
        Pass(arena, a);
    EXPECT_EQ(Index(arena, Pass(arena, a)), WINDOW) << "and not the one behind the held one, nor one of another span";
    arena.Drop(first, READER_A);
    for (uint32_t i = WINDOW + 1; i < 2 * WINDOW; i++)
        Pass(arena, a);
    EXPECT_EQ(Index(arena, Pass(arena, a)), 0u) << "the window is twice as large, and not the whole span";
}

TEST(Span, WithNothingButItsLastBlockFreeIsUsed)
{
    TestArena arena(1);
    TestAllocator a(arena, arena.All(), 0);
    descriptor last = {}, d;
    for (int i = 0; i < 8; i++)
        last = Hold(arena, a, EIGHTH);
    allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    arena.Drop(last, READER_A);
    ASSERT_EQ(a.Take(EIGHTH, &d), 0);
    EXPECT_EQ(d.block, last.block);
}

TEST(Span, ThatIsUsedUpIsGivenBackThoughItsAllocatorFoundNoOther)
{
    TestArena arena(1);
    TestAllocator a(arena, arena.All(), 0);
    descriptor d;
    for (int i = 0; i < 8; i++)
        Hold(arena, a, EIGHTH);
    EXPECT_EQ(a.Take(EIGHTH, &d), -ENOMEM);
    allocator_settle(a.get(), ALLOCATOR_KEEP_OPEN);
    EXPECT_EQ(a->n_owned, 0u) << "a sibling may use what readers drop there";
}

TEST(Span, StaysOpenWhenOneOfAnotherClassIsGivenBack)
{
    TestArena arena(3);
    TestAllocator a(arena, arena.All(), 0);
    descriptor small = Hold(arena, a, 64);
    for (int i = 0; i < 9; i++) // one used up, one open
        Hold(arena, a, EIGHTH);
    EXPECT_EQ(allocator_settle(a.get(), ALLOCATOR_KEEP_OPEN), 1u);
    EXPECT_EQ(a->n_owned, 2u);
    descriptor d = Hold(arena, a, 64);
    EXPECT_EQ(d.block, small.block + 64);
}

TEST(Span, CutAnewHasGenerationsAboveAllOfItsBlocksBefore)
{
    TestArena arena(1);
    TestAllocator a(arena, arena.All(), 0);
    descriptor often = {};
    for (int i = 0; i < 9; i++) { // the first block alone, again and again
        often = Pass(arena, a, EIGHTH);
        allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    }
    ASSERT_EQ(Index(arena, often, EIGHTH), 0u);
    descriptor anew = Hold(arena, a, 2 * EIGHTH);
    ASSERT_EQ(anew.block, often.block);
    EXPECT_GT(anew.generation, often.generation) << "a stale descriptor could match";
}

TEST(Span, OfAnotherShareIsLeftAsItIs)
{
    TestArena arena(3);
    TestAllocator mine(arena, {0, 1}, 0), others(arena, {1, 2}, 1);
    descriptor run = Hold(arena, others, 2 * uint64_t{SPAN_SIZE}), d;
    allocator_settle(others.get(), ALLOCATOR_RELEASE_ALL);
    arena.Drop(run, READER_A);
    for (int i = 0; i < 8; i++)
        Hold(arena, mine, EIGHTH);
    EXPECT_EQ(mine.Take(64, &d), -ENOMEM);
    EXPECT_EQ(au32_relaxed(&arena.Table()[1].kind), uint32_t{SPAN_RUN})
        << "an idle run of the next share was dissolved";
}

TEST(Span, OfAHeldRunIsStillKnownToBeItsOwnAfterASearchInVain)
{
    TestArena arena(2);
    TestAllocator a(arena, arena.All(), 0);
    descriptor run, d;
    ASSERT_EQ(a.Take(2 * uint64_t{SPAN_SIZE}, &run), 0);
    EXPECT_EQ(a.Take(64, &d), -ENOMEM);
    EXPECT_TRUE(allocator_holds_all(a.get())) << "or its worker waits for ever for what is its own";
}

TEST(Span, ThatWasItsOwnForAMomentIsSaidToBeGivenBack)
{
    TestArena arena(3);
    TestAllocator a(arena, arena.All(), 0), other(arena, arena.All(), 1);
    descriptor run = Hold(arena, a, 2 * uint64_t{SPAN_SIZE}), d;
    allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    Hold(arena, other, 64); // in the third
    arena.Drop(run, READER_A);
    EXPECT_EQ(a.Take(3 * uint64_t{SPAN_SIZE}, &d), -ENOMEM);
    EXPECT_EQ(allocator_gave_back(a.get()), 1) << "the idle run was dissolved: a sibling may sleep for want of it";
    ASSERT_EQ(a.Take(64, &d), 0);
    allocator_abandon(a.get(), &d);
    EXPECT_EQ(a.Take(3 * uint64_t{SPAN_SIZE}, &d), -ENOMEM);
    EXPECT_EQ(allocator_gave_back(a.get()), 1) << "the span of what it gave up was let go";
}

TEST(Span, ThatIsInUseIsNotOwnedForALook)
{
    if (!StoreTrap::Works())
        GTEST_SKIP() << "no trap flag";
    TestArena arena(1);
    TestAllocator other(arena, arena.All(), 1), a(arena, arena.All(), 0);
    Hold(arena, other, 64);
    allocator_settle(other.get(), ALLOCATOR_RELEASE_ALL);
    std::vector<Region> table = {{arena.Table(), sizeof(span)}};
    bool owned = false;
    descriptor d;
    {
        StoreTrap trap(table, [&] { owned |= au32_relaxed(&arena.Table()[0].owner) != 0; });
        EXPECT_EQ(a.Take(EIGHTH, &d), -ENOMEM);
    }
    EXPECT_FALSE(owned) << "it would be hidden from a sibling that has use for it";
}

TEST(AllocatorMemory, MayHoldAnythingBeforeItIsSetUp)
{
    TestArena arena(1);
    allocator a;
    memset(static_cast<void *>(&a), 0x5a, sizeof a);
    ASSERT_EQ(allocator_init(&a, arena.get(), arena.All(), 0), 0);
    EXPECT_EQ(allocator_gave_back(&a), 0);
    EXPECT_EQ(a.n_owned, 0u);
    descriptor d;
    EXPECT_EQ(allocator_take(&a, 64, &d), 0);
    allocator_destroy(&a);
}

TEST(AllocatorMemory, MayHoldWhatLooksLikeThePlaceOfARunBeforeTheShare)
{
    TestArena arena(3);
    allocator a;
    memset(static_cast<void *>(&a), 0xff, sizeof a);
    ASSERT_EQ(allocator_init(&a, arena.get(), {1, 2}, 0), 0);
    descriptor run;
    ASSERT_EQ(allocator_take(&a, SPAN_SIZE, &run), 0);
    EXPECT_EQ(arena.SpanOf(run), 1u) << "the span before is another stage's";
    allocator_destroy(&a);
}

// ---- What the table says, and what is counted by it ----

TEST(SpanTable, ABlockOfAnEmptySpanOrOfATailHasNoBytes)
{
    TestArena arena(2);
    for (uint32_t kind : {uint32_t{SPAN_EMPTY}, uint32_t{SPAN_TAIL}}) {
        au32_store_relaxed(&arena.Table()[1].kind, kind);
        au32_store_relaxed(&arena.Table()[1].run, 1);
        EXPECT_EQ(arena_block_bytes(arena.get(), reinterpret_cast<block *>(arena.Span(1))), 0u) << kind;
    }
}

TEST(SpanTable, ARunMayReachToTheEndOfTheArena)
{
    TestArena arena(3);
    TestAllocator a(arena, arena.All(), 0);
    descriptor run = Hold(arena, a, 3 * uint64_t{SPAN_SIZE});
    EXPECT_EQ(arena_block_bytes(arena.get(), arena.Block(run)), 3 * uint64_t{SPAN_SIZE});
    arena.Block(run)->size_type_flags = block_word(3 * uint64_t{SPAN_SIZE} - BLOCK_HEADER, 0, 0);
    EXPECT_EQ(arena_block(arena.get(), &run, READER_A), arena.Block(run));
}

TEST(SpanTable, WhatIsOutsideOfTheSpansIsNoBlockWhateverItLooksLike)
{
    TestArena arena(2);
    struct arena half = *arena.get();
    half.n_spans = 1;
    for (uint64_t at : {half.spans_offset - 64, half.spans_offset + uint64_t{SPAN_SIZE}}) {
        auto *b = reinterpret_cast<block *>(half.base + at);
        au64_store_relaxed(&b->life, life_make(7, READER_A));
        descriptor d = {at, 7, 0, 0};
        EXPECT_EQ(arena_block(&half, &d, READER_A), nullptr) << at;
    }
}

TEST(SpanTable, ASpanWithAnyOfItsBlocksHeldIsNotFree)
{
    for (uint64_t bytes : {uint64_t{64}, EIGHTH, uint64_t{BLOCK_MAX}}) {
        TestArena arena(1);
        TestAllocator a(arena, arena.All(), 0);
        descriptor first = Hold(arena, a, bytes);
        Hold(arena, a, bytes);
        arena.Drop(first, READER_A);
        allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
        EXPECT_EQ(arena.FreeSpans(), 0u) << "the second block of " << bytes << " bytes is held";
    }
}

TEST(SpanTable, ATailThatWasLeftBehindIsFreeWhateverItsBytesAre)
{
    TestArena arena(2);
    TestAllocator a(arena, arena.All(), 0);
    descriptor run, d;
    ASSERT_EQ(a.Take(2 * uint64_t{SPAN_SIZE}, &run), 0);
    memset(arena.Span(1), 0xff, 64); // of the payload; where a block's life would be
    allocator_abandon(a.get(), &run);
    allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    ASSERT_EQ(a.Take(64, &d), 0); // cuts the run's first
    EXPECT_EQ(arena.FreeSpans(), 1u);
}

// ---- A death between two stores leaves a table that says nothing wrong ----

namespace
{

// What a span's entry may say at any moment.
void ExpectSound(const TestArena &arena)
{
    for (uint32_t i = 0; i < arena->n_spans; i++) {
        const span &s = arena.Table()[i];
        uint32_t kind = au32_relaxed(&s.kind), run = au32_relaxed(&s.run);
        if (kind != SPAN_EMPTY) {
            ASSERT_EQ(au32_relaxed(&s.formatted), 1u)
                << "span " << i << " of kind " << kind << " would not be cleared when it is cut anew";
        }
        if (kind == SPAN_RUN) {
            ASSERT_GE(run, 1u) << "span " << i;
            ASSERT_NE(au64_relaxed(&reinterpret_cast<block *>(arena.Span(i))->life), 0u) << "span " << i;
        }
        if (kind == SPAN_TAIL) {
            ASSERT_GE(run, 1u) << "tail " << i << " has no first";
        }
    }
}

class TableAtEachStore : public testing::TestWithParam<uint64_t>
{
};

} // namespace

TEST_P(TableAtEachStore, IsSound)
{
    if (!StoreTrap::Works())
        GTEST_SKIP() << "no trap flag";
    TestArena arena(3);
    TestAllocator a(arena, arena.All(), 0);
    descriptor d;
    std::vector<Region> table = {{arena.Table(), 3 * sizeof(span)}};
    {
        StoreTrap trap(table, [&] { ExpectSound(arena); });
        ASSERT_EQ(a.Take(GetParam(), &d), 0);
    }
    ExpectSound(arena);
}

INSTANTIATE_TEST_SUITE_P(Sizes, TableAtEachStore,
                         testing::Values(uint64_t{64}, 2 * EIGHTH, 2 * uint64_t{SPAN_SIZE}, 3 * uint64_t{SPAN_SIZE}));

TEST(TableBetweenStores, SaysThatASpanIsEmptyOnlyUnderItsNextGeneration)
{
    if (!StoreTrap::Works())
        GTEST_SKIP() << "no trap flag";
    TestArena arena(1);
    TestAllocator a(arena, arena.All(), 0);
    descriptor often = {}, d;
    for (int i = 0; i < 5; i++) {
        often = Pass(arena, a, EIGHTH);
        allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    }
    bool was_empty = false;
    std::vector<Region> table = {{arena.Table(), sizeof(span)}};
    {
        StoreTrap trap(table, [&] {
            const span &s = arena.Table()[0];
            if (au32_relaxed(&s.kind) == SPAN_EMPTY) {
                was_empty = true;
                ASSERT_GT(au32_relaxed(&s.generation), often.generation);
            }
        });
        ASSERT_EQ(a.Take(2 * EIGHTH, &d), 0);
    }
    EXPECT_TRUE(was_empty);
}
