// The text for Prometheus: what it says, and that it is of the format.
extern "C" {
#include "metrics.h"
}
#include "exposition.h"
#include "status_sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace
{

using testing::HasSubstr;
using testing::Not;

std::string Text(const std::string &status)
{
    Status s = StatusOf(status);
    EXPECT_NE(s, nullptr);
    std::unique_ptr<char, void (*)(void *)> text(metrics_text(s.get()), std::free);
    return text ? text.get() : "";
}

} // namespace

TEST(Metrics, AreOfTheFormat)
{
    Exposition e(Text(STATUS));
    EXPECT_EQ(e.mistakes(), "");
    EXPECT_GT(e.samples().size(), 20u);
}

TEST(Metrics, TellWhatTheStatusTells)
{
    Exposition e(Text(STATUS));
    EXPECT_EQ(e.value("micropipe_stage_frames_in_total{stage=\"read\"}"), "12");
    EXPECT_EQ(e.value("micropipe_stage_frames_in_total{stage=\"write\"}"), "9007199254740993") << "to the last digit";
    EXPECT_EQ(e.value("micropipe_stage_frames_dead_total{stage=\"read\"}"), "2");
    EXPECT_EQ(e.value("micropipe_stage_workers{stage=\"write\"}"), "3");
    EXPECT_EQ(e.value("micropipe_stage_busy_seconds_total{stage=\"write\"}"), "0.001");
    EXPECT_EQ(e.value("micropipe_arena_used_bytes"), "10");
    EXPECT_EQ(e.value("micropipe_workers_memory_limit_bytes"), "300");
    EXPECT_EQ(e.value("micropipe_workers_memory_used_bytes"), "200");
    EXPECT_EQ(e.value("micropipe_pipeline_state{state=\"running\"}"), "1");
    EXPECT_EQ(e.value("micropipe_pipeline_state{state=\"paused\"}"), "0");
}

TEST(Metrics, HaveHistogramsOfTheSameBucketsWhateverIsInThem)
{
    Exposition e(Text(STATUS));
    const std::string name = "micropipe_stage_ring_seconds", stage = "{stage=\"write\"";
    EXPECT_EQ(e.type(name), "histogram");
    EXPECT_EQ(e.value(name + "_bucket" + stage + ",le=\"1.024e-06\"}"), "0");
    EXPECT_EQ(e.value(name + "_bucket" + stage + ",le=\"0.067108864\"}"), "0");
    EXPECT_EQ(e.value(name + "_bucket" + stage + ",le=\"0.134217728\"}"), "1");
    EXPECT_EQ(e.value(name + "_bucket" + stage + ",le=\"0.536870912\"}"), "4");
    EXPECT_EQ(e.value(name + "_bucket" + stage + ",le=\"1099.51163\"}"), "4");
    EXPECT_EQ(e.value(name + "_bucket" + stage + ",le=\"+Inf\"}"), "5");
    EXPECT_EQ(e.value(name + "_sum" + stage + "}"), "0.75");
    EXPECT_EQ(e.value(name + "_count" + stage + "}"), "5");
}

TEST(Metrics, LeaveOutWhatIsNotKnown)
{
    std::string text = Text(STATUS);
    EXPECT_THAT(text, Not(HasSubstr("micropipe_stage_memory_bytes{stage=\"read\"}")));
    EXPECT_THAT(text, HasSubstr("micropipe_stage_memory_bytes{stage=\"write\"} 4096\n"));
    EXPECT_THAT(text, Not(HasSubstr("micropipe_stage_process_seconds"))) << "no head without a sample";
    EXPECT_EQ(Exposition(Text("{}")).mistakes(), "") << "a status without anything";
}

TEST(Metrics, HaveHistogramsOfSeveralStagesUnderOneHead)
{
    const std::string histogram = R"({"count": 0, "sum_s": 0.0, "buckets": []})";
    Exposition e(Text(R"({"state": "draining", "stages": [{"name": "a", "ring_histogram": )" + histogram +
                      R"(}, {"ring_histogram": )" + histogram + "}]}"));
    EXPECT_EQ(e.mistakes(), "");
    EXPECT_EQ(e.value("micropipe_stage_ring_seconds_count{stage=\"a\"}"), "0");
    EXPECT_EQ(e.value("micropipe_stage_ring_seconds_count{stage=\"\"}"), "0") << "one without a name";
}

TEST(Metrics, EscapeWhatEndsALabel)
{
    EXPECT_THAT(Text(STATUS), HasSubstr("micropipe_pipeline_info{pipeline=\"p\\\"q\"} 1\n"));
    EXPECT_THAT(Text(R"({"pipeline": "a\\b\nc"})"), HasSubstr("{pipeline=\"a\\\\b\\nc\"}"));
}
