// micropipe dead: what a user sees of dead letters, and how they are sent again, whatever is killed meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <jansson.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "child.h"
#include "shell.h"

namespace
{

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

// Lines that a stage refuses, all but the first, into dead/.
constexpr const char *PIPELINE = R"(
name = "p"; memory = "64M"; dead_letters = "dead"; drain_timeout = 50.0;
stages = (
  { name = "lines"; processor = "text.lines"; options = { path = "in.txt"; }; },
  { name = "mid"; processor = "debug.fail"; options = { match = "bad"; }; queue = 2; },
  { name = "slow"; processor = "debug.work"; queue = 2; workers = 1; },
  { name = "end"; processor = "text.write"; options = { path = "out.txt"; }; queue = 2; }
);
)";

class Dead : public testing::Test
{
  protected:
    Dead() { setenv("XDG_RUNTIME_DIR", folder_.path().c_str(), 1); }
    ~Dead() override { unsetenv("XDG_RUNTIME_DIR"); }

    // Letters of the lines "bad 0" to "bad n-1".
    void Refuse(int n)
    {
        std::string text = "good\n";
        for (int i = 0; i < n; i++)
            text += "bad " + std::to_string(i) + "\n";
        folder_.write("p.cfg", PIPELINE);
        folder_.write("in.txt", text);
        EXPECT_EQ(folder_.run("micropipe run --quiet p.cfg").status, 3);
        EXPECT_EQ(folder_.read("out.txt"), "good\n");
    }

    Outcome Do(const std::string &words) { return folder_.run("micropipe dead " + words); }

    size_t Letters() const
    {
        size_t n = 0;
        for (const auto &file : std::filesystem::directory_iterator(folder_.path() / "dead"))
            n += file.path().extension() == ".json";
        return n;
    }

    // What the fixed pipeline is told.
    std::string Fixed(const std::string &more = "") const
    {
        return "replay dead p.cfg --quiet --set stages.mid.options.match=none --set "
               "stages.end.options.path=again.txt " +
               more;
    }

    // The same, while the test goes on; each frame takes so long.
    std::unique_ptr<Running> StartFixed(const std::string &wait)
    {
        std::string at = folder_.path().string() + "/";
        auto run = std::make_unique<Running>(std::vector<std::string>{
            "dead", "replay", at + "dead", at + "p.cfg", "--set", "stages.mid.options.match=none", "--set",
            "stages.end.options.path=" + at + "again.txt", "--set", "stages.slow.options.wait=" + wait});
        run->WaitFor("info micropipe: memory");
        return run;
    }

    // Asks the replay until its sink has taken that many.
    bool HasTaken(json_int_t n)
    {
        for (int i = 0; i < 3000; i++) {
            const Outcome o = folder_.run("micropipe ctl p-replay status --json");
            std::unique_ptr<json_t, void (*)(json_t *)> status(json_loads(o.output.c_str(), 0, nullptr), json_decref);
            json_t *stages = json_object_get(status.get(), "stages");
            json_t *last = json_array_get(stages, json_array_size(stages) - 1);
            if (json_integer_value(json_object_get(last, "out")) >= n)
                return true;
        }
        return false;
    }

    std::vector<std::string> Lines(const std::string &file) const
    {
        std::istringstream in(folder_.read(file));
        std::vector<std::string> lines;
        for (std::string line; std::getline(in, line);)
            lines.push_back(line);
        return lines;
    }

    Folder folder_;
};

std::vector<std::string> Bad(int from, int to)
{
    std::vector<std::string> lines;
    for (int i = from; i < to; i++)
        lines.push_back("bad " + std::to_string(i));
    return lines;
}

} // namespace

TEST_F(Dead, ListHasALineForEachLetter)
{
    Refuse(3);
    const Outcome o = Do("list dead");
    EXPECT_EQ(o.status, 0);
    EXPECT_THAT(o.output, ContainsRegex("mid-[0-9]+-000000003 +5 B +debug.fail refuses frame 3"));
    EXPECT_THAT(o.output, HasSubstr("dead: 3 letters\n"));
    EXPECT_THAT(Do("list dead --from slow").output, HasSubstr("dead: 0 letters\n"));
    folder_.write("dead/stray.json", "x");
    EXPECT_THAT(Do("list dead").output, ContainsRegex("3 letters, and 1 .json that is none\n"));
    EXPECT_EQ(Do("list nowhere").status, 1);
}

TEST_F(Dead, ListAsJsonHasAllThatIsKnown)
{
    Refuse(2);
    std::unique_ptr<json_t, void (*)(json_t *)> all(json_loads(Do("list dead --json").output.c_str(), 0, nullptr),
                                                    json_decref);
    ASSERT_EQ(json_array_size(all.get()), 2u);
    const json_t *letter = json_array_get(all.get(), 0);
    EXPECT_STREQ(json_string_value(json_object_get(letter, "stage")), "mid");
    EXPECT_STREQ(json_string_value(json_object_get(letter, "port")), "in");
    EXPECT_THAT(json_string_value(json_object_get(letter, "name")), HasSubstr("-000000001"));
}

TEST_F(Dead, ShowHasThePayloadAsTextOrAsHexAndTheAttributes)
{
    Refuse(2);
    const Outcome o = Do("show dead");
    EXPECT_EQ(o.status, 0);
    EXPECT_THAT(o.output, HasSubstr("  reason      debug.fail refuses frame 1"));
    EXPECT_THAT(o.output, HasSubstr("path = in.txt\n"));
    EXPECT_THAT(o.output, HasSubstr("  payload\n    bad 0\n"));
    EXPECT_THAT(o.output, HasSubstr("  payload\n    bad 1\n"));
    const std::string name = o.output.substr(0, o.output.find('\n'));
    EXPECT_THAT(Do("show dead " + name).output, Not(HasSubstr("bad 1")));
    EXPECT_THAT(Do("show dead --bytes 2 " + name).output, HasSubstr("    ba\n    ... 3 bytes more\n"));
    folder_.write("dead/" + name + ".bin", std::string("b\0\x1b[1", 5));
    EXPECT_THAT(Do("show dead " + name).output, HasSubstr("00000000  62 00 1b 5b 31 "));
    EXPECT_EQ(Do("show dead none").status, 2);
}

TEST_F(Dead, ReplaySendsEachLetterOnceToTheStageThatRefusedItAndRemovesIt)
{
    Refuse(300);
    const Outcome o = Do(Fixed());
    EXPECT_EQ(o.status, 0) << o.output;
    EXPECT_EQ(Lines("again.txt"), Bad(0, 300));
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "dead"));
    EXPECT_THAT(Do(Fixed()).output, HasSubstr("there is nothing to send"));
}

TEST_F(Dead, LettersThatFailAgainStayWithTheirNewReason)
{
    Refuse(20);
    const Outcome o = Do("replay dead p.cfg --set stages.mid.options.match=7 --set stages.end.options.path=again.txt");
    EXPECT_EQ(o.status, 3) << o.output;
    EXPECT_THAT(o.output, HasSubstr("20 letters sent; 2 refused again, which are in dead now; 0 not sent"));
    EXPECT_EQ(Lines("again.txt").size(), 18u);
    EXPECT_EQ(Letters(), 2u);
    EXPECT_THAT(Do("show dead").output, testing::AllOf(HasSubstr("    bad 7\n"), HasSubstr("    bad 17\n")));
    EXPECT_EQ(Do(Fixed()).status, 0);
    EXPECT_EQ(Lines("again.txt"), (std::vector<std::string>{"bad 7", "bad 17"}));
}

TEST_F(Dead, ASinkThatMayReplaceWhatTheFirstRunWroteHasToBeTold)
{
    Refuse(2);
    const Outcome o = Do("replay dead p.cfg --set stages.mid.options.match=none");
    EXPECT_EQ(o.status, 2);
    EXPECT_THAT(o.output, HasSubstr("--set stages.end.options.NAME=VALUE"));
    EXPECT_EQ(folder_.read("out.txt"), "good\n");
    EXPECT_EQ(Letters(), 2u);
    EXPECT_EQ(Do("replay dead p.cfg --same-output --quiet --set stages.mid.options.match=none").status, 0);
    EXPECT_EQ(Letters(), 0u);
}

TEST_F(Dead, FromSendsTheLettersOfOneStageAndStrangersStay)
{
    Refuse(3);
    folder_.write("dead/other-1-000000000.json", R"({"stage":"gone","payload":"x.bin","size":0})");
    EXPECT_THAT(Do(Fixed("--from slow")).output, HasSubstr("there is nothing to send"));
    EXPECT_EQ(Do(Fixed("--from none")).status, 2);
    const Outcome o = Do(Fixed("--from mid"));
    EXPECT_EQ(o.status, 0) << o.output;
    EXPECT_EQ(Lines("again.txt"), Bad(0, 3));
    EXPECT_EQ(Letters(), 1u);
    EXPECT_THAT(Do(Fixed()).output, HasSubstr("other-1-000000000 stays: the pipeline has no stage of that name"));
}

TEST_F(Dead, AReplayThatFailsTakesNoLetter)
{
    Refuse(5);
    folder_.run("truncate -s 1 dead/*3.bin");
    const Outcome o = Do(Fixed());
    EXPECT_EQ(o.status, 1);
    EXPECT_THAT(o.output, HasSubstr("all letters stay"));
    EXPECT_THAT(o.output, HasSubstr("another size than it says"));
    EXPECT_EQ(Letters(), 5u);
}

TEST_F(Dead, AReplayThatIsKilledLosesNoLetter)
{
    Refuse(400);
    {
        auto run = StartFixed("20ms");
        EXPECT_TRUE(HasTaken(3));
        run->Signal(SIGKILL);
        run->Wait();
    }
    const Outcome o = Do("list dead");
    EXPECT_THAT(o.output, HasSubstr("dead: 400 letters"));
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "dead/.replay"));
    EXPECT_EQ(Do(Fixed()).status, 0);
    EXPECT_EQ(Lines("again.txt"), Bad(0, 400));
    EXPECT_EQ(Letters(), 0u);
}

TEST_F(Dead, AReplayThatIsDrainedTakesWhatItSentAndNoMore)
{
    Refuse(400);
    auto run = StartFixed("20ms");
    EXPECT_TRUE(HasTaken(3));
    run->Signal(SIGTERM);
    EXPECT_EQ(run->Wait(), 0);
    run->WaitFor("letters sent");
    const int sent = static_cast<int>(Lines("again.txt").size());
    EXPECT_GE(sent, 3);
    EXPECT_LT(sent, 400);
    EXPECT_EQ(Lines("again.txt"), Bad(0, sent));
    EXPECT_EQ(Letters(), static_cast<size_t>(400 - sent));
    EXPECT_EQ(Do(Fixed()).status, 0);
    EXPECT_EQ(Lines("again.txt"), Bad(sent, 400));
}

TEST_F(Dead, WhatIsWrongWithTheWordsIsSaid)
{
    EXPECT_THAT(Do("").output, HasSubstr("list, show or replay?"));
    EXPECT_THAT(Do("lsit dead").output, HasSubstr("did you mean 'list'?"));
    EXPECT_THAT(Do("list").output, HasSubstr("which folder?"));
    EXPECT_THAT(Do("list a b").output, HasSubstr("one too many"));
    EXPECT_THAT(Do("replay dead").output, HasSubstr("which pipeline?"));
    EXPECT_THAT(Do("show dead --bytes x").output, HasSubstr("no number of bytes"));
}
