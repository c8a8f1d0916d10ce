// Processors with a loop of their own: what get() and flush_out() say, and what becomes of a frame by what run()
// returns.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "scripted.h"
#include "slot.h"
#include "stages.h"
#include "world.h"

namespace
{

enum : int64_t { A_MILLISECOND = 1000000 };

class Pull : public testing::Test
{
  protected:
    void SetUp() override { Make(16); }

    // A source, which the test plays, the filter and a sink, of which it is the reader.
    void Make(uint32_t queue)
    {
        world_ =
            std::make_unique<World>(std::vector<StageSpec>{{"source", nullptr, 0},
                                                           {"filter", &scripted_pull, 16, 1, 1, 1, false, 3, &script_},
                                                           {"sink", nullptr, queue, 1, 1, 0}},
                                    std::vector<EdgeSpec>{{SOURCE, 0, FILTER}, {FILTER, 0, SINK}});
    }

    void Feed(const std::vector<std::string> &frames) { world_->Feed(SOURCE, frames); }
    void End() { ring_close(world_->Ring(FILTER)); }
    int Run(uint32_t epoch = 1) { return world_->RunWorker(FILTER, 0, epoch); }
    tally Tally() const { return world_->Committed(FILTER).tally; }
    std::string Reason() const { return world_->Slot(FILTER)->reason; }

    static mpipe_status Get(const mpipe_io *io, mpipe_frame **frame, int64_t timeout_ns = MPIPE_FOREVER)
    {
        return mpipe_get_sync(io, MPIPE_ANY_PORT, timeout_ns, frame);
    }

    Script script_;
    std::unique_ptr<World> world_;
};

} // namespace

TEST_F(Pull, GetSaysWhyThereIsNoFrame)
{
    script_.run = [&](const mpipe_io *io) -> mpipe_status {
        mpipe_frame *frame;
        EXPECT_EQ(mpipe_get(io, 7, &frame), MPIPE_UNSUPPORTED);
        EXPECT_EQ(mpipe_get(io, 0, &frame), MPIPE_UNSUPPORTED) << "it has two, and their frames come in one order";
        EXPECT_EQ(mpipe_get(io, MPIPE_ANY_PORT, &frame), MPIPE_EMPTY);
        EXPECT_EQ(Get(io, &frame, A_MILLISECOND), MPIPE_TIMEOUT);
        EXPECT_EQ(frame, nullptr);
        End();
        EXPECT_EQ(Get(io, &frame), MPIPE_END);
        return MPIPE_OK;
    };
    EXPECT_EQ(Run(), WORKER_DONE);
    EXPECT_EQ(Tally().ended, 1u);
}

TEST_F(Pull, WhoRetiresIsToldToStopAndLeavesWhatIsInTheQueue)
{
    Feed({"for others"});
    au32_store_release(&world_->Slot(FILTER)->command, SLOT_RETIRE);
    script_.run = [&](const mpipe_io *io) -> mpipe_status {
        mpipe_frame *frame;
        EXPECT_EQ(Get(io, &frame), MPIPE_STOP);
        return MPIPE_OK;
    };
    EXPECT_EQ(Run(), WORKER_DONE);
    EXPECT_EQ(Tally().ended, 0u);
    EXPECT_FALSE(world_->AllIsFree());
}

TEST_F(Pull, WhatThereIsNoRoomForIsNotWaitedForLongerThanTheTimeout)
{
    Make(1);
    Feed({"first", "second"});
    script_.run = [&](const mpipe_io *io) -> mpipe_status {
        mpipe_frame *frame;
        EXPECT_EQ(Get(io, &frame), MPIPE_OK);
        EXPECT_EQ(mpipe_emit(io, 0, frame), MPIPE_OK);
        EXPECT_EQ(mpipe_flush_out(io, MPIPE_FOREVER), MPIPE_OK);
        EXPECT_EQ(Get(io, &frame), MPIPE_OK);
        EXPECT_EQ(mpipe_emit(io, 0, frame), MPIPE_OK);
        EXPECT_EQ(mpipe_flush_out(io, 0), MPIPE_FULL);
        EXPECT_EQ(mpipe_flush_out(io, A_MILLISECOND), MPIPE_TIMEOUT);
        EXPECT_EQ(mpipe_get(io, MPIPE_ANY_PORT, &frame), MPIPE_FULL);
        EXPECT_EQ(Get(io, &frame, A_MILLISECOND), MPIPE_TIMEOUT);
        EXPECT_EQ(world_->Drain(SINK).size(), 1u);
        End();
        EXPECT_EQ(Get(io, &frame, MPIPE_FOREVER), MPIPE_END);
        return MPIPE_OK;
    };
    EXPECT_EQ(Run(), WORKER_DONE);
    EXPECT_EQ(world_->Drain(SINK).size(), 1u);
}

TEST_F(Pull, AFrameThatRunReturnedForIsGivenAgainOrRefused)
{
    const struct {
        mpipe_status status;
        int given;
    } cases[] = {{MPIPE_BAD_FRAME, 1}, {MPIPE_RETRY, 3}, {MPIPE_NO_MEMORY, 3}};
    for (const auto &c : cases) {
        int given = 0;
        Make(16);
        Feed({"bad", "good"});
        End();
        script_.run = [&](const mpipe_io *io) -> mpipe_status {
            mpipe_frame *frame;
            while (Get(io, &frame) == MPIPE_OK) {
                if (frame->size == 3) {
                    given++;
                    return given <= c.given ? c.status : MPIPE_FATAL; // or it would be given for ever
                }
                mpipe_emit(io, 0, frame);
            }
            return MPIPE_OK;
        };
        EXPECT_EQ(Run(), WORKER_DONE) << c.status;
        EXPECT_EQ(given, c.given) << c.status;
        EXPECT_EQ(Tally().dead, 1u) << c.status;
        EXPECT_EQ(world_->Drain(SINK).size(), 1u) << c.status;
    }
}

TEST_F(Pull, RunThatReturnsForNoFramesSakeEndsTheWorker)
{
    for (mpipe_status status : std::vector<mpipe_status>{MPIPE_OK, MPIPE_FATAL, MPIPE_RETRY, MPIPE_BAD_FRAME}) {
        bool again = false;
        Make(16);
        script_.run = [&](const mpipe_io *) {
            EXPECT_FALSE(again) << "it is called again for no frame";
            return std::exchange(again, true) ? MPIPE_FATAL : status;
        };
        EXPECT_EQ(Run(), WORKER_FATAL) << status;
        EXPECT_EQ(Reason(), "run() returned before the stream ended") << status;
        EXPECT_EQ(Tally().dead, 0u) << status;
    }
}

TEST_F(Pull, AFrameOfWhichSomeIsOutCannotBeRefusedAnyMore)
{
    Feed({"frame"});
    bool again = false;
    script_.run = [&](const mpipe_io *io) -> mpipe_status {
        mpipe_frame *frame;
        EXPECT_FALSE(again) << "the frame is refused";
        if (std::exchange(again, true))
            return MPIPE_FATAL; // there is no frame to wait for
        EXPECT_EQ(Get(io, &frame), MPIPE_OK);
        EXPECT_EQ(mpipe_emit(io, 0, mpipe_create(io, 8, frame)), MPIPE_OK);
        EXPECT_EQ(mpipe_flush_out(io, MPIPE_FOREVER), MPIPE_OK);
        return MPIPE_BAD_FRAME;
    };
    EXPECT_EQ(Run(), WORKER_FATAL);
    EXPECT_EQ(Tally().dead, 0u);
    EXPECT_EQ(Tally().repeated, 1u) << "a successor makes that output again";
}

TEST_F(Pull, AFrameThatIsFlushedInManyPartsCountsOnce)
{
    Feed({"one", "two"});
    End();
    script_.run = [](const mpipe_io *io) -> mpipe_status {
        mpipe_frame *frame;
        mpipe_status status;
        while ((status = Get(io, &frame)) == MPIPE_OK)
            for (int i = 0; i < 3; i++) {
                EXPECT_EQ(mpipe_emit(io, 0, mpipe_create(io, 8, frame)), MPIPE_OK);
                EXPECT_EQ(mpipe_flush_out(io, MPIPE_FOREVER), MPIPE_OK);
            }
        return status;
    };
    EXPECT_EQ(Run(), WORKER_DONE);
    EXPECT_EQ(Tally().repeated, 2u);
}

TEST_F(Pull, AFrameThatWasKeptBeforeAFlushIsGivenAgainOnce)
{
    Feed({"frame"});
    script_.run = [](const mpipe_io *io) -> mpipe_status {
        mpipe_frame *frame;
        EXPECT_EQ(Get(io, &frame), MPIPE_OK);
        EXPECT_EQ(mpipe_keep(io, frame), MPIPE_OK);
        EXPECT_EQ(mpipe_flush_out(io, MPIPE_FOREVER), MPIPE_OK);
        return MPIPE_FATAL;
    };
    EXPECT_EQ(Run(), WORKER_FATAL);
    world_->Bury(FILTER);
    End();
    int given = 0;
    script_.run = [&](const mpipe_io *io) -> mpipe_status {
        mpipe_frame *frame;
        for (; Get(io, &frame) == MPIPE_OK; given++)
            mpipe_emit(io, 0, frame);
        return MPIPE_OK;
    };
    EXPECT_EQ(Run(2), WORKER_DONE);
    EXPECT_EQ(given, 1);
    EXPECT_EQ(world_->Drain(SINK).size(), 1u);
}

TEST_F(Pull, ASourceThatIsToldToFinishHearsItWhereItsTransactionEnds)
{
    World source({{"source", &scripted_pull, 0, 1, 1, 1, false, 3, &script_}, {"sink", nullptr, 16, 1, 1, 0}},
                 {{SOURCE, 0, 1}});
    script_.run = [&](const mpipe_io *io) -> mpipe_status {
        EXPECT_EQ(mpipe_emit(io, 0, mpipe_create(io, 8, nullptr)), MPIPE_OK);
        EXPECT_EQ(mpipe_flush_out(io, MPIPE_FOREVER), MPIPE_OK);
        EXPECT_EQ(mpipe_emit(io, 0, mpipe_create(io, 8, nullptr)), MPIPE_OK);
        au32_store_release(&source.Slot(SOURCE)->command, SLOT_FINISH);
        EXPECT_EQ(mpipe_flush_out(io, MPIPE_FOREVER), MPIPE_STOP);
        return MPIPE_OK;
    };
    EXPECT_EQ(source.RunWorker(SOURCE), WORKER_DONE);
    EXPECT_EQ(source.Drain(1).size(), 2u);
    EXPECT_EQ(source.Committed(SOURCE).tally.out, 2u);
    EXPECT_EQ(source.Committed(SOURCE).tally.ended, 1u);
}
