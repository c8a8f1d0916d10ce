// Pages: what a status looks like, at any width.
extern "C" {
#include "page.h"
}
#include "sample_status.h"

#include <gmock/gmock.h>

#include <iterator>
#include <regex>
#include <sstream>
#include <string>

namespace
{

using testing::HasSubstr;
using testing::Not;

std::string Stages(size_t width, const json_t *status, size_t chosen = NO_CURSOR, glyphs as = GLYPHS_ASCII)
{
    return Drawn(
        width, 60, [&](canvas *c) { page_stages(status, c, 0, 60, chosen); }, as);
}

TEST(StagesPage, HasMoreColumnsWhereThereIsRoom)
{
    const std::string wide = Stages(200, SampleStatus().get());
    for (const char *title : {"workers", "frames/s", "out/s", "bytes/s", "waited p50", "waited p99", "p50", "p99",
                              "ring", "load", "busy", "blocked", "starved", "dead", "restarts", "memory"})
        EXPECT_THAT(wide, HasSubstr(title));
    EXPECT_THAT(Stages(40, SampleStatus().get()), HasSubstr("center_~"));
}

size_t Words(const std::string &line)
{
    std::istringstream in(line);
    return static_cast<size_t>(std::distance(std::istream_iterator<std::string>(in), {}));
}

TEST(StagesPage, NoRowIsWiderThanTheCanvasAndNoTwoCellsTouch)
{
    Json status = SampleStatus();
    json_t *stage = json_array_get(json_object_get(status.get(), "stages"), 3);
    json_object_set_new(stage, "name", json_string(std::string(64, 'n').c_str()));
    for (const char *key : {"in_rate", "bytes_in_rate", "dead", "restarts", "memory_bytes", "out_rate"})
        json_object_set_new(stage, key, json_real(9.994e17));
    for (size_t width = 10; width <= 300; width++) {
        std::istringstream rows(std::regex_replace(Stages(width, status.get()), std::regex("waited "), ""));
        std::string head, row;
        std::getline(rows, head);
        while (std::getline(rows, row)) {
            EXPECT_LE(row.size(), width);
            EXPECT_EQ(Words(row), Words(head)) << "at " << width << ":\n" << head << "\n" << row;
        }
    }
}

TEST(StagesPage, ShowsADashForWhatThePipelineDoesNotTell)
{
    Json old = Parsed(R"({"ok": true, "stages": [{"name": "read", "busy_s": 3, "wait_output_s": 1, "workers": 1},
                                                 {"name": 7, "in_rate": "x", "ring_s": [1]}, 3]})");
    const std::string text = Stages(80, old.get());
    EXPECT_THAT(text, HasSubstr("  read              1     -     -     -     -     -    - #######==    -   -    -"));
}

TEST(StagesPage, MarksAStageThatFailed)
{
    Json status = SampleStatus();
    json_object_set_new(json_array_get(json_object_get(status.get(), "stages"), 2), "state", json_string("failed"));
    EXPECT_THAT(Stages(80, status.get()), HasSubstr("resize      FAIL"));
}

std::string Headline(size_t width, const json_t *status)
{
    return Drawn(width, 9, [&](canvas *c) { page_headline(status, "photos-to-shards", c); });
}

TEST(Headline, NamesTheBottleneckAndWhatLimits)
{
    EXPECT_EQ(Headline(80, SampleStatus().get()),
              "photos-to-shards running for 1:23   process 3999   2 cores   512M for frames\n"
              "bottleneck: decode (2 workers, busy 98%)\n"
              "limited by: cpu 98 % used by the stages\n");
}

TEST(Headline, SaysThatNoStageHoldsUpTheOthers)
{
    Json status = SampleStatus();
    json_object_set_new(status.get(), "bottleneck", json_null());
    json_object_set_new(status.get(), "limited_by", json_null());
    EXPECT_THAT(Headline(80, status.get()), HasSubstr("bottleneck: none, no stage holds up the others\n"));
    EXPECT_THAT(Headline(80, status.get()), Not(HasSubstr("limited")));
}

TEST(Headline, TellsWhatOfTheBudgetOfMemoryIsInUse)
{
    Json status = SampleStatus();
    json_t *memory = json_object_get(status.get(), "memory");
    for (const auto &[key, mib] : {std::pair("limit", 120), std::pair("granted", 90), std::pair("used", 47)})
        json_object_set_new(memory, ("workers_" + std::string(key) + "_bytes").c_str(), json_integer(mib << 20));
    EXPECT_THAT(Headline(80, status.get()), HasSubstr("(2 workers, busy 98%)\n"
                                                      "workers' memory: 47M of 120M in use, 90M given out\n"
                                                      "limited by: "));
}

TEST(StagePage, TellsAllOfOneStage)
{
    Json status = SampleStatus();
    const json_t *stage = json_array_get(json_object_get(status.get(), "stages"), 1);
    EXPECT_EQ(Drawn(80, 9, [&](canvas *c) { EXPECT_EQ(page_stage(stage, c, 0, 9), 5u); }),
              "decode: image.decode, filter, sandbox io; 2 of 4 workers, by the scaler\n"
              "  in 54 321   out 50 316   dropped 0   dead 3   in flight 4 002   restarts 2\n"
              "  busy 98%   blocked 0%   starved 2%   memory 45M\n"
              "  processed p50 3.1ms p90 4.5ms p99 12ms max 21ms\n"
              "  queued 4 000 of 4 096   waited p50 6.5s p90 6.6s p99 6.7s max 6.7s\n");
    EXPECT_EQ(Drawn(80, 9, [&](canvas *c) { EXPECT_EQ(page_stage(stage, c, 0, 2), 2u); }),
              "decode: image.decode, filter, sandbox io; 2 of 4 workers, by the scaler\n"
              "  in 54 321   out 50 316   dropped 0   dead 3   in flight 4 002   restarts 2\n");
}

TEST(StagePage, TellsHowFarASourceIs)
{
    Json status = SampleStatus();
    const json_t *stage = json_array_get(json_object_get(status.get(), "stages"), 0);
    const std::string text = Drawn(80, 9, [&](canvas *c) { page_stage(stage, c, 0, 9); });
    EXPECT_THAT(text, HasSubstr("read 25%"));
    EXPECT_THAT(text, Not(HasSubstr("queued")));
}

TEST(WorkersPage, TellsWhatEachHasInHandAndForHowLong)
{
    Json status = SampleStatus();
    const json_t *stage = json_array_get(json_object_get(status.get(), "stages"), 1);
    EXPECT_EQ(Drawn(80, 9, [&](canvas *c) { page_workers(stage, c, 0, 9, 1); }),
              "  worker     pid state         for  cpu cpu time   frame in hand    done deaths\n"
              "  0         4000 busy        2.1ms  97%     1:23 123 455   2.1ms  61 720      2\n"
              "> 1         4001 wait input  2.1ms  97%     1:23       -       -  61 720      0\n");
    EXPECT_THAT(Drawn(80, 9, [&](canvas *c) { page_workers(nullptr, c, 0, 9, 0); }), HasSubstr("no worker is alive"));
}

TEST(DecisionsPage, HasTheNewestFirstAndBreaksLongReasons)
{
    Json status = SampleStatus();
    EXPECT_EQ(Drawn(60, 9, [&](canvas *c) { page_decisions(status.get(), c, 0, 9, 0, 4); }),
              "   1:02  encode: 2 -> 1 workers: 1 carries all that comes\n"
              "   0:01  decode: 1 -> 2 workers: it would hold back the\n"
              "          rest: 1 carry 612 frames/s of the source, 1224 can\n"
              "          be had\n");
    EXPECT_THAT(Drawn(60, 9, [&](canvas *c) { page_decisions(status.get(), c, 0, 9, 1, 1); }),
                testing::StartsWith("   0:01  decode: 1 -> 2 workers: it would hold back the re"));
    EXPECT_THAT(Drawn(60, 9, [&](canvas *c) { page_decisions(nullptr, c, 0, 9, 0, 4); }),
                HasSubstr("changed nothing yet"));
}

TEST(RollPage, HasARowAPipeline)
{
    Json roll = Parsed(R"([{"name": "hung", "status": null}])");
    Json status = SampleStatus();
    json_array_append_new(roll.get(), json_pack("{ss sO}", "name", "photos-to-shards", "status", status.get()));
    EXPECT_EQ(Drawn(100, 9, [&](canvas *c) { page_roll(roll.get(), c, 0, 9, NO_CURSOR); }),
              "  name                  pid  state            elapsed  stages  workers  frames/s  bottleneck\n"
              "  hung                       does not answer\n"
              "  photos-to-shards     3999  running             1:23       6        7       612  decode\n");
}

TEST(TotalsPage, LeavesOutWhatIsZeroButNothingOfTheAccount)
{
    Json status = SampleStatus();
    auto draw = [&](canvas *c) { page_totals(status.get(), "photos-to-shards", c); };
    for (size_t width : {70, 90, 200}) {
        const std::string text = Drawn(width, 40, draw);
        for (const char *title : {"  in ", "  out ", " dead ", " in flight "})
            EXPECT_THAT(text, HasSubstr(title));
        EXPECT_THAT(text, Not(HasSubstr("dropped")));
    }
    EXPECT_THAT(Drawn(200, 40, draw), HasSubstr("scaler"));
}

} // namespace
