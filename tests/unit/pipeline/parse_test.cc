// What a right configuration means: values, defaults, edges, order.
#include "parsed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

extern "C" {
#include <micropipe/processor.h>
}

namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

uint32_t cores()
{
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    return static_cast<uint32_t>(CPU_COUNT(&set));
}

// A pipeline of three stages; the one in the middle is "x".
Parsed around(const std::string &settings)
{
    return Parsed::text("stages = (\n  { processor = \"text.lines\"; },\n  { name = \"x\"; " + settings +
                        " },\n  { processor = \"core.null\"; }\n);\n");
}

std::vector<std::string> edges(const Parsed &p)
{
    std::vector<std::string> list;
    for (uint32_t i = 0; i < p->n_edges; i++) {
        const struct edge &e = p->edges[i];
        const struct stage &from = p->stages[e.from], &to = p->stages[e.to];
        list.push_back(std::string(from.name) + "." + from.description->outputs[e.from_port].name + " -> " + to.name +
                       "." + to.description->inputs[e.to_port].name + (e.when_full == WHEN_FULL_DROP ? " drop" : "") +
                       (e.copy ? " copy" : ""));
    }
    return list;
}

std::vector<std::string> names(const Parsed &p)
{
    std::vector<std::string> list;
    for (uint32_t i = 0; i < p->n_stages; i++)
        list.push_back(p->stages[i].name);
    return list;
}

TEST(Parse, SampleOfTheReadmeIsRight)
{
    Parsed p = Parsed::text(R"(
        name = "photos-to-shards";
        memory = "512M";  huge_pages = "try";  dead_letters = "/tmp/dead";
        stages = (
          { name = "photos"; processor = "files.read"; options = { path = "/"; include = [ "*.jpg", "*.png" ]; }; },
          { name = "decode"; processor = "image.decode"; workers = { min = 1; max = 4; }; on_error = "dead_letter"; max_attempts = 3; },
          { name = "resize"; processor = "image.resize"; options = { shorter = 256; }; },
          { name = "encode"; processor = "image.encode"; options = { format = "jpeg"; quality = 90; }; },
          { name = "shards"; processor = "files.write"; options = { path = "out"; }; }
        );)");
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_STREQ(p->name, "photos-to-shards");
    EXPECT_EQ(p->memory, 512u << 20);
    EXPECT_STREQ(p->dead_letters, "/tmp/dead");
    EXPECT_THAT(names(p), ElementsAre("photos", "decode", "resize", "encode", "shards"));
    EXPECT_THAT(edges(p), ElementsAre("photos.out -> decode.in", "decode.out -> resize.in", "resize.out -> encode.in",
                                      "encode.out -> shards.in"));
    EXPECT_EQ(p.stage("decode").workers_min, 1u);
    EXPECT_EQ(p.stage("decode").workers_max, 4u);
    EXPECT_THAT(p.items("photos", "include"), ElementsAre("*.jpg", "*.png"));
    EXPECT_EQ(p.option("encode", "format").integer, 0);
    EXPECT_TRUE(p.stage("photos").is_source);
    EXPECT_TRUE(p.stage("shards").is_sink);
    EXPECT_EQ(p.stage("resize").line, 7);
}

TEST(Parse, WhatIsNotSetHasItsDefault)
{
    Folder folder;
    Parsed p = Parsed::file(folder.write("my photos.cfg",
                                         "stages = ( { processor = \"text.lines\"; }, { processor = \"core.batch\"; }, "
                                         "{ processor = \"core.null\"; } );"));
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_STREQ(p->name, "my-photos");
    EXPECT_EQ(p->memory, 256u << 20);
    EXPECT_EQ(p->huge_pages, HUGE_PAGES_TRY);
    EXPECT_EQ(p->dead_letters, nullptr);
    EXPECT_EQ(p->plugin_path, nullptr);
    EXPECT_EQ(p->start_timeout_ns, 60000000000u);
    EXPECT_EQ(p->drain_timeout_ns, 10000000000u);
    const struct stage &s = p.stage("batch");
    EXPECT_EQ(s.on_error, ON_ERROR_DEAD_LETTER);
    EXPECT_EQ(s.max_attempts, 3u);
    EXPECT_EQ(s.timeout_ns, 0u);
    EXPECT_EQ(s.ordered, 0);
    EXPECT_EQ(s.memory, 0u);
    EXPECT_EQ(s.queue, 4096u);
    EXPECT_EQ(p.stage("lines").queue, 0u) << "a source has no ring";
}

TEST(Parse, WorkersAreOneForSourcesSinksAndSerialStagesAndAutoElse)
{
    Parsed p = Parsed::line("text.lines | core.batch | test.serial | core.null");
    EXPECT_EQ(p.stage("lines").workers_max, 1u);
    EXPECT_TRUE(p.stage("batch").workers_auto);
    EXPECT_EQ(p.stage("batch").workers_min, 1u);
    EXPECT_EQ(p.stage("serial").workers_max, 1u);
    EXPECT_EQ(p.stage("null").workers_max, 1u);
}

TEST(Parse, WorkersAsANumberAreBothEnds)
{
    Parsed p = around("processor = \"core.batch\"; workers = 7;");
    EXPECT_EQ(p.stage("x").workers_min, 7u);
    EXPECT_EQ(p.stage("x").workers_max, 7u);
}

TEST(Parse, AutomaticWorkersGoUpToOneForEachTwoMebibytesOfTheShare)
{
    auto most = [](const char *memory) {
        return Parsed::line(std::string("text.lines | core.batch | core.batch | core.null"), {memory})
            .stage("batch")
            .workers_max;
    };
    EXPECT_EQ(most("memory=120M"), 20u) << "three stages make frames";
    EXPECT_EQ(most("memory=8G"), 64u);
    EXPECT_EQ(most("memory=8M"), cores()) << "but to one a core at least";
}

TEST(Parse, WorkersWithoutMaximumGoUpAsFarAsAutomaticOnes)
{
    Parsed p = around("processor = \"core.batch\"; workers = { min = 1; };");
    EXPECT_EQ(p.stage("x").workers_min, 1u);
    EXPECT_EQ(p.stage("x").workers_max,
              around("processor = \"core.batch\"; workers = \"auto\";").stage("x").workers_max);
    EXPECT_EQ(around("processor = \"core.batch\"; workers = { min = 64; };").stage("x").workers_max, 64u);
}

TEST(Parse, OrderedOfThePipelineIsTheDefaultOfItsStages)
{
    Parsed p = Parsed::text("ordered = true; stages = ( { processor = \"text.lines\"; },"
                            "{ processor = \"core.batch\"; ordered = false; }, { processor = \"core.null\"; } );");
    EXPECT_EQ(p.stage("lines").ordered, 1);
    EXPECT_EQ(p.stage("batch").ordered, 0);
    EXPECT_EQ(p.stage("null").ordered, 1);
}

TEST(Parse, StagesWithoutANameHaveTheirProcessorsMadeUnique)
{
    Parsed p = Parsed::text("stages = ( { processor = \"text.lines\"; }, { processor = \"core.batch\"; },"
                            "{ processor = \"core.batch\"; }, { name = \"batch\"; processor = \"core.batch\"; },"
                            "{ processor = \"core.null\"; } );");
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_THAT(names(p), ElementsAre("lines", "batch-2", "batch-3", "batch", "null"));
}

TEST(Parse, EachTypeOfOptionIsConverted)
{
    Parsed p = around("processor = \"test.all\"; options = { flag = TRUE; whole = -3; real = 2; word = \"a\" \"b\"; "
                      "kind = \"two\"; bytes = \"1.5M\"; pause = 0.25; folder = \"/\"; };");
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_EQ(p.option("x", "flag").integer, 1);
    EXPECT_EQ(p.option("x", "whole").integer, -3);
    EXPECT_EQ(p.option("x", "real").number, 2.0);
    EXPECT_STREQ(p.option("x", "real").text, "2.0");
    EXPECT_STREQ(p.option("x", "word").text, "ab");
    EXPECT_EQ(p.option("x", "kind").integer, 1);
    EXPECT_STREQ(p.option("x", "kind").text, "two");
    EXPECT_EQ(p.option("x", "bytes").integer, 3 << 19);
    EXPECT_STREQ(p.option("x", "bytes").text, "1536K");
    EXPECT_EQ(p.option("x", "pause").integer, 250000000);
    EXPECT_STREQ(p.option("x", "pause").text, "250ms");
    EXPECT_STREQ(p.option("x", "folder").text, "/");
    EXPECT_TRUE(p.option("x", "flag").is_set);
}

TEST(Parse, OptionThatIsNotSetHasItsDefaultOrTheZeroOfItsType)
{
    Parsed p = around("processor = \"test.all\";");
    EXPECT_FALSE(p.option("x", "flag").is_set);
    EXPECT_STREQ(p.option("x", "flag").text, "false");
    EXPECT_STREQ(p.option("x", "whole").text, "0");
    EXPECT_STREQ(p.option("x", "real").text, "0.0");
    EXPECT_STREQ(p.option("x", "word").text, "");
    EXPECT_STREQ(p.option("x", "kind").text, "one");
    EXPECT_EQ(p.option("x", "pause").integer, 1000000);
    EXPECT_THAT(p.items("x", "wholes"), ElementsAre("1", "2"));
    EXPECT_THAT(p.items("x", "kinds"), ElementsAre("two"));
    EXPECT_EQ(p.option("x", "words").n_items, 0u);
}

TEST(Parse, ListsOfEachTypeAreConverted)
{
    Parsed p =
        around("processor = \"test.all\"; options = { flags = [ true, false ]; wholes = ( 3, 0x10 ); "
               "reals = ( 1, 0.5, 0.30000000000000004 ); words = [ \"a,b\", \"\" ]; kinds = ( \"two\", \"one\" ); "
               "sizes = ( 1024, \"2M\" ); pauses = ( 1, \"5ms\" ); folders = [ \"/\", \"/tmp\" ]; };");
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_THAT(p.items("x", "flags"), ElementsAre("true", "false"));
    EXPECT_THAT(p.items("x", "wholes"), ElementsAre("3", "16"));
    EXPECT_THAT(p.items("x", "reals"), ElementsAre("1.0", "0.5", "0.30000000000000004"));
    EXPECT_THAT(p.items("x", "words"), ElementsAre("a,b", ""));
    EXPECT_THAT(p.items("x", "kinds"), ElementsAre("two", "one"));
    EXPECT_THAT(p.items("x", "sizes"), ElementsAre("1K", "2M"));
    EXPECT_THAT(p.items("x", "pauses"), ElementsAre("1s", "5ms"));
}

TEST(Parse, IntegersOf64BitsAreExact)
{
    Parsed p = around(
        "processor = \"test.all\"; options = { whole = 5000000000; wholes = [ 0xFFFFFFFF, 9223372036854775807 ]; };");
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_EQ(p.option("x", "whole").integer, 5000000000);
    EXPECT_THAT(p.items("x", "wholes"), ElementsAre("4294967295", "9223372036854775807"));
    EXPECT_EQ(
        around("processor = \"test.all\"; options = { whole = -9223372036854775808L; };").option("x", "whole").integer,
        INT64_MIN);
}

TEST(Parse, DefaultIsAllowedEvenOutOfRange)
{
    Parsed p = Parsed::text(
        "stages = ( { processor = \"files.read\"; options = { path = \"/\"; }; }, { processor = \"image.decode\"; },"
        "{ processor = \"image.resize\"; options = { shorter = 0; }; }, { processor = \"core.null\"; } );");
    EXPECT_TRUE(p.ok()) << p.report();
}

TEST(Parse, CommentInTheLastLineNeedsNoNewline)
{
    EXPECT_TRUE(
        Parsed::text("stages = ( { processor = \"text.lines\"; }, { processor = \"core.null\"; } ); # end").ok());
}

TEST(Parse, WindowsLineEndsAndByteOrderMarkAreTaken)
{
    Parsed p = Parsed::text("\xef\xbb\xbfname = \"w\";\r\nstages = ( { processor = \"text.lines\"; },\r\n"
                            "{ processor = \"core.null\"; } );\r\n");
    EXPECT_TRUE(p.ok()) << p.report();
}

TEST(Parse, IncludesAreRelativeToTheirFile)
{
    Folder folder;
    folder.write("stages.cfg", "stages = ( { processor = \"text.lines\"; }, { processor = \"core.null\"; } );");
    Parsed p =
        Parsed::file(folder.write("outer.cfg", "# @include \"not this\"\n/*\n@include \"nor this\"\n*/\n"
                                               "@include \"stages.cfg\"\nplugin_path = \"a\n@include \\\"x\\\"\";\n"));
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_EQ(p->n_stages, 2u);
}

TEST(Parse, ForwardReferencesAreBroughtIntoOrder)
{
    Parsed p = Parsed::text("stages = ( { name = \"end\"; processor = \"core.null\"; inputs = [ \"b\" ]; },"
                            "{ name = \"b\"; processor = \"core.batch\"; inputs = [ \"a\" ]; },"
                            "{ name = \"a\"; processor = \"text.lines\"; } );");
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_THAT(names(p), ElementsAre("a", "b", "end"));
    EXPECT_THAT(edges(p), ElementsAre("a.out -> b.in", "b.out -> end.in"));
}

TEST(Parse, TwoSourcesMergeInTheOrderOfTheFile)
{
    Parsed p = Parsed::text(
        "stages = ( { name = \"a\"; processor = \"text.lines\"; }, { name = \"b\"; processor = \"text.lines\"; },"
        "{ name = \"m\"; processor = \"core.null\"; inputs = ( \"a\", { from = \"b\"; when_full = \"drop\"; } ); } );");
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_THAT(names(p), ElementsAre("a", "b", "m"));
    EXPECT_THAT(edges(p), ElementsAre("a.out -> m.in", "b.out -> m.in drop"));
}

TEST(Parse, PortsAreNamedOnBothSides)
{
    Parsed p = Parsed::text(
        "stages = ( { name = \"s\"; processor = \"text.lines\"; }, { name = \"split\"; processor = \"test.split\"; },"
        "{ name = \"j\"; processor = \"test.join\"; when_full = \"drop\"; inputs = ( { from = \"split.errors\"; port = "
        "\"right\"; "
        "when_full = \"block\"; }, \"split\" ); }, { processor = \"core.null\"; } );");
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_THAT(edges(p), ElementsAre("s.out -> split.in", "split.errors -> j.right", "split.out -> j.left drop",
                                      "j.out -> null.in"));
}

TEST(Parse, FrameThatMayComeTwoWaysIsCopied)
{
    Parsed p = Parsed::text(
        "stages = ( { name = \"s\"; processor = \"text.lines\"; }, { name = \"l\"; processor = \"core.batch\"; },"
        "{ name = \"r\"; processor = \"core.batch\"; inputs = [ \"s\" ]; },"
        "{ name = \"m\"; processor = \"core.null\"; inputs = [ \"l\", \"r\" ]; } );");
    EXPECT_THAT(edges(p), ElementsAre("s.out -> l.in", "s.out -> r.in", "l.out -> m.in copy", "r.out -> m.in copy"));
}

TEST(Parse, StageSettingsAreTaken)
{
    Parsed p = around(
        "processor = \"core.batch\"; ordered = true; on_error = \"stop\"; max_attempts = 7; timeout = \"200ms\"; "
        "memory = \"8M\"; queue = 64; when_full = \"drop\";");
    ASSERT_TRUE(p.ok()) << p.report();
    const struct stage &s = p.stage("x");
    EXPECT_EQ(s.ordered, 1);
    EXPECT_EQ(s.on_error, ON_ERROR_STOP);
    EXPECT_EQ(s.max_attempts, 7u);
    EXPECT_EQ(s.timeout_ns, 200000000u);
    EXPECT_EQ(s.memory, 8u << 20);
    EXPECT_EQ(s.queue, 64u);
    EXPECT_THAT(edges(p), ElementsAre("lines.out -> x.in drop", "x.out -> null.in"));
}

TEST(Parse, PluginPathCanBeReadBeforeThereIsACatalogue)
{
    Folder folder;
    std::string file = folder.write("p.cfg", "plugin_path = \"/a:/b\";\nstages = ( );\n");
    const char *set = "plugin_path=/c";
    const auto path = [](const char *from, const char *const *overrides, size_t n) {
        char *found = nullptr;
        EXPECT_EQ(pipeline_plugin_path(from, overrides, n, &found), 0);
        const std::string text = found ? found : "none";
        free(found);
        return text;
    };
    EXPECT_EQ(path(file.c_str(), nullptr, 0), "/a:/b");
    EXPECT_EQ(path(file.c_str(), &set, 1), "/c");
    EXPECT_EQ(path(nullptr, &set, 1), "/c");
    EXPECT_EQ(path(nullptr, nullptr, 0), "none");
    EXPECT_EQ(path("/gone", nullptr, 0), "none");
}

TEST(Parse, LookUpOfWhatIsNotThereFindsNothing)
{
    Parsed p = around("processor = \"core.batch\";");
    EXPECT_EQ(pipeline_stage(p.get(), "y"), -1);
    EXPECT_EQ(stage_option(&p.stage("x"), "y"), nullptr);
}

} // namespace
