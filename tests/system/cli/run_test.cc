// micropipe run: happy ends, unhappy ends, and what is written where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <jansson.h>

#include "shell.h"

namespace
{

using testing::HasSubstr;
using testing::Not;

const char kTakeSome[] = "name = \"hello\";\nstages = (\n"
                         "  { name = \"make\"; processor = \"core.generate\"; options = { count = 1000; }; },\n"
                         "  { name = \"some\"; processor = \"core.take\"; options = { count = 600; }; },\n"
                         "  { name = \"end\"; processor = \"core.null\"; }\n);\n";

class Run : public testing::Test
{
  protected:
    Run() { folder_.write("hello.cfg", kTakeSome); }
    ~Run() override { json_decref(summary_); }

    // stdout, with stderr in messages().
    Outcome Micropipe(const std::string &arguments)
    {
        return folder_.run("micropipe run " + arguments + " 2>messages");
    }

    std::string Messages() { return folder_.read("messages"); }

    json_t *Summary(const Outcome &o)
    {
        json_decref(summary_);
        summary_ = json_loads(o.output.c_str(), 0, nullptr);
        EXPECT_NE(summary_, nullptr) << o.output << Messages();
        return summary_;
    }

    Folder folder_;

  private:
    json_t *summary_ = nullptr;
};

json_int_t Number(json_t *object, const char *key)
{
    EXPECT_TRUE(json_is_integer(json_object_get(object, key))) << key;
    return json_integer_value(json_object_get(object, key));
}

json_t *Stage(json_t *summary, const std::string &name)
{
    json_t *stages = json_object_get(summary, "stages");
    for (size_t i = 0; i < json_array_size(stages); i++)
        if (name == json_string_value(json_object_get(json_array_get(stages, i), "name")))
            return json_array_get(stages, i);
    ADD_FAILURE() << "no stage " << name;
    return nullptr;
}

void ExpectEveryFrameAccountedFor(json_t *summary)
{
    json_t *stages = json_object_get(summary, "stages");
    EXPECT_GT(json_array_size(stages), 0u);
    for (size_t i = 0; i < json_array_size(stages); i++) {
        json_t *s = json_array_get(stages, i);
        EXPECT_EQ(Number(s, "in"), Number(s, "out") + Number(s, "dropped") + Number(s, "dead") + Number(s, "in_flight"))
            << json_string_value(json_object_get(s, "name"));
    }
}

TEST_F(Run, OfAFileEndsWithATableAndTheBottleneck)
{
    const Outcome o = Micropipe("hello.cfg");
    EXPECT_EQ(o.status, 0) << Messages();
    EXPECT_EQ(o.output, "");
    EXPECT_THAT(Messages(), HasSubstr("hello: done in "));
    EXPECT_THAT(Messages(), HasSubstr("stage  workers     in    out"));
    EXPECT_THAT(Messages(), HasSubstr("\nmake         1  1 000  1 000"));
    EXPECT_THAT(Messages(), HasSubstr("\nsome         1  1 000    600"));
    EXPECT_THAT(Messages(), HasSubstr("\nbottleneck: "));
}

TEST_F(Run, OfALineRuns)
{
    EXPECT_EQ(Micropipe("-e 'core.generate count=100 | core.null'").status, 0) << Messages();
    EXPECT_THAT(Messages(), HasSubstr("\nnull "));
}

TEST_F(Run, AsJsonAccountsForEveryFrame)
{
    const Outcome o = Micropipe("--json hello.cfg");
    EXPECT_EQ(o.status, 0) << Messages();
    json_t *summary = Summary(o);
    ExpectEveryFrameAccountedFor(summary);
    EXPECT_EQ(Number(summary, "exit_code"), 0);
    EXPECT_STREQ(json_string_value(json_object_get(summary, "pipeline")), "hello");
    EXPECT_EQ(Number(Stage(summary, "some"), "dropped"), 400);
    EXPECT_EQ(Number(Stage(summary, "end"), "out"), 600);
    EXPECT_THAT(Messages(), Not(HasSubstr("bottleneck")));
}

TEST_F(Run, TakesOverrides)
{
    json_t *summary = Summary(Micropipe("--json hello.cfg --set stages.some.options.count=7 --set name=other"));
    EXPECT_EQ(Number(Stage(summary, "end"), "in"), 7);
    EXPECT_STREQ(json_string_value(json_object_get(summary, "pipeline")), "other");
}

TEST_F(Run, ThatIsQuietSaysNothing)
{
    EXPECT_EQ(Micropipe("--quiet hello.cfg").status, 0);
    EXPECT_EQ(Messages(), "");
}

TEST_F(Run, LogsAsMuchAsItIsToldTo)
{
    Micropipe("--log-level=info hello.cfg");
    EXPECT_THAT(Messages(), HasSubstr("info micropipe: memory 256 MiB"));
    Micropipe("--log-level=warning hello.cfg");
    EXPECT_THAT(Messages(), Not(HasSubstr("info micropipe")));
}

TEST_F(Run, PrintsALineAsAFileAndStartsNothing)
{
    const Outcome o = Micropipe("--print-config -e 'core.generate count=100 | files.write path=made'");
    EXPECT_EQ(o.status, 0);
    EXPECT_EQ(Messages(), "");
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "made"));
    folder_.write("made.cfg", o.output);
    EXPECT_EQ(folder_.run("micropipe run --print-config made.cfg").output, o.output);
}

TEST_F(Run, WithRefusedFramesExitsWithThreeAndKeepsThem)
{
    const Outcome o = Micropipe("--json -e 'core.generate count=5 | image.decode | core.null' --set dead_letters=dead");
    EXPECT_EQ(o.status, 3) << Messages();
    json_t *summary = Summary(o);
    ExpectEveryFrameAccountedFor(summary);
    EXPECT_EQ(Number(Stage(summary, "decode"), "dead"), 5);
    EXPECT_EQ(Number(json_object_get(summary, "dead_letters"), "count"), 5);
    EXPECT_EQ(folder_.run("ls dead/*.json | wc -l").output, "5\n");
}

TEST_F(Run, WithRefusedFramesSaysWhereTheyAre)
{
    Micropipe("-e 'core.generate count=5 | image.decode | core.null' --set dead_letters=dead");
    EXPECT_THAT(Messages(), HasSubstr("\ndead letters: 5 in dead (decode 5)\n"));
    Micropipe("-e 'core.generate count=5 | image.decode | core.null'");
    EXPECT_THAT(Messages(), HasSubstr("\ndead letters: 5 (decode 5), not kept"));
}

// Rings and journals take some of it, which only the run itself works out.
TEST_F(Run, WithTooLittleMemoryExitsWithTwoAndNamesTheSetting)
{
    EXPECT_EQ(Micropipe("hello.cfg --set memory=6M").status, 2);
    EXPECT_THAT(Messages(), HasSubstr("hello: cannot run: memory = 6M is too small"));
}

TEST_F(Run, WithoutTheHugePagesThatItRequiresExitsWithOne)
{
    EXPECT_EQ(Micropipe("hello.cfg --set memory=8T --set huge_pages=require").status, 1);
    EXPECT_THAT(Messages(), HasSubstr("hello: failed: memory 8"));
    EXPECT_THAT(Messages(), HasSubstr("vm.nr_hugepages"));
}

// With one less each time what is short is another descriptor: a server's, a filter's.
TEST_F(Run, WithoutEnoughDescriptorsSaysSo)
{
    int failed = 0;
    for (int n = 30; n > 14; n--) { // the shell takes some of its own
        const Outcome o = folder_.run("ulimit -n " + std::to_string(n) + "; micropipe run hello.cfg 2>messages");
        if (o.status == 0)
            continue;
        failed++;
        EXPECT_EQ(o.status, 1) << n;
        EXPECT_THAT(Messages(), HasSubstr("Too many open files")) << n;
        EXPECT_THAT(Messages(), HasSubstr("micropipe doctor")) << n;
    }
    EXPECT_GT(failed, 3);
}

TEST_F(Run, WithoutEnoughStackSaysSo)
{
    EXPECT_EQ(folder_.run("ulimit -s 256; micropipe run hello.cfg 2>messages").status, 1);
    EXPECT_EQ(Messages(),
              "micropipe run: the stack is limited to 256 KiB, and needs 512: ulimit -s 512; see micropipe doctor\n");
    EXPECT_THAT(folder_.run("ulimit -s 256; micropipe doctor").output, HasSubstr("ulimit -s 512"));
    EXPECT_EQ(folder_.run("ulimit -s 512; micropipe run hello.cfg 2>messages").status, 0) << Messages();
}

TEST_F(Run, ThatFailsAsJsonStillHasItsReason)
{
    const Outcome o = Micropipe("--json hello.cfg --set memory=6M");
    EXPECT_EQ(o.status, 2);
    json_t *summary = Summary(o);
    EXPECT_STREQ(json_string_value(json_object_get(summary, "outcome")), "config");
    EXPECT_NE(json_string_value(json_object_get(summary, "reason")), nullptr);
}

TEST_F(Run, OfAMissingFileStartsNothing)
{
    EXPECT_EQ(Micropipe("nowhere.cfg").status, 2);
    EXPECT_THAT(Messages(), HasSubstr("No such file or directory"));
    EXPECT_THAT(Messages(), HasSubstr("nothing was started"));
}

TEST_F(Run, WithoutAStandardOutputRunsAllTheSame)
{
    EXPECT_EQ(Micropipe("hello.cfg >&-").status, 0) << Messages();
    EXPECT_EQ(Micropipe("--json hello.cfg >/dev/full").status, 1);
    EXPECT_THAT(Messages(), HasSubstr("cannot write to the standard output"));
}

} // namespace
