// Who waits for what, and that somebody wakes him.
#include <gtest/gtest.h>

#include <unistd.h>

#include "child.h"
#include "scripted.h"
#include "stages.h"
#include "world.h"

extern "C" {
#include "clock.h"
#include "session.h"
}

namespace
{

// A filter with two workers and very little memory.
class Waiting : public testing::Test
{
  protected:
    Waiting()
    {
        script_.process = [](const mpipe_io *io, mpipe_frame *frame) {
            mpipe_frame *child = mpipe_create(io, 8, frame);
            return child ? mpipe_emit(io, 0, child) : MPIPE_NO_MEMORY;
        };
    }

    static int Hang()
    {
        for (;;)
            pause();
    }

    Script script_;
    World world_{{{"source", nullptr, 0},
                  {"filter", &scripted, 16, 1, 2, 2, false, 3, &script_},
                  {"sink", nullptr, 64, 1, 1, 0},
                  {"other", nullptr, 1, 1, 1, 0}},
                 {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}, {FILTER, 1, OTHER}}};
};

// A session of the filter, played by the test.
struct PlayedSession {
    PlayedSession(const World &world, uint32_t worker)
    {
        log_init(&log_, -1, LOG_LEVEL_ERROR, "test");
        transaction_init(&s.t, world.segment(), FILTER, worker, 1, {nullptr, nullptr});
        transaction_recover(&s.t);
        session_init(&s, &scripted, &log_);
    }
    PlayedSession(const PlayedSession &) = delete;
    PlayedSession &operator=(const PlayedSession &) = delete;
    ~PlayedSession()
    {
        session_destroy(&s);
        transaction_destroy(&s.t);
    }

    // Makes a frame and publishes it.
    void Emit(uint32_t port)
    {
        call_begin(&s, nullptr, CURSOR_NONE);
        mpipe_frame *frame = s.io.create(&s, 8, nullptr);
        s.io.emit(&s, port, frame);
        call_end(&s);
    }

    session s = {};
    struct log log_;
};

TEST_F(Waiting, AWorkerThatGoesIdleGivesItsMemoryToASiblingThatWaits)
{
    PlayedSession idle(world_, 0);
    idle.Emit(0);
    session_commit(&idle.s);
    world_.Feed(SOURCE, {"x"});
    Child sibling([this] { return world_.RunWorker(FILTER, 1); });
    ASSERT_TRUE(sibling.Asleep());
    ASSERT_EQ(au32_relaxed(&world_.Slot(FILTER, 1)->state), uint32_t{SLOT_WAIT_MEMORY});
    session_wait_input(&idle.s, clock_monotonic() + NS_PER_MS);
    ring_close(world_.Ring(FILTER));
    EXPECT_EQ(sibling.Wait(), WORKER_DONE);
    EXPECT_EQ(world_.Drain(SINK).size(), 2u);
}

TEST_F(Waiting, ASuccessorThatFreesMemoryWakesASiblingThatWaitsForIt)
{
    world_.Feed(SOURCE, {"x", "y"});
    Child dead([this] {
        script_.process = [](const mpipe_io *io, mpipe_frame *) {
            return mpipe_create(io, 1 << 20, nullptr) ? Hang() : 1;
        };
        return world_.RunWorker(FILTER, 0);
    });
    ASSERT_TRUE(dead.Asleep());
    Child sibling([this] { return world_.RunWorker(FILTER, 1); });
    ASSERT_TRUE(sibling.Asleep());
    dead.Kill();
    world_.Bury(FILTER, 0);
    ASSERT_TRUE(sibling.Asleep());
    world_.Recover(FILTER, 0, 2);
    ring_close(world_.Ring(FILTER));
    EXPECT_EQ(sibling.Wait(), WORKER_DONE);
}

TEST_F(Waiting, AWorkerThatWasWokenForAFrameAndRetiresWakesAnother)
{
    Child first([this] { return world_.RunWorker(FILTER, 0); });
    ASSERT_TRUE(first.Asleep());
    Child second([this] { return world_.RunWorker(FILTER, 1); });
    ASSERT_TRUE(second.Asleep());
    au32_store_release(&world_.Slot(FILTER, 0)->command, SLOT_RETIRE);
    world_.Feed(SOURCE, {"x"});
    EXPECT_EQ(first.Wait(), WORKER_DONE);
    ASSERT_TRUE(second.Asleep());
    EXPECT_EQ(ring_fill(world_.Ring(SINK)), 1u);
    ring_close(world_.Ring(FILTER));
    EXPECT_EQ(second.Wait(), WORKER_DONE);
}

TEST_F(Waiting, ForRoomAWorkerSleepsOnTheRingThatHasNone)
{
    PlayedSession before(world_, 0);
    for (int i = 0; i < 5; i++)
        before.Emit(0);
    before.Emit(1);
    session_commit(&before.s);
    Child worker([&] {
        before.Emit(1);
        return session_wait_room(&before.s, EVENT_FOREVER) ? 0 : 1;
    });
    ASSERT_TRUE(worker.Asleep());
    EXPECT_EQ(world_.Drain(OTHER).size(), 1u);
    EXPECT_FALSE(worker.Asleep()) << "the ring that was full is empty";
    EXPECT_EQ(worker.Wait(), 0);
}

TEST_F(Waiting, ADeathBeforeAFrameWasGivenIsNotThatFramesFault)
{
    world_.Feed(SOURCE, {"x"});
    Child in_hand([this] {
        script_.process = [](const mpipe_io *, mpipe_frame *) { return Hang(); };
        return world_.RunWorker(FILTER, 0);
    });
    ASSERT_TRUE(in_hand.Asleep());
    in_hand.Kill();
    EXPECT_EQ(world_.Bury(FILTER, 0, 1), 1u);
    Child opening([this] {
        script_.open = [] { Hang(); };
        return world_.RunWorker(FILTER, 0, 2);
    });
    ASSERT_TRUE(opening.Asleep());
    opening.Kill();
    EXPECT_EQ(world_.Bury(FILTER, 0, 2), 0u);
}

} // namespace
