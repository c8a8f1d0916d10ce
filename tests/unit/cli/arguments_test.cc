extern "C" {
#include "arguments.h"
}
#include "command_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace
{

using testing::HasSubstr;

const argument kTable[] = {{"json", nullptr, "As JSON.", 0, 0},
                           {"plugin-path", "FOLDERS", "Where to look.", 0, 0},
                           {nullptr, "LINE", "In place of a name.", 'e', 0},
                           {"set", "NAME=VALUE", "A setting.", 0, 1}};
const command kCommand = {"test", "[NAME]", 1, "Does nothing.", kTable, 4, "-e LINE"};

struct Parsed : Outcome {
    arguments a;
    std::vector<std::string> words;
    std::vector<char *> argv;
};

Parsed Parse(std::vector<std::string> words)
{
    Parsed p = {};
    Output err;
    p.words = std::move(words);
    p.words.insert(p.words.begin(), "test");
    for (std::string &word : p.words)
        p.argv.push_back(word.data());
    p.argv.push_back(nullptr);
    p.result = arguments_parse(&kCommand, static_cast<int>(p.words.size()), p.argv.data(), &p.a, err.file());
    p.err = err.text();
    return p;
}

TEST(Arguments, OptionsAndOperandsMayComeInAnyOrder)
{
    Parsed p = Parse({"name", "--plugin-path", "/a", "--json"});
    EXPECT_EQ(p.result, EXIT_OK);
    EXPECT_STREQ(p.a.values[0], "");
    EXPECT_STREQ(p.a.values[1], "/a");
    ASSERT_EQ(p.a.n_operands, 1u);
    EXPECT_STREQ(p.a.operands[0], "name");
}

TEST(Arguments, AValueMayFollowAnEqualsSign)
{
    Parsed p = Parse({"--plugin-path=/a:/b"});
    EXPECT_EQ(p.result, EXIT_OK);
    EXPECT_STREQ(p.a.values[1], "/a:/b");
    EXPECT_EQ(p.a.values[0], nullptr);
    EXPECT_EQ(p.a.n_operands, 0u);
}

TEST(Arguments, AfterTwoDashesEverythingIsAnOperand)
{
    Parsed p = Parse({"--", "--json"});
    EXPECT_EQ(p.result, EXIT_OK);
    EXPECT_EQ(p.a.values[0], nullptr);
    ASSERT_EQ(p.a.n_operands, 1u);
    EXPECT_STREQ(p.a.operands[0], "--json");
}

TEST(Arguments, AnOptionMayHaveALetterOnly)
{
    EXPECT_STREQ(Parse({"-e", "a | b"}).a.values[2], "a | b");
    EXPECT_STREQ(Parse({"-ea | b"}).a.values[2], "a | b");
    EXPECT_THAT(Parse({"-e"}).err, HasSubstr("-e wants a value: LINE"));
}

TEST(Arguments, AllValuesOfAnOptionThatMayBeGivenManyTimesAreKept)
{
    Parsed p = Parse({"--set", "a=1", "name", "--set=b=2", "--set", ""});
    EXPECT_EQ(p.result, EXIT_OK);
    ASSERT_EQ(p.a.n_many, 3u);
    EXPECT_STREQ(p.a.many[0], "a=1");
    EXPECT_STREQ(p.a.many[1], "b=2");
    EXPECT_STREQ(p.a.many[2], "");
}

TEST(Arguments, TooManyTimesIsRefused)
{
    EXPECT_EQ(Parse(std::vector<std::string>(ARGUMENTS_MANY_MAX, "--set=a=1")).result, EXIT_OK);
    Parsed p = Parse(std::vector<std::string>(ARGUMENTS_MANY_MAX + 1, "--set=a=1"));
    EXPECT_EQ(p.result, EXIT_USAGE);
    EXPECT_THAT(p.err, HasSubstr("--set more than 256 times is too often"));
}

TEST(Arguments, AMistakeNamesTheNearestOption)
{
    Parsed p = Parse({"--jsno"});
    EXPECT_EQ(p.result, EXIT_USAGE);
    EXPECT_THAT(p.err, HasSubstr("micropipe test: there is no option '--jsno' (did you mean '--json'?)"));
    EXPECT_THAT(p.err, HasSubstr("Try 'micropipe test --help'."));
}

TEST(Arguments, WhatIsMissingOrTooMuchIsSaid)
{
    EXPECT_THAT(Parse({"--plugin-path"}).err, HasSubstr("--plugin-path wants a value: FOLDERS"));
    EXPECT_THAT(Parse({"--json=1"}).err, HasSubstr("--json takes no value"));
    EXPECT_THAT(Parse({"a", "b"}).err, HasSubstr("'b' is one word too many"));
    EXPECT_THAT(Parse({"-x"}).err, HasSubstr("there is no option '-x'"));
    EXPECT_EQ(Parse({"a", "b"}).result, EXIT_USAGE);
}

TEST(Arguments, HelpHasEveryOption)
{
    Output out;
    EXPECT_EQ(Parse({"--help"}).a.help, 1);
    arguments_help(&kCommand, out.file());
    EXPECT_THAT(out.text(), HasSubstr("Usage: micropipe test [OPTION...] [NAME]"));
    EXPECT_THAT(out.text(), HasSubstr("--plugin-path FOLDERS   Where to look."));
    EXPECT_THAT(out.text(), HasSubstr("-h, --help"));
    EXPECT_THAT(out.text(), HasSubstr("       micropipe test [OPTION...] -e LINE"));
}

} // namespace
