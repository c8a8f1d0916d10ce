// micropipe ctl and status: what they ask a pipeline for, and what they make of its answers.
extern "C" {
#include "command_ctl.h"
#include "command_status.h"
}
#include "played_pipeline.h"

#include <gmock/gmock.h>

namespace
{

using testing::HasSubstr;

class Ctl : public PlayedPipeline
{
  protected:
    // With that answer.
    Outcome Ask(const std::vector<std::string> &operands, const std::string &answer)
    {
        std::vector<std::string> words = {"ctl", "pipe"};
        words.insert(words.end(), operands.begin(), operands.end());
        return Play(command_ctl, words, {{answer}});
    }

    // What is wrong with the words, before anybody is asked.
    static std::string Wrong(std::vector<std::string> words)
    {
        words.insert(words.begin(), "ctl");
        Outcome o = RunCommand(command_ctl, words);
        EXPECT_EQ(o.result, 2);
        EXPECT_EQ(o.out, "");
        return o.err.substr(0, o.err.find('\n'));
    }
};

} // namespace

TEST_F(Ctl, WantsAPipelineAndACommandThatThereIs)
{
    EXPECT_EQ(Wrong({}), "micropipe ctl: which pipeline?");
    EXPECT_EQ(Wrong({"pipe", "explode"}),
              "micropipe ctl: 'explode' is no command: status, scale, pause, resume, drain or stop");
    EXPECT_EQ(Wrong({"pipe", "pasue"}), "micropipe ctl: 'pasue' is no command: status, scale, pause, resume, drain or "
                                        "stop (did you mean 'pause'?)");
}

TEST_F(Ctl, WantsAStageAndANumberForScaleAndNoMoreForTheOthers)
{
    for (const std::vector<std::string> &words : {std::vector<std::string>{"pipe", "scale"}, {"pipe", "scale", "mid"}})
        EXPECT_EQ(Wrong(words), "micropipe ctl: scale takes a stage, and a number of workers or auto");
    EXPECT_EQ(Wrong({"pipe", "pause", "mid"}), "micropipe ctl: 'pause' takes no argument");
    EXPECT_EQ(Wrong({"pipe", "status", "mid"}), "micropipe ctl: 'status' takes no argument");
}

TEST_F(Ctl, AsksForNumbersAsSuchAndLeavesOtherWordsToThePipeline)
{
    Outcome o = Ask({"scale", "mid", "3"}, "{\"ok\":true,\"workers\":3}\n");
    EXPECT_EQ(o.result, 0) << o.err;
    EXPECT_EQ(o.out, "3 workers\n");
    EXPECT_EQ(request_, R"({"command":"scale","stage":"mid","workers":3})"
                        "\n");
    for (const char *word : {"auto", "3x", ""}) {
        Ask({"scale", "mid", word}, "{\"ok\":true}\n");
        EXPECT_THAT(request_, HasSubstr(std::string("\"workers\":\"") + word + "\"")) << word;
    }
    Ask({"scale", "m\xff", "1"}, "{\"ok\":true}\n");
    EXPECT_THAT(request_, HasSubstr(R"("stage":"m?")"));
}

TEST_F(Ctl, TellsWhyItWasRefusedAndWhatIsToBeNoted)
{
    Outcome o = Ask({"pause"}, "{\"ok\":false,\"error\":\"it is being drained\"}\n");
    EXPECT_EQ(o.result, 2);
    EXPECT_EQ(o.err, "micropipe ctl: it is being drained\n");
    o = Ask({"scale", "mid", "9"}, "{\"ok\":true,\"workers\":4,\"note\":\"there is room for 4\"}\n");
    EXPECT_EQ(o.result, 0);
    EXPECT_EQ(o.out, "4 workers\n");
    EXPECT_EQ(o.err, "micropipe ctl: there is room for 4\n");
    o = Ask({"resume"}, "{\"ok\":true}\n");
    EXPECT_EQ(o.out + o.err, "");
}

TEST_F(Ctl, GivesTheAnswerAsItCameWithJson)
{
    Outcome o = Ask({"drain", "--json"}, "{\"ok\":false,\"error\":\"no\"}\n");
    EXPECT_EQ(o.result, 2);
    EXPECT_EQ(o.out, "{\n  \"ok\": false,\n  \"error\": \"no\"\n}\n");
    EXPECT_EQ(o.err, "");
}

TEST_F(Ctl, OfAPipelineThatEndsInsteadOfAnsweringFails)
{
    for (const char *answer : {"", "nonsense\n", "{\"ok\":"}) {
        Outcome o = Ask({"stop"}, answer);
        EXPECT_EQ(o.result, 1) << answer;
        EXPECT_THAT(o.err, HasSubstr("micropipe ctl: the pipeline did not answer; it may have ended just now"))
            << answer;
    }
    Outcome o = Play(command_status, {"status", "pipe"}, {{""}});
    EXPECT_EQ(o.result, 1);
    EXPECT_THAT(o.err, HasSubstr("micropipe status: the pipeline did not answer"));
}

TEST_F(Ctl, StatusIsWhatIsAskedForWithoutACommand)
{
    Outcome ctl = Ask({}, kPipeStatus), status = Play(command_status, {"status", "pipe"}, {{kPipeStatus}});
    EXPECT_THAT(request_, HasSubstr("\"command\":\"status\""));
    EXPECT_EQ(ctl.out, status.out);
    EXPECT_THAT(status.out, HasSubstr("pipe"));
    EXPECT_EQ(status.result, 0);
    EXPECT_THAT(Play(command_status, {"status", "pipe", "--json"}, {{kPipeStatus}}).out,
                HasSubstr("\"pipeline\": \"pipe\""));
}
