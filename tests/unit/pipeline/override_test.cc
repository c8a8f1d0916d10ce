// Settings of the command line over those of a file.
#include "parsed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const char base_file[] =
    "memory = \"64M\";\nstages = (\n  { processor = \"text.lines\"; },\n"
    "  { processor = \"test.all\"; workers = 1; options = { whole = 3; }; },\n  { processor = \"core.null\"; }\n);\n";

Parsed with(const std::vector<std::string> &overrides)
{
    return Parsed::text(base_file, overrides);
}

TEST(Override, ReplacesASetting)
{
    Parsed p = with({"memory=1G", "stages.all.workers=4"});
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_EQ(p->memory, 1u << 30);
    EXPECT_EQ(p.stage("all").workers_min, 4u);
    EXPECT_EQ(p.stage("all").workers_max, 4u);
}

TEST(Override, AddsASettingThatIsNotThere)
{
    Parsed p = with({"name = night-run", "stages.lines.options.path=a,b", "stages.null.queue=8"});
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_STREQ(p->name, "night-run");
    EXPECT_STREQ(p.option("lines", "path").text, "a,b");
    EXPECT_EQ(p.stage("null").queue, 8u);
}

TEST(Override, ReplacesAnOption)
{
    EXPECT_EQ(with({"stages.all.options.whole=5"}).option("all", "whole").integer, 5);
}

TEST(Override, BareWordHasTheTypeThatIsWanted)
{
    Parsed p =
        with({"stages.all.options.word=300", "stages.all.options.flag=true", "stages.all.options.words=*.a,*.b"});
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_STREQ(p.option("all", "word").text, "300");
    EXPECT_EQ(p.option("all", "flag").integer, 1);
    EXPECT_EQ(p.option("all", "words").n_items, 2u);
}

TEST(Override, LibconfigValueIsTaken)
{
    Parsed p =
        with({"stages.all.workers={ min = 1; max = 8; }", "stages.all.options.words=[ \"a,b\", \"c\" ];",
              "stages.all.options.word=\"x y\"", "stages.null.inputs=( { from = \"all\"; when_full = \"drop\"; } )"});
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_EQ(p.stage("all").workers_max, 8u);
    EXPECT_STREQ(p.option("all", "words").items[0], "a,b");
    EXPECT_STREQ(p.option("all", "word").text, "x y");
    EXPECT_EQ(p->edges[1].when_full, WHEN_FULL_DROP);
}

TEST(Override, PartOfAGroupIsSet)
{
    Parsed p = with({"stages.all.workers.max=3"});
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_EQ(p.stage("all").workers_max, 3u);
}

TEST(Override, LastOfTwoWins)
{
    EXPECT_EQ(with({"memory=1G", "memory=2G"})->memory, 2u << 30);
}

TEST(Override, WorksOnAOneLinePipeline)
{
    Parsed p = Parsed::line("text.lines | core.null", {"memory=1G", "stages.null.name=end"});
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_EQ(p->memory, 1u << 30);
    p.stage("end");
}

struct WrongOverride {
    const char *name, *text, *message; // a ~ marks the place, and is taken out
};

void PrintTo(const WrongOverride &c, std::ostream *to)
{
    *to << c.name;
}

class OverrideMistake : public testing::TestWithParam<WrongOverride>
{
};

TEST_P(OverrideMistake, IsFoundAtItsPlaceAndNamesTheOverride)
{
    std::string text = GetParam().text;
    size_t place = take_place(text);
    Parsed p = with({text});
    EXPECT_THAT(p.mistakes(),
                ElementsAre(StartsWith("0:" + std::to_string(place) + ": in '" + text + "': " + GetParam().message)));
    EXPECT_THAT(p.report(), testing::Not(HasSubstr("line 0")));
}

INSTANTIATE_TEST_SUITE_P(
    Override, OverrideMistake,
    testing::Values(
        WrongOverride{"NoEquals", "~memory", "expected setting=value"},
        WrongOverride{"NoPath", "~=3", "expected setting=value"},
        WrongOverride{"UnknownSetting", "~memroy=1G", "unknown setting 'memroy' (did you mean 'memory'?)"},
        WrongOverride{"UnknownStage", "stages.~al.workers=4", "unknown stage 'al' (did you mean 'all'?)"},
        WrongOverride{"UnknownStageSetting", "stages.all.~wrokers=4",
                      "stage 'all': unknown setting 'wrokers' (did you mean 'workers'?)"},
        WrongOverride{"UnknownOption", "stages.all.options.~whoel=4",
                      "stage 'all': unknown option 'whoel' (did you mean 'whole'?)"},
        WrongOverride{"NoSetting", "stages.~all=4", "which setting of the stage?"},
        WrongOverride{"WrongType", "stages.all.options.whole=~x", "stage 'all': option 'whole' must be an integer"},
        WrongOverride{"OutOfRange", "memory= ~1", "memory must be from 2M"},
        WrongOverride{"Empty", "memory=~", "memory must be a size"},
        WrongOverride{"Syntax", "stages.all.workers=~{ min = 1;", "this '{' is never closed"},
        WrongOverride{"SyntaxInside", "stages.all.workers={ min = ~x; }", "a text needs quotes: \"x\""},
        WrongOverride{"TwoValues", "name=\"x\"; ~memory = 5", "an override sets one value"},
        WrongOverride{"SetTwice", "stages.all.workers={ min = 1; ~min = 2; max = 3; }", "'min' is set twice"},
        WrongOverride{"StagesAsWord", "stages=~none", "stages must be a list of groups"}),
    [](const auto &tested) { return std::string(tested.param.name); });

TEST(Override, MistakesComeAfterThoseOfTheFile)
{
    Parsed p =
        Parsed::text("memroy = 1;\nstages = ( { processor = \"text.lines\"; }, { processor = \"core.null\"; } );",
                     {"memory=x", "stages.q.w=1"});
    EXPECT_THAT(p.mistakes(), ElementsAre(StartsWith("1:1:"), HasSubstr("'memory=x'"), HasSubstr("unknown stage 'q'")));
}

} // namespace
