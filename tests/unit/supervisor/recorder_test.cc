// The host's side of a traced run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <memory>
#include <string>

extern "C" {
#include "clock.h"
#include "recorder.h"
}

#include "../../support/heard_log.h"
#include "../../support/temp_folder.h"
#include "checked_trace.h"
#include "world.h"

namespace
{

class Recorder : public testing::Test
{
  protected:
    Recorder()
    {
        log_init(&silent_, -1, LOG_LEVEL_ERROR, "test");
        scaling_->began_ns = start_;
        EXPECT_EQ(recorder_open(path_.c_str(), 1 << 24, world_.mutable_segment(), &silent_, start_, &recorder_), 0);
    }
    ~Recorder() override { recorder_close(&recorder_, world_.mutable_segment(), scaling_.get(), clock_monotonic()); }

    void Tell(uint32_t slot, trace_kind kind, uint64_t n = 0, uint64_t value = 0, uint64_t later_ns = 0)
    {
        trace_event e = {clock_monotonic() + later_ns, kind, n, value};
        trace_add(trace_ring_of(world_.segment()->trace, slot), &e);
    }

    // Far enough after the last one that it is time.
    void Tick() { recorder_tick(recorder_, scaling_.get(), tick_ += NS_PER_S); }

    CheckedTrace Close()
    {
        recorder_close(&recorder_, world_.mutable_segment(), scaling_.get(), clock_monotonic());
        return SoFar(false);
    }
    CheckedTrace SoFar(bool unended = true) const { return CheckedTrace(harness::read_file(path_), unended); }
    uint64_t Sample() const { return world_.segment()->trace->sample.word; }

    harness::TempFolder folder_;
    std::string path_ = folder_ / "trace.json";
    struct log silent_;
    uint64_t start_ = clock_monotonic(), tick_ = start_;
    World world_{{{"source", nullptr, 0}, {"filter"}, {"sink", nullptr, 16, 1, 1, 0}}, {{0, 0, 1}, {1, 0, 2}}};
    std::unique_ptr<scaling> scaling_ = std::make_unique<scaling>();
    recorder *recorder_ = nullptr;
};

} // namespace

TEST_F(Recorder, WhatWorkersToldIsInTheFileAfterATick)
{
    Tell(1, TRACE_CLAIM, 3);
    EXPECT_EQ(recorder_tick(recorder_, scaling_.get(), start_), start_ + 20 * NS_PER_MS) << "it is not time yet";
    EXPECT_TRUE(SoFar().spans.empty());
    Tick();
    EXPECT_EQ(SoFar().Spans("filter/0", "process"), 1u);
}

TEST_F(Recorder, ADeathIsReadAndMarkedAtOnceAndTheNextForkIsARestart)
{
    recorder_forked(recorder_, 1, 0, clock_monotonic());
    Tell(1, TRACE_CLAIM, 3);
    recorder_gone(recorder_, 1, 0, "died of SIGSEGV", clock_monotonic());
    recorder_forked(recorder_, 1, 0, clock_monotonic());
    recorder_gone(recorder_, 1, 0, nullptr, clock_monotonic());
    recorder_forked(recorder_, 1, 0, clock_monotonic());
    CheckedTrace trace = Close();
    EXPECT_EQ(trace.Problems(), "");
    EXPECT_EQ(trace.Spans("filter/0", "process"), 1u);
    EXPECT_EQ(trace.Marks("died of SIGSEGV"), 1u);
    EXPECT_EQ(trace.Marks("restart"), 1u) << "not the first, and not the one after a worker that left by itself";
}

TEST_F(Recorder, EachDecisionOfTheScalerIsMarkedOnceWithItsReason)
{
    scaling_->decisions[0] = {5 * NS_PER_MS, 1, 1, 3, "it would hold back the rest"};
    scaling_->n_decisions = 1;
    Tick();
    Tick();
    scaling_->decisions[1] = {6 * NS_PER_MS, 1, 3, 2, "by hand"};
    scaling_->n_decisions = 2;
    CheckedTrace trace = Close();
    ASSERT_EQ(trace.Marks("1 -> 3 workers"), 1u);
    EXPECT_EQ(trace.Marks("3 -> 2 workers"), 1u);
    EXPECT_EQ(trace.marks[0].process, "filter (test.processor)");
    EXPECT_EQ(trace.marks[0].why, "it would hold back the rest");
    EXPECT_DOUBLE_EQ(trace.marks[0].at_us, 5000);
}

TEST_F(Recorder, TheQueuesAreCounted)
{
    world_.Feed(0, {"a", "b"});
    Tick();
    CheckedTrace trace = SoFar();
    ASSERT_EQ(trace.counts.size(), 2u) << "a source has none";
    EXPECT_EQ(trace.counts[0].value, 2);
    EXPECT_EQ(trace.counts[1].value, 0);
}

TEST_F(Recorder, EventsThatWereNotReadInTimeAreCountedAndSaid)
{
    for (int i = 0; i < 2 * TRACE_EVENTS; i++)
        Tell(1, i % 2 ? TRACE_COMMIT : TRACE_COMMITTED);
    CheckedTrace trace = Close();
    EXPECT_EQ(trace.Problems(), "");
    ASSERT_EQ(trace.Marks("end of an incomplete trace"), 1u);
    EXPECT_THAT(trace.marks.back().why, testing::HasSubstr("12288 overwritten"));
}

TEST_F(Recorder, AWorkerThatTellsOfTheFutureDoesNotTakeTheTraceThere)
{
    Tell(1, TRACE_CLAIM, 1, 0, 3600 * NS_PER_S);
    Tell(1, TRACE_COMMIT, 1);
    CheckedTrace trace = Close();
    EXPECT_EQ(trace.Problems(), "");
    for (const TraceSpan &span : trace.spans)
        EXPECT_LT(span.end_us, 1e9) << span.name;
}

TEST_F(Recorder, FewerFramesAreFollowedAsLongAsTheyComeFastAndMoreAgainAfterThat)
{
    EXPECT_EQ(Sample(), 0u) << "all";
    for (int tick = 0; tick < 3; tick++) {
        for (uint64_t i = 0; i < 100; i++)
            Tell(1, TRACE_FRAME_IN, i, i);
        Tick();
    }
    EXPECT_EQ(Sample(), 7u) << "each eighth";
    Tick();
    Tick();
    Tick();
    EXPECT_EQ(Sample(), 0u);
}

TEST_F(Recorder, ARunThatIsNotTracedHasNothingToDo)
{
    recorder *none = nullptr;
    EXPECT_EQ(recorder_tick(none, scaling_.get(), start_), UINT64_MAX);
    recorder_forked(none, 1, 0, start_);
    recorder_gone(none, 1, 0, "died", start_);
    recorder_close(&none, world_.mutable_segment(), scaling_.get(), start_);
    EXPECT_NE(world_.segment()->trace, nullptr) << "that of the other one";
}

TEST_F(Recorder, WhatTheDiskHasNoRoomForIsCountedAndTheErrorIsNamed)
{
    HeardLog heard;
    recorder_close(&recorder_, world_.mutable_segment(), scaling_.get(), clock_monotonic());
    ASSERT_EQ(recorder_open(path_.c_str(), 1 << 24, world_.mutable_segment(), heard.get(), start_, &recorder_), 0);
    auto work = [&] {
        for (int i = 0; i < 100; i++) {
            Tell(1, TRACE_CLAIM, 3);
            Tell(1, TRACE_COMMIT, 3);
            Tell(1, TRACE_COMMITTED);
        }
        Tick();
    };
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    rlimit none, most;
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &none), 0);
    most = none;
    most.rlim_cur = 10000;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &most), 0);
    for (int i = 0; i < 3; i++)
        work();
    Close();
    EXPECT_EQ(SoFar().Problems(), "") << "it ends like that of a host that was killed";
    EXPECT_GT(SoFar().Spans("filter/0", "process"), 10u);
    setrlimit(RLIMIT_FSIZE, &none);
    signal(SIGXFSZ, before);
    const std::string lines = heard.Lines();
    EXPECT_THAT(lines, testing::HasSubstr("the trace cannot be written any more: File too large\n"));
    EXPECT_THAT(lines, testing::HasSubstr("of its events had no room in the file (File too large), 0 came faster"));
}
