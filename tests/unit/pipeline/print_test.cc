// What is printed is a configuration again, of the same pipeline.
#include "parsed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace
{

using testing::HasSubstr;
using testing::Not;

// Prints, parses what was printed, and compares; and once more, as a text.
void expect_round_trip(const Parsed &p, enum print_defaults which)
{
    ASSERT_TRUE(p.ok()) << p.report();
    std::string printed = p.print(which);
    Parsed again = Parsed::text(printed);
    ASSERT_TRUE(again.ok()) << again.report() << printed;
    EXPECT_EQ(summary(again.get()), summary(p.get())) << printed;
    EXPECT_EQ(again.print(which), printed);
}

const char *const lines[] = {
    "text.lines | core.null",
    "files.read path=/ include=*.jpg,'a,b',\"q\\\"\\\\\" recursive=false max_size=1.5M | image.decode "
    "max_pixels=5000000000 | "
    "image.resize shorter=256 filter=lanczos gamma=0.3 | image.encode format=png | files.write path='out put' "
    "mode=append",
    "text.lines :name=src path=x | test.all :workers=2-4 flag=true whole=-9223372036854775808 real=1e300 "
    "word='tab\there' kind=two "
    "bytes=3G pause=1500ms folder=/tmp flags=true,false wholes=1,5000000000 reals=1,0.1,1e-9 words=a,,b kinds=one "
    "sizes=1K,3 "
    "pauses=1h,7ns folders=/,/tmp old=3 | core.null",
    "text.lines :workers=3 | core.batch :workers=64 timeout=1ms :queue=1 :timeout=90s :on_error=stop :max_attempts=100 "
    ":memory=6M "
    ":ordered=true | core.null :when_full=drop",
    "text.lines | test.split :name=s | core.take count=0 :name=t :inputs=s.errors,s.side | core.null :inputs=s,t",
    "text.lines :name=a | core.batch :inputs=c | core.null :name=z | text.lines :name=c | core.batch :inputs=a,c | "
    "core.null",
};

TEST(Print, WhatWasSetGivesTheSamePipelineAgain)
{
    for (const char *line : lines)
        expect_round_trip(Parsed::line(line), PRINT_AS_SET);
}

TEST(Print, EverythingGivesTheSamePipelineAgain)
{
    for (const char *line : lines)
        expect_round_trip(Parsed::line(line), PRINT_ALL);
}

TEST(Print, SettingsOfThePipelineComeBack)
{
    Parsed p = Parsed::line("text.lines | core.null",
                            {"name=a.b-c", "memory=1G", "huge_pages=off", "dead_letters=/tmp/\"dead\"",
                             "start_timeout=2m", "drain_timeout=1500ms", "plugin_path=/a:/b", "http=127.0.0.1:9464",
                             "ordered=true", "cpus=3", "workers_memory=96M"});
    expect_round_trip(p, PRINT_AS_SET);
    expect_round_trip(p, PRINT_ALL);
}

TEST(Print, TheTokenIsNotShown)
{
    Parsed p = Parsed::line("text.lines | core.null", {"http_token=0123456789abcdef"});
    ASSERT_TRUE(p.ok()) << p.report();
    EXPECT_STREQ(p->http_token, "0123456789abcdef");
    for (enum print_defaults which : {PRINT_AS_SET, PRINT_ALL}) {
        EXPECT_EQ(p.print(which).find("0123456789abcdef"), std::string::npos);
        EXPECT_NE(p.print(which).find("# http_token is secret"), std::string::npos);
    }
}

TEST(Print, EdgesThatDifferComeBack)
{
    Parsed p = Parsed::text(
        "stages = ( { name = \"s\"; processor = \"text.lines\"; }, { name = \"split\"; processor = \"test.split\"; },"
        "{ name = \"j\"; processor = \"test.join\"; when_full = \"drop\"; inputs = ( { from = \"split.errors\"; port = "
        "\"right\"; "
        "when_full = \"block\"; }, \"split\", { from = \"s\"; port = \"side\"; } ); }, { processor = \"core.null\"; } "
        ");");
    expect_round_trip(p, PRINT_AS_SET);
    expect_round_trip(p, PRINT_ALL);
}

// A pipeline of random stages, options and edges that is right.
std::string random_pipeline(std::mt19937 &random)
{
    auto below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
    std::string text = "stages = ( { name = \"s0\"; processor = \"text.lines\"; }";
    unsigned n = 2 + below(8);
    for (unsigned i = 1; i < n; i++) {
        text += ",\n{ name = \"s" + std::to_string(i) + "\"; processor = \"core.batch\"; ";
        if (below(2))
            text += "options = { size = " + std::to_string(1 + below(4096)) +
                    "; timeout = " + std::to_string(1 + below(60)) + "; }; ";
        if (below(2))
            text += "workers = { min = 1; max = " + std::to_string(1 + below(64)) + "; }; ";
        if (below(2))
            text += "queue = " + std::to_string(1 << below(17)) + "; ";
        if (below(2))
            text += "when_full = \"drop\"; ";
        if (below(2))
            text += "ordered = true; ";
        text += "inputs = ( \"s" + std::to_string(i - 1) + "\"";
        for (unsigned from = 0; from + 1 < i; from++)
            if (below(4) == 0)
                text += ", { from = \"s" + std::to_string(from) + "\"; when_full = \"" + (below(2) ? "block" : "drop") +
                        "\"; }";
        text += " ); }";
    }
    return text + ",\n{ processor = \"core.null\"; } );\n";
}

TEST(Print, RandomPipelinesComeBack)
{
    std::mt19937 random(1);
    for (int i = 0; i < 100 && !testing::Test::HasFailure(); i++)
        expect_round_trip(Parsed::text(random_pipeline(random)), i % 2 ? PRINT_ALL : PRINT_AS_SET);
}

TEST(Print, WhatWasNotSetIsLeftOut)
{
    EXPECT_EQ(Parsed::line("text.lines path=a | core.null :workers=2").print(PRINT_AS_SET),
              "name = \"pipeline\";\n"
              "stages = (\n"
              "    {\n"
              "        name = \"lines\";\n"
              "        processor = \"text.lines\";\n"
              "        options = {\n"
              "            path = \"a\";\n"
              "        };\n"
              "    },\n"
              "    {\n"
              "        name = \"null\";\n"
              "        processor = \"core.null\";\n"
              "        workers = 2;\n"
              "    }\n"
              ");\n");
}

TEST(Print, DefaultsComeWithTheirMeaning)
{
    std::string all = Parsed::line("text.lines | core.batch | core.null").print(PRINT_ALL);
    EXPECT_THAT(all, HasSubstr("(size, 2M to 16T bytes; default: 256M)\nmemory = \"256M\";\n"));
    EXPECT_THAT(
        all, HasSubstr("            # An option. (integer, 1 to 4096 frames; default: 32)\n            size = 32;\n"));
    EXPECT_THAT(all, HasSubstr("choice: dead_letter | drop | stop; default: dead_letter"));
    EXPECT_THAT(all, HasSubstr("control group allow)\n# cpus is not set\n"));
    EXPECT_THAT(all, HasSubstr("as far as the scaler sees it)\n# workers_memory is not set\n"));
}

TEST(Print, IntegersBeyond32BitsHaveTheirL)
{
    std::string text =
        Parsed::line("text.lines | test.all whole=2147483648 wholes=1,5000000000 | core.null").print(PRINT_AS_SET);
    EXPECT_THAT(text, HasSubstr("whole = 2147483648L;"));
    EXPECT_THAT(text, HasSubstr("wholes = [ 1L, 5000000000L ];"));
    EXPECT_THAT(Parsed::line("text.lines | test.all whole=-2147483648 | core.null").print(PRINT_AS_SET),
                HasSubstr("whole = -2147483648;"));
}

TEST(Print, SecretsAreNotPrinted)
{
    Parsed p = Parsed::line("text.lines | test.all token=hunter2 | core.null");
    EXPECT_THAT(p.print(PRINT_AS_SET), Not(HasSubstr("hunter2")));
    EXPECT_THAT(p.print(PRINT_ALL), Not(HasSubstr("hunter2")));
}

TEST(Print, DeprecatedOptionsAreNotOffered)
{
    EXPECT_THAT(Parsed::line("text.lines | test.all | core.null").print(PRINT_ALL), Not(HasSubstr(" old =")));
    EXPECT_THAT(Parsed::line("text.lines | test.all old=1 | core.null").print(PRINT_AS_SET), HasSubstr(" old = 1;"));
}

} // namespace
