// A pipeline in one line: words, quotes, settings, lists, and its mistakes.
#include "parsed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(OneLine, OptionsAndSettingsAreTaken)
{
    Parsed p = Parsed::line("files.read path=/ include=*.jpg,*.png | image.decode :name=dec :workers=2-4 | "
                            "image.resize shorter=256 gamma=1 :ordered=true :queue=8 :timeout=200ms :memory=4M "
                            ":on_error=drop :max_attempts=5 :when_full=drop|files.write path=out");
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_EQ(p->n_stages, 4u);
    EXPECT_EQ(p->file, nullptr);
    EXPECT_STREQ(p->name, "pipeline");
    EXPECT_EQ(p.stage("dec").workers_min, 2u);
    EXPECT_EQ(p.stage("dec").workers_max, 4u);
    const struct stage &s = p.stage("resize");
    EXPECT_EQ(s.ordered, 1);
    EXPECT_EQ(s.queue, 8u);
    EXPECT_EQ(s.timeout_ns, 200000000u);
    EXPECT_EQ(s.memory, 4u << 20);
    EXPECT_EQ(s.on_error, ON_ERROR_DROP);
    EXPECT_EQ(s.max_attempts, 5u);
    EXPECT_EQ(s.line, 0);
    EXPECT_EQ(p->edges[1].when_full, WHEN_FULL_DROP);
    EXPECT_THAT(p.items("read", "include"), ElementsAre("*.jpg", "*.png"));
}

TEST(OneLine, QuotesAndBackslashesAreTheShells)
{
    Parsed p =
        Parsed::line("text.lines path='my | \"files\"' | test.all word=a\\ b\\|c words=\"x,y\",z\\,w,'' | files.write "
                     "path=\"q\\\"\\\\\\n\"'='");
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_STREQ(p.option("lines", "path").text, "my | \"files\"");
    EXPECT_STREQ(p.option("all", "word").text, "a b|c");
    EXPECT_STREQ(p.option("write", "path").text, "q\"\\\\n=");
    EXPECT_THAT(p.items("all", "words"), ElementsAre("x,y", "z,w", ""));
}

TEST(OneLine, InputsNameStages)
{
    Parsed p = Parsed::line("text.lines | test.split :name=s | core.null :inputs=s,s.errors");
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_EQ(p->n_edges, 3u);
    EXPECT_EQ(p->edges[2].from_port, 1u);
}

TEST(OneLine, EmptyValueIsEmptyText)
{
    Parsed p = Parsed::line("text.lines path= | core.null");
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_STREQ(p.option("lines", "path").text, "");
}

struct WrongLine {
    const char *name, *line, *message; // a ~ marks the place, and is taken out
};

void PrintTo(const WrongLine &c, std::ostream *to)
{
    *to << c.name;
}

class OneLineMistake : public testing::TestWithParam<WrongLine>
{
};

TEST_P(OneLineMistake, IsFoundAtItsPlace)
{
    std::string line = GetParam().line;
    size_t place = take_place(line);
    Parsed p = Parsed::line(line);
    EXPECT_THAT(p.mistakes(), ElementsAre(StartsWith("0:" + std::to_string(place) + ": " + GetParam().message)));
    ASSERT_GT(p.complaints().n, 0u);
    EXPECT_EQ(p.complaints().list[0].file, nullptr);
    EXPECT_EQ(p.complaints().list[0].source, line);
}

INSTANTIATE_TEST_SUITE_P(
    OneLine, OneLineMistake,
    testing::Values(
        WrongLine{"Empty", "~  ", "the pipeline is empty"},
        WrongLine{"NothingBeforeTheBar", "~| core.null", "a processor is missing before this '|'"},
        WrongLine{"NothingBetweenBars", "text.lines | ~| core.null", "a processor is missing before this '|'"},
        WrongLine{"NothingAtTheEnd", "text.lines | ~", "a processor is missing at the end"},
        WrongLine{"OpenQuote", "text.lines path=~'a | core.null", "this ' has no partner"},
        WrongLine{"OptionFirst", "text.lines | ~count=3 | core.null",
                  "expected a processor, as files.read, but found 'count=3'"},
        WrongLine{"SettingFirst", "text.lines | ~:workers=3 | core.null", "expected a processor"},
        WrongLine{"NoAssignment", "text.lines ~fast | core.null",
                  "expected name=value or :setting=value, but found 'fast'"},
        WrongLine{"NoName", "text.lines ~=fast | core.null", "expected name=value"},
        WrongLine{
            "QuotedEquals", "text.lines ~'a=b c' | core.null",
            "expected name=value or :setting=value, but found 'a=b c': quote the value alone, as name=\"a value\""},
        WrongLine{"OptionTwice", "text.lines path=a ~path=b | core.null", "option 'path' is set twice"},
        WrongLine{"SettingTwice", "text.lines :name=a ~:name=b | core.null", "the setting 'name' is set twice"},
        WrongLine{"UnknownSetting", "text.lines | core.batch :~wrokers=2 | core.null",
                  "stage 'batch': unknown setting 'wrokers' (did you mean 'workers'?)"},
        WrongLine{"UnknownOption", "text.lines | core.batch ~sise=2 | core.null",
                  "stage 'batch': unknown option 'sise' (did you mean 'size'?)"},
        WrongLine{"OptionOutOfRange", "text.lines | core.batch size=~9999 | core.null",
                  "stage 'batch': option 'size' must be from 1 to 4096 frames, but is '9999'"},
        WrongLine{"ListElement", "text.lines | test.all wholes=1,~x,3 | core.null",
                  "stage 'all': option 'wholes' must be an integer"},
        WrongLine{"WorkersRange", "text.lines | core.batch :workers=~4-2 | core.null",
                  "stage 'batch': workers.min is 4, more than workers.max"},
        WrongLine{"WorkersWord", "text.lines | core.batch :workers=~many | core.null",
                  "stage 'batch': workers must be an integer"},
        WrongLine{"OptionsAsWord", "text.lines | core.batch :options=~3 | core.null",
                  "stage 'batch': options must be a group"},
        WrongLine{"InputUnknown", "text.lines | core.batch :inputs=~lins | core.null",
                  "stage 'batch': there is no stage 'lins' to read from (did you mean 'lines'?)"},
        WrongLine{"NameTwice", "text.lines :name=a | core.null :name=~a",
                  "stage 'a': its name is taken by the stage number 1"}),
    [](const auto &tested) { return std::string(tested.param.name); });

TEST(OneLine, AllMistakesAreReportedAtOnce)
{
    Parsed p = Parsed::line("text.lins | core.batch size=0 | | core.null fast");
    EXPECT_THAT(p.mistakes(), ElementsAre(HasSubstr("processor is missing"), HasSubstr("expected name=value")));
    Parsed q = Parsed::line("text.lins | core.batch size=0 colour=3 | core.nul");
    EXPECT_EQ(q.complaints().n, 4u) << q.report();
}

TEST(OneLine, MistakeIsShownWithACaret)
{
    EXPECT_EQ(Parsed::line("text.lines | core.nul").report(),
              "stage 'nul': there is no processor 'core.nul' (did you mean 'core.null'?)\n"
              "    text.lines | core.nul\n"
              "                 ^\n");
}

} // namespace
