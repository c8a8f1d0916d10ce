// What the events of workers become, in order or not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

extern "C" {
#include "timeline.h"
}

#include "../../support/temp_folder.h"
#include "checked_trace.h"

namespace
{

using testing::HasSubstr;

class Timeline : public testing::Test
{
  protected:
    enum { SOURCE = 0, FILTER = 1, FILTER_TOO = 2, SINK = 3 }; // slots

    Timeline() { Open(1 << 20); }
    ~Timeline() override
    {
        if (timeline_)
            timeline_close(&timeline_, now_, &losses_);
    }

    void Open(uint64_t limit)
    {
        if (timeline_)
            timeline_close(&timeline_, now_, &losses_);
        static const timeline_stage stages[] = {
            {"read", "files.read", 0, 1, 1}, {"work", "debug.work", 1, 2, 0}, {"write", "text.write", 3, 1, 0}};
        const timeline_run run = {"p", stages, 3, now_};
        ASSERT_EQ(timeline_open((folder_ / "trace").c_str(), limit, &run, &timeline_), 0);
    }

    void Event(uint32_t slot, trace_kind kind, uint64_t n = 0, uint64_t value = 0)
    {
        now_ += 1000;
        trace_event e = {now_, kind, n, value};
        timeline_event(timeline_, slot, &e);
    }

    CheckedTrace Close()
    {
        now_ += 1000;
        EXPECT_EQ(timeline_close(&timeline_, now_, &losses_), 0);
        return CheckedTrace(harness::read_file(folder_ / "trace"));
    }

    // From its start to its first claim.
    void Start(uint32_t slot)
    {
        Event(slot, TRACE_START, 0, 4711);
        Event(slot, TRACE_OPENED);
    }

    harness::TempFolder folder_;
    uint64_t now_ = 5000000;
    timeline *timeline_ = nullptr;
    timeline_losses losses_ = {};
};

} // namespace

TEST_F(Timeline, AWorkerHasATrackWithSpansOfWhatItDoes)
{
    Start(FILTER);
    Event(FILTER, TRACE_WAIT_INPUT);
    Event(FILTER, TRACE_WAITED);
    Event(FILTER, TRACE_CLAIM, 5);
    Event(FILTER, TRACE_COMMIT, 3, 3);
    Event(FILTER, TRACE_WAIT_OUTPUT);
    Event(FILTER, TRACE_WAITED);
    Event(FILTER, TRACE_COMMITTED, 2);
    Event(FILTER, TRACE_COMMIT, 2, 2);
    Event(FILTER, TRACE_WAIT_TURN);
    Event(FILTER, TRACE_WAITED);
    Event(FILTER, TRACE_COMMITTED, 0);
    Event(FILTER, TRACE_LEAVE);
    CheckedTrace trace = Close();
    EXPECT_EQ(trace.Problems(), "");
    for (const char *name : {"start", "wait input", "wait output", "wait turn"})
        EXPECT_EQ(trace.Spans("work/0", name), 1u) << name;
    EXPECT_EQ(trace.Spans("work/0", "process"), 2u) << "the claim, and what was left of it";
    EXPECT_EQ(trace.Spans("work/0", "commit"), 2u);
    EXPECT_EQ(trace.spans.size(), 8u);
    EXPECT_EQ(trace.spans[0].process, "work (debug.work)");
    EXPECT_EQ(trace.spans[0].arguments.at("pid"), 4711);
    EXPECT_EQ(trace.spans[2].arguments.at("frames"), 5);
    EXPECT_DOUBLE_EQ(trace.spans[0].begin_us, 1.0) << "microseconds since the start";
}

TEST_F(Timeline, ASourceProcessesWheneverItDoesNothingElse)
{
    Start(SOURCE);
    Event(SOURCE, TRACE_COMMIT, 0, 256);
    Event(SOURCE, TRACE_COMMITTED);
    Event(SOURCE, TRACE_WAIT_INPUT);
    Event(SOURCE, TRACE_WAITED);
    Event(SOURCE, TRACE_WAIT_MEMORY);
    Event(SOURCE, TRACE_WAITED);
    Event(SOURCE, TRACE_COMMIT, 0, 3);
    Event(SOURCE, TRACE_COMMITTED);
    CheckedTrace trace = Close();
    EXPECT_EQ(trace.Problems(), "");
    EXPECT_EQ(trace.Spans("read/0", "process"), 4u);
    EXPECT_DOUBLE_EQ(trace.Us("read/0", "process"), 1 + 1 + 3 + 1)
        << "a wait for memory is within, one for input is not";
    EXPECT_DOUBLE_EQ(trace.Us("read/0", "wait input"), 1);
}

TEST_F(Timeline, AWaitThatGoesOnAtOnceIsOneSpan)
{
    Start(FILTER);
    Event(FILTER, TRACE_WAIT_INPUT);
    Event(FILTER, TRACE_WAITED); /* it has looked for long enough, and sleeps */
    Event(FILTER, TRACE_WAIT_INPUT);
    Event(FILTER, TRACE_WAITED);
    Event(FILTER, TRACE_WAIT_OUTPUT);
    Event(FILTER, TRACE_WAITED);
    now_ += 1000000;
    Event(FILTER, TRACE_WAIT_OUTPUT);
    Event(FILTER, TRACE_WAITED);
    CheckedTrace trace = Close();
    EXPECT_EQ(trace.Problems(), "");
    EXPECT_EQ(trace.Spans("work/0", "wait input"), 1u);
    EXPECT_DOUBLE_EQ(trace.Us("work/0", "wait input"), 3);
    EXPECT_EQ(trace.Spans("work/0", "wait output"), 2u) << "something was between these";
}

TEST_F(Timeline, AWaitThatIsOverIsInTheFileAtTheNextFlush)
{
    Start(FILTER);
    Event(FILTER, TRACE_WAIT_INPUT);
    Event(FILTER, TRACE_WAITED);
    EXPECT_EQ(timeline_flush(timeline_, now_), 0);
    CheckedTrace trace(harness::read_file(folder_ / "trace"));
    EXPECT_EQ(trace.Problems(), "");
    EXPECT_EQ(trace.Spans("work/0", "wait input"), 1u);
}

TEST_F(Timeline, TheSpansOfADeadWorkerEndWithItAndItsSuccessorGoesOn)
{
    Start(FILTER);
    Event(FILTER, TRACE_CLAIM, 5);
    Event(FILTER, TRACE_COMMIT, 5);
    Event(FILTER, TRACE_WAIT_OUTPUT);
    timeline_gone(timeline_, FILTER, now_ + 500, "died of SIGKILL");
    now_ += 500;
    timeline_mark_worker(timeline_, FILTER, now_ + 100, "restart", nullptr);
    Event(FILTER, TRACE_START);
    Event(FILTER, TRACE_OPENED, 5);
    CheckedTrace trace = Close();
    EXPECT_EQ(trace.Problems(), "");
    EXPECT_EQ(trace.Spans("work/0", "wait output"), 1u);
    EXPECT_DOUBLE_EQ(trace.Us("work/0", "wait output"), 0.5);
    EXPECT_EQ(trace.Marks("died of SIGKILL"), 1u);
    EXPECT_EQ(trace.Marks("restart"), 1u);
    EXPECT_EQ(trace.Spans("work/0", "process"), 2u) << "the second: what its predecessor left";
}

TEST_F(Timeline, AFrameThatIsFollowedIsAnArrowFromCommitToClaim)
{
    Start(SOURCE);
    Start(FILTER);
    Event(SOURCE, TRACE_COMMIT, 0, 1);
    Event(SOURCE, TRACE_FRAME_OUT, 17, trace_place(1, 99));
    Event(FILTER, TRACE_CLAIM, 1);
    trace_event in = {now_, TRACE_FRAME_IN, 17, trace_place(1, 99)};
    timeline_event(timeline_, FILTER, &in);
    Event(SOURCE, TRACE_COMMITTED);
    Event(FILTER, TRACE_FRAME_IN, 18, trace_place(1, 100));
    CheckedTrace trace = Close();
    EXPECT_EQ(trace.Problems(), "");
    ASSERT_EQ(trace.flows.size(), 1u) << "one with one end is none";
    EXPECT_EQ(trace.flows[0].from, "read/0");
    EXPECT_EQ(trace.flows[0].to, "work/0");
    EXPECT_EQ(trace.flows[0].sequence, 17);
}

TEST_F(Timeline, MarksAndCountersSayWhatTheHostKnows)
{
    timeline_mark_stage(timeline_, 1, now_ + 1, "1 -> 2 workers", "it would \"hold back\" the rest");
    timeline_count(timeline_, 1, now_ + 2, 5);
    timeline_count(timeline_, 1, now_ + 3, 5);
    timeline_count(timeline_, 1, now_ + 4, 0);
    CheckedTrace trace = Close();
    EXPECT_EQ(trace.Problems(), "");
    ASSERT_EQ(trace.Marks("1 -> 2 workers"), 1u);
    EXPECT_EQ(trace.marks[0].why, "it would \"hold back\" the rest");
    ASSERT_EQ(trace.counts.size(), 2u) << "what stays the same is not written again";
    EXPECT_EQ(trace.counts[0].value, 5);
    EXPECT_EQ(trace.counts[0].process, "work (debug.work)");
}

TEST_F(Timeline, EventsThatAreMissingAreSaidAndLeaveTheRestWhole)
{
    Start(FILTER);
    Event(FILTER, TRACE_CLAIM, 5);
    timeline_lost(timeline_, FILTER, 12);
    Event(FILTER, TRACE_WAITED);
    Event(FILTER, TRACE_COMMITTED, 0);
    Event(FILTER, TRACE_CLAIM, 5);
    CheckedTrace trace = Close();
    EXPECT_EQ(trace.Problems(), "");
    EXPECT_EQ(trace.Marks("12 events are missing"), 1u);
    EXPECT_EQ(trace.Spans("work/0", "process"), 2u);
    EXPECT_EQ(losses_.overwritten, 12u);
    EXPECT_EQ(trace.Marks("end of an incomplete trace"), 1u);
    EXPECT_THAT(trace.marks.back().why, HasSubstr("12 overwritten"));
}

TEST_F(Timeline, AFullFileStillHasTheMarksAndSaysHowManyEventsHadNoRoom)
{
    Open(64 * 1024);
    Start(FILTER);
    for (int i = 0; i < 2000; i++) {
        Event(FILTER, TRACE_CLAIM, 5);
        Event(FILTER, TRACE_COMMIT, 5, 5);
        Event(FILTER, TRACE_COMMITTED, 0);
    }
    EXPECT_EQ(timeline_flush(timeline_, now_), 0);
    Event(FILTER, TRACE_CLAIM, 5);
    timeline_gone(timeline_, FILTER, now_, "died of SIGSEGV");
    CheckedTrace trace = Close();
    EXPECT_EQ(trace.Problems(), "");
    EXPECT_EQ(trace.Marks("the trace is full"), 1u);
    EXPECT_EQ(trace.Marks("died of SIGSEGV"), 1u);
    EXPECT_GT(losses_.dropped, 1000u);
    EXPECT_THAT(trace.marks.back().why, HasSubstr(std::to_string(losses_.dropped) + " dropped"));
    EXPECT_LE(std::filesystem::file_size(folder_ / "trace"), 64u * 1024);
}

TEST_F(Timeline, WhateverWorkersSayTheTraceIsWhole)
{
    std::mt19937 dice(1);
    for (int round = 0; round < 20; round++) {
        Open(round % 2 ? 64 * 1024 : 1 << 20);
        for (int i = 0; i < 3000; i++) {
            uint32_t slot = dice() % 4;
            now_ = dice() % 100 == 0 ? now_ - 5000 : now_ + dice() % 1000;
            switch (dice() % 50) {
            case 0:
                timeline_lost(timeline_, slot, dice() % 100 + 1);
                break;
            case 1:
                timeline_gone(timeline_, slot, now_, dice() % 2 ? "died" : nullptr);
                break;
            default:
                /* two in a row at one place: at most one arrow for each */
                Event(slot, static_cast<trace_kind>(dice() % TRACE_KINDS), 1, static_cast<uint64_t>(i) / 2);
            }
        }
        EXPECT_EQ(timeline_flush(timeline_, now_), 0);
        EXPECT_EQ(Close().Problems(), "") << round;
    }
}

TEST_F(Timeline, IsWholeBeforeItsEndButForSpansThatGoOn)
{
    Start(SOURCE);
    Event(FILTER, TRACE_CLAIM, 1);
    EXPECT_EQ(timeline_flush(timeline_, now_), 0);
    CheckedTrace trace(harness::read_file(folder_ / "trace"), true);
    EXPECT_EQ(trace.Problems(), "");
    EXPECT_EQ(trace.spans.size(), 3u);
}
