extern "C" {
#include "inspect.h"
}
#include "command_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <jansson.h>

#include <filesystem>
#include <memory>

#include "../../support/temp_folder.h"

namespace
{

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kBoth = TEST_PLUGINS "/path/first:" TEST_PLUGINS "/path/second";

/* One run of the command, on folders of test plugins only. */
class Inspect : public testing::Test
{
  protected:
    void SetUp() override
    {
        unsetenv("MICROPIPE_PLUGIN_PATH");
        setenv("XDG_DATA_HOME", "/nonexistent", 1);
    }

    static Outcome On(const std::string &path, std::vector<std::string> words)
    {
        words.insert(words.begin(), {"inspect", "--plugin-path", path});
        return RunCommand(inspect_run, words);
    }
};

struct JsonFree {
    void operator()(json_t *value) const { json_decref(value); }
};
using Json = std::unique_ptr<json_t, JsonFree>;

std::string Text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "(none)";
}

TEST_F(Inspect, AProcessorIsShownWithAllThatIsKnown)
{
    Outcome run = On(TEST_PLUGINS, {"good.scale"});
    EXPECT_EQ(run.result, 0);
    EXPECT_EQ(run.err, "");
    EXPECT_THAT(run.out, HasSubstr("good.scale: Scales images\n"));
    EXPECT_THAT(run.out, HasSubstr("stateless: no frame changes what becomes of another\n"));
    EXPECT_THAT(run.out, HasSubstr("deterministic: the same frame and options give the same bytes\n"));
    EXPECT_THAT(run.out, HasSubstr("Inputs     in (image): Images.\n"));
    EXPECT_THAT(run.out, HasSubstr("errors (any, need not be connected): What could not be scaled.\n"));
    EXPECT_THAT(run.out, HasSubstr("Needs      mpipe.wait/1\n"));
    EXPECT_THAT(run.out, HasSubstr("State      4096 bytes"));
    EXPECT_THAT(run.out, HasSubstr("Pack       good 1.4.2, for plugin interface 1.0\n"));
    EXPECT_THAT(run.out, HasSubstr("File       " TEST_PLUGINS "/good.so\n"));
    EXPECT_THAT(
        run.out,
        HasSubstr("micropipe run -e 'files.read path=photos | good.scale shorter=64 profile=srgb.icc | core.null'\n"));
}

TEST_F(Inspect, AnOptionIsShownWithTypeDefaultRangeUnitChoicesAndDoc)
{
    std::string out = On(TEST_PLUGINS, {"good.scale"}).out;
    EXPECT_THAT(out, HasSubstr("  shorter   integer, default 256, 1 to 65535 pixels\n"
                               "            Length of the shorter side.\n"));
    EXPECT_THAT(out, HasSubstr("  filter    choice, default box\n"
                               "            How pixels are averaged.\n"
                               "            One of: box, lanczos\n"));
    EXPECT_THAT(out, HasSubstr("  patience  time, default 250ms, at most 5m\n"));
    EXPECT_THAT(out, HasSubstr("  sides     list of integers, default 1, 2,3, at least 1\n"));
    EXPECT_THAT(out, HasSubstr("  profile   path, required, must exist\n"));
}

TEST_F(Inspect, ThePageFitsOnEightyColumnsButForWhatIsCopied)
{
    std::string out = On(TEST_PLUGINS, {"good.scale"}).out;
    EXPECT_LE(Width(out.substr(out.find("\nOptions"), out.find("\nExample") - out.find("\nOptions"))), 80u);
}

TEST_F(Inspect, APackIsShownWithItsProcessors)
{
    Outcome run = On(TEST_PLUGINS, {"good"});
    EXPECT_EQ(run.result, 0);
    EXPECT_EQ(run.out, "good 1.4.2\n"
                       "  good.scale  Scales images\n"
                       "  good.count  Counts\n"
                       "\n"
                       "2 processors in " TEST_PLUGINS "/good.so\n");
}

TEST_F(Inspect, WithoutANameEveryProcessorIsShown)
{
    Outcome run = On(kBoth, {});
    EXPECT_EQ(run.result, 0);
    EXPECT_EQ(run.out, "first 1.0.0\n"
                       "  first.pass   Hands on\n"
                       "\n"
                       "good 1.0.0\n"
                       "  good.pass    Hands on\n"
                       "\n"
                       "second 2.0.0\n"
                       "  second.pass  Hands on\n"
                       "\n"
                       "3 processors in 3 packs. All about one: micropipe inspect first.pass\n"
                       "2 files cannot be used. Why: micropipe inspect --problems\n");
}

TEST_F(Inspect, ProblemsAreShownWithFileAndReason)
{
    Outcome run = On(kBoth, {"--problems"});
    EXPECT_EQ(run.result, 0);
    EXPECT_THAT(run.out, AllOf(HasSubstr("/path/second/misnamed.so\n    it calls itself pack 'other'"),
                               HasSubstr("/path/second/Bad-Name.so\n"), HasSubstr("2 files cannot be used."),
                               Not(HasSubstr("first.pass"))));
}

TEST_F(Inspect, WithoutProblemsThatIsSaidWithTheFolders)
{
    Outcome run = On(TEST_PLUGINS "/path/first", {"--problems"});
    EXPECT_EQ(run.result, 0);
    EXPECT_THAT(run.out, AllOf(HasSubstr("Every pack that was found can be used."), HasSubstr("/path/first\n")));
}

TEST_F(Inspect, AnUnknownNameIsAUsageErrorWithTheNearestName)
{
    Outcome run = On(TEST_PLUGINS, {"good.sclae"});
    EXPECT_EQ(run.result, 2);
    EXPECT_EQ(run.out, "");
    EXPECT_THAT(run.err, HasSubstr("micropipe inspect: pack 'good' has no processor 'sclae' (did you mean 'scale'?)"));
    run = On(TEST_PLUGINS "/path/first", {"fisrt"});
    EXPECT_EQ(run.result, 2);
    EXPECT_THAT(run.err, HasSubstr("there is no pack 'fisrt' (did you mean 'first'?)"));
}

TEST_F(Inspect, APackThatCannotBeUsedIsAFailureOfTheSystem)
{
    Outcome run = On(TEST_PLUGINS, {"undefined_symbol"});
    EXPECT_EQ(run.result, 1);
    EXPECT_THAT(run.err, HasSubstr("undefined symbol: nobody_has_this_function"));
    EXPECT_EQ(On(TEST_PLUGINS, {"constructor_segv.pass"}).result, 1);
}

TEST_F(Inspect, AFileMayBeNamedInPlaceOfAPack)
{
    EXPECT_THAT(On("", {TEST_PLUGINS "/good.so"}).out, HasSubstr("good.count"));
    EXPECT_THAT(On("", {TEST_PLUGINS "/good.so:scale"}).out, HasSubstr("good.scale: Scales images"));
}

TEST_F(Inspect, JsonOfAProcessorHasTheSameFacts)
{
    Outcome run = On(TEST_PLUGINS, {"--json", "good.scale"});
    ASSERT_EQ(run.result, 0);
    Json d(json_loads(run.out.c_str(), 0, nullptr));
    ASSERT_NE(d, nullptr) << run.out;
    EXPECT_EQ(Text(d.get(), "pack"), "good");
    EXPECT_EQ(Text(d.get(), "name"), "scale");
    EXPECT_EQ(Text(d.get(), "kind"), "filter");
    EXPECT_EQ(Text(d.get(), "style"), "push");
    EXPECT_EQ(Text(d.get(), "file"), TEST_PLUGINS "/good.so");
    EXPECT_EQ(json_integer_value(json_object_get(d.get(), "state_size")), 4096);
    EXPECT_EQ(json_array_size(json_object_get(d.get(), "flags")), 2u);
    const json_t *options = json_object_get(d.get(), "options");
    ASSERT_EQ(json_array_size(options), 8u);
    const json_t *shorter = json_array_get(options, 0);
    EXPECT_EQ(Text(shorter, "type"), "integer");
    EXPECT_EQ(Text(shorter, "default"), "256");
    EXPECT_EQ(Text(shorter, "max"), "65535");
    EXPECT_EQ(Text(shorter, "unit"), "pixels");
    const json_t *sides = json_array_get(options, 6);
    EXPECT_EQ(Text(sides, "type"), "integer");
    EXPECT_TRUE(json_is_true(json_object_get(sides, "list")));
    const json_t *profile = json_array_get(options, 7);
    EXPECT_TRUE(json_is_true(json_object_get(profile, "required")));
    EXPECT_TRUE(json_is_null(json_object_get(profile, "default")));
    const json_t *errors = json_array_get(json_object_get(d.get(), "outputs"), 1);
    EXPECT_EQ(Text(errors, "name"), "errors");
    EXPECT_TRUE(json_is_true(json_object_get(errors, "optional")));
}

TEST_F(Inspect, JsonOfAllHasProcessorsAndProblems)
{
    Outcome run = On(kBoth, {"--json"});
    ASSERT_EQ(run.result, 0);
    Json all(json_loads(run.out.c_str(), 0, nullptr));
    ASSERT_NE(all, nullptr) << run.out;
    EXPECT_EQ(json_array_size(json_object_get(all.get(), "processors")), 3u);
    EXPECT_EQ(json_array_size(json_object_get(all.get(), "problems")), 2u);
    Json problems(json_loads(On(kBoth, {"--json", "--problems"}).out.c_str(), 0, nullptr));
    EXPECT_EQ(json_array_size(json_object_get(problems.get(), "problems")), 2u);
    EXPECT_EQ(json_object_get(problems.get(), "processors"), nullptr);
    Json pack(json_loads(On(TEST_PLUGINS, {"--json", "good"}).out.c_str(), 0, nullptr));
    EXPECT_EQ(json_array_size(json_object_get(pack.get(), "processors")), 2u);
}

TEST_F(Inspect, WithoutAnyPackTheFoldersAreShown)
{
    Outcome run = On(TEST_PLUGINS "/..", {});
    EXPECT_EQ(run.result, 0);
    EXPECT_THAT(run.out, AllOf(HasSubstr("0 processors in 0 packs. Packs are looked for in"), HasSubstr("/tests\n")));
}

TEST_F(Inspect, WithoutAnyFolderThatIsSaid)
{
    EXPECT_THAT(On("/nonexistent", {}).out, HasSubstr("no folder: none of the search path exists"));
    EXPECT_THAT(On("/nonexistent", {"--problems"}).out, HasSubstr("no folder: none of the search path exists"));
}

TEST_F(Inspect, OneIsCountedAsOne)
{
    const harness::TempFolder folder;
    std::filesystem::copy(TEST_PLUGINS "/path/first/first.so", folder / "first.so");
    folder.file("broken.so", "x");
    const std::string all = On(folder.path(), {}).out;
    EXPECT_THAT(all, HasSubstr("1 processor in 1 pack. All about one: micropipe inspect first.pass\n"));
    EXPECT_THAT(all, HasSubstr("1 file cannot be used. Why: micropipe inspect --problems\n"));
    EXPECT_THAT(On(folder.path(), {"--problems"}).out, HasSubstr("1 file cannot be used. "));
}

TEST_F(Inspect, ProblemsOfOnePackIsAUsageError)
{
    Outcome run = On(TEST_PLUGINS, {"--problems", "good"});
    EXPECT_EQ(run.result, 2);
    EXPECT_THAT(run.err, HasSubstr("--problems is about all packs"));
}

TEST_F(Inspect, HelpHasEveryOption)
{
    Outcome run = RunCommand(inspect_run, {"inspect", "--help"});
    EXPECT_EQ(run.result, 0);
    EXPECT_THAT(run.out, AllOf(HasSubstr("--json"), HasSubstr("--problems"), HasSubstr("--plugin-path FOLDERS")));
    EXPECT_LE(Width(run.out), 80u);
}

} // namespace
