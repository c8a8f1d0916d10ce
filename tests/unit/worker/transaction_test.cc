// What a transaction counts and bounds.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include "stages.h"
#include "store_trap.h"
#include "world.h"

namespace
{

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

TEST_F(Transaction, SaysThatItHasNoMemoryForItself)
{
    for (int nth : {1, 2}) {
        transaction t;
        callocs_that_fail = nth;
        EXPECT_EQ(transaction_init(&t, world_.segment(), FILTER, 0, 1, {IgnoreRefusal, nullptr}), -ENOMEM) << nth;
        transaction_destroy(&t);
    }
}

TEST_F(Transaction, KeepsSoManyFramesAndNoMore)
{
    Filter filter(world_);
    for (uint32_t kept = 0; kept < KEPT_MAX; kept += 64) {
        Feed(64);
        ASSERT_EQ(transaction_claim(&filter.t, 64), 64u);
        for (uint32_t i = 0; i < 64; i++)
            ASSERT_EQ(transaction_keep(&filter.t, i), static_cast<int32_t>(kept + i));
        transaction_commit(&filter.t, 64);
    }
    Feed(2);
    ASSERT_EQ(transaction_claim(&filter.t, 2), 2u);
    EXPECT_EQ(transaction_keep(&filter.t, 0), -ENOSPC);
    transaction_remove(&filter.t, 100);
    EXPECT_EQ(transaction_keep(&filter.t, 0), -ENOSPC) << "the entry is not released yet";
    transaction_commit(&filter.t, 1);
    EXPECT_EQ(transaction_keep(&filter.t, 1), 100);
    EXPECT_EQ(filter.t.n_kept, uint32_t{KEPT_MAX});
}

TEST_F(Transaction, ThatIsRolledBackLeavesNothingOfWhatWasAdded)
{
    Feed(4);
    Filter filter(world_);
    transaction *t = &filter.t;
    ASSERT_EQ(transaction_claim(t, 4), 4u);
    EXPECT_TRUE(transaction_is_empty(t));
    transaction_refuse(t, 0, 1, 0, "refused before");
    transaction_mark mark;
    transaction_here(t, &mark);
    transaction_refuse(t, 1, 1, 0, "no");
    transaction_emit(t, &t->journal->claim[2], 0, OUTPUT_FORWARDED);
    transaction_keep(t, 3);
    transaction_rollback(t, &mark);
    EXPECT_EQ(t->n_outputs, 1u);
    EXPECT_EQ(t->port_outputs[0], 0u);
    EXPECT_EQ(t->n_refusals, 1u);
    EXPECT_EQ(t->tally.dead, 1u);
    EXPECT_EQ(t->n_kept, 0u);
    EXPECT_EQ(t->kept_map[0], 0u);
    EXPECT_EQ(t->journal->claim[3].mark, 0u);
}

TEST_F(Transaction, IsNotEmptyWhateverWasAdded)
{
    Feed(2);
    Filter filter(world_);
    transaction *t = &filter.t;
    ASSERT_EQ(transaction_claim(t, 2), 2u);
    transaction_mark nothing;
    transaction_here(t, &nothing);
    transaction_keep(t, 0);
    EXPECT_FALSE(transaction_is_empty(t));
    transaction_rollback(t, &nothing);
    transaction_remove(t, 0);
    EXPECT_FALSE(transaction_is_empty(t));
    transaction_rollback(t, &nothing);
    t->n_refusals = 1;
    EXPECT_FALSE(transaction_is_empty(t));
    t->n_refusals = 0;
    EXPECT_TRUE(transaction_is_empty(t));
}

struct Refused {
    uint64_t position;
    bool has_frame;
};

TEST_F(Transaction, OfASourceRefusesRecordsOneAfterTheOther)
{
    std::vector<Refused> seen;
    auto note = [](void *context, const refusal *r, const descriptor *frame) {
        static_cast<std::vector<Refused> *>(context)->push_back({r->position, frame != nullptr});
    };
    transaction t;
    ASSERT_EQ(transaction_init(&t, world_.segment(), SOURCE, 0, 1, {note, &seen}), 0);
    transaction_recover(&t);
    for (uint64_t n = 0; n < 2; n++) {
        ASSERT_EQ(transaction_refuse(&t, CURSOR_NONE, 1, 0, "not a record"), 0);
        transaction_commit(&t, 0);
        ASSERT_EQ(seen.size(), n + 1);
        EXPECT_EQ(seen[n].position, n);
        EXPECT_FALSE(seen[n].has_frame);
    }
    transaction_destroy(&t);
}

// The last store of a commit was not made: all of it was done already.
TEST_F(Transaction, OfASourceThatIsRolledForwardAgainPublishesNothingTwice)
{
    Feed(2);
    journal *j = &world_.Slot(SOURCE)->journal;
    decision d = journal_decision(j);
    d.phase = PHASE_COMMITTING;
    journal_decide(j, d);
    world_.Recover(SOURCE, 0, 2);
    EXPECT_EQ(journal_decision(j).phase, PHASE_IDLE);
    EXPECT_EQ(ring_fill(world_.Ring(FILTER)), 2u);
    EXPECT_EQ(world_.Committed(SOURCE).tally.out, 2u);
}

TEST_F(Transaction, AStagesTwoPortsIntoOneRingAreTwoProducers)
{
    World two({{"source", nullptr, 0, 1, 1, 2}, {"sink", nullptr, 4, 1, 1, 0}}, {{0, 0, 1, 0}, {0, 1, 1, 1}});
    transaction t;
    ASSERT_EQ(transaction_init(&t, two.segment(), 0, 0, 1, {IgnoreRefusal, nullptr}), 0);
    ASSERT_EQ(t.n_readers, 2u);
    EXPECT_EQ(t.readers[0].hold, END_SHARED);
    EXPECT_EQ(t.readers[1].hold, END_SHARED);
    transaction_destroy(&t);
}

// Two copies take turns, and what seldom changes is not written each time.
TEST_F(Transaction, FiguresThatSeldomChangeAreInEachCommit)
{
    uint64_t tally::*const seldom[] = {&tally::dropped, &tally::dead, &tally::repeated, &tally::partial, &tally::ended};
    transaction t;
    ASSERT_EQ(transaction_init(&t, world_.segment(), SOURCE, 0, 1, {IgnoreRefusal, nullptr}), 0);
    transaction_recover(&t);
    for (int i = 0; i < 15; i++) {
        if (i % 3 == 0)
            (t.tally.*seldom[i / 3])++;
        t.tally.out++;
        transaction_commit(&t, 0);
        tally committed = world_.Committed(SOURCE).tally;
        EXPECT_EQ(memcmp(&committed, &t.tally, sizeof committed), 0) << "in commit " << i;
    }
    transaction_destroy(&t);
}

// What it wrote for a commit that it died before is in the copy that its successor is to write.
TEST_F(Transaction, FiguresThatADeadWorkerDidNotCommitAreNotItsSuccessors)
{
    transaction t;
    ASSERT_EQ(transaction_init(&t, world_.segment(), SOURCE, 0, 1, {IgnoreRefusal, nullptr}), 0);
    transaction_recover(&t);
    tally undecided = {};
    undecided.dropped = 5;
    journal_committed(t.journal, !t.now.copy)->tally = undecided;
    transaction_destroy(&t);
    ASSERT_EQ(transaction_init(&t, world_.segment(), SOURCE, 0, 2, {IgnoreRefusal, nullptr}), 0);
    transaction_recover(&t);
    transaction_commit(&t, 0);
    EXPECT_EQ(world_.Committed(SOURCE).tally.dropped, 0u);
    transaction_destroy(&t);
}

TEST_F(Transaction, AnOrderedSourceHasNoTurnToWaitFor)
{
    World ordered({{"source", nullptr, 0, 1, 1, 1, true}, {"sink", nullptr, 4, 1, 1, 0}}, {{0, 0, 1}});
    ordered.Feed(0, {"a"});
    EXPECT_EQ(ordered.Drain(1).size(), 1u);
}

// A sibling claims before or after any store of one that claims.
TEST_F(Transaction, AFrameIsClaimedByOneWorker)
{
    if (!StoreTrap::Works())
        GTEST_SKIP() << "no trap flag";
    World shared({{"source", nullptr, 0}, {"filter", nullptr, 16, 1, 2}, {"sink", nullptr, 64, 1, 1, 0}},
                 {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}});
    transaction t[2];
    for (uint32_t w : {0u, 1u}) {
        transaction_init(&t[w], shared.segment(), FILTER, w, 1, {IgnoreRefusal, nullptr});
        transaction_recover(&t[w]);
    }
    uint64_t claimed = 0;
    StoreTrap::AtEachStore({{shared.segment()->backing.base, shared.segment()->backing.size}},
                           {[&] {
                                shared.Feed(SOURCE, {"a"});
                                claimed = 0;
                            },
                            [&] { return static_cast<int>(transaction_claim(&t[0], 4)); },
                            [&] {
                                if (au64_relaxed(&shared.Ring(FILTER)->consumer.owner) == 0)
                                    claimed = transaction_claim(&t[1], 4);
                            },
                            [&](int by_first) {
                                ASSERT_EQ(claimed + static_cast<uint64_t>(by_first), 1u);
                                transaction *who = by_first ? &t[0] : &t[1];
                                transaction_commit(who, 1);
                            }});
    for (transaction &each : t)
        transaction_destroy(&each);
}

} // namespace
