// A line of the log: what it says, and that it stays one line, and valid JSON, whatever is in it.
extern "C" {
#include "log_line.h"
}

#include <gtest/gtest.h>
#include <jansson.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "dice.h"

namespace
{

std::string Line(const struct log_record &r, enum log_format format)
{
    char line[LOG_LINE_MAX];
    memset(line, '#', sizeof line);
    size_t n = log_line(&r, format, line);
    EXPECT_LE(n, format == LOG_HUMAN ? 1024u : 4096u);
    return std::string(line, n);
}

// Without the time in front of it.
std::string Human(const struct log_record &r)
{
    std::string line = Line(r, LOG_HUMAN);
    EXPECT_EQ(line.find(' '), strlen("12:03:04.117"));
    return line.substr(line.find(' ') + 1);
}

struct log_record Record(const char *text)
{
    struct log_record r = {};
    r.time = {1774526584, 117999999}; // 2026-03-26 12:03:04 UTC
    r.level = LOG_LEVEL_WARNING;
    r.stage = "decode";
    r.worker = 1;
    r.pid = 4711;
    r.text = text;
    return r;
}

} // namespace

TEST(LogLine, ForPeopleSaysHowUrgentWhoAndOfWhichFrame)
{
    struct log_record r = Record("not a JPEG");
    EXPECT_EQ(Human(r), "warning decode/1: not a JPEG\n");
    r.has_frame = 1;
    r.frame = 812;
    EXPECT_EQ(Human(r), "warning decode/1: frame 812: not a JPEG\n");
    r.has_frame = 0;
    r.worker = LOG_NOBODY;
    EXPECT_EQ(Human(r), "warning decode: not a JPEG\n");
    r.who = "micropipe";
    EXPECT_EQ(Human(r), "warning micropipe: decode: not a JPEG\n");
    r.stage = nullptr;
    EXPECT_EQ(Human(r), "warning micropipe: not a JPEG\n");
}

TEST(LogLine, AsJsonHasTheSameAndTheTimeInUtc)
{
    struct log_record r = Record("not a \"JPEG\"");
    EXPECT_EQ(Line(r, LOG_JSON), "{\"time\":\"2026-03-26T12:03:04.117Z\",\"level\":\"warning\",\"stage\":\"decode\","
                                 "\"worker\":1,\"pid\":4711,\"text\":\"not a \\\"JPEG\\\"\"}\n");
    r.has_frame = 1;
    r.frame = UINT64_MAX;
    r.worker = LOG_NOBODY;
    r.who = "micropipe";
    EXPECT_EQ(Line(r, LOG_JSON), "{\"time\":\"2026-03-26T12:03:04.117Z\",\"level\":\"warning\",\"stage\":\"decode\","
                                 "\"pid\":4711,\"frame\":18446744073709551615,\"text\":\"not a \\\"JPEG\\\"\"}\n");
    r.stage = nullptr;
    r.has_frame = 0;
    EXPECT_EQ(Line(r, LOG_JSON), "{\"time\":\"2026-03-26T12:03:04.117Z\",\"level\":\"warning\",\"pid\":4711,"
                                 "\"text\":\"not a \\\"JPEG\\\"\"}\n");
}

TEST(LogLine, AsJsonSaysWhereAMistakeIs)
{
    struct log_record r = Record("memory must be a size");
    r.stage = nullptr;
    struct log_place place = {"a.cfg", 3, 12, "    memory = x;\n             ^"};
    r.place = &place;
    EXPECT_NE(Line(r, LOG_JSON)
                  .find(",\"file\":\"a.cfg\",\"line\":3,\"column\":12,\"excerpt\":\"    memory = x;\\u000a"
                        "             ^\",\"text\":\"memory must be a size\"}\n"),
              std::string::npos);
    place = {nullptr, 0, 0, nullptr};
    EXPECT_NE(Line(r, LOG_JSON).find(",\"pid\":4711,\"text\":\"memory must be a size\"}\n"), std::string::npos);
}

TEST(LogLine, SaysHowOftenItWasRepeated)
{
    struct log_record r = Record("not a JPEG");
    r.repeated = 41;
    EXPECT_EQ(Human(r), "warning decode/1: not a JPEG (repeated 41 times)\n");
    EXPECT_NE(Line(r, LOG_JSON).find(",\"text\":\"not a JPEG\",\"repeated\":41}\n"), std::string::npos);
    r.varied = 1;
    EXPECT_EQ(Human(r), "warning decode/1: not a JPEG (repeated 41 times with other numbers)\n");
    EXPECT_NE(Line(r, LOG_JSON).find(",\"repeated\":41,\"varied\":true}\n"), std::string::npos);
}

TEST(LogLine, ForPeopleHasNoBytesThatATerminalWouldObey)
{
    EXPECT_EQ(Human(Record("a\033[2Jb\nforged\x7f\tc\xc2\x9b"
                           "2Jd\xff"
                           "e\xc3\xa9")),
              "warning decode/1: a [2Jb forged \tc 2Jd?e\xc3\xa9\n");
}

TEST(LogLine, AsJsonEscapesWhatItCannotHold)
{
    EXPECT_NE(Line(Record("a\033\n\\\x7f\xc2\x9b\xff\xe2\x82\xac"), LOG_JSON)
                  .find("\"text\":\"a\\u001b\\u000a\\\\\\u007f\\u009b\\ufffd\xe2\x82\xac\"}\n"),
              std::string::npos);
}

TEST(LogLine, ThatIsTooLongIsCutAndStillSaysHowOftenItWasRepeated)
{
    const std::string longest(10000, 'x');
    struct log_record r = Record(longest.c_str());
    r.repeated = UINT64_MAX;
    r.varied = 1;
    std::string line = Line(r, LOG_HUMAN);
    EXPECT_GT(line.size(), 900u);
    EXPECT_NE(line.find("x (repeated 18446744073709551615 times with other numbers)\n"), std::string::npos);
    line = Line(r, LOG_JSON);
    EXPECT_GT(line.size(), 3900u);
    EXPECT_NE(line.find("x\",\"repeated\":18446744073709551615,\"varied\":true}\n"), std::string::npos);
}

TEST(LogLine, OfWhateverBytesIsOneLineAndOneJsonObject)
{
    Dice dice(7);
    for (int i = 0; i < 3000; i++) {
        std::string text, stage;
        for (uint64_t n = dice.OneIn(4) ? dice.Below(6000) : dice.Below(40); n > 0; n--)
            text +=
                static_cast<char>(dice.OneIn(3) ? "\\\"\n\033\xc2\xe2\xf0\x80"[dice.Below(8)] : dice.Between(1, 255));
        for (uint64_t n = dice.Below(60); n > 0; n--)
            stage += static_cast<char>(dice.Between(1, 255));
        struct log_record r = Record(text.c_str());
        r.stage = stage.c_str();
        r.repeated = dice.Below(3);
        const struct log_place place = {stage.c_str(), 1, 2, text.c_str()};
        r.place = dice.OneIn(2) ? &place : nullptr;
        std::string line = Line(r, LOG_JSON);
        ASSERT_EQ(line.find('\n'), line.size() - 1);
        json_error_t error;
        json_t *object = json_loadb(line.data(), line.size(), JSON_REJECT_DUPLICATES, &error);
        ASSERT_NE(object, nullptr) << error.text << ": " << line;
        EXPECT_TRUE(json_is_string(json_object_get(object, "text")));
        json_decref(object);
        line = Line(r, LOG_HUMAN);
        ASSERT_EQ(line.find('\n'), line.size() - 1);
        ASSERT_EQ(line.find('\033'), std::string::npos);
    }
}
