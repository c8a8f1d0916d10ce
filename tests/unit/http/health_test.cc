// When a pipeline is ready to work.
extern "C" {
#include "health.h"
}
#include "status_sample.h"

#include <gtest/gtest.h>

namespace
{

int Ready(const std::string &state, const std::string &stage, std::string *text, size_t size = 200)
{
    Status s = StatusOf(R"({"state": ")" + state +
                        R"(", "stages": [{"name": "a", "state": "running", "workers": 1}, )" + stage + "]}");
    text->assign(size, '\0');
    int ready = health_ready(s.get(), text->data(), size);
    *text = text->c_str();
    return ready;
}

} // namespace

TEST(Health, IsReadyWhenEveryStageRunsOrHasDoneItsPart)
{
    std::string text;
    EXPECT_TRUE(Ready("running", R"({"name": "b", "state": "running", "workers": 2})", &text));
    EXPECT_EQ(text, "ready\n");
    EXPECT_TRUE(Ready("paused", R"({"name": "b", "state": "draining", "workers": 1})", &text));
    EXPECT_TRUE(Ready("running", R"({"name": "b", "state": "ended", "workers": 0})", &text));
}

TEST(Health, OfAStageThatStartsOrHasNoWorkersIsNotReadyAndNamesIt)
{
    std::string text;
    EXPECT_FALSE(Ready("running", R"({"name": "b", "state": "starting", "workers": 1})", &text));
    EXPECT_EQ(text, "stage 'b': starting, 1 workers\n");
    EXPECT_FALSE(Ready("running", R"({"name": "b", "state": "running", "workers": 0})", &text));
    EXPECT_FALSE(Ready("running", R"({"name": "b", "state": "failed", "workers": 1})", &text, 4)) << "little room";
    EXPECT_EQ(text, "sta");
}

TEST(Health, OfAPipelineThatIsDrainedIsNotReady)
{
    std::string text;
    EXPECT_FALSE(Ready("draining", R"({"name": "b", "state": "running", "workers": 2})", &text));
    EXPECT_EQ(text, "draining\n");
}

TEST(Health, OfAStatusThatSaysNothingIsNotReady)
{
    char text[200] = "";
    EXPECT_FALSE(health_ready(StatusOf("{}").get(), text, sizeof text));
    EXPECT_STREQ(text, "\n");
    EXPECT_FALSE(health_ready(StatusOf(R"({"stages": [{}, {}]})").get(), text, 4))
        << "and there is little room to say so";
}
