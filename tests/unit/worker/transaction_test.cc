// What a transaction counts and bounds.
#include <gtest/gtest.h>

#include <cerrno>

#include "world.h"

namespace
{

enum : uint32_t { SOURCE, FILTER, SINK, TASTER };

void IgnoreRefusal(void *, const refusal *, const descriptor *) {}

// The filter's worker, played by the test.
struct Filter {
    explicit Filter(const World &world, uint32_t epoch = 1)
    {
        transaction_init(&t, world.segment(), FILTER, 0, epoch, {IgnoreRefusal, nullptr});
        transaction_recover(&t);
    }
    Filter(const Filter &) = delete;
    Filter &operator=(const Filter &) = delete;
    ~Filter() { transaction_destroy(&t); }

    void Forward()
    {
        for (uint32_t i = t.now.settled; i < t.n_claimed; i++)
            transaction_emit(&t, &t.journal->claim[i], 0, OUTPUT_FORWARDED);
        transaction_commit(&t, transaction_claimed(&t));
    }

    transaction t;
};

class Transaction : public testing::Test
{
  protected:
    void Feed(int n) { world_.Feed(SOURCE, std::vector<std::string>(static_cast<size_t>(n), "frame")); }

    World world_{{{"source", nullptr, 0},
                  {"filter", nullptr, 64},
                  {"sink", nullptr, 4, 1, 1, 0},
                  {"taster", nullptr, 1, 1, 1, 0}},
                 {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}, {FILTER, 0, TASTER, 0, WHEN_FULL_DROP}}};
};

TEST_F(Transaction, ASuccessorKnowsHowManyFramesItsPredecessorKept)
{
    Feed(3);
    {
        Filter filter(world_);
        ASSERT_EQ(transaction_claim(&filter.t, 3), 3u);
        ASSERT_GE(transaction_keep(&filter.t, 0), 0);
        ASSERT_GE(transaction_keep(&filter.t, 2), 0);
        transaction_commit(&filter.t, 3);
        EXPECT_EQ(filter.t.n_kept, 2u);
    }
    Filter successor(world_, 2);
    EXPECT_EQ(successor.t.n_kept, 2u);
}

TEST_F(Transaction, RefusesSoManyFramesAndLeavesTheNextToTheNext)
{
    Feed(REFUSALS_MAX + 1);
    Filter filter(world_);
    ASSERT_EQ(transaction_claim(&filter.t, REFUSALS_MAX + 1), REFUSALS_MAX + 1u);
    for (uint32_t i = 0; i < REFUSALS_MAX; i++)
        ASSERT_EQ(transaction_refuse(&filter.t, i, 1, 0, "no"), 0);
    EXPECT_EQ(transaction_refuse(&filter.t, REFUSALS_MAX, 1, 0, "no"), -ENOSPC);
    EXPECT_EQ(filter.t.tally.dead, uint64_t{REFUSALS_MAX});
    EXPECT_EQ(filter.t.n_outputs, uint32_t{REFUSALS_MAX});
}

TEST_F(Transaction, HoldsSoManyOutputsAndRefusalsAreSome)
{
    Feed(1);
    Filter filter(world_);
    ASSERT_EQ(transaction_claim(&filter.t, 1), 1u);
    for (uint32_t i = 0; i < OUTPUTS_MAX; i++)
        ASSERT_EQ(transaction_emit(&filter.t, &filter.t.journal->claim[0], 1, OUTPUT_FORWARDED), 0);
    EXPECT_EQ(transaction_emit(&filter.t, &filter.t.journal->claim[0], 1, OUTPUT_FORWARDED), -ENOSPC);
    EXPECT_EQ(transaction_refuse(&filter.t, 0, 1, 0, "no"), -ENOSPC);
    EXPECT_EQ(filter.t.tally.dead, 0u);
    EXPECT_EQ(filter.t.n_refusals, 0u);
}

TEST_F(Transaction, WaitsForNoRingWhoseEdgeDrops)
{
    Feed(2);
    Filter filter(world_);
    ASSERT_EQ(transaction_claim(&filter.t, 1), 1u);
    filter.Forward(); // the taster's ring of one is full
    ASSERT_EQ(transaction_claim(&filter.t, 1), 1u);
    transaction_emit(&filter.t, &filter.t.journal->claim[0], 0, OUTPUT_FORWARDED);
    EXPECT_EQ(transaction_full_ring(&filter.t), nullptr);
}

TEST_F(Transaction, WaitsForTheRingThatHasNoRoomForItsOutputs)
{
    Feed(5);
    Filter filter(world_);
    ASSERT_EQ(transaction_claim(&filter.t, 3), 3u);
    filter.Forward();
    ASSERT_EQ(transaction_claim(&filter.t, 2), 2u);
    transaction_emit(&filter.t, &filter.t.journal->claim[0], 0, OUTPUT_FORWARDED);
    EXPECT_EQ(transaction_full_ring(&filter.t), nullptr) << "there is room for one";
    transaction_emit(&filter.t, &filter.t.journal->claim[1], 0, OUTPUT_FORWARDED);
    EXPECT_EQ(transaction_full_ring(&filter.t), world_.Ring(SINK));
}

TEST_F(Transaction, IsCountedInItsSlotSoThatTheHostSeesProgress)
{
    Feed(2);
    Filter filter(world_);
    for (uint64_t n = 1; n <= 2; n++) {
        transaction_claim(&filter.t, 1);
        filter.Forward();
        EXPECT_EQ(au64_relaxed(&world_.Slot(FILTER)->transactions), n);
    }
}

} // namespace
