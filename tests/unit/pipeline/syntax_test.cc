// Our reading of libconfig's grammar is libconfig's own.
extern "C" {
#include "source.h"
#include "syntax.h"
#include "token.h"
}

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libconfig.h>

#include <random>
#include <string>

// libconfig 1.5 forgets to free the text that an error follows.
extern "C" const char *__lsan_default_suppressions()
{
    return "leak:libconfig";
}

namespace
{

bool libconfig_takes(const std::string &text)
{
    config_t config;
    config_init(&config);
    int taken = config_read_string(&config, text.c_str());
    config_destroy(&config);
    return taken == CONFIG_TRUE;
}

size_t settings_of(const config_setting_t *s)
{
    size_t n = 1;
    for (int i = 0; config_setting_is_aggregate(s) && i < config_setting_length(s); i++)
        n += settings_of(config_setting_get_elem(s, static_cast<unsigned>(i)));
    return n;
}

// How many settings libconfig makes of a text; -1: it does not take it.
int libconfig_settings(const std::string &text)
{
    config_t config;
    config_init(&config);
    int n = config_read_string(&config, text.c_str()) ? static_cast<int>(settings_of(config_root_setting(&config))) - 1
                                                      : -1;
    config_destroy(&config);
    return n;
}

struct Check {
    bool taken;
    bool readable; // the rest, without what is repeated
    std::string rest;
    size_t marks;
    std::string message;
};

Check check(const std::string &text)
{
    struct region region = {nullptr};
    struct complaints complaints = {};
    struct source source;
    struct marks marks = {};
    source_from_argument(text.c_str(), SOURCE_ONE_LINE, 0, &region, &source);
    int error = syntax_check(tokens_read(&source, &region), &region, &complaints, &marks);
    if (error)
        EXPECT_GT(complaints.n, marks.n_repeated) << text;
    else
        EXPECT_EQ(complaints.n, marks.n_repeated) << text;
    Check result = {complaints.n == 0, error == 0, syntax_text(&source, &marks, &region), marks.n,
                    complaints.n ? complaints.list[0].message : ""};
    complaints_clear(&complaints);
    region_free(&region);
    return result;
}

const char *const samples[] = {"",
                               "a=1",
                               "a=1;b=2",
                               "a=1 b=2,c=3",
                               "a:1",
                               "a=1;;",
                               ";",
                               "a=",
                               "a",
                               "=1",
                               "a==1",
                               "a=-1",
                               "a=--1",
                               "a=+.5e3",
                               "a=1.",
                               "a=.",
                               "a=-",
                               "a=1e5",
                               "a=1e",
                               "a=1e+",
                               "a=0x",
                               "a=0x1F",
                               "a=-0x1F",
                               "a=1L",
                               "a=1LL",
                               "a=1LLL",
                               "a=0x1LL",
                               "a=1l",
                               "a=1.2.3",
                               "a=5x=3",
                               "a=1-1",
                               "a=true",
                               "a=TRUE",
                               "a=truex",
                               "true=1",
                               "*=1",
                               "_a=1",
                               "a-b*_1=1",
                               "a.b=1",
                               "a=\"x\"",
                               "a=\"x",
                               "a=\"x\\\"",
                               "a=\"x\" \"y\"",
                               "a=\"x\\q\"",
                               "a=\"x\ny\"",
                               "\"a\"=1",
                               "a={}",
                               "a={b=1}",
                               "a={b=1,}",
                               "a={b=1;;}",
                               "a={b=1",
                               "a=}",
                               "a={};",
                               "a={b={c=(1,{d=[1,2]})}}",
                               "a=()",
                               "a=(1)",
                               "a=(1,)",
                               "a=(,)",
                               "a=(1;2)",
                               "a=(1 2)",
                               "a=(1,\"x\",{},[],(true))",
                               "a=(",
                               "a=[]",
                               "a=[1,2]",
                               "a=[1,2.5]",
                               "a=[1,2L]",
                               "a=[1,0x2]",
                               "a=[1,5000000000]",
                               "a=[true,false]",
                               "a=[\"x\" \"y\",\"z\"]",
                               "a=[{}]",
                               "a=[[1]]",
                               "a=[(1)]",
                               "a=[1,]",
                               "a=1 a=2",
                               "a=1;A=2",
                               "a={b=1;b=2}",
                               "a={b=1};b=1",
                               "# x",
                               "a=1 // x",
                               "a=/*x*/1",
                               "a=1/**/b=2",
                               "a=1/",
                               "a=$",
                               "@a",
                               "a=1\fb=2",
                               "a=1\vb=2",
                               "a=1\rb=2",
                               "\xc3\xa9=1",
                               "a=\"\xc3\xa9\""};

TEST(Syntax, SamplesAreTakenIfLibconfigTakesThem)
{
    for (const char *sample : samples) {
        std::string text = std::string(sample) + "\n";
        Check ours = check(text);
        EXPECT_EQ(ours.taken, libconfig_takes(text)) << text << ours.message;
        EXPECT_EQ(ours.readable ? static_cast<int>(ours.marks) : -1, libconfig_settings(ours.rest)) << text;
    }
}

TEST(Syntax, WhatIsRepeatedIsLeftOutAndTheRestStaysInItsPlace)
{
    EXPECT_EQ(check("a=1; a = { b=1 b=2; }, c=3\n").rest, "a=1;                   c=3\n");
    EXPECT_EQ(check("s=({a=1 a=2}, {b=1; b=\"x\ny\" // z\n\"z\"})\n").rest,
              "s=({a=1    }, {b=1;     \n       \n   })\n");
    EXPECT_EQ(check("s=({a=1 a=2}, {b=1})").marks, 5u);
}

TEST(Syntax, EveryValueHasAMark)
{
    EXPECT_EQ(check("a=1;b={c=(1,{d=2});e=[1,2]};").marks, 9u);
}

TEST(Syntax, MutationsAreTakenIfLibconfigTakesThem)
{
    const std::string valid =
        "name = \"x\"; # c\nlist = ( { a = 1; b = 2.5e3, c = [ true, false ]; }, \"t\" \"u\", 0x1F, 7L );\n"
        "group = { d : { }; e = ( ); };\n";
    const std::string alphabet = "(){}[]=:,;\"\\ \n#/*-+.eLx019abtruefals";
    std::mt19937 random(7);
    int taken = 0, readable = 0;
    for (int i = 0; i < 10000 && !testing::Test::HasFailure(); i++) {
        std::string text = i % 2 ? valid : valid + "list : 1; group = { group = ( { e = 2, e = \"x\"\n\"y\" } ) }\n";
        for (unsigned n = 1 + random() % 3; n > 0; n--) {
            size_t at = random() % text.size();
            char letter = alphabet[random() % alphabet.size()];
            if (random() % 3 == 0)
                text.erase(at, 1);
            else if (random() % 2)
                text.insert(at, 1, letter);
            else
                text[at] = letter;
        }
        text += "\n";
        Check ours = check(text);
        if (ours.message.find("never closed: */") != std::string::npos ||
            ours.message.find("no closing quote") != std::string::npos)
            continue; // libconfig may take what has no end for nothing
        EXPECT_EQ(ours.taken, libconfig_takes(text)) << text << ours.message;
        readable += ours.readable;
        if (ours.readable) {
            EXPECT_EQ(static_cast<int>(ours.marks), libconfig_settings(ours.rest)) << text << ours.rest;
        }
        taken += ours.taken;
    }
    EXPECT_GT(taken, 500);
    EXPECT_GT(readable, taken + 500);
}

} // namespace
