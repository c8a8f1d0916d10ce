// The attributes of a frame as JSON, as dead letters and taps have them.
extern "C" {
#include "attributes.h"
#include "frame_json.h"
}

#include <gtest/gtest.h>
#include <micropipe/frame.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace
{

using namespace std::string_literals;

// One record.
std::string Record(const std::string &name, const std::string &value)
{
    attribute a = {name.c_str(), reinterpret_cast<const uint8_t *>(value.data()), static_cast<uint32_t>(value.size())};
    std::vector<uint64_t> room(attributes_record_size(a.name, a.size) / 8); // records are of words
    uint32_t n = attributes_replace(reinterpret_cast<uint8_t *>(room.data()), nullptr, 0, &a);
    return {reinterpret_cast<const char *>(room.data()), n};
}

std::string Json(const std::string &records)
{
    std::vector<uint64_t> words(records.size() / 8 + 1);
    records.copy(reinterpret_cast<char *>(words.data()), records.size());
    json_t *attributes =
        json_attributes(reinterpret_cast<const uint8_t *>(words.data()), static_cast<uint32_t>(records.size()));
    char *text = json_dumps(attributes, JSON_COMPACT);
    std::string json = text ? text : "no memory";
    free(text);
    json_decref(attributes);
    return json;
}

} // namespace

TEST(FrameJson, TextIsTextAndTheRestIsHexadecimal)
{
    EXPECT_EQ(Json(""), "{}");
    EXPECT_EQ(Json(Record("path", "a\xc3\xa4.jpg") + Record("empty", "")),
              "{\"path\":\"a\xc3\xa4.jpg\",\"empty\":\"\"}");
    EXPECT_EQ(Json(Record("latin", "a\xe4")), R"({"latin":{"hex":"61e4"}})");
    EXPECT_EQ(Json(Record("binary", "a\0b"s)), R"({"binary":{"hex":"610062"}})");
}

TEST(FrameJson, AShapeIsAListOfNumbersIfItIsOne)
{
    EXPECT_EQ(Json(Record(MPIPE_ATTR_SHAPE, "\x03\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0"s)),
              "{\"" MPIPE_ATTR_SHAPE "\":[3,4]}");
    EXPECT_EQ(Json(Record(MPIPE_ATTR_SHAPE, "3x4")), "{\"" MPIPE_ATTR_SHAPE "\":\"3x4\"}");
}

// A plugin's mistake: without this there would be no dead letter of such a frame, which ends the run.
TEST(FrameJson, ANameThatIsNoTextIsWrittenAllTheSame)
{
    EXPECT_EQ(Json(Record("na\xefve", "1") + Record("b", "2")), R"({"na?ve":"1","b":"2"})");
    EXPECT_EQ(Json(Record(std::string(254, 'n') + "\xc3\xa4", "1")), "{\"" + std::string(254, 'n') + "?\":\"1\"}")
        << "it is longer than names may be";
}

TEST(FrameJson, WhatIsNoRecordEndsThem)
{
    EXPECT_EQ(Json(Record("a", "1") + std::string(16, '\xff')), R"({"a":"1"})");
}
