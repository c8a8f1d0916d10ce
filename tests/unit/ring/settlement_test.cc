extern "C" {
#include "settlement.h"
}

#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

#include "shared.h"

namespace
{

enum : uint32_t { SLOT = 7, EPOCH = 3, CAPACITY = 8 };

class Settlement : public testing::Test
{
  protected:
    Settlement()
    {
        journal_init(j_.get(), 0);
        for (ring *r : {input_.get(), first_.get(), second_.get()})
            ring_init(r, CAPACITY);
    }

    void Repair(std::initializer_list<ring *> outputs, bool has_input = true)
    {
        std::vector<ring *> list(outputs);
        worker_rings rings = {has_input ? input_.get() : nullptr, list.data(), static_cast<uint32_t>(list.size())};
        settlement_repair(j_.get(), &rings, &dead_);
    }

    // As a worker that died in a publish into reader `index` leaves it, before or after its one store of the tail.
    void DiePublishing(ring *r, uint32_t index, bool stored)
    {
        end_lock(&r->producer, me_);
        au64_store_relaxed(&r->tail, stored ? 103 : 100);
        au64_store_relaxed(&j_->old_tail, 100);
        au32_store_relaxed(&j_->publish[index].done, 1);
        au32_store_relaxed(&j_->done_after, 4);
        au32_store_relaxed(&j_->publishing, index + 1);
        journal_decide(j_.get(), {PHASE_COMMITTING, 1, 0, 2});
    }

    void DieClaiming(bool stored)
    {
        end_lock(&input_->consumer, me_);
        au64_store_relaxed(&j_->claim_start, 50);
        au32_store_relaxed(&j_->claim_n, 4);
        au64_store_relaxed(&input_->head, stored ? 54 : 50);
        journal_decide(j_.get(), {PHASE_CLAIMING, 1, 0, 0});
    }

    uint32_t Done(uint32_t index) { return au32_relaxed(&j_->publish[index].done); }

    Shared<journal> j_ = Shared<journal>::WithBytes(journal_size(0));
    Shared<ring> input_ = Shared<ring>::WithBytes(ring_size(CAPACITY));
    Shared<ring> first_ = Shared<ring>::WithBytes(ring_size(CAPACITY));
    Shared<ring> second_ = Shared<ring>::WithBytes(ring_size(CAPACITY));
    uint64_t me_ = owner_word(SLOT, EPOCH);
    dead_worker dead_ = {SLOT, EPOCH, 11, 0};
};

TEST_F(Settlement, APublishWhoseTailWasStoredIsNoted)
{
    for (int times = 1; times <= 2; times++) {
        if (times == 1)
            DiePublishing(first_.get(), 0, true);
        Repair({first_.get(), second_.get()});
        EXPECT_EQ(Done(0), 4u);
        EXPECT_EQ(au32_relaxed(&j_->publishing), 0u);
        EXPECT_EQ(au64_relaxed(&first_->producer.owner), 0u);
    }
}

TEST_F(Settlement, APublishWhoseTailWasNotStoredIsForgotten)
{
    DiePublishing(second_.get(), 1, false);
    Repair({first_.get(), second_.get()});
    EXPECT_EQ(Done(1), 1u);
    EXPECT_EQ(au32_relaxed(&j_->publishing), 0u);
    EXPECT_EQ(au64_relaxed(&second_->producer.owner), 0u);
}

// Two ports of the stage lead into one ring: it is two readers' ring, and is freed only when both were looked at.
TEST_F(Settlement, APublishThroughTheSecondOfTwoEdgesIntoOneRingIsNoted)
{
    DiePublishing(first_.get(), 1, true);
    Repair({first_.get(), first_.get()});
    EXPECT_EQ(Done(1), 4u);
    EXPECT_EQ(Done(0), 0u);
    EXPECT_EQ(au64_relaxed(&first_->producer.owner), 0u);
}

TEST_F(Settlement, AnEndThatWasOwnedAndNotUsedIsFreed)
{
    end_lock(&first_->producer, me_);
    end_lock(&input_->consumer, me_);
    Repair({first_.get()});
    EXPECT_EQ(au64_relaxed(&first_->producer.owner), 0u);
    EXPECT_EQ(au64_relaxed(&input_->consumer.owner), 0u);
    EXPECT_EQ(Done(0), 0u);
}

TEST_F(Settlement, AnEndOfAnotherWorkerIsLeftAlone)
{
    uint64_t other = owner_word(SLOT + 1, EPOCH), successor = owner_word(SLOT, EPOCH + 1);
    end_lock(&first_->producer, other);
    end_lock(&second_->producer, successor);
    end_lock(&input_->consumer, other);
    au64_store_relaxed(&first_->tail, 5);
    Repair({first_.get(), second_.get()});
    EXPECT_TRUE(end_is_owned_by(&first_->producer, other));
    EXPECT_TRUE(end_is_owned_by(&second_->producer, successor));
    EXPECT_TRUE(end_is_owned_by(&input_->consumer, other));
    EXPECT_EQ(Done(0), 0u);
}

TEST_F(Settlement, AClaimWhoseHeadWasStoredIsProcessed)
{
    DieClaiming(true);
    Repair({});
    decision d = journal_decision(j_.get());
    EXPECT_EQ(d.phase, PHASE_PROCESSING);
    EXPECT_EQ(d.copy, 1u);
    EXPECT_EQ(au64_relaxed(&input_->consumer.owner), 0u);
}

TEST_F(Settlement, AClaimWhoseHeadWasNotStoredNeverHappened)
{
    DieClaiming(false);
    Repair({});
    EXPECT_EQ(journal_decision(j_.get()).phase, PHASE_IDLE);
    EXPECT_EQ(journal_decision(j_.get()).copy, 1u);
    EXPECT_EQ(au64_relaxed(&input_->consumer.owner), 0u);
}

TEST_F(Settlement, WhoeverSleepsOnARingOfTheDeadIsWoken)
{
    std::vector<event *> events;
    for (ring *r : {input_.get(), first_.get()})
        for (event *e : {&r->data, &r->space, &r->order})
            events.push_back(e);
    std::vector<uint32_t> before;
    for (event *e : events)
        before.push_back(event_prepare(e));
    Repair({first_.get()});
    for (size_t i = 0; i < events.size(); i++)
        EXPECT_NE(au32_relaxed(&events[i]->sequence), before[i]) << i << ": it may have died as the one to wake them";
}

TEST_F(Settlement, ASourceHasNoInputToSettle)
{
    DiePublishing(first_.get(), 0, true);
    Repair({first_.get()}, false);
    EXPECT_EQ(Done(0), 4u);
    EXPECT_EQ(journal_decision(j_.get()).phase, PHASE_COMMITTING);
}

TEST_F(Settlement, NoMoreRingsAreFollowedThanAJournalHas)
{
    std::vector<ring *> outputs(READERS_MAX, first_.get());
    outputs.push_back(nullptr);
    worker_rings rings = {nullptr, outputs.data(), static_cast<uint32_t>(outputs.size())};
    settlement_repair(j_.get(), &rings, &dead_);
}

class Blame : public Settlement
{
  protected:
    void DieProcessing(uint32_t cursor, uint32_t settled = 0)
    {
        au64_store_relaxed(&j_->claim_start, 100);
        au32_store_relaxed(&j_->claim_n, 4);
        au32_store_relaxed(&j_->cursor, cursor);
        journal_decide(j_.get(), {PHASE_PROCESSING, 0, settled, 0});
    }

    uint32_t Count()
    {
        uint32_t deaths = 0;
        return settlement_blame(j_.get(), &dead_, &position_, &deaths) ? deaths : 0;
    }

    bool FallsOnAFrame()
    {
        uint32_t deaths = 0;
        return settlement_blame(j_.get(), &dead_, &position_, &deaths) != 0;
    }

    uint64_t position_ = 0;
};

TEST_F(Blame, SaysThatThereIsNoneRatherThanThatItIsZero)
{
    DieProcessing(CURSOR_NONE);
    EXPECT_FALSE(FallsOnAFrame());
    for (phase p : {PHASE_IDLE, PHASE_CLAIMING, PHASE_COMMITTING}) {
        DieProcessing(1);
        journal_decide(j_.get(), {p, 0, 0, 0});
        EXPECT_FALSE(FallsOnAFrame()) << p;
    }
    DieProcessing(1);
    EXPECT_TRUE(FallsOnAFrame());
}

TEST_F(Blame, FallsOnTheLastFrameOfTheLargestClaim)
{
    DieProcessing(CLAIM_MAX - 1);
    au32_store_relaxed(&j_->claim_n, CLAIM_MAX);
    EXPECT_EQ(Count(), 1u);
    EXPECT_EQ(position_, 100u + CLAIM_MAX - 1);
}

TEST_F(Blame, FallsOnTheFrameInHand)
{
    DieProcessing(2);
    EXPECT_EQ(Count(), 1u);
    EXPECT_EQ(position_, 102u);
    EXPECT_EQ(Count(), 2u);
    EXPECT_EQ(Count(), 3u);
    EXPECT_EQ(j_->verdict_signal, 11);
}

TEST_F(Blame, CountsAnAttemptForAllThatAreGivenAgain)
{
    DieProcessing(2, 1);
    Count();
    EXPECT_EQ(j_->attempts[0], 0) << "settled before";
    EXPECT_EQ(j_->attempts[1], 1);
    EXPECT_EQ(j_->attempts[2], 1);
    EXPECT_EQ(j_->attempts[3], 0) << "not given yet";
    EXPECT_EQ(j_->deaths[1], 0);
    EXPECT_EQ(j_->deaths[2], 1);
}

TEST_F(Blame, FallsOnNobodyWithoutAFrameInHand)
{
    DieProcessing(CURSOR_NONE);
    EXPECT_EQ(Count(), 0u);
    EXPECT_EQ(au32_relaxed(&j_->retried), 1u) << "the batch is given again one by one";
}

TEST_F(Blame, FallsOnNobodyOutsideOfProcessing)
{
    for (phase p : {PHASE_IDLE, PHASE_CLAIMING, PHASE_COMMITTING}) {
        DieProcessing(1);
        journal_decide(j_.get(), {p, 0, 0, 0});
        EXPECT_EQ(Count(), 0u);
    }
}

TEST_F(Blame, FallsOnNobodyWhenTheWorkerWasKilledFromOutside)
{
    dead_.signal = 9;
    dead_.from_outside = 1;
    DieProcessing(2);
    for (int i = 0; i < OUTSIDE_DEATHS_MAX; i++)
        EXPECT_EQ(Count(), 0u);
    EXPECT_EQ(j_->attempts[2], OUTSIDE_DEATHS_MAX);
    EXPECT_EQ(Count(), 1u) << "it does not go on for ever";
}

TEST_F(Blame, StartsAnewWithAnotherClaim)
{
    DieProcessing(1);
    Count();
    au32_store_relaxed(&j_->retried, 0);
    DieProcessing(1);
    EXPECT_EQ(Count(), 1u);
}

TEST_F(Blame, OfManyDeathsStaysAtItsLargest)
{
    DieProcessing(0);
    for (int i = 0; i < 300; i++)
        EXPECT_LE(Count(), uint32_t{UINT8_MAX});
    EXPECT_EQ(Count(), uint32_t{UINT8_MAX});
}

TEST_F(Blame, IsNotMisledByWhatAPluginScribbledOverTheJournal)
{
    for (uint32_t cursor : {4u, 255u, 256u, UINT32_MAX - 1}) {
        DieProcessing(cursor);
        EXPECT_EQ(Count(), 0u) << cursor;
    }
    DieProcessing(0);
    au32_store_relaxed(&j_->claim_n, CLAIM_MAX + 1);
    EXPECT_EQ(Count(), 0u);
    DieProcessing(3, 4);
    EXPECT_EQ(Count(), 0u);
    DieProcessing(1, 2);
    EXPECT_EQ(Count(), 0u) << "it is settled already";
}

} // namespace
