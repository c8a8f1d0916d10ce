// micropipe tap: what it makes of the answers of a pipeline, of those that no pipeline should give, too.
extern "C" {
#include "command_tap.h"
}
#include "played_pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace
{

using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

constexpr const char *kOk = "{\"ok\":true}\n";

class Tap : public PlayedPipeline
{
  protected:
    Outcome Run(const std::vector<Saying> &sayings, const std::vector<std::string> &options = {})
    {
        std::vector<std::string> words = {"tap", "pipe", "mid"};
        words.insert(words.end(), options.begin(), options.end());
        return Play(command_tap, words, sayings);
    }

    // One frame, and its payload in a descriptor.
    Outcome Save(const std::string &frame, const std::vector<std::string> &payloads, const std::string &folder)
    {
        return Run({{kOk}, {"{\"frame\":" + frame + "}\n", payloads}}, {"-n", "1", "--save", folder});
    }
};

std::string Frame(const std::string &members)
{
    return "{\"frame\":{\"stage\":\"mid\",\"port\":\"out\",\"worker\":0,\"sequence\":7,\"key\":0,\"type\":0,\"size\":3,"
           "\"lost\":0" +
           members + "}}\n";
}

constexpr const char *kWhole = R"({"stage":"mid","sequence":7,"size":5,"descriptor":5,"attributes":{"path":"a.jpg"}})";

} // namespace

TEST_F(Tap, ShowsPortTypeKeyAttributesAndTheBytesThatWereAskedFor)
{
    Outcome o = Run({{kOk},
                     {R"({"frame":{"stage":"mid","port":"errors","worker":3,"sequence":12,"key":255,"type":1,)"
                      R"("size":5000,"attributes":{"path":"a.jpg"},"payload":"aGVsbG8gdGhlcmU="}})"
                      "\n"}},
                    {"-n", "1", "--bytes", "5"});
    EXPECT_EQ(o.result, 0) << o.err;
    EXPECT_EQ(o.out, "mid/3.errors  sequence 12  5 000 bytes  text  key 00000000000000ff\n"
                     "  path = a.jpg\n"
                     "  hello\n"
                     "  ... 4 995 bytes more\n");
    EXPECT_THAT(request_, HasSubstr("\"count\":1"));
    EXPECT_THAT(request_, HasSubstr("\"bytes\":5"));
}

TEST_F(Tap, NamesEachTypeOfAFrame)
{
    const char *const names[] = {"bytes", "text", "image", "tensor"};
    for (int type : {0, 1, 2, 3, 4, -1}) {
        Outcome o = Run({{kOk}, {"{\"frame\":{\"stage\":\"mid\",\"type\":" + std::to_string(type) + "}}\n"}}, {"-n1"});
        EXPECT_THAT(o.out, HasSubstr(std::string("  ") + (type >= 0 && type < 4 ? names[type] : "a type of its own")));
    }
}

TEST_F(Tap, ShowsAFrameWithoutItsBytesIfTheyCannotBeRead)
{
    for (const char *payload : {"", ",\"payload\":\"!!\"", ",\"payload\":3"}) {
        Outcome o = Run({{kOk}, {Frame(payload)}}, {"-n", "1"});
        EXPECT_EQ(o.result, 0) << payload << o.err;
        EXPECT_THAT(o.out, HasSubstr("mid/0  sequence 7  3 bytes  bytes\n")) << payload;
    }
}

TEST_F(Tap, PassesOverLinesThatAreNoFrames)
{
    Outcome o = Run({{std::string(kOk) + "{\"stages\":[]}\n" + Frame("") + "{}\n" + Frame("")}}, {"-n", "2"});
    EXPECT_EQ(o.result, 0) << o.err;
    EXPECT_EQ(o.err, "");
    EXPECT_THAT(o.out, HasSubstr("mid/0  sequence 7  3 bytes  bytes\n  ... 3 bytes more\n\nmid/0  sequence 7"));
}

TEST_F(Tap, PutsLinesTogetherThatComeInPieces)
{
    std::string frame = Frame(",\"payload\":\"" + std::string(200000, 'A') + "\"");
    std::vector<Saying> pieces = {{"{\"ok\""}, {":true}\n"}};
    for (size_t at = 0; at < frame.size(); at += 7001)
        pieces.push_back({frame.substr(at, 7001)});
    Outcome o = Run(pieces, {"-n", "1", "--json"});
    EXPECT_EQ(o.result, 0) << o.err;
    EXPECT_THAT(o.out, HasSubstr("{\"stage\":\"mid\",\"port\":\"out\""));
}

TEST_F(Tap, ThatIsRefusedSaysWhyAndAPipelineThatEndsInsteadOfAnsweringIsAFailure)
{
    Outcome o = Run({{"{\"ok\":false,\"error\":\"there is no stage 'mid'\"}\n"}});
    EXPECT_EQ(o.result, 2);
    EXPECT_EQ(o.err, "micropipe tap: there is no stage 'mid'\n");
    for (const char *answer : {"", "{\"ok\":tr", "nonsense\n"}) {
        o = Run({{answer}});
        EXPECT_EQ(o.result, 1) << answer;
        EXPECT_EQ(o.err, "micropipe tap: the pipeline did not answer\n") << answer;
    }
}

TEST_F(Tap, SaysHowFarItCameWhenThePipelineEndsOrTalksNonsense)
{
    for (const std::string &end : {std::string(), std::string("{\"frame\":"), std::string("nonsense\n"),
                                   std::string(2 << 20, 'x') /* a line without an end */}) {
        Outcome o = Run({{kOk}, {Frame("")}, {end}}, {"-n", "3"});
        EXPECT_EQ(o.result, 0) << end.substr(0, 20);
        EXPECT_EQ(o.err, "micropipe tap: the pipeline ended after 1 of 3 frames\n") << end.substr(0, 20);
    }
    EXPECT_EQ(Run({{kOk}, {Frame("")}}, {"-n", "0"}).err, "") << "it was to go on until the end";
}

TEST_F(Tap, SaysHowManySamplesWereLost)
{
    EXPECT_THAT(Run({{kOk}, {Frame(",\"lost\":1")}}, {"-n1"}).err, HasSubstr("1 sample was lost: not read in time"));
    EXPECT_THAT(Run({{kOk}, {Frame(",\"lost\":12")}}, {"-n1"}).err, HasSubstr("12 samples were lost"));
}

TEST_F(Tap, SavesThePayloadAndWhatIsKnownOfTheFrameUnderNamesThatStayInTheFolder)
{
    std::string frame = kWhole;
    frame.replace(frame.find("mid"), 3, "../mid");
    Outcome o = Save(frame, {"hello"}, folder_ / "saved");
    EXPECT_EQ(o.result, 0) << o.err;
    EXPECT_THAT(request_, HasSubstr("\"whole\":true"));
    EXPECT_EQ(harness::read_file(folder_ / "saved/.._mid-000000007-000000000.bin"), "hello");
    const std::string text = harness::read_file(folder_ / "saved/.._mid-000000007-000000000.json");
    EXPECT_THAT(text, HasSubstr("\"payload\": \".._mid-000000007-000000000.bin\""));
    EXPECT_THAT(text, Not(HasSubstr("descriptor")));
}

TEST_F(Tap, SaysWhyAFrameCannotBeSaved)
{
    const std::string into = folder_ / "saved", name = into + "/mid-000000007-000000000";
    EXPECT_THAT(Save(kWhole, {}, into).err, HasSubstr("': Input/output error")) << "no descriptor came";
    EXPECT_THAT(Save(kWhole, {"hell"}, into).err, HasSubstr("': Input/output error")) << "it is shorter than was said";
    for (const char *file : {".bin", ".json"}) {
        fs::create_directory(name + file);
        Outcome o = Save(kWhole, {"hello"}, into);
        EXPECT_EQ(o.result, 1);
        EXPECT_EQ(o.err, "micropipe tap: cannot save a frame in '" + into + "': Is a directory\n");
        fs::remove_all(name + file);
        const std::string part = into + "/.mid-000000007-000000000" + file + ".part";
        fs::remove(part);
        fs::create_symlink("elsewhere", part);
        EXPECT_THAT(Save(kWhole, {"hello"}, into).err, HasSubstr("Too many levels of symbolic links"));
        fs::remove(part);
    }
}

TEST_F(Tap, SaysWhyAFolderCannotBeHad)
{
    std::ofstream(folder_ / "file") << "no folder";
    for (const auto &[path, why] : {std::pair{"file", "Not a directory"}, {"no/folder", "No such file or directory"}}) {
        const std::string folder = folder_ / path;
        Outcome o = Save(kWhole, {"hello"}, folder);
        EXPECT_EQ(o.result, 1);
        EXPECT_EQ(o.err, "micropipe tap: " + folder + ": " + why + "\n");
    }
}

TEST_F(Tap, SaysWhenTheDiskIsFullAndLeavesNoHalfFile)
{
    const std::string into = folder_ / "saved", small = R"({"stage":"mid","descriptor":5})";
    auto handler = signal(SIGXFSZ, SIG_IGN);
    for (const auto &[frame, payload, room] :
         {std::tuple{R"({"stage":"mid","descriptor":200})", std::string(200, 'x'), 100},
          {small.c_str(), "hello", 10}}) {
        room_ = static_cast<rlim_t>(room);
        EXPECT_EQ(Save(frame, {payload}, into).err,
                  "micropipe tap: cannot save a frame in '" + into + "': File too large\n");
        for (const auto &entry : fs::directory_iterator(into))
            EXPECT_EQ(entry.path().extension(), ".bin") << entry.path();
    }
    signal(SIGXFSZ, handler);
}

TEST_F(Tap, KeepsOnlySoManyDescriptorsAsFramesMayBringAtOnce)
{
    Outcome o = Run({{kOk, {"1", "2", "3"}}, {"{\"frame\":" + std::string(kWhole) + "}\n", {"hello", "5", "6"}}},
                    {"-n", "1", "--bytes", "1"});
    EXPECT_EQ(o.result, 0) << o.err;
    EXPECT_THAT(o.out, HasSubstr("  1\n")) << "the oldest";
}

TEST_F(Tap, WantsAPipelineAStageAndNumbersInTheirRange)
{
    EXPECT_THAT(RunCommand(command_tap, {"tap"}).err, HasSubstr("which pipeline, and which stage?"));
    EXPECT_THAT(RunCommand(command_tap, {"tap", "pipe"}).err, HasSubstr("which stage?"));
    for (const char *wrong : {"", "x", "-1", "+1", "5x", "1000000001"}) {
        Outcome o = RunCommand(command_tap, {"tap", "pipe", "mid", "-n", wrong});
        EXPECT_EQ(o.result, 2) << wrong;
        EXPECT_THAT(o.err, HasSubstr("'" + std::string(wrong) + "' is no number from 0 to 1000000000"));
    }
    EXPECT_THAT(RunCommand(command_tap, {"tap", "pipe", "mid", "--bytes", "65537"}).err,
                HasSubstr("'65537' is no number from 0 to 65536"));
    Outcome o = RunCommand(command_tap, {"tap", "other", "mid"});
    EXPECT_EQ(o.result, 1);
    EXPECT_THAT(o.err, HasSubstr("micropipe tap: no pipeline named 'other' runs here"));
}
