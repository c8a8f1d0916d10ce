// micropipe top where it is no page: of a pipeline that ends, or says nothing of use, between two looks.
extern "C" {
#include "command_top.h"
}
#include "played_pipeline.h"

#include <gmock/gmock.h>

namespace
{

using testing::HasSubstr;

class Top : public PlayedPipeline
{
  protected:
    Outcome Look(const std::vector<std::string> &options, const std::vector<Saying> &sayings)
    {
        std::vector<std::string> words = {"top", "pipe", "--interval", "0.1"};
        words.insert(words.end(), options.begin(), options.end());
        return Play(command_top, words, sayings);
    }
};

} // namespace

TEST_F(Top, OnceOfAPipelineThatEndsMeanwhileShowsItsWholeRun)
{
    Outcome o = Look({"--once"}, {{kPipeStatus}});
    EXPECT_EQ(o.result, 0);
    EXPECT_EQ(o.err, "micropipe top: pipe ended meanwhile; this is of its whole run until then\n");
    EXPECT_NE(o.out, "");
}

TEST_F(Top, OnceOfAPipelineThatDoesNotAnswerFails)
{
    for (const char *answer : {"", "nonsense\n"}) {
        Outcome o = Look({"--once"}, {{answer}});
        EXPECT_EQ(o.result, 1) << answer;
        EXPECT_THAT(o.err, HasSubstr("micropipe top: pipe did not answer; it may have ended just now")) << answer;
        EXPECT_EQ(o.out, "") << answer;
    }
}

TEST_F(Top, OnceWithJsonIsOneObjectOfTheSecondLook)
{
    Outcome o = Look({"--once", "--json"}, {{kPipeStatus}, {"{\"pipeline\":\"later\"}\n", {}, true}});
    EXPECT_EQ(o.result, 0) << o.err;
    EXPECT_THAT(o.out, HasSubstr("\"pipeline\": \"later\""));
    EXPECT_EQ(o.err, "");
}

TEST_F(Top, WithJsonIsALineEachLookUntilThePipelineHasEnded)
{
    Outcome o = Look({"--json"}, {{kPipeStatus}, {kPipeStatus, {}, true}});
    EXPECT_EQ(o.result, 0);
    EXPECT_EQ(o.out, std::string(kPipeStatus) + kPipeStatus);
    EXPECT_EQ(o.err, "micropipe top: pipe has ended\n");
}
