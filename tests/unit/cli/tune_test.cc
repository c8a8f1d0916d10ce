// What `micropipe tune` makes of what it saw, and what it wants to be told.
extern "C" {
#include "command_tune.h"
#include "tuning.h"
}
#include "command_output.h"
#include "sample_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace
{

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr uint64_t kBegin = 1000 * kSecond, kTick = TUNING_TICK_MS * kMillisecond;

// A look at a pipeline of three stages, of which the middle may have one to eight workers.
class Tuning : public testing::Test
{
  protected:
    Tuning()
    {
        for (size_t i = 0; i < 3; i++)
            run_.configured(i).description = &plain_;
        tuning_begin(tuning_.get(), kBegin, 60);
        run_.configured(1).workers_max = 8;
        run_.configured(1).workers_auto = 1;
        run_.stage(1).workers_wanted = 3;
    }

    // The next look, when the source has made so many frames. 1: it will do.
    int Look(uint64_t frames = 0)
    {
        at_ += kTick;
        run_.stage(0).out = frames;
        return tuning_look(tuning_.get(), &run_.config, &run_.now(), at_);
    }

    std::string Text()
    {
        Output out;
        EXPECT_EQ(tuning_print(tuning_.get(), &run_.config, out.file()), 0);
        return out.text();
    }

    // As if another core would bring that.
    std::string Gain(double gain, enum scaler_limit limit)
    {
        Look();
        tuning_->gain = gain;
        tuning_->then.limit = limit;
        tuning_->then.stage = 1;
        std::string text = Text();
        return text.substr(text.find("\n# ") + 1, text.find('\n', text.find("\n# ") + 1) - text.find("\n# ") - 1);
    }

    processor_description plain_ = {}; // without options
    SampleRun run_{{"read", "work", "write"}};
    std::unique_ptr<tuning> tuning_ = std::make_unique<tuning>(); // large: not for the stack
    uint64_t at_ = kBegin;
};

} // namespace

TEST_F(Tuning, TheRateIsThatUntilTheSourceHasEnded)
{
    for (uint64_t frames : {0, 50, 100, 150, 150, 150, 150})
        Look(frames);
    EXPECT_THAT(Text(), HasSubstr(": 100 frames/s of the source"));
}

TEST_F(Tuning, OfASourceThatMadeNothingMeanwhileThereIsNoRate)
{
    for (uint64_t frames : {150, 150, 150})
        Look(frames);
    EXPECT_THAT(Text(), Not(HasSubstr("frames/s of the source")));
}

TEST_F(Tuning, EndsWhenNothingWasDecidedFor15Seconds)
{
    for (int i = 1; i < 20; i++)
        EXPECT_EQ(Look(), 0) << i;
    run_.now().n_decisions = 1;
    EXPECT_EQ(Look(), 0);
    for (int i = 1; i < 30; i++)
        EXPECT_EQ(Look(), 0) << i << " after the decision";
    EXPECT_EQ(Look(), 1);
}

TEST_F(Tuning, EndsWhenItsTimeIsOverThoughDecisionsGoOn)
{
    for (int i = 1; i < 120; i++) {
        run_.now().n_decisions++;
        EXPECT_EQ(Look(), 0) << i;
    }
    run_.now().n_decisions++;
    EXPECT_EQ(Look(), 1);
}

TEST_F(Tuning, TellsTheRateOfTheLastTenSecondsAndWhatLimitsIt)
{
    EXPECT_EQ(Look(5), 0);
    EXPECT_THAT(Text(), StartsWith("# found by micropipe tune in 0 s\n")) << "one look is no rate";
    for (int i = 1; i < 10; i++)
        Look(1000000); // before
    for (int i = 0; i < TUNING_MARKS; i++)
        Look(2000000 + 100 * static_cast<uint64_t>(i));
    EXPECT_THAT(Text(), StartsWith("# found by micropipe tune in 15 s: 200 frames/s of the source\n"));
    snprintf(run_.now().limit, sizeof run_.now().limit, "memory 95 %%");
    Look(2002000);
    EXPECT_THAT(Text(), HasSubstr("of the source; limited by: memory 95 %\n"));
}

TEST_F(Tuning, GivesTheNumbersThatWereFoundAndLeavesThoseThatWereSet)
{
    Look();
    std::string text = Text();
    EXPECT_THAT(text, HasSubstr("workers = 3;"));
    EXPECT_EQ(text.find("workers = "), text.rfind("workers = ")) << text;
    EXPECT_EQ(run_.configured(1).workers_max, 8u) << "the pipeline itself is as it was";
}

TEST_F(Tuning, TellsWhatAnotherCoreWouldBring)
{
    EXPECT_EQ(Gain(2, LIMIT_UNKNOWN), "# too little was seen to say what another core would bring");
    EXPECT_EQ(Gain(1.001, LIMIT_CPU), "# another core would bring nothing");
    EXPECT_EQ(Gain(1.33, LIMIT_CPU), "# another core would bring 33 %");
    EXPECT_EQ(Gain(1.5, LIMIT_MEMORY), "# another core would bring 50 %, and memory would be the limit");
    EXPECT_EQ(Gain(1.5, LIMIT_STAGE), "# another core would bring 50 %, and the limit would be stage work");
    EXPECT_EQ(Gain(1.5, LIMIT_SINK), "# another core would bring 50 %, and the limit would be stage work");
}

TEST(Tune, WantsAPipelineAndANumberOfSeconds)
{
    for (const char *wrong : {"", "x", "0", "-1", "1x", "86401", "99999999999999999999"}) {
        Outcome o = RunCommand(command_tune, {"tune", "--seconds", wrong, "p.cfg"});
        EXPECT_EQ(o.result, 2) << wrong;
        EXPECT_THAT(o.err, HasSubstr("'" + std::string(wrong) + "' is no number of seconds from 1 to 86400"));
    }
    Outcome o = RunCommand(command_tune, {"tune"});
    EXPECT_EQ(o.result, 2);
    EXPECT_THAT(o.err, HasSubstr("which pipeline? Name a file, or give a one-line pipeline with -e"));
}

TEST(Tune, StartsNoPipelineWithMistakes)
{
    Outcome o = RunCommand(command_tune, {"tune", "-e", "core.genrate | core.null"});
    EXPECT_EQ(o.result, 2);
    EXPECT_EQ(o.out, "");
    EXPECT_THAT(o.err, HasSubstr("micropipe: -e: "));
    EXPECT_THAT(o.err, HasSubstr("nothing was started\n"));
}
