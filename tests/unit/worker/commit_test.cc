// What a commit does to frames that others hold, too, and what it writes of frames that were refused; and what a claim
// leaves of the one before it.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "stages.h"
#include "store_trap.h"
#include "world.h"

namespace
{

int joins; // calls of event_join()

} // namespace

// The linker puts it in the place of event_join().
extern "C" {
void __real_event_join(void);
void __wrap_event_join(void);
void __wrap_event_join(void)
{
    joins++;
    __real_event_join();
}
}

namespace
{

struct Letter {
    refusal what;
    bool has_frame;
    uint64_t block;
    uint32_t port;
    uint32_t noted; // refusals that a successor would find
};

// A worker that is played by the test.
struct Player {
    Player(const World &world, uint32_t stage, uint32_t epoch = 1) : world_(world), stage_(stage)
    {
        refusal_sink sink = {[](void *context, const refusal *r, const descriptor *d) {
                                 auto *me = static_cast<Player *>(context);
                                 me->refused.push_back({*r, d != nullptr, d ? d->block : 0, d ? d->port : 0u,
                                                        au32_relaxed(&me->t.journal->n_refusals)});
                                 if (me->at_refusal)
                                     me->at_refusal();
                             },
                             this};
        transaction_init(&t, world.segment(), stage, 0, epoch, sink);
        transaction_recover(&t);
    }
    Player(const Player &) = delete;
    Player &operator=(const Player &) = delete;
    ~Player() { transaction_destroy(&t); }

    journal *Journal() { return t.journal; }
    void Forward(uint32_t index) { transaction_emit(&t, &Journal()->claim[index], 0, OUTPUT_FORWARDED); }
    uint64_t Holders(uint32_t index)
    {
        const descriptor &d = Journal()->claim[index];
        auto *b = reinterpret_cast<block *>(world_.segment()->arena.base + d.block);
        return au64_relaxed(&b->life) & HOLDERS_MASK;
    }

    transaction t;
    std::vector<Letter> refused;
    std::function<void()> at_refusal; // may be empty

  private:
    const World &world_;
    uint32_t stage_;
};

class Commit : public testing::Test
{
  protected:
    void Feed(uint32_t n) { world_.Feed(SOURCE, std::vector<std::string>(n, "frame")); }

    // The taster reads what the source sends, as the filter does.
    World world_{{{"source", nullptr, 0, 2},
                  {"filter", nullptr, 256, 2},
                  {"sink", nullptr, 256, 1, 1, 0},
                  {"taster", nullptr, 256, 1, 1, 0}},
                 {{SOURCE, 0, FILTER, 1}, {SOURCE, 0, TASTER}, {FILTER, 0, SINK}}};
};

} // namespace

TEST_F(Commit, IsOfAWorkerThatPassesTheSleepersFence)
{
    int before = joins;
    Player filter(world_, FILTER);
    EXPECT_EQ(joins, before + 1) << "it could miss a sleeper";
}

TEST_F(Commit, AFrameThatIsSentOnStaysWithWhoElseHoldsIt)
{
    Feed(1);
    Player filter(world_, FILTER);
    ASSERT_EQ(transaction_claim(&filter.t, 1), 1u);
    filter.Forward(0);
    transaction_commit(&filter.t, 1);
    EXPECT_EQ(filter.Holders(0), HOLDER_STAGE(SINK) | HOLDER_STAGE(TASTER));
}

TEST_F(Commit, AFrameThatIsSentOnBeforeItIsSettledStaysItsWorkersToo)
{
    Feed(2);
    world_.Drain(TASTER);
    Player filter(world_, FILTER);
    ASSERT_EQ(transaction_claim(&filter.t, 2), 2u);
    filter.Forward(1);
    transaction_commit(&filter.t, 1);
    EXPECT_EQ(filter.Holders(1), HOLDER_STAGE(SINK) | HOLDER_STAGE(FILTER));
    transaction_commit(&filter.t, 1);
    EXPECT_EQ(filter.Holders(1), HOLDER_STAGE(SINK));
}

TEST_F(Commit, ARefusalGoesWithItsFrameAndItsPlace)
{
    Feed(3);
    Player filter(world_, FILTER);
    ASSERT_EQ(transaction_claim(&filter.t, 3), 3u);
    filter.Forward(0);
    transaction_refuse(&filter.t, 2, 4, 11, "broken");
    uint64_t block = filter.Journal()->claim[2].block, position = filter.t.claim_start + 2;
    transaction_commit(&filter.t, 3);
    ASSERT_EQ(filter.refused.size(), 1u) << "of the three one was refused";
    const Letter &r = filter.refused[0];
    EXPECT_TRUE(r.has_frame);
    EXPECT_EQ(r.block, block);
    EXPECT_EQ(r.what.position, position);
    EXPECT_EQ(r.port, 1u) << "it could not be sent to it again";
    EXPECT_STREQ(r.what.reason, "broken");
    EXPECT_EQ(r.noted, 1u) << "a successor would not write it";
}

TEST_F(Commit, ARefusalIsWrittenOnce)
{
    Feed(3);
    Player filter(world_, FILTER);
    ASSERT_EQ(transaction_claim(&filter.t, 3), 3u);
    transaction_refuse(&filter.t, 0, 1, 0, "first");
    transaction_refuse(&filter.t, 1, 1, 0, "second");
    transaction_commit(&filter.t, 2);
    transaction_refuse(&filter.t, 2, 1, 0, "third");
    transaction_commit(&filter.t, 1);
    ASSERT_EQ(filter.refused.size(), 3u) << "what the transaction before refused is not its own";
    EXPECT_STREQ(filter.refused[2].what.reason, "third");
}

// The memory as it is while a refusal is written is what a death then leaves.
TEST_F(Commit, ARefusalIsWrittenBySuccessorsOfWhoDiedAsItWroteIt)
{
    Feed(2);
    std::unique_ptr<Snapshot> death;
    {
        Player filter(world_, FILTER);
        ASSERT_EQ(transaction_claim(&filter.t, 2), 2u);
        filter.Forward(0);
        transaction_refuse(&filter.t, 1, 1, 0, "broken");
        filter.at_refusal = [&] { death = std::make_unique<Snapshot>(world_.Written()); };
        transaction_commit(&filter.t, 2);
    }
    death->PutBack();
    world_.Bury(FILTER);
    Player successor(world_, FILTER, 2);
    ASSERT_EQ(successor.refused.size(), 1u) << "the frame is in no ring and in no dead letter";
    EXPECT_STREQ(successor.refused[0].what.reason, "broken");
    EXPECT_TRUE(successor.refused[0].has_frame);
}

TEST_F(Commit, ARecordThatASourceRefusesHasNoFrame)
{
    Player source(world_, SOURCE);
    transaction_refuse(&source.t, CURSOR_NONE, 1, 0, "no file");
    transaction_refuse(&source.t, CURSOR_NONE, 1, 0, "no file either");
    transaction_commit(&source.t, 0);
    ASSERT_EQ(source.refused.size(), 2u);
    EXPECT_FALSE(source.refused[0].has_frame);
    EXPECT_EQ(source.refused[1].what.position, 1u) << "records are counted by those that were refused";
}

TEST_F(Commit, ASourceMayHaveRefusedAnyNumberOfRecordsBefore)
{
    Player source(world_, SOURCE);
    source.t.tally.dead = UINT64_C(1) << 50; // that many places from where claims are is no memory
    transaction_refuse(&source.t, CURSOR_NONE, 1, 0, "no file");
    transaction_commit(&source.t, 0);
    ASSERT_EQ(source.refused.size(), 1u);
    EXPECT_EQ(source.refused[0].what.position, UINT64_C(1) << 50);
    EXPECT_FALSE(source.refused[0].has_frame);
}

TEST_F(Commit, AReasonIsCutWhereItsRoomEnds)
{
    Feed(2);
    Player filter(world_, FILTER);
    ASSERT_EQ(transaction_claim(&filter.t, 2), 2u);
    memset(filter.Journal()->refusals[0].reason, 'x', REASON_MAX);
    transaction_refuse(&filter.t, 0, 1, 0, "short");
    transaction_refuse(&filter.t, 1, 1, 0, std::string(2 * REASON_MAX, 'a').c_str());
    EXPECT_STREQ(filter.Journal()->refusals[0].reason, "short");
    EXPECT_EQ(std::string(filter.Journal()->refusals[1].reason), std::string(REASON_MAX - 1, 'a'));
    transaction_commit(&filter.t, 2);
}

TEST_F(Commit, WithoutAClaimLeavesNoneForASuccessor)
{
    Feed(1);
    Player filter(world_, FILTER);
    ASSERT_EQ(transaction_claim(&filter.t, 1), 1u);
    ASSERT_EQ(transaction_keep(&filter.t, 0), 0);
    transaction_commit(&filter.t, 1);
    ASSERT_EQ(au32_relaxed(&filter.Journal()->claim_n), 1u);
    transaction_remove(&filter.t, 0);
    transaction_commit(&filter.t, 0);
    EXPECT_EQ(au32_relaxed(&filter.Journal()->claim_n), 0u) << "it would take the last claim, long settled, for open";
}

TEST_F(Commit, OfARemovalIsKnownToASuccessor)
{
    Feed(1);
    {
        Player filter(world_, FILTER);
        ASSERT_EQ(transaction_claim(&filter.t, 1), 1u);
        ASSERT_EQ(transaction_keep(&filter.t, 0), 0);
        transaction_commit(&filter.t, 1);
        transaction_commit(&filter.t, 0); // both copies have it now
        transaction_remove(&filter.t, 0);
        transaction_commit(&filter.t, 0);
    }
    Player successor(world_, FILTER, 2);
    EXPECT_EQ(successor.t.n_kept, 0u) << "it would be given a frame that was given up";
}

TEST_F(Commit, AClaimStartsWithNobodyToBlameAndNobodyToBeCarefulFor)
{
    Feed(1);
    Player filter(world_, FILTER);
    transaction_cursor(&filter.t, 5);
    au32_store_relaxed(&filter.Journal()->retried, 1);
    ASSERT_EQ(transaction_claim(&filter.t, 1), 1u);
    EXPECT_EQ(au32_relaxed(&filter.Journal()->cursor), uint32_t{CURSOR_NONE});
    EXPECT_EQ(au32_relaxed(&filter.Journal()->retried), 0u);
    transaction_commit(&filter.t, 1);
}

TEST_F(Commit, AClaimThatLeavesFramesWakesASibling)
{
    World shared({{"source", nullptr, 0}, {"filter", nullptr, 16, 1, 2, 0}}, {{0, 0, 1}});
    shared.Feed(0, {"one", "two"});
    Player worker(shared, 1);
    uint32_t before = event_prepare(&shared.Ring(1)->data);
    ASSERT_EQ(transaction_claim(&worker.t, 1), 1u);
    EXPECT_NE(au32_relaxed(&shared.Ring(1)->data.sequence), before);
    transaction_commit(&worker.t, 1);
}

TEST_F(Commit, TheLargestClaimIsTakenAndTakenOver)
{
    Feed(CLAIM_MAX);
    {
        Player filter(world_, FILTER);
        ASSERT_EQ(transaction_claim(&filter.t, CLAIM_MAX), uint32_t{CLAIM_MAX});
    }
    Player successor(world_, FILTER, 2);
    EXPECT_EQ(transaction_claimed(&successor.t), uint32_t{CLAIM_MAX});
    transaction_commit(&successor.t, CLAIM_MAX);
}

TEST_F(Commit, MoreOutputsThanAnEmptyRingHoldsAreNotWaitedFor)
{
    World small({{"source", nullptr, 0}, {"sink", nullptr, 1, 1, 1, 0}}, {{0, 0, 1}});
    Player source(small, 0);
    for (int i = 0; i < 2; i++) {
        descriptor d;
        ASSERT_EQ(allocator_take(&source.t.allocator, 100, &d), 0);
        transaction_emit(&source.t, &d, 0, OUTPUT_CREATED);
    }
    EXPECT_EQ(transaction_full_ring(&source.t), nullptr) << "it would never have room for both at once";
    for (uint32_t i = 0; i < 2; i++)
        allocator_abandon(&source.t.allocator, &source.Journal()->outputs[i]);
}

TEST_F(Commit, WhoGoesLeavesTheEndsOfOthersAlone)
{
    uint64_t other = owner_word(3, 9);
    {
        Player filter(world_, FILTER);
        end_lock(&world_.Ring(SINK)->producer, other);
        end_lock(&world_.Ring(FILTER)->consumer, other);
    }
    EXPECT_TRUE(end_is_owned_by(&world_.Ring(SINK)->producer, other));
    EXPECT_TRUE(end_is_owned_by(&world_.Ring(FILTER)->consumer, other));
}

// ---- Who is woken when a block becomes free ----

namespace
{

class Freed : public testing::Test
{
  protected:
    // Both sources have two spans, one behind the other; the sink reads what both send.
    World world_{{{"first", nullptr, 0, 2}, {"second", nullptr, 0, 2}, {"sink", nullptr, 64, 1, 1, 0}},
                 {{0, 0, 2}, {1, 0, 2}}};

    uint32_t Arm(uint32_t stage) { return event_prepare(&world_.Memory(stage)->freed); }
    bool WasWoken(uint32_t stage, uint32_t before)
    {
        return au32_relaxed(&world_.Memory(stage)->freed.sequence) != before;
    }

    void ReadAll(uint32_t n)
    {
        Player sink(world_, 2);
        ASSERT_EQ(transaction_claim(&sink.t, n), n);
        transaction_commit(&sink.t, n);
    }
};

} // namespace

TEST_F(Freed, WakesWhoseMemoryItIsAndNobodyElse)
{
    for (uint32_t from : {0u, 1u}) {
        world_.Feed(from, {"frame", "another"});
        uint32_t mine = Arm(from), others = Arm(1 - from);
        ReadAll(2);
        EXPECT_TRUE(WasWoken(from, mine)) << from;
        EXPECT_FALSE(WasWoken(1 - from, others)) << from;
    }
}

TEST_F(Freed, WakesBothWhenFramesOfBothAreMixed)
{
    for (bool second_first : {false, true}) {
        world_.Feed(second_first, {"frame"}); // each in the first block of its share
        world_.Feed(!second_first, {"frame"});
        uint32_t first = Arm(0), second = Arm(1);
        ReadAll(2);
        EXPECT_TRUE(WasWoken(0, first)) << second_first;
        EXPECT_TRUE(WasWoken(1, second)) << second_first;
    }
}

TEST_F(Freed, WakesTheMakerOfWhatADroppingEdgeSkips)
{
    World world({{"source", nullptr, 0, 2}, {"taster", nullptr, 1, 1, 1, 0}}, {{0, 0, 1, 0, WHEN_FULL_DROP}});
    world.Feed(0, {"fills the ring"});
    Player source(world, 0);
    descriptor d;
    ASSERT_EQ(allocator_take(&source.t.allocator, 100, &d), 0);
    transaction_emit(&source.t, &d, 0, OUTPUT_CREATED);
    uint32_t before = event_prepare(&world.Memory(0)->freed);
    transaction_commit(&source.t, 0);
    EXPECT_NE(au32_relaxed(&world.Memory(0)->freed.sequence), before);
}

// The tally of skipped frames follows the readers' entries in the journal.
TEST(Readers, ACommitTouchesNothingBehindTheLastOfTheMostThatAStageMayHave)
{
    World world({{"source", nullptr, 0}, {"sink", nullptr, 1}}, std::vector<EdgeSpec>(READERS_MAX, {0, 0, 1}));
    Player source(world, 0);
    ASSERT_EQ(source.t.n_readers, uint32_t{READERS_MAX});
    uint64_t skipped = UINT64_C(3) << 32 | 5;
    au64_store_relaxed(&source.Journal()->skipped, skipped);
    transaction_commit(&source.t, 0);
    EXPECT_EQ(au64_relaxed(&source.Journal()->skipped), skipped);
}

// A sole producer knows the tail without a look at the ring; two of its ports may move the same one.
TEST(Readers, FramesOfTwoPortsThatLeadIntoOneRingAllArrive)
{
    World world({{"router", nullptr, 0, 2, 1, 2}, {"sink", nullptr, 16, 1, 1, 0}}, {{0, 0, 1, 0}, {0, 1, 1, 1}});
    Player router(world, 0);
    for (uint32_t port : {0, 1, 1, 0}) {
        descriptor d;
        ASSERT_EQ(allocator_take(&router.t.allocator, 100, &d), 0);
        transaction_emit(&router.t, &d, port, OUTPUT_CREATED);
        transaction_commit(&router.t, 0);
    }
    std::vector<uint32_t> ports;
    for (const Seen &frame : world.Drain(1))
        ports.push_back(frame.port);
    EXPECT_EQ(ports, (std::vector<uint32_t>{0, 1, 1, 0}));
}

// A keeper that is woken looks at what all do: one that still finds us busy goes back to sleep.
TEST(Room, AWorkerSaysThatItWaitsForRoomBeforeItWakesKeepersForWhoWantsMemory)
{
    if (!StoreTrap::Works())
        GTEST_SKIP() << "no trap flag";
    World world({{"source", nullptr, 0, 2}, {"sink", nullptr, 1, 1, 1, 0}}, {{0, 0, 1}});
    world.Feed(0, {"fills the ring"});
    Player source(world, 0);
    descriptor d;
    ASSERT_EQ(allocator_take(&source.t.allocator, 100, &d), 0);
    transaction_emit(&source.t, &d, 0, OUTPUT_CREATED);
    au32_store_relaxed(&world.Slot(1)->state, SLOT_WAIT_MEMORY);
    event *keeper = &world.Ring(1)->data;
    uint32_t before = event_prepare(keeper);
    bool woken = false, drained = false;
    uint32_t said = SLOT_BUSY;
    uint64_t stores_asleep = 0;
    StoreTrap *trap;
    auto look = [&] {
        uint32_t state = au32_relaxed(&source.t.slot->state);
        if (drained)
            return;
        if (au32_relaxed(&keeper->sequence) != before) {
            woken = true;
            said = state;
        }
        stores_asleep += state == SLOT_WAIT_OUTPUT;
        if (!woken && stores_asleep < 4) // the last before it sleeps: for ever, unless there is room
            return;
        drained = true;
        trap->Pause();
        world.Drain(1);
        trap->Resume();
    };
    {
        const ::segment *s = world.segment();
        StoreTrap trapped({{s->backing.base, s->arena.spans_offset}}, look);
        trap = &trapped;
        transaction_commit(&source.t, 0);
    }
    EXPECT_TRUE(woken);
    EXPECT_EQ(said, uint32_t{SLOT_WAIT_OUTPUT});
}
