// A worker that dies at any store of a commit, and one whose neighbours do something there.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <vector>

#include "child.h"
#include "stages.h"
#include "store_trap.h"
#include "world.h"

namespace
{

constexpr uint64_t HALF_A_SPAN = 900 * 1024; // so that a recovery looks at few blocks

using Written = std::vector<refusal>;

void NoteRefusal(void *written, const refusal *r, const descriptor *)
{
    static_cast<Written *>(written)->push_back(*r);
}

class RollForward : public testing::Test
{
  protected:
    // A worker of the filter, played by the test.
    struct Filter {
        Filter(const RollForward &test, uint32_t worker, uint32_t epoch)
        {
            transaction_init(&t, test.world_.segment(), FILTER, worker, epoch, {NoteRefusal, &written});
            transaction_recover(&t);
        }
        Filter(const Filter &) = delete;
        Filter &operator=(const Filter &) = delete;
        ~Filter() { transaction_destroy(&t); }

        void Forward(uint32_t index, uint32_t port = 0)
        {
            transaction_emit(&t, &t.journal->claim[index], port, OUTPUT_FORWARDED);
        }

        void Create(const std::string &text)
        {
            view v = {};
            descriptor d;
            ASSERT_EQ(allocator_take(&t.allocator, HALF_A_SPAN, &d), 0);
            view_format(&v, &t.segment->arena, &d, 0, 0);
            memcpy(const_cast<uint8_t *>(v.frame.data), text.data(), text.size());
            v.frame.size = text.size();
            view_seal(&v, &t.segment->arena);
            transaction_emit(&t, &d, 0, OUTPUT_CREATED);
        }

        Written written;
        transaction t;
    };

    void SetUp() override
    {
        if (!StoreTrap::Works())
            GTEST_SKIP() << "no trap flag";
    }

    std::vector<Region> Memory() const { return {{world_.segment()->backing.base, world_.segment()->backing.size}}; }

    // All but the blocks.
    std::vector<Region> Control() const
    {
        return {{world_.segment()->backing.base, world_.segment()->arena.spans_offset}};
    }

    std::string Bytes(uint32_t stage)
    {
        std::string all;
        for (const Seen &frame : world_.Drain(stage))
            all += frame.bytes;
        return all;
    }

    // All that a transaction may hold: forwarded frames, in order and out of it, to one port and to two; a created one;
    // a refused one; a kept one that is forwarded and given up; one that is kept, and forwarded too.
    static void DoAll(Filter *f)
    {
        if (transaction_claimed(&f->t) == 0 && transaction_claim(&f->t, 6) == 0)
            return; // a predecessor did it
        f->Forward(1);
        f->Forward(1, 1);
        f->Create("C");
        transaction_refuse(&f->t, 2, 1, 0, "no");
        f->Forward(0);
        transaction_emit(&f->t, &f->t.journal->kept[0], 0, OUTPUT_FORWARDED);
        transaction_remove(&f->t, 0);
        f->Forward(4);
        f->Forward(3);
        ASSERT_EQ(transaction_keep(&f->t, 5), 1);
        f->Forward(5);
        transaction_commit(&f->t, 6);
    }

    World world_{{{"source", nullptr, 0},
                  {"filter", nullptr, 16, 4, 2, 2},
                  {"sink", nullptr, 8, 1, 1, 0},
                  {"taster", nullptr, 2, 1, 1, 0},
                  {"second", nullptr, 8, 1, 1, 0}},
                 {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}, {FILTER, 0, TASTER, 0, WHEN_FULL_DROP}, {FILTER, 1, SECOND}}};
};

TEST_F(RollForward, IsFinishedOrUndoneWhereverItsWorkerDies)
{
    world_.Feed(SOURCE, {"k", "0", "1", "2", "3", "4", "5"});
    std::vector<std::unique_ptr<Snapshot>> states;
    {
        auto worker = std::make_unique<Filter>(*this, 0, 1);
        transaction_claim(&worker->t, 1);
        ASSERT_EQ(transaction_keep(&worker->t, 0), 0);
        transaction_commit(&worker->t, 1);
        auto keep_state = [&] { states.push_back(std::make_unique<Snapshot>(world_.Written())); };
        keep_state();
        StoreTrap trap(Memory(), keep_state);
        DoAll(worker.get());
    }
    ASSERT_GT(states.size(), 100u);

    for (size_t i = 0; i < states.size(); i++) {
        states[i]->PutBack();
        world_.Bury(FILTER);
        auto successor = std::make_unique<Filter>(*this, 0, 2);
        DoAll(successor.get());
        ASSERT_EQ(Bytes(SINK), "1C0k435") << "killed in state " << i;
        ASSERT_EQ(Bytes(TASTER), "1C") << "killed in state " << i;
        ASSERT_EQ(Bytes(SECOND), "1") << "killed in state " << i;
        ASSERT_EQ(au64_relaxed(&successor->t.journal->skipped), 5u) << "killed in state " << i;
        ASSERT_EQ(successor->t.tally.dead, 1u) << "killed in state " << i;
        ASSERT_EQ(successor->t.n_kept, 1u) << "killed in state " << i;
        transaction_remove(&successor->t, 1);
        transaction_commit(&successor->t, 0);
        allocator_settle(&successor->t.allocator, ALLOCATOR_RELEASE_ALL);
        ASSERT_TRUE(world_.AllIsFree()) << "killed in state " << i;
    }
}

TEST_F(RollForward, IsFinishedOrUndoneWhereverItsWorkerDiesAsItSkipsAReaderThatIsFull)
{
    world_.Feed(SOURCE, {"0", "1", "2"});
    std::vector<std::unique_ptr<Snapshot>> states;
    {
        auto worker = std::make_unique<Filter>(*this, 0, 1);
        transaction_claim(&worker->t, 2);
        worker->Forward(0);
        worker->Forward(1);
        transaction_commit(&worker->t, 2);
        transaction_claim(&worker->t, 1);
        worker->Forward(0);
        StoreTrap trap(Memory(), [&] { states.push_back(std::make_unique<Snapshot>(world_.Written())); });
        transaction_commit(&worker->t, 1);
    }
    for (size_t i = 0; i < states.size(); i++) {
        states[i]->PutBack();
        world_.Bury(FILTER);
        auto successor = std::make_unique<Filter>(*this, 0, 2);
        if (transaction_claimed(&successor->t) > 0) {
            successor->Forward(0);
            transaction_commit(&successor->t, 1);
        }
        ASSERT_EQ(Bytes(SINK), "012") << "killed in state " << i;
        ASSERT_EQ(Bytes(TASTER), "01") << "killed in state " << i;
        ASSERT_EQ(au64_relaxed(&successor->t.journal->skipped), 1u) << "killed in state " << i;
        ASSERT_TRUE(world_.AllIsFree()) << "killed in state " << i;
    }
}

// The reader takes its frames at any moment between a look and the sleep.
TEST_F(RollForward, AWorkerThatWaitsForRoomIsNotLeftAsleep)
{
    bool at_the_last = false; // it would sleep now
    for (uint64_t stop = 0; !at_the_last; stop++) {
        world_.Feed(SOURCE, std::vector<std::string>(9, "f"));
        auto worker = std::make_unique<Filter>(*this, 0, 1);
        ASSERT_EQ(transaction_claim(&worker->t, 8), 8u);
        for (uint32_t i = 0; i < 8; i++)
            worker->Forward(i);
        transaction_commit(&worker->t, 8);
        ASSERT_EQ(transaction_claim(&worker->t, 1), 1u);
        worker->Forward(0);
        std::string seen;
        uint64_t n = 0;
        StoreTrap *trap;
        auto drain = [&] {
            at_the_last |= au32_relaxed(&worker->t.slot->state) == SLOT_WAIT_OUTPUT && seen.empty();
            if (n++ != stop && (!at_the_last || !seen.empty()))
                return;
            trap->Pause();
            seen += Bytes(SINK);
            trap->Resume();
        };
        {
            StoreTrap trapped(Control(), drain, drain);
            trap = &trapped;
            transaction_commit(&worker->t, 1);
        }
        seen += Bytes(SINK);
        ASSERT_EQ(seen, std::string(9, 'f')) << stop;
        allocator_settle(&worker->t.allocator, ALLOCATOR_RELEASE_ALL);
        Bytes(TASTER);
        ASSERT_TRUE(world_.AllIsFree()) << stop;
    }
}

TEST_F(RollForward, AWorkerSleepsWhileTheRingIsFullAndGoesOnWhenItIsNot)
{
    world_.Feed(SOURCE, std::vector<std::string>(12, "f"));
    au32_store_relaxed(&world_.segment()->super->patience.spins, 3); // it looks again so often before it sleeps
    Child worker([this] {
        auto filter = std::make_unique<Filter>(*this, 0, 1);
        transaction_claim(&filter->t, 12);
        for (uint32_t i = 0; i < 12; i++)
            filter->Forward(i);
        transaction_commit(&filter->t, 12);
        return 0;
    });
    ASSERT_TRUE(worker.Asleep());
    EXPECT_EQ(au32_relaxed(&world_.Slot(FILTER)->state), uint32_t{SLOT_WAIT_OUTPUT});
    EXPECT_EQ(ring_fill(world_.Ring(SINK)), 8u);
    std::string seen = Bytes(SINK);
    EXPECT_EQ(worker.Wait(), 0);
    EXPECT_EQ(seen + Bytes(SINK), std::string(12, 'f'));
}

// Another process wrote the journal that a successor follows, and a plugin may have written to it.
TEST_F(RollForward, ARefusalThatIsNotThereIsNotFollowed)
{
    world_.Feed(SOURCE, {"a", "b"});
    auto worker = std::make_unique<Filter>(*this, 0, 1);
    transaction_claim(&worker->t, 2);
    transaction_refuse(&worker->t, 0, 1, 0, "first");
    transaction_refuse(&worker->t, 1, 2, 11, "second");
    worker->t.journal->outputs[0].port = REFUSALS_MAX;
    transaction_commit(&worker->t, 2);
    ASSERT_EQ(worker->written.size(), 1u);
    EXPECT_STREQ(worker->written[0].reason, "second");
    EXPECT_EQ(worker->written[0].attempts, 2u);
    EXPECT_EQ(worker->written[0].signal, 11);
}

} // namespace
