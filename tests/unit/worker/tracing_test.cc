// What a worker tells the trace of the run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "scripted.h"
#include "stages.h"
#include "world.h"

extern "C" {
#include "clock.h"
#include "tracing.h"
#include "waiting.h"
}

namespace
{

using testing::ElementsAre;

class Tracing : public testing::Test
{
  protected:
    Tracing()
    {
        script_.process = [](const mpipe_io *io, mpipe_frame *frame) { return mpipe_emit(io, 0, frame); };
        EXPECT_EQ(trace_create(world_.segment()->n_slots, &trace_), 0);
        Trace(trace_);
    }
    ~Tracing() override
    {
        Trace(nullptr);
        trace_destroy(&trace_);
    }

    // As the workers that the test plays would do themselves.
    void Trace(trace *t)
    {
        world_.mutable_segment()->trace = t;
        for (uint32_t stage : {SOURCE, SINK})
            tracing_begin(world_.segment(), world_.segment()->stages[stage].first_slot);
    }

    std::vector<trace_event> Told(uint32_t stage) const
    {
        const trace_ring *ring = trace_ring_of(trace_, world_.segment()->stages[stage].first_slot);
        std::vector<trace_event> events;
        trace_event e;
        uint64_t next = 0, lost = 0;
        while (trace_next(ring, &next, &e, &lost))
            events.push_back(e);
        return events;
    }

    static std::vector<trace_event> Of(const std::vector<trace_event> &events, trace_kind kind)
    {
        std::vector<trace_event> some;
        std::copy_if(events.begin(), events.end(), std::back_inserter(some),
                     [kind](const trace_event &e) { return e.kind == kind; });
        return some;
    }

    static std::vector<uint64_t> Places(const std::vector<trace_event> &events)
    {
        std::vector<uint64_t> places;
        for (const trace_event &e : events)
            places.push_back(e.value);
        return places;
    }

    // Feeds three frames, lets the filter run to the end of its input, and returns what it told.
    std::vector<trace_event> RunTheFilter()
    {
        world_.Feed(SOURCE, {"a", "b", "c"});
        ring_close(world_.Ring(FILTER));
        EXPECT_EQ(world_.RunWorker(FILTER), WORKER_DONE);
        return Told(FILTER);
    }

    Script script_;
    World world_{{{"source", nullptr, 0},
                  {"filter", &scripted, 16, 1, 1, 1, false, 3, &script_},
                  {"sink", nullptr, 16, 1, 1, 0}},
                 {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}}};
    trace *trace_ = nullptr;
};

} // namespace

TEST_F(Tracing, AWorkerTellsItsStartItsClaimsItsCommitsAndItsEnd)
{
    std::vector<trace_event> told = RunTheFilter();
    ASSERT_GE(told.size(), 8u);
    EXPECT_EQ(told.front().kind, TRACE_START);
    EXPECT_EQ(told.front().value, static_cast<uint64_t>(getpid()));
    EXPECT_EQ(told[1].kind, TRACE_OPENED);
    EXPECT_EQ(told.back().kind, TRACE_LEAVE);
    uint64_t claimed = 0, settled = 0, outputs = 0;
    for (const trace_event &e : Of(told, TRACE_CLAIM))
        claimed += e.n;
    for (const trace_event &e : Of(told, TRACE_COMMIT)) {
        settled += e.n;
        outputs += e.value;
    }
    EXPECT_EQ(claimed, 3u);
    EXPECT_EQ(settled, 3u);
    EXPECT_EQ(outputs, 3u);
    EXPECT_EQ(Of(told, TRACE_COMMIT).size(), Of(told, TRACE_COMMITTED).size());
    EXPECT_EQ(Of(told, TRACE_FLUSH).size(), 1u);
    EXPECT_TRUE(std::is_sorted(told.begin(), told.end(),
                               [](const trace_event &a, const trace_event &b) { return a.at_ns < b.at_ns; }));
}

TEST_F(Tracing, AFrameIsAtTheSamePlaceForWhoPublishesItAndWhoClaimsIt)
{
    std::vector<trace_event> told = RunTheFilter();
    EXPECT_THAT(Places(Of(Told(SOURCE), TRACE_FRAME_OUT)),
                ElementsAre(trace_place(FILTER, 0), trace_place(FILTER, 1), trace_place(FILTER, 2)));
    EXPECT_EQ(Places(Of(told, TRACE_FRAME_IN)), Places(Of(Told(SOURCE), TRACE_FRAME_OUT)));
    std::vector<trace_event> out = Of(told, TRACE_FRAME_OUT);
    EXPECT_THAT(Places(out), ElementsAre(trace_place(SINK, 0), trace_place(SINK, 1), trace_place(SINK, 2)));
    for (uint64_t i = 0; i < out.size(); i++)
        EXPECT_EQ(out[i].n, i) << "its sequence";
}

TEST_F(Tracing, OnlyFramesOfTheSampleAreFollowedAndFourOfABatchAtMost)
{
    trace_->sample.word = 1;
    world_.Feed(SOURCE, {"0", "1", "2", "3"});
    EXPECT_THAT(Places(Of(Told(SOURCE), TRACE_FRAME_OUT)), ElementsAre(trace_place(FILTER, 0), trace_place(FILTER, 2)));
    trace_->sample.word = 0;
    world_.Feed(SOURCE, {"4", "5", "6", "7", "8", "9"});
    EXPECT_EQ(Of(Told(SOURCE), TRACE_FRAME_OUT).size(), 2u + 4u);
}

TEST_F(Tracing, ARefusedFrameGoesNowhereAndTheOthersKeepTheirPlaces)
{
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) {
        return frame->data[0] == 'b' ? MPIPE_BAD_FRAME : mpipe_emit(io, 0, frame);
    };
    std::vector<trace_event> out = Of(RunTheFilter(), TRACE_FRAME_OUT);
    ASSERT_EQ(out.size(), 2u);
    EXPECT_EQ(out[1].n, 2u);
    EXPECT_EQ(out[1].value, trace_place(SINK, 1));
}

TEST_F(Tracing, EachWaitIsToldByWhatItIsFor)
{
    slot *s = world_.Slot(SINK);
    event nobody;
    event_init(&nobody);
    for (slot_state state : {SLOT_WAIT_INPUT, SLOT_WAIT_OUTPUT, SLOT_WAIT_MEMORY, SLOT_WAIT_TURN})
        slot_sleep(s, state, &nobody, event_prepare(&nobody), clock_monotonic());
    std::vector<trace_kind> kinds;
    for (const trace_event &e : Told(SINK))
        kinds.push_back(e.kind);
    EXPECT_THAT(kinds, ElementsAre(TRACE_WAIT_INPUT, TRACE_WAITED, TRACE_WAIT_OUTPUT, TRACE_WAITED, TRACE_WAIT_MEMORY,
                                   TRACE_WAITED, TRACE_WAIT_TURN, TRACE_WAITED));
}

TEST_F(Tracing, APatientLookIsAWaitFromItsBegin)
{
    patience p = {};
    p.begin = clock_monotonic();
    patience_end(&p, world_.Slot(SINK), SLOT_WAIT_OUTPUT);
    std::vector<trace_event> told = Told(SINK);
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0].kind, TRACE_WAIT_OUTPUT);
    EXPECT_EQ(told[0].at_ns, p.begin);
    EXPECT_EQ(told[1].kind, TRACE_WAITED);
}

TEST_F(Tracing, ARunThatIsNotTracedTellsNothing)
{
    Trace(nullptr);
    RunTheFilter();
    world_.Drain(SINK);
    for (uint32_t stage : {SOURCE, FILTER, SINK})
        EXPECT_TRUE(Told(stage).empty()) << stage;
}
