// micropipe check, inspect, doctor, help: what they print, and how they exit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <jansson.h>

#include <regex>

#include "shell.h"

namespace
{

using testing::HasSubstr;

const char kHello[] = "stages = (\n  { name = \"make\"; processor = \"core.generate\"; options = { count = 10; }; },\n"
                      "  { processor = \"core.null\"; }\n);\n";

TEST(Check, OfARightFileIsOneLine)
{
    Folder folder;
    folder.write("hello.cfg", kHello);
    const Outcome o = folder.run("micropipe check hello.cfg");
    EXPECT_EQ(o.status, 0);
    EXPECT_EQ(o.output, "hello.cfg: ok: 2 stages, 2 workers, 256 MiB of memory\n");
}

TEST(Check, OfARightLineIsOneLine)
{
    const Outcome o = Folder().run("micropipe check -e 'core.generate | core.unbatch :workers=1-4 | core.null'");
    EXPECT_EQ(o.output, "-e: ok: 3 stages, 3 to 6 workers, 256 MiB of memory\n");
}

TEST(Check, PrintsAPipelineThatChecksAndPrintsAsItself)
{
    Folder folder;
    folder.write("hello.cfg", kHello);
    const Outcome o = folder.run("micropipe check --print hello.cfg >all.cfg && micropipe check all.cfg && "
                                 "micropipe check --print all.cfg | diff all.cfg -");
    EXPECT_EQ(o.status, 0) << o.output;
    EXPECT_THAT(folder.read("all.cfg"), HasSubstr("drain_timeout = "));
}

TEST(Check, AppliesOverrides)
{
    Folder folder;
    folder.write("hello.cfg", kHello);
    const Outcome right = folder.run("micropipe check hello.cfg --set memory=64M --set stages.null.workers=3");
    EXPECT_EQ(right.output, "hello.cfg: ok: 2 stages, 4 workers, 64.0 MiB of memory\n");
    const Outcome wrong = folder.run("micropipe check hello.cfg --set stages.nul.workers=3");
    EXPECT_EQ(wrong.status, 2);
    EXPECT_THAT(wrong.output, HasSubstr("(did you mean 'null'?)"));
}

TEST(Check, ReadsAPipe)
{
    Folder folder;
    folder.write("hello.cfg", kHello);
    EXPECT_EQ(folder.run("cat hello.cfg | micropipe check /dev/stdin").status, 0);
}

TEST(Check, FindsThePacksOfTheConfigurationsPluginPath)
{
    Folder folder;
    folder.write("good.cfg", "plugin_path = \"" TEST_PLUGINS "\";\n"
                             "stages = ( { processor = \"good.count\"; }, { processor = \"core.null\"; } );\n");
    const Outcome o = folder.run("micropipe check good.cfg");
    EXPECT_EQ(o.status, 0) << o.output;
    EXPECT_EQ(folder.run("micropipe check --plugin-path . good.cfg").status, 0);
    EXPECT_EQ(folder.run("micropipe check good.cfg --set plugin_path=.").status, 2);
}

TEST(Check, SaysWhichFoldersOfThePluginPathAreNoneWhereAPackIsNotFound)
{
    Folder folder;
    folder.write("lost.cfg", "plugin_path = \"no/packs:none\";\n"
                             "stages = ( { processor = \"good.count\"; }, { processor = \"core.null\"; } );\n");
    EXPECT_THAT(folder.run("micropipe check lost.cfg --plugin-path elsewhere").output,
                testing::ContainsRegex(
                    "there is no pack 'good'; looked in [^;]*; not in elsewhere \\(No such file or directory\\), "
                    "no/packs \\(No such file or directory\\), none \\(No such file or directory\\)\n"));
}

TEST(Check, OfAFileThatCannotBeReadNamesItAndTheReason)
{
    Folder folder;
    const Outcome missing = folder.run("micropipe check nowhere.cfg");
    EXPECT_EQ(missing.status, 2);
    EXPECT_THAT(missing.output, HasSubstr("nowhere.cfg: cannot read 'nowhere.cfg': No such file or directory"));
    const Outcome directory = folder.run("micropipe check .");
    EXPECT_EQ(directory.status, 2);
    EXPECT_THAT(directory.output, HasSubstr("Is a directory"));
}

TEST(Check, TellsMistakesAsJson)
{
    Folder folder;
    folder.write("wrong.cfg", "memry = 1;\n" + std::string(kHello));
    const Outcome o = folder.run("micropipe check --json wrong.cfg 2>messages");
    EXPECT_EQ(o.status, 2);
    EXPECT_EQ(folder.read("messages"), "");
    json_t *found = json_loads(o.output.c_str(), 0, nullptr);
    ASSERT_NE(found, nullptr) << o.output;
    EXPECT_TRUE(json_is_false(json_object_get(found, "ok")));
    json_t *mistake = json_array_get(json_object_get(found, "mistakes"), 0);
    EXPECT_EQ(json_integer_value(json_object_get(mistake, "line")), 1);
    EXPECT_EQ(json_integer_value(json_object_get(mistake, "column")), 1);
    EXPECT_STREQ(json_string_value(json_object_get(mistake, "source")), "memry = 1;");
    EXPECT_EQ(json_integer_value(json_object_get(mistake, "source_column")), 1);
    json_decref(found);
}

TEST(Check, OfARightFileIsOkAsJson)
{
    const Outcome o = Folder().run("micropipe check --json -e 'core.generate | core.null'");
    EXPECT_EQ(o.status, 0);
    json_t *found = json_loads(o.output.c_str(), 0, nullptr);
    ASSERT_NE(found, nullptr) << o.output;
    EXPECT_TRUE(json_is_true(json_object_get(found, "ok")));
    EXPECT_EQ(json_integer_value(json_object_get(found, "stages")), 2);
    json_decref(found);
}

TEST(Program, TellsItsVersion)
{
    EXPECT_TRUE(std::regex_match(Folder().run("micropipe --version").output, std::regex("micropipe [0-9.]+ .*\n")));
}

TEST(Program, RefusesWhatItDoesNotKnow)
{
    for (const char *line :
         {"micropipe", "micropipe rnu", "micropipe run --jsno", "micropipe run", "micropipe help rnu",
          "micropipe inspect --plugin-path", "micropipe doctor now", "micropipe inspect nopack"})
        EXPECT_EQ(Folder().run(line).status, 2) << line;
}

TEST(Program, InspectsTheBuiltPacks)
{
    const Outcome all = Folder().run("micropipe inspect");
    EXPECT_EQ(all.status, 0);
    EXPECT_THAT(all.output, HasSubstr("core.generate"));
    EXPECT_THAT(Folder().run("micropipe inspect core.generate").output, HasSubstr("count"));
}

TEST(Program, DoctorExamines)
{
    const Outcome o = Folder().run("micropipe doctor");
    EXPECT_EQ(o.status, 0) << o.output;
    EXPECT_THAT(o.output, HasSubstr("huge page"));
}

TEST(Program, TakesAReaderThatGoesAwayForNoError)
{
    Folder folder;
    const Outcome o = folder.run("{ { micropipe inspect core.generate; echo $? >status; } | true; } 2>messages");
    EXPECT_EQ(o.status, 0);
    EXPECT_EQ(folder.read("status"), "0\n");
    EXPECT_EQ(folder.read("messages"), "");
}

TEST(Program, SaysThatItCouldNotWrite)
{
    for (const char *line : {"inspect --json", "inspect", "--help", "check --print -e 'core.generate | core.null'"}) {
        const Outcome o = Folder().run(std::string("micropipe ") + line + " >/dev/full");
        EXPECT_EQ(o.status, 1) << line;
        EXPECT_THAT(o.output, HasSubstr("micropipe: cannot write to the standard output")) << line;
    }
}

} // namespace
