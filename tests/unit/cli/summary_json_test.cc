extern "C" {
#include "summary.h"
}
#include "command_output.h"
#include "sample_run.h"

#include <gtest/gtest.h>
#include <jansson.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace
{

class SummaryJson : public testing::Test
{
  protected:
    ~SummaryJson() override { json_decref(object_); }

    json_t *Object()
    {
        Output out;
        EXPECT_EQ(summary_print_json(&run_.result, out.file()), 0);
        json_decref(object_);
        object_ = json_loads(out.text().c_str(), 0, nullptr);
        EXPECT_NE(object_, nullptr) << out.text();
        return object_;
    }

    json_t *Stage(size_t i) { return json_array_get(json_object_get(Object(), "stages"), i); }

    SampleRun run_{{"read", "decode", "write"}};

  private:
    json_t *object_ = nullptr;
};

json_int_t Number(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    EXPECT_TRUE(json_is_integer(value)) << key;
    return json_integer_value(value);
}

std::vector<std::string> Keys(json_t *object)
{
    std::vector<std::string> keys;
    for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i))
        keys.emplace_back(json_object_iter_key(i));
    return keys;
}

TEST_F(SummaryJson, AccountsForEveryFrame)
{
    run_.stage(1).in = 100;
    run_.stage(1).out = 80;
    run_.stage(1).dropped = 10;
    run_.stage(1).dead = 7;
    run_.stage(1).in_flight = 3;
    json_t *s = Stage(1);
    EXPECT_EQ(Number(s, "in"), 100);
    EXPECT_EQ(Number(s, "in"), Number(s, "out") + Number(s, "dropped") + Number(s, "dead") + Number(s, "in_flight"));
}

TEST_F(SummaryJson, HasTheFieldsThatTheManualNames)
{
    std::ostringstream page;
    page << std::ifstream(SOURCE_DIR "/docs/man/micropipe.1").rdbuf();
    const std::string text = page.str();
    const std::string fields =
        text.substr(text.find("\n.SH SUMMARY"), text.find("\n.SH SIGNALS") - text.find("\n.SH SUMMARY"));
    for (const std::string &key : Keys(Object()))
        EXPECT_NE(fields.find("\n.B " + key + "\n"), std::string::npos) << key;
    for (const std::string &key : Keys(Stage(0)))
        EXPECT_NE(std::min(fields.find("\n.B " + key + "\n"), fields.find("\n.BR " + key + " ")), std::string::npos)
            << key;
}

TEST_F(SummaryJson, HasTheOutcomeAndTheExitCode)
{
    run_.result.outcome = OUTCOME_DEAD_LETTERS;
    run_.stage(1).dead = 7;
    EXPECT_EQ(Number(Object(), "exit_code"), 3);
    EXPECT_STREQ(json_string_value(json_object_get(Object(), "outcome")), "dead_letters");
    EXPECT_EQ(Number(json_object_get(Object(), "dead_letters"), "count"), 7);
}

TEST_F(SummaryJson, HasNullForWhatThereIsNot)
{
    json_t *object = Object();
    EXPECT_TRUE(json_is_null(json_object_get(object, "reason")));
    EXPECT_TRUE(json_is_null(json_object_get(object, "first_frame_ms")));
    EXPECT_TRUE(json_is_null(json_object_get(object, "bottleneck")));
    EXPECT_TRUE(json_is_null(json_object_get(json_object_get(object, "dead_letters"), "folder")));
}

TEST_F(SummaryJson, CountsFramesASecondOverTheWholeRun)
{
    run_.now().elapsed_ns = 4 * kSecond;
    run_.Pass(1, 1000, 1);
    EXPECT_DOUBLE_EQ(json_real_value(json_object_get(Stage(1), "frames_per_s")), 250.0);
    EXPECT_DOUBLE_EQ(json_real_value(json_object_get(Object(), "elapsed_s")), 4.0);
}

TEST_F(SummaryJson, SurvivesAReasonThatIsNoUtf8)
{
    snprintf(run_.result.reason, sizeof run_.result.reason, "caf\xe9 \xc3\xa9");
    EXPECT_STREQ(json_string_value(json_object_get(Object(), "reason")), "caf? \xc3\xa9");
}

} // namespace
