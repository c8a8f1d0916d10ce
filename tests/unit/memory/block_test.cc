extern "C" {
#include "block.h"
}

#include <gtest/gtest.h>

#include <vector>

#include "shared.h"
#include "store_trap.h"

namespace
{

enum : uint64_t { A = 1, B = 2, READER_C = 4 };

class BlockLife : public testing::Test
{
  protected:
    uint64_t Holders() const { return au64_relaxed(&block_.life) & HOLDERS_MASK; }

    block block_ = {{life_make(7, HOLDER_PENDING)}, 0, 0};
};

TEST_F(BlockLife, TheReadersTakeThePlaceOfPending)
{
    block_hand_over(&block_, 7, A | B);
    EXPECT_EQ(au64_relaxed(&block_.life), life_make(7, A | B));
}

TEST_F(BlockLife, TheLastHolderThatDropsFreesIt)
{
    block_hand_over(&block_, 7, A | B);
    EXPECT_EQ(block_drop(&block_, 7, A), 0);
    EXPECT_EQ(Holders(), uint64_t{B});
    EXPECT_EQ(block_drop(&block_, 7, B), 1);
    EXPECT_EQ(au64_relaxed(&block_.life), life_make(7, 0));
}

TEST_F(BlockLife, ToDropTwiceDoesNothingTheSecondTime)
{
    block_hand_over(&block_, 7, A | B);
    block_drop(&block_, 7, A);
    EXPECT_EQ(block_drop(&block_, 7, A), 0);
    EXPECT_EQ(Holders(), uint64_t{B});
    block_drop(&block_, 7, B);
    EXPECT_EQ(block_drop(&block_, 7, B), 0);
}

TEST_F(BlockLife, ADropUnderAnotherGenerationDoesNothing)
{
    block_hand_over(&block_, 7, A);
    EXPECT_EQ(block_drop(&block_, 6, A), 0);
    EXPECT_EQ(Holders(), uint64_t{A});
}

TEST_F(BlockLife, HoldersAreAddedBesideThoseThatAreThere)
{
    block_hand_over(&block_, 7, A);
    block_add_holders(&block_, 7, B);
    EXPECT_EQ(Holders(), A | B);
    block_add_holders(&block_, 7, B);
    EXPECT_EQ(Holders(), A | B);
}

TEST_F(BlockLife, NoHolderIsAddedUnderAnotherGeneration)
{
    block_hand_over(&block_, 7, A);
    block_add_holders(&block_, 6, B);
    EXPECT_EQ(Holders(), uint64_t{A});
}

TEST_F(BlockLife, TheGenerationStaysApartFromTheHolders)
{
    uint64_t life = life_make(GENERATION_MASK, HOLDERS_MASK);
    EXPECT_EQ(life, UINT64_MAX);
    EXPECT_EQ(life_generation(life), GENERATION_MASK);
    EXPECT_EQ(life_make(GENERATION_MASK + 1, 0), 0u);
}

TEST_F(BlockLife, SizeTypeAndFlagsShareAWord)
{
    const uint64_t size = (UINT64_C(1) << 48) - 1;
    block_.size_type_flags = block_word(size, 254, BLOCK_HAS_TAIL);
    EXPECT_EQ(block_size(&block_), size);
    EXPECT_EQ(block_type(&block_), 254u);
    EXPECT_EQ(block_flags(&block_), uint32_t{BLOCK_HAS_TAIL});
}

// Another holder comes or goes before or after any store.
class BlockLifeBesideOthers : public testing::Test
{
  protected:
    void SetUp() override
    {
        if (!StoreTrap::Works())
            GTEST_SKIP() << "no trap flag";
    }

    void HandOver() const { block_hand_over(b_.get(), 7, A | B); }
    uint64_t Life() const { return au64_relaxed(&b_->life); }
    std::vector<Region> Memory() const { return {{b_.get(), sizeof(block)}}; }

    Shared<block> b_;
};

TEST_F(BlockLifeBesideOthers, ADropTakesItsOwnBitAlone)
{
    int rounds = 0;
    StoreTrap::AtEachStore(Memory(), {[&] { HandOver(); }, [&] { return block_drop(b_.get(), 7, A); },
                                      [&] { block_drop(b_.get(), 7, B); },
                                      [&](int) {
                                          ASSERT_EQ(Life() & HOLDERS_MASK & ~uint64_t{B}, 0u);
                                          rounds++;
                                      }});
    EXPECT_EQ(Life(), life_make(7, B)) << "in the last round nobody else came";
    EXPECT_GT(rounds, 2);
}

TEST_F(BlockLifeBesideOthers, OfTwoThatDropAtTheSameMomentOneFreesIt)
{
    int freed = 0;
    StoreTrap::AtEachStore(Memory(),
                           {[&] {
                                HandOver();
                                freed = 0;
                            },
                            [&] { return block_drop(b_.get(), 7, A); }, [&] { freed += block_drop(b_.get(), 7, B); },
                            [&](int result) {
                                freed += result + block_drop(b_.get(), 7, B);
                                ASSERT_EQ(freed, 1);
                            }});
}

// Its block may even have been freed, and been taken anew, by the time that it looks again.
TEST_F(BlockLifeBesideOthers, ADropLeavesABlockOfTheNextGenerationAlone)
{
    StoreTrap::AtEachStore(Memory(), {[&] { HandOver(); }, [&] { return block_drop(b_.get(), 7, A); },
                                      [&] { block_hand_over(b_.get(), 8, A | B); },
                                      [&](int result) {
                                          if (life_generation(Life()) == 8) {
                                              ASSERT_EQ(Life(), life_make(8, A | B));
                                          }
                                          ASSERT_EQ(result, 0);
                                      }});
}

TEST_F(BlockLifeBesideOthers, HoldersThatAreAddedTakeNoneAway)
{
    bool dropped = false;
    StoreTrap::AtEachStore(Memory(), {[&] {
                                          HandOver();
                                          dropped = false;
                                      },
                                      [&] {
                                          block_add_holders(b_.get(), 7, READER_C);
                                          return 0;
                                      },
                                      [&] {
                                          block_drop(b_.get(), 7, B);
                                          dropped = true;
                                      },
                                      [&](int) {
                                          uint64_t expected = A | READER_C | (dropped ? 0 : uint64_t{B});
                                          ASSERT_EQ(Life(), life_make(7, expected));
                                      }});
}

} // namespace
