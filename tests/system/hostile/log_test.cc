// The log of a pipeline whose plugin floods it, or writes what is no text: nothing of it is lost or forged.
#include "running.h"

#include <gtest/gtest.h>
#include <jansson.h>

#include <functional>
#include <memory>
#include <sstream>

using namespace crash;

namespace
{

using Json = std::unique_ptr<json_t, void (*)(json_t *)>;

std::string Text(const Json &record, const char *key)
{
    const char *text = json_string_value(json_object_get(record.get(), key));
    return text ? text : "";
}

json_int_t Number(const Json &record, const char *key)
{
    const json_t *n = json_object_get(record.get(), key);
    return json_is_integer(n) ? json_integer_value(n) : -1;
}

// Runs a pipeline in which the stage "evil" sins once, and hands out each line of its log.
void EachRecord(const std::string &sin, const std::function<void(const Json &)> &look)
{
    Folder folder;
    Running run(folder,
                {"-e",
                 "core.generate count=400 size=64 | sins.sinner :name=evil :workers=1 sin=" + sin + " | core.null",
                 "--log", "json", "--log-level", "info"});
    const Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    std::istringstream lines(result.errors);
    for (std::string line; std::getline(lines, line);) {
        Json record(json_loadb(line.data(), line.size(), JSON_REJECT_DUPLICATES, nullptr), json_decref);
        ASSERT_NE(record, nullptr) << line;
        EXPECT_NE(Text(record, "time"), "") << line;
        EXPECT_NE(Text(record, "level"), "") << line;
        EXPECT_GT(Number(record, "pid"), 0) << line;
        look(record);
    }
}

} // namespace

TEST(HostileLog, OfAFloodIsACountThatIsExact)
{
    json_int_t sum = 0;
    int lines = 0;
    std::string first, last;
    EachRecord("flood_log", [&](const Json &record) {
        if (Text(record, "text").rfind("flood ", 0) != 0)
            return;
        lines++;
        sum += Number(record, "repeated") > 0 ? Number(record, "repeated") : 1;
        first = first.empty() ? Text(record, "text") : first;
        last = Text(record, "text");
    });
    EXPECT_EQ(sum, 5000);
    EXPECT_EQ(first, "flood 0");
    EXPECT_EQ(last, "flood 4999");
    EXPECT_LT(lines, 1000);
}

TEST(HostileLog, AsJsonIsAnObjectALineWhateverAPluginWrites)
{
    int lines = 0;
    EachRecord("log_bytes", [&](const Json &record) {
        if (Text(record, "stage") != "evil" || Number(record, "worker") != 0)
            return;
        lines++;
        EXPECT_EQ(Text(record, "level"), "error");
        EXPECT_GE(Number(record, "frame"), 0) << "the plugin has one in hand";
        EXPECT_NE(Text(record, "text"), "");
    });
    EXPECT_GT(lines, 100);
}

TEST(HostileLog, AsJsonIsAllThatARunSaysFromItsStartToItsEnd)
{
    bool has_memory = false;
    std::string last;
    EachRecord("want_too_much", [&](const Json &record) {
        last = Text(record, "text");
        has_memory |= last.rfind("memory ", 0) == 0;
    });
    EXPECT_TRUE(has_memory);
    EXPECT_EQ(last.rfind("done after ", 0), 0u) << last;
}
