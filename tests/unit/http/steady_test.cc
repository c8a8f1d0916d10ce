// Counters that never go down.
extern "C" {
#include "steady.h"
}
#include "status_sample.h"

#include <gtest/gtest.h>

namespace
{

double Told(steady *s, const std::string &busy)
{
    Status status = StatusOf(R"({"stages": [{"name": "a"}, {"name": "b", "busy_s": )" + busy + "}]}");
    steady_apply(s, status.get());
    return json_real_value(json_object_get(json_array_get(json_object_get(status.get(), "stages"), 1), "busy_s"));
}

} // namespace

TEST(Steady, TimesGoUpAndNeverDown)
{
    steady s = {};
    EXPECT_EQ(Told(&s, "1.0"), 1.0);
    EXPECT_EQ(Told(&s, "0.999"), 1.0);
    EXPECT_EQ(Told(&s, "0.5"), 1.0);
    EXPECT_EQ(Told(&s, "1.001"), 1.001);
}

TEST(Steady, MoreStagesThanThereCanBeAreNoHarm)
{
    std::string text = R"({"stages": [)";
    for (int i = 0; i < PIPELINE_STAGES_MAX + 2; i++)
        text += std::string(i ? "," : "") + R"({"busy_s": 1.0})";
    steady s = {};
    steady_apply(&s, StatusOf(text + "]}").get());
    EXPECT_EQ(s.told_s[PIPELINE_STAGES_MAX - 1][0], 1.0);
}
