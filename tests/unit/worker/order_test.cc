#include <gtest/gtest.h>

#include <vector>

#include "child.h"
#include "mixer.h"
#include "scripted.h"
#include "stages.h"
#include "store_trap.h"
#include "world.h"

namespace
{

// A worker of an ordered stage, played by the test.
struct OrderedWorker {
    OrderedWorker(const World &world, uint32_t worker, uint32_t epoch = 1)
    {
        transaction_init(&t, world.segment(), FILTER, worker, epoch, {IgnoreRefusal, nullptr});
        transaction_recover(&t);
    }
    OrderedWorker(const OrderedWorker &) = delete;
    OrderedWorker &operator=(const OrderedWorker &) = delete;
    ~OrderedWorker() { transaction_destroy(&t); }

    void Forward()
    {
        for (uint32_t i = t.now.settled; i < t.n_claimed; i++)
            transaction_emit(&t, &t.journal->claim[i], 0, OUTPUT_FORWARDED);
        transaction_commit(&t, transaction_claimed(&t));
    }

    transaction t;
};

class Ordered : public testing::Test
{
  protected:
    std::string Sequence()
    {
        std::string text;
        for (const Seen &frame : world_.Drain(SINK))
            text += frame.bytes;
        return text;
    }

    // As the second worker, in a process of its own: with memory in hand, when its turn comes.
    int ForwardWithMemory()
    {
        OrderedWorker worker(world_, 1);
        descriptor d;
        transaction_claim(&worker.t, 1);
        allocator_take(&worker.t.allocator, 1024, &d);
        worker.Forward();
        return 0;
    }

    uint64_t ShortUntil() const { return au64_relaxed(&world_.Memory(FILTER)->short_until); }

    uint64_t Published() const { return au64_relaxed(&world_.Ring(FILTER)->committed); }

    World world_{{{"source", nullptr, 0}, {"filter", &mixer, 16, 1, 3, 1, true}, {"sink", nullptr, 64, 1, 1, 0}},
                 {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}}};
};

TEST_F(Ordered, AWorkerWaitsUntilAllThatWasClaimedBeforeIsPublished)
{
    world_.Feed(SOURCE, {"a", "b", "c", "d"});
    OrderedWorker first(world_, 0);
    ASSERT_EQ(transaction_claim(&first.t, 2), 2u);
    Child second([this] {
        OrderedWorker worker(world_, 1);
        transaction_claim(&worker.t, 2);
        worker.Forward();
        return 0;
    });
    ASSERT_TRUE(second.Asleep());
    EXPECT_EQ(ring_fill(world_.Ring(SINK)), 0u);
    first.Forward();
    EXPECT_EQ(second.Wait(), 0);
    EXPECT_EQ(Sequence(), "abcd");
}

TEST_F(Ordered, AClaimThatIsSettledInPartsIsPublishedInOrder)
{
    world_.Feed(SOURCE, {"a", "b", "c"});
    OrderedWorker worker(world_, 0);
    ASSERT_EQ(transaction_claim(&worker.t, 3), 3u);
    for (uint64_t i = 0; i < 3; i++) {
        transaction_emit(&worker.t, &worker.t.journal->claim[i], 0, OUTPUT_FORWARDED);
        transaction_commit(&worker.t, 1);
        EXPECT_EQ(Published(), i + 1);
    }
    EXPECT_EQ(Sequence(), "abc");
}

// The first worker dies when it has let the second go on, and before it has noted that it is done.
TEST_F(Ordered, ASuccessorDoesNotTakeBackTheTurnOfTheOthers)
{
    world_.Feed(SOURCE, {"a", "b", "c", "d", "e"});
    OrderedWorker first(world_, 0), second(world_, 1);
    transaction_claim(&first.t, 2);
    transaction_claim(&second.t, 2);
    transaction_emit(&first.t, &first.t.journal->claim[0], 0, OUTPUT_FORWARDED);
    decision committing = first.t.now;
    committing.phase = PHASE_COMMITTING;
    committing.copy = !committing.copy;
    committing.deciding = 2;
    transaction_commit(&first.t, 2);
    second.Forward();
    au64_store_relaxed(&first.t.journal->decision, decision_pack(committing)); // as if the last store had not been made
    world_.Bury(FILTER, 0, 1);
    OrderedWorker successor(world_, 0, 2);
    EXPECT_EQ(Published(), 4u);
    ASSERT_EQ(transaction_claim(&successor.t, 2), 1u);
    Child last([&] {
        successor.Forward();
        return 0;
    });
    EXPECT_FALSE(last.Asleep()) << "it waits for a turn that never comes";
}

// The first publishes at any moment between a look of the second and its sleep.
TEST_F(Ordered, AWorkerWhoseTurnComesAsItGoesToSleepIsNotLeftAsleep)
{
    if (!StoreTrap::Works())
        GTEST_SKIP() << "no trap flag";
    bool at_the_last = false; // it would sleep now
    for (uint64_t stop = 0; !at_the_last; stop++) {
        world_.Feed(SOURCE, {"a", "b"});
        OrderedWorker first(world_, 0), second(world_, 1);
        transaction_claim(&first.t, 1);
        transaction_claim(&second.t, 1);
        descriptor d;
        ASSERT_EQ(allocator_take(&second.t.allocator, 1024, &d), 0); // it has memory, and nobody wants it
        allocator_abandon(&second.t.allocator, &d);
        bool published = false;
        uint64_t n = 0;
        StoreTrap *trap;
        auto publish = [&] {
            at_the_last |= au32_relaxed(&second.t.slot->state) == SLOT_WAIT_TURN && !published;
            if (published || (n++ != stop && !at_the_last))
                return;
            trap->Pause();
            published = true;
            first.Forward();
            trap->Resume();
        };
        {
            const ::segment *s = world_.segment();
            StoreTrap trapped({{s->backing.base, s->arena.spans_offset}}, publish, publish);
            trap = &trapped;
            second.Forward();
        }
        ASSERT_EQ(Sequence(), "ab") << stop;
        allocator_settle(&second.t.allocator, ALLOCATOR_RELEASE_ALL);
    }
}

// A keeper that is woken looks at what all do: one that still finds us busy goes back to sleep.
TEST_F(Ordered, AWorkerSaysThatItWaitsForItsTurnBeforeItWakesKeepersForWhoWantsMemory)
{
    if (!StoreTrap::Works())
        GTEST_SKIP() << "no trap flag";
    world_.Feed(SOURCE, {"a", "b"});
    OrderedWorker first(world_, 0), second(world_, 1);
    transaction_claim(&first.t, 1);
    transaction_claim(&second.t, 1);
    au32_store_relaxed(&world_.Slot(SOURCE)->state, SLOT_WAIT_MEMORY);
    event *keeper = &world_.Ring(SINK)->data;
    uint32_t before = event_prepare(keeper);
    bool woken = false, published = false;
    uint32_t said = SLOT_BUSY;
    uint64_t stores_asleep = 0;
    StoreTrap *trap;
    auto look = [&] {
        uint32_t state = au32_relaxed(&second.t.slot->state);
        if (published)
            return;
        if (au32_relaxed(&keeper->sequence) != before) {
            woken = true;
            said = state;
        }
        stores_asleep += state == SLOT_WAIT_TURN;
        if (!woken && stores_asleep < 4) // the last before it sleeps: for ever, unless its turn comes
            return;
        published = true;
        trap->Pause();
        first.Forward();
        trap->Resume();
    };
    {
        const ::segment *s = world_.segment();
        StoreTrap trapped({{s->backing.base, s->arena.spans_offset}}, look);
        trap = &trapped;
        second.Forward();
    }
    EXPECT_TRUE(woken);
    EXPECT_EQ(said, uint32_t{SLOT_WAIT_TURN});
    EXPECT_EQ(Sequence(), "ab");
}

TEST_F(Ordered, AWorkerThatHasMemoryLeavesForASiblingWhoseTurnIsBeforeAndWantsSome)
{
    world_.Feed(SOURCE, {"a", "b"});
    OrderedWorker first(world_, 0);
    transaction_claim(&first.t, 1);
    au32_store_relaxed(&first.t.slot->state, SLOT_WAIT_MEMORY);
    Child second([this] { return ForwardWithMemory(); });
    EXPECT_EQ(second.Wait(), WORKER_ROLLBACK);
    EXPECT_EQ(au32_relaxed(&world_.Slot(FILTER, 1)->leaving), WORKER_ROLLBACK + 1u);
    EXPECT_GT(ShortUntil(), 1u) << "its successor, and who comes next, would take it again";
}

TEST_F(Ordered, MemoryIsTakenInTurnForTwiceAsLongIfItIsShortAgainSoon)
{
    const struct {
        uint64_t until;
        uint32_t lasted, lasts; // claims
    } cases[] = {{0, 0, 16}, {1, 100, 200}, {0, 1, 16}, {1, 1 << 20, 1 << 20}, {2, 100, 100}};
    world_.Feed(SOURCE, {"a", "b"});
    OrderedWorker first(world_, 0), second(world_, 1);
    transaction_claim(&first.t, 1);
    transaction_claim(&second.t, 1);
    au32_store_relaxed(&first.t.slot->state, SLOT_WAIT_MEMORY);
    descriptor d;
    ASSERT_EQ(allocator_take(&second.t.allocator, 1024, &d), 0);
    for (const auto &c : cases) {
        au64_store_relaxed(&world_.Memory(FILTER)->short_until, c.until);
        au32_store_relaxed(&world_.Memory(FILTER)->short_for, c.lasted);
        Child leaving([&] {
            second.Forward();
            return 0;
        });
        EXPECT_EQ(leaving.Wait(), WORKER_ROLLBACK);
        EXPECT_EQ(au32_relaxed(&world_.Memory(FILTER)->short_for), c.lasts) << c.until << ", " << c.lasted;
        EXPECT_EQ(ShortUntil(), c.until > 1 ? c.until : 1 + c.lasts) << "of a worker that had its memory from before";
    }
}

TEST_F(Ordered, AWorkerThatHasMemoryStaysThoughASiblingWhoseTurnIsLaterWantsSome)
{
    world_.Feed(SOURCE, {"a", "b", "c"});
    OrderedWorker first(world_, 0), second(world_, 1), third(world_, 2);
    for (OrderedWorker *worker : {&first, &second, &third})
        ASSERT_EQ(transaction_claim(&worker->t, 1), 1u);
    au32_store_relaxed(&third.t.slot->state, SLOT_WAIT_MEMORY);
    descriptor d;
    ASSERT_EQ(allocator_take(&second.t.allocator, 1024, &d), 0);
    Child staying([&] {
        second.Forward();
        return 0;
    });
    ASSERT_TRUE(staying.Asleep()) << "it will have it for no longer than it takes";
    first.Forward();
    EXPECT_EQ(staying.Wait(), 0);
    EXPECT_EQ(Sequence(), "ab");
}

TEST_F(Ordered, WhereMemoryIsShortItIsTakenInTurn)
{
    Script script;
    script.process = [](const mpipe_io *io, mpipe_frame *frame) {
        mpipe_frame *made = mpipe_create(io, 1024, frame);
        return made ? mpipe_emit(io, 0, made) : MPIPE_NO_MEMORY;
    };
    World world(
        {{"source", nullptr, 0}, {"filter", &scripted, 16, 1, 2, 1, true, 3, &script}, {"sink", nullptr, 64, 1, 1, 0}},
        {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}});
    world.Feed(SOURCE, {"a", "b"});
    ring_close(world.Ring(FILTER));
    au64_store_relaxed(&world.Memory(FILTER)->short_until, 2);
    const arena_range range = world.segment()->stages[FILTER].range;
    const au32 *owner = &world.segment()->arena.spans[range.first].owner;
    OrderedWorker first(world, 0);
    ASSERT_EQ(transaction_claim(&first.t, 1), 1u);
    Child second([&] { return world.RunWorker(FILTER, 1); });
    ASSERT_TRUE(second.Asleep());
    EXPECT_EQ(au32_relaxed(&world.Slot(FILTER, 1)->state), uint32_t{SLOT_WAIT_TURN});
    EXPECT_EQ(au32_relaxed(owner), 0u);
    first.Forward();
    EXPECT_EQ(second.Wait(), WORKER_DONE);
    EXPECT_EQ(world.Drain(SINK).size(), 2u);
}

// Or it would have it when it is not its turn, from the commit on.
TEST_F(Ordered, WhereMemoryIsShortItIsGivenBackByEachCommit)
{
    Script script;
    World world(
        {{"source", nullptr, 0}, {"filter", &scripted, 16, 1, 2, 1, true, 3, &script}, {"sink", nullptr, 64, 1, 1, 0}},
        {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}});
    const arena_range range = world.segment()->stages[FILTER].range;
    const au32 *owner = &world.segment()->arena.spans[range.first].owner;
    std::vector<uint32_t> owners; // of the span, when a frame is given
    script.process = [&](const mpipe_io *io, mpipe_frame *frame) {
        owners.push_back(au32_relaxed(owner));
        mpipe_frame *made = mpipe_create(io, 1024, frame);
        return made ? mpipe_emit(io, 0, made) : MPIPE_NO_MEMORY;
    };
    world.Feed(SOURCE, {"a", "b", "c"});
    ring_close(world.Ring(FILTER));
    au64_store_relaxed(&world.Memory(FILTER)->short_until, 2);
    EXPECT_EQ(world.RunWorker(FILTER), WORKER_DONE);
    ASSERT_EQ(owners.size(), 3u);
    EXPECT_EQ(owners[1], 0u);
}

// While it has the token, nobody else of the stage takes memory.
TEST_F(Ordered, AWorkerThatHasTheTokenLeavesForASiblingWhoseTurnIsBeforeAndWantsMemory)
{
    world_.Feed(SOURCE, {"a", "b"});
    OrderedWorker first(world_, 0);
    transaction_claim(&first.t, 1);
    au32_store_relaxed(&first.t.slot->state, SLOT_WAIT_MEMORY);
    Child second([this] {
        OrderedWorker worker(world_, 1);
        transaction_claim(&worker.t, 1);
        end_lock(&world_.Memory(FILTER)->token, worker.t.me);
        worker.Forward();
        return 0;
    });
    EXPECT_EQ(second.Wait(), WORKER_ROLLBACK);
    world_.Bury(FILTER, 1);
    EXPECT_EQ(au64_relaxed(&world_.Memory(FILTER)->token.owner), 0u);
}

TEST_F(Ordered, AWorkerThatHasMemoryStaysThoughWorkersOfOtherStagesWantSome)
{
    world_.Feed(SOURCE, {"a", "b"});
    OrderedWorker first(world_, 0);
    transaction_claim(&first.t, 1);
    au32_store_relaxed(&world_.Slot(SOURCE)->state, SLOT_WAIT_MEMORY); // the slots before and behind the stage's
    au32_store_relaxed(&world_.Slot(SINK)->state, SLOT_WAIT_MEMORY);
    Child second([this] { return ForwardWithMemory(); });
    ASSERT_TRUE(second.Asleep()) << "what it has is of no use to them";
    first.Forward();
    EXPECT_EQ(second.Wait(), 0);
    EXPECT_EQ(Sequence(), "ab");
}

TEST_F(Ordered, OutputsOfAFrameThatIsNotSettledYetLeaveTheTurnWhereItIs)
{
    world_.Feed(SOURCE, {"a"});
    OrderedWorker worker(world_, 0);
    transaction_commit(&worker.t, 0); // of nothing: it waits for no turn
    EXPECT_EQ(Published(), 0u);
    ASSERT_EQ(transaction_claim(&worker.t, 1), 1u);
    transaction_emit(&worker.t, &worker.t.journal->claim[0], 0, OUTPUT_FORWARDED);
    transaction_commit(&worker.t, 0);
    EXPECT_EQ(Published(), 0u);
    EXPECT_EQ(ring_fill(world_.Ring(SINK)), 1u);
    transaction_commit(&worker.t, 1);
    EXPECT_EQ(Published(), 1u);
}

} // namespace
