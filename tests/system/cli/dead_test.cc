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

TEST_F(Dead, ShowHasWhateverALetterSays)
{
    folder_.write("dead/x.json", R"({"stage":"s","port":null,"reason":"line one\nline two","signal":"SIGSEGV",
        "later":[1,"two"],"share":0.5,"run":1795704257429922,"attributes":{},"size":3,
        "crash":{"description":"SIGSEGV: read at 0","backtrace":[
          {"function":"inner","file":"a.c","line":7,"inlined":true},
          {"function":"outer","file":"a.c","line":9,"module":"/lib/a.so","offset":"0x10"},
          {"module":"/lib/b.so","offset":"0x20"},{}]}})");
    folder_.write("dead/y.json", R"({"stage":"s","reason":{"hex":"ff00"},"run":-1,"crash":"text","attributes":7})");
    const Outcome o = Do("show dead");
    EXPECT_EQ(o.status, 0);
    EXPECT_THAT(o.output, ContainsRegex("x\n(  .*\n)*  reason      line one\n              line two\n"
                                        "  signal      SIGSEGV\n  later       \\[1,\"two\"\\]\n  share       0.5\n"
                                        "  run of      20[0-9-]+ [0-9:]+\n"));
    EXPECT_THAT(o.output, HasSubstr("  crash       SIGSEGV: read at 0\n"
                                    "              #0 inner (a.c:7), inlined\n"
                                    "              #1 outer (a.c:9), /lib/a.so+0x10\n"
                                    "              #2 ??, /lib/b.so+0x20\n"
                                    "              #3 ??\n"));
    EXPECT_THAT(o.output, HasSubstr("y\n  stage       s\n  reason      ff00\n  crash       text\n"));
    EXPECT_THAT(o.output, Not(HasSubstr("payload")));
    EXPECT_THAT(o.output, Not(HasSubstr("attributes")));
}

TEST_F(Dead, ShowOfALetterWithoutItsPayloadSaysSo)
{
    folder_.write("dead/x.json", R"({"stage":"s","reason":"bad","size":3,"payload":"gone.bin"})");
    folder_.write("dead/z.json", R"({"stage":"s","reason":"bad","size":3,"payload":null})");
    EXPECT_THAT(Do("show dead x").output, HasSubstr("  payload: No such file or directory\n"));
    EXPECT_THAT(Do("show dead z").output, Not(HasSubstr("payload")));
}

TEST_F(Dead, ShowOfAFileThatIsNoLetterSaysWhy)
{
    folder_.write("dead/cut.json", R"({"stage":"mi)");
    folder_.write("dead/x.json", R"({"stage":"s","reason":"bad"})");
    const Outcome o = Do("show dead cut");
    EXPECT_EQ(o.status, 0);
    EXPECT_THAT(o.output, ContainsRegex("^cut\n  no letter: .*end of input"));
    EXPECT_THAT(Do("show dead").output, ContainsRegex("^cut\n  no letter: .*\n\nx\n  stage       s\n"));
}

TEST_F(Dead, LettersThatAreNoneAreCountedAndAreNotInTheJson)
{
    folder_.write("dead/one.json", "[]");
    folder_.write("dead/two.json", "");
    folder_.write("dead/x.json", R"({"stage":"s","reason":"bad","signal":"SIGSEGV"})");
    const Outcome o = Do("list dead");
    EXPECT_THAT(o.output, HasSubstr("one     no letter: it is no dead letter\n"));
    EXPECT_THAT(o.output, HasSubstr("x               -  SIGSEGV: bad\n"));
    EXPECT_THAT(o.output, HasSubstr("dead: 1 letter, and 2 .json that are none\n"));
    std::unique_ptr<json_t, void (*)(json_t *)> all(json_loads(Do("list dead --json").output.c_str(), 0, nullptr),
                                                    json_decref);
    EXPECT_EQ(json_array_size(all.get()), 1u);
}

TEST_F(Dead, AFolderWithoutLettersHasNone)
{
    std::filesystem::create_directory(folder_.path() / "dead");
    EXPECT_EQ(Do("list dead").output, "dead: 0 letters\n");
    EXPECT_EQ(Do("list dead --json").output, "[]\n");
    EXPECT_EQ(Do("show dead").output, "");
    EXPECT_THAT(Do("replay dead -e 'core.generate | core.null'").output, HasSubstr("there is nothing to send in dead"));
}

// Whoever can write into the folder is not to write to the terminal of who looks into it.
TEST_F(Dead, NoLetterCommandsTheTerminal)
{
    const std::string esc = "\x1b[2J";
    folder_.write(
        "dead/x" + esc + ".json",
        R"({"stage":"s","reason":"r\u001b[2J","signal":"s\u001b[2J","k\u001b[2J":"v\u001b[2J","l":["\u001b[2J"],
                      "attributes":{"a\u001b[2J":"\u001b[2J"},"payload":"x.bin","size":4,
                      "crash":{"description":"\u001b[2J","backtrace":[{"function":"\u001b[2J","module":"\u001b[2J"}]}})");
    folder_.write("dead/y" + esc + ".json", "{\"stage" + esc);
    folder_.write("dead/x.bin", esc);
    for (const char *words : {"list dead", "list dead --json", "show dead", "show dead --json",
                              "replay dead -e 'core.generate | core.null :name=other'"})
        EXPECT_EQ(Do(words).output.find('\x1b'), std::string::npos) << words;
    EXPECT_THAT(Do("list dead").output, HasSubstr("x?[2J  "));
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

TEST_F(Dead, LettersThatCannotBeSentStayAndSayWhyBesideThoseThatCan)
{
    Refuse(2);
    folder_.write("dead/s-1-000000000.json", R"({"stage":"lines","reason":"no record"})");
    folder_.write("dead/s-1-000000001.json", R"({"stage":"mid","port":"side","payload":"x.bin","size":0})");
    folder_.write("dead/s-1-000000002.json", "{");
    for (int i = 10; i < 20; i++)
        folder_.write("dead/t-1-0000000" + std::to_string(i) + ".json", R"({"stage":"zone","payload":"x.bin"})");
    const Outcome o = Do(Fixed());
    EXPECT_EQ(o.status, 0) << o.output;
    EXPECT_THAT(o.output, HasSubstr("s-1-000000000 stays: it has no frame, as a source refused the record"));
    EXPECT_THAT(o.output, HasSubstr("s-1-000000001 stays: its stage has no input port of that name"));
    EXPECT_THAT(o.output, HasSubstr("s-1-000000002 stays: "));
    EXPECT_THAT(o.output, HasSubstr("micropipe dead replay: 3 more stay\n"));
    EXPECT_EQ(Lines("again.txt"), Bad(0, 2));
    EXPECT_EQ(Letters(), 13u);
}

TEST_F(Dead, AFrameThatTheConfigurationWouldDropIsALetterAgain)
{
    Refuse(3);
    const Outcome o =
        Do("replay dead p.cfg --quiet --set stages.mid.on_error=drop --set stages.mid.options.match=1 --set "
           "stages.end.options.path=again.txt");
    EXPECT_EQ(o.status, 3) << o.output;
    EXPECT_THAT(o.output, HasSubstr("3 letters sent; 1 refused again"));
    EXPECT_EQ(Lines("again.txt"), (std::vector<std::string>{"bad 0", "bad 2"}));
    EXPECT_THAT(Do("show dead").output, HasSubstr("    bad 1\n"));
}

TEST_F(Dead, ASinkIsToldByItsProcessorTooAndByNoSettingOfAnother)
{
    Refuse(2);
    const std::string replay = "replay dead --quiet -e 'text.lines path=in.txt | debug.work :name=mid | debug.work "
                               ":name=ending | text.write :name=end path=out.txt' ";
    for (const char *set : {"name=other", "stages.ending.options.wait=0", "stages.end.workers=1"})
        EXPECT_THAT(Do(replay + "--set " + set).output, HasSubstr("the sink 'end' (text.write) would write")) << set;
    EXPECT_EQ(Letters(), 2u);
    EXPECT_EQ(Lines("out.txt"), std::vector<std::string>{"good"});
    const Outcome o = Do(replay + "--set stages.end.processor=text.write");
    EXPECT_EQ(o.status, 0) << o.output;
    EXPECT_EQ(Lines("out.txt"), Bad(0, 2));
}

TEST_F(Dead, ASinkWithoutOptionsNeedNotBeTold)
{
    Refuse(1);
    const Outcome o = Do("replay dead -e 'text.lines path=in.txt | debug.work :name=mid | core.null'");
    EXPECT_EQ(o.status, 0);
    EXPECT_THAT(o.output, HasSubstr("1 letter sent; 0 refused again, which are in dead now; 0 not sent\n"));
    EXPECT_EQ(Letters(), 0u);
}

TEST_F(Dead, StagesMayBeNamedLikeTheSourceAndFoldersAnything)
{
    Refuse(2);
    const std::string folder = "it's a | folder";
    std::filesystem::rename(folder_.path() / "dead", folder_.path() / folder);
    const Outcome o = Do("replay \"" + folder +
                         "\" --quiet --set stages.end.options.path=again.txt -e 'text.lines "
                         "path=in.txt | debug.work :name=mid | debug.work :name=letters-mid | text.write :name=end'");
    EXPECT_EQ(o.status, 0) << o.output;
    EXPECT_EQ(Lines("again.txt"), Bad(0, 2));
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / folder));
}

TEST_F(Dead, LettersOfMoreStagesThanCanBeFedAreSentStageByStage)
{
    std::string line = "core.generate";
    for (int i = 0; i < 25; i++) {
        const std::string name = "s" + std::to_string(i);
        line += " | debug.work :name=" + name;
        folder_.write("dead/" + name + ".json", R"({"stage":")" + name + R"(","payload":"x.bin","size":0})");
    }
    folder_.write("dead/x.bin", "");
    const Outcome o = Do("replay dead -e '" + line + " | core.null'");
    EXPECT_EQ(o.status, 1);
    EXPECT_THAT(o.output, HasSubstr("there are too many stages: use --from"));
    EXPECT_EQ(Letters(), 25u);
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "dead/.replay"));
    EXPECT_EQ(Do("replay dead --quiet --from s24 -e '" + line + " | core.null'").status, 0);
    EXPECT_EQ(Letters(), 24u);
}

TEST_F(Dead, AReplayIsTheOnlyOneOfItsFolder)
{
    Refuse(50);
    auto run = StartFixed("1h");
    const Outcome o = Do(Fixed());
    EXPECT_EQ(o.status, 1);
    EXPECT_THAT(o.output, HasSubstr("another replay of these letters goes on"));
    EXPECT_THAT(Do("list dead").output, HasSubstr("dead: 50 letters"));
    run->Signal(SIGKILL);
    run->Wait();
    EXPECT_THAT(Do("list dead").output, HasSubstr("dead: 50 letters"));
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

TEST_F(Dead, WhatCannotBeWrittenToTheStandardOutputFails)
{
    folder_.write("dead/x.json", R"({"stage":"s","reason":"bad"})");
    for (const char *words : {"list dead", "list dead --json", "show dead"}) {
        const Outcome o = Do(std::string(words) + " >/dev/full");
        EXPECT_EQ(o.status, 1) << words;
        EXPECT_THAT(o.output, HasSubstr("cannot write to the standard output: No space left on device")) << words;
    }
}

TEST_F(Dead, WhatIsWrongWithTheWordsIsSaid)
{
    EXPECT_THAT(Do("").output, HasSubstr("list, show or replay?"));
    EXPECT_THAT(Do("lsit dead").output, HasSubstr("did you mean 'list'?"));
    EXPECT_THAT(Do("list").output, HasSubstr("which folder?"));
    EXPECT_THAT(Do("list a b").output, HasSubstr("one too many"));
    EXPECT_THAT(Do("replay dead").output, HasSubstr("which pipeline?"));
    EXPECT_THAT(Do("frobnicate dead").output, HasSubstr("'frobnicate' is none of list, show and replay\n"));
    EXPECT_THAT(Do("replay dead a.cfg b.cfg").output, HasSubstr("'b.cfg' is one too many"));
    for (const char *bytes : {"x", "''", "-1", "5x", ":"})
        EXPECT_THAT(Do(std::string("show dead --bytes ") + bytes).output, HasSubstr("no number of bytes")) << bytes;
    EXPECT_THAT(Do("replay nowhere -e 'core.generate | core.null'").output,
                HasSubstr("micropipe dead replay: nowhere: No such file or directory"));
    EXPECT_THAT(Do("replay dead nowhere.cfg").output, HasSubstr("nowhere.cfg"));
    EXPECT_THAT(Do("replay dead -e 'core.generat | core.null'").output, HasSubstr("1 mistake, nothing was started"));
    EXPECT_EQ(Do("replay dead -e 'core.generat | core.null'").status, 2);
}
