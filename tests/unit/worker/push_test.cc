// What becomes of a worker, and of the frame in hand, by what a processor's callbacks return.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "scripted.h"
#include "slot.h"
#include "stages.h"
#include "world.h"

namespace
{

constexpr mpipe_status NOT_OURS = 99, UNKNOWN = -99;

class Push : public testing::Test
{
  protected:
    // A worker of the filter is given the frames, and then the end of the stream. Its exit code.
    int Run(const std::vector<std::string> &frames, uint32_t epoch = 1)
    {
        if (!frames.empty())
            world_->Feed(SOURCE, frames);
        ring_close(world_->Ring(FILTER));
        return world_->RunWorker(FILTER, 0, epoch);
    }

    std::string Reason() const { return world_->Slot(FILTER)->reason; }
    tally Tally() const { return world_->Committed(FILTER).tally; }

    void Filter()
    {
        world_ = std::make_unique<World>(std::vector<StageSpec>{{"source", nullptr, 0},
                                                                {"filter", &scripted, 16, 1, 1, 1, false, 3, &script_},
                                                                {"sink", nullptr, 64, 1, 1, 0}},
                                         std::vector<EdgeSpec>{{SOURCE, 0, FILTER}, {FILTER, 0, SINK}});
    }

    int RunSource()
    {
        source_ = std::make_unique<World>(std::vector<StageSpec>{{"source", &scripted, 0, 1, 1, 1, false, 3, &script_},
                                                                 {"sink", nullptr, 64, 1, 1, 0}},
                                          std::vector<EdgeSpec>{{SOURCE, 0, 1}});
        return source_->RunWorker(SOURCE);
    }

    void SetUp() override { Filter(); }

    Script script_;
    std::unique_ptr<World> world_, source_;
};

} // namespace

TEST_F(Push, EachStatusEndsTheWorkerOrTheFrameAsItIsDocumented)
{
    const struct {
        mpipe_status status;
        int exit, calls;
        uint64_t dead;
        const char *reason;
    } cases[] = {
        {MPIPE_FATAL, WORKER_FATAL, 1, 0, "the processor failed"},
        {MPIPE_MISUSE, WORKER_FATAL, 1, 0, "the processor failed"},
        {NOT_OURS, WORKER_FATAL, 1, 0, "process() returned a status that is not one of its own"},
        {MPIPE_EMPTY, WORKER_FATAL, 1, 0, "process() returned a status that is not one of its own"},
        {MPIPE_END, WORKER_FATAL, 1, 0, "process() returned a status that is not one of its own"},
        {UNKNOWN, WORKER_FATAL, 1, 0, "the processor failed with an unknown status"},
        {MPIPE_BAD_FRAME, WORKER_DONE, 1, 1, ""},
        {MPIPE_RETRY, WORKER_DONE, 3, 1, ""},
        {MPIPE_NO_MEMORY, WORKER_DONE, 3, 1, ""},
    };
    for (const auto &c : cases) {
        int calls = 0;
        Filter();
        script_.process = [&](const mpipe_io *, mpipe_frame *) {
            calls++;
            return c.status;
        };
        EXPECT_EQ(Run({"frame"}), c.exit) << c.status;
        EXPECT_EQ(calls, c.calls) << c.status;
        EXPECT_EQ(Tally().dead, c.dead) << c.status;
        EXPECT_EQ(Reason(), c.reason) << c.status;
    }
}

TEST_F(Push, AFrameThatIsGivenAgainMayPassAfterAll)
{
    int calls = 0;
    world_->pipeline()->stages[FILTER].timeout_ns = 60000000000;
    script_.process = [&](const mpipe_io *io, mpipe_frame *frame) {
        return ++calls < 3 ? MPIPE_RETRY : mpipe_emit(io, 0, frame);
    };
    EXPECT_EQ(Run({"frame"}), WORKER_DONE);
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(world_->Drain(SINK).size(), 1u);
    EXPECT_EQ(au64_relaxed(&world_->Slot(FILTER)->call_since), 0u) << "no call goes on that could take too long";
}

TEST_F(Push, FlushThatFailsEndsTheWorkerAndKeepsWhatWasDoneBefore)
{
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) { return mpipe_emit(io, 0, frame); };
    script_.flush = [](const mpipe_io *) { return MPIPE_FATAL; };
    EXPECT_EQ(Run({"frame"}), WORKER_FATAL);
    EXPECT_EQ(Reason(), "flush() failed");
    EXPECT_EQ(world_->Drain(SINK).size(), 1u);
}

TEST_F(Push, KeptFramesThatFlushLeavesAreDroppedAtTheEnd)
{
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) { return mpipe_keep(io, frame); };
    EXPECT_EQ(Run({"one", "two"}), WORKER_DONE);
    EXPECT_EQ(Tally().dropped, 2u);
    EXPECT_TRUE(world_->AllIsFree());
}

TEST_F(Push, AKeptFrameCannotBeRefusedWhenItIsGivenAgain)
{
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) { return mpipe_keep(io, frame); };
    script_.flush = [](const mpipe_io *) { return MPIPE_FATAL; };
    EXPECT_EQ(Run({"frame"}), WORKER_FATAL);
    for (mpipe_status status : std::vector<mpipe_status>{MPIPE_BAD_FRAME, MPIPE_RETRY}) {
        world_->Bury(FILTER);
        script_.process = [=](const mpipe_io *, mpipe_frame *) { return status; };
        EXPECT_EQ(Run({}, 2), WORKER_FATAL) << status;
        EXPECT_NE(Reason(), "flush() failed") << status;
    }
    EXPECT_EQ(Tally().dead, 0u);
    EXPECT_FALSE(world_->AllIsFree()) << "it is still kept, for the next worker";
}

TEST_F(Push, ASourceThatHasNothingNowIsCalledAgainAndEndsWhenItSaysSo)
{
    int calls = 0;
    script_.process = [&](const mpipe_io *io, mpipe_frame *) -> mpipe_status {
        switch (calls++) {
        case 0:
            return mpipe_emit(io, 0, mpipe_create(io, 8, nullptr));
        case 1:
            return MPIPE_EMPTY;
        case 2:
            mpipe_emit(io, 0, mpipe_create(io, 8, nullptr));
            return MPIPE_BAD_FRAME; // takes that back
        default:
            return MPIPE_END;
        }
    };
    EXPECT_EQ(RunSource(), WORKER_DONE);
    EXPECT_EQ(calls, 4);
    EXPECT_EQ(source_->Drain(1).size(), 1u);
    EXPECT_EQ(source_->Committed(SOURCE).tally.dead, 1u);
    EXPECT_EQ(source_->Committed(SOURCE).tally.ended, 1u);
}

TEST_F(Push, ASourceThatFailsEndsTheWorkerWhateverItSays)
{
    for (mpipe_status status :
         std::vector<mpipe_status>{MPIPE_FATAL, MPIPE_RETRY, MPIPE_NO_MEMORY, UNKNOWN, NOT_OURS}) {
        script_.process = [=](const mpipe_io *, mpipe_frame *) { return status; };
        EXPECT_EQ(RunSource(), WORKER_FATAL) << status;
        EXPECT_NE(source_->Slot(SOURCE)->reason[0], 0) << status;
    }
}
