#include <gtest/gtest.h>

#include "test_arena.h"

namespace
{

TEST(SizeClass, EachIsLargerThanTheOneBeforeAndAMultipleOf16)
{
    for (uint32_t c = 1; c < SIZE_CLASSES; c++) {
        EXPECT_GT(size_class_bytes(c), size_class_bytes(c - 1)) << c;
        EXPECT_EQ(size_class_bytes(c) % 16, 0u) << c;
    }
    EXPECT_EQ(size_class_bytes(0), uint32_t{BLOCK_MIN});
    EXPECT_EQ(size_class_bytes(SIZE_CLASSES - 1), uint32_t{BLOCK_MAX});
}

TEST(SizeClass, FourStepsMakeADoubling)
{
    for (uint32_t c = 4; c < SIZE_CLASSES; c++)
        EXPECT_EQ(size_class_bytes(c), 2 * size_class_bytes(c - 4)) << c;
}

TEST(SizeClass, EverySizeGetsTheSmallestClassThatHoldsIt)
{
    for (uint64_t bytes = 0; bytes <= BLOCK_MAX; bytes++) {
        uint32_t c = size_class_of(bytes);
        ASSERT_LT(c, uint32_t{SIZE_CLASSES}) << bytes;
        ASSERT_GE(size_class_bytes(c), bytes);
        if (c > 0) {
            ASSERT_LT(size_class_bytes(c - 1), bytes);
        }
    }
}

TEST(SizeClass, ALargerSizeHasNone)
{
    EXPECT_EQ(size_class_of(uint64_t{BLOCK_MAX} + 1), uint32_t{SIZE_CLASSES});
    EXPECT_EQ(size_class_of(UINT64_MAX), uint32_t{SIZE_CLASSES});
}

class ArenaBlock : public testing::Test
{
  protected:
    ArenaBlock() : arena_(2), allocator_(arena_, arena_.All(), 0)
    {
        allocator_.Take(100, &d_);
        arena_.Block(d_)->size_type_flags = block_word(40, 0, 0);
        arena_.Publish(d_, READER_A);
    }

    TestArena arena_;
    TestAllocator allocator_;
    descriptor d_ = {};
};

TEST_F(ArenaBlock, IsFoundByItsHolder)
{
    EXPECT_EQ(arena_block(arena_.get(), &d_, READER_A), arena_.Block(d_));
    EXPECT_EQ(arena_block_bytes(arena_.get(), arena_.Block(d_)), 112u);
}

TEST_F(ArenaBlock, IsNotFoundByAnotherStage)
{
    EXPECT_EQ(arena_block(arena_.get(), &d_, READER_B), nullptr);
}

TEST_F(ArenaBlock, IsNotFoundUnderAnotherGeneration)
{
    d_.generation++;
    EXPECT_EQ(arena_block(arena_.get(), &d_, READER_A), nullptr);
}

TEST_F(ArenaBlock, IsNotFoundOnceItIsFree)
{
    EXPECT_TRUE(arena_.Drop(d_, READER_A));
    EXPECT_EQ(arena_block(arena_.get(), &d_, READER_A), nullptr);
}

TEST_F(ArenaBlock, IsNotFoundOutsideOfTheSpansOrUnaligned)
{
    for (uint64_t wrong : {uint64_t{0}, arena_->spans_offset - 16, arena_->spans_offset + 2 * uint64_t{SPAN_SIZE},
                           d_.block + 1, d_.block + 8, UINT64_MAX - 15, UINT64_MAX}) {
        descriptor d = d_;
        d.block = wrong;
        EXPECT_EQ(arena_block(arena_.get(), &d, READER_A), nullptr) << wrong;
    }
}

TEST_F(ArenaBlock, IsNotFoundIfItsSizeLeadsOutOfTheArena)
{
    arena_.Block(d_)->size_type_flags = block_word((UINT64_C(1) << 48) - 1, 0, 0);
    EXPECT_EQ(arena_block(arena_.get(), &d_, READER_A), nullptr);
}

TEST_F(ArenaBlock, InTheMiddleOfAPayloadIsNoneThoughItLooksLikeOne)
{
    auto *forged = reinterpret_cast<au64 *>(reinterpret_cast<uint8_t *>(arena_.Block(d_)) + BLOCK_HEADER);
    au64_store_relaxed(forged, life_make(d_.generation, READER_A));
    descriptor d = d_;
    d.block += BLOCK_HEADER;
    EXPECT_EQ(arena_block(arena_.get(), &d, READER_A), nullptr);
}

TEST_F(ArenaBlock, OfARunThatIsLongerThanTheArenaHasNoBytes)
{
    span *s = &arena_.Table()[arena_.SpanOf(d_)];
    au32_store_relaxed(&s->kind, SPAN_RUN);
    au32_store_relaxed(&s->run, 3);
    EXPECT_EQ(arena_block_bytes(arena_.get(), arena_.Block(d_)), 0u);
}

TEST(ArenaBlockBytes, AreThoseOfItsClassFromTheSmallestToTheLargest)
{
    TestArena arena(2);
    TestAllocator a(arena, arena.All(), 0);
    for (uint64_t bytes : {uint64_t{BLOCK_MIN}, uint64_t{BLOCK_MAX}}) {
        descriptor d;
        ASSERT_EQ(a.Take(bytes, &d), 0);
        EXPECT_EQ(arena_block_bytes(arena.get(), arena.Block(d)), bytes);
    }
}

TEST(ArenaTail, WithItsFirstBeforeTheArenaCountsAsFree)
{
    TestArena arena(2);
    au32_store_relaxed(&arena.Table()[1].kind, SPAN_TAIL);
    au32_store_relaxed(&arena.Table()[1].run, 2);
    EXPECT_EQ(arena.FreeSpans(), 2u);
}

} // namespace
