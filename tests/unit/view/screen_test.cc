// What keys do in micropipe top: where they lead, what they ask back, what they send; and what is on the screen then.
extern "C" {
#include "screen.h"
}
#include "sample_status.h"

#include <gmock/gmock.h>

#include <sstream>
#include <string>

namespace
{

using testing::HasSubstr;
using testing::Not;

class Screen : public testing::Test
{
  protected:
    Screen() { screen_init(&screen_, "photos-to-shards"); }
    ~Screen() override { screen_clear(&screen_); }

    void Answer(const std::string &text) { screen_take(&screen_, Parsed(text).release()); }

    // Presses keys, and returns the last request that came of them, or "".
    std::string Press(std::initializer_list<int> keys)
    {
        std::string request;
        for (int key : keys) {
            Json made(screen_press(&screen_, key), [](json_t *j) { json_decref(j); });
            char *text = made ? json_dumps(made.get(), JSON_COMPACT) : nullptr;
            request = text ? text : "";
            free(text);
        }
        return request;
    }

    std::string Asks() const
    {
        Json request(screen_request(&screen_), [](json_t *j) { json_decref(j); });
        char *text = json_dumps(request.get(), JSON_COMPACT);
        std::string all = text;
        free(text);
        return all;
    }

    std::string Shown(size_t width = 80, size_t height = 24)
    {
        return Drawn(width, height, [this](canvas *c) { screen_draw(&screen_, c); });
    }

    std::string Footer(size_t width = 80)
    {
        const std::string text = Shown(width);
        return text.substr(text.rfind('\n', text.size() - 2) + 1);
    }

    struct screen screen_;
};

class ScreenOfAPipeline : public Screen
{
  protected:
    ScreenOfAPipeline() { screen_take(&screen_, SampleStatus().release()); }
};

TEST_F(ScreenOfAPipeline, NoRowIsEverLongerOrLowerThanTheWindow)
{
    for (int view : {0, static_cast<int>(PRESS_ENTER), static_cast<int>('d'), static_cast<int>('?')}) {
        Press({PRESS_ESCAPE, view});
        for (size_t width = 1; width < 220; width += 7)
            for (size_t height = 1; height < 60; height += 3) {
                std::istringstream rows(Shown(width, height));
                size_t n = 0;
                for (std::string row; std::getline(rows, row); n++)
                    EXPECT_LE(row.size(), width);
                EXPECT_LE(n, height);
            }
    }
}

TEST_F(ScreenOfAPipeline, AlwaysShowsTheChosenRow)
{
    for (size_t height = 6; height < 30; height++) {
        Press({PRESS_HOME});
        EXPECT_THAT(Shown(80, height), HasSubstr("> photos"));
        Press({PRESS_DOWN, 'j', 'j', PRESS_DOWN});
        EXPECT_THAT(Shown(80, height), HasSubstr("> encode"));
        Press({PRESS_END});
        EXPECT_THAT(Shown(80, height), HasSubstr("> shards"));
    }
}

TEST_F(ScreenOfAPipeline, EnterOpensTheWorkersOfTheChosenStageAndEscapeLeadsBack)
{
    EXPECT_EQ(Asks(), R"({"command":"status","workers":false})");
    Press({PRESS_DOWN, PRESS_ENTER});
    EXPECT_EQ(Asks(), R"({"command":"status","workers":true})");
    EXPECT_THAT(Shown(), HasSubstr("decode: image.decode"));
    EXPECT_THAT(Shown(), HasSubstr("> 0         4000 busy        2.1ms  97%"));
    Press({PRESS_DOWN});
    EXPECT_THAT(Shown(), HasSubstr("> 1         4001 wait input"));
    Press({PRESS_RIGHT});
    EXPECT_THAT(Shown(), HasSubstr("resize: image.resize"));
    EXPECT_THAT(Shown(), HasSubstr("no worker is alive"));
    Press({PRESS_ESCAPE});
    EXPECT_THAT(Shown(), HasSubstr("> resize"));
}

TEST_F(ScreenOfAPipeline, ShowsTheDecisionsAndHelp)
{
    Press({'d'});
    EXPECT_THAT(Shown(), HasSubstr("1:02  encode: 2 -> 1 workers: 1 carries all that comes"));
    EXPECT_THAT(Shown(), HasSubstr("0:01  decode: 1 -> 2 workers"));
    Press({PRESS_DOWN});
    EXPECT_THAT(Shown(), Not(HasSubstr("encode: 2 -> 1")));
    Press({'?'});
    EXPECT_THAT(Shown(), HasSubstr("the stage that the others wait for"));
    Press({PRESS_ESCAPE});
    EXPECT_THAT(Shown(), HasSubstr("decode: 1 -> 2")) << "back to where one came from";
    EXPECT_FALSE(screen_.quit);
    Press({'q'});
    EXPECT_TRUE(screen_.quit);
}

TEST_F(ScreenOfAPipeline, AsksBackBeforeItPausesOrDrains)
{
    EXPECT_EQ(Press({'p'}), "");
    EXPECT_THAT(Footer(), HasSubstr("Pause: the sources make nothing until it is resumed? y/n"));
    EXPECT_EQ(Press({'n'}), "");
    EXPECT_EQ(Press({'y'}), "") << "the question is gone";
    EXPECT_EQ(Press({'p', 'y'}), R"({"command":"pause"})");
    EXPECT_EQ(Press({'D', 'q'}), "");
    EXPECT_FALSE(screen_.quit) << "q is no yes, and answers the question alone";
    EXPECT_EQ(Press({'D', 'Y'}), R"({"command":"drain"})");
}

TEST_F(ScreenOfAPipeline, AnInterruptLeavesWithoutAnAnswer)
{
    EXPECT_EQ(Press({'D', PRESS_INTERRUPT}), "");
    EXPECT_TRUE(screen_.quit);
}

TEST_F(ScreenOfAPipeline, ResumesWhatIsPaused)
{
    json_object_set_new(screen_.status, "state", json_string("paused"));
    EXPECT_EQ(Press({'p', 'y'}), R"({"command":"resume"})");
}

TEST_F(ScreenOfAPipeline, ScalesTheChosenStageAfterEnter)
{
    Press({PRESS_DOWN, 's'});
    EXPECT_THAT(Footer(), HasSubstr("Workers for decode, 1 to 4, or a: auto; Enter: _"));
    EXPECT_EQ(Press({'1', '2', '3', PRESS_ERASE}), "");
    EXPECT_THAT(Footer(), HasSubstr("Enter: 1_"));
    EXPECT_EQ(Press({PRESS_ENTER}), R"({"command":"scale","stage":"decode","workers":1})");
    EXPECT_EQ(Press({'s', 'a', PRESS_ENTER}), R"({"command":"scale","stage":"decode","workers":"auto"})");
    EXPECT_EQ(Press({'+', PRESS_ENTER}), R"({"command":"scale","stage":"decode","workers":3})");
    EXPECT_EQ(Press({'-', PRESS_ENTER}), R"({"command":"scale","stage":"decode","workers":1})");
    EXPECT_EQ(Press({'s', PRESS_ENTER}), "") << "no number";
    EXPECT_EQ(Press({'s', '3', PRESS_ESCAPE}), "");
    EXPECT_THAT(Footer(), HasSubstr("q quit"));
}

TEST_F(ScreenOfAPipeline, ShowsWhyACommandWasRefusedUntilTheNextKey)
{
    Answer(R"({"ok": false, "error": "'photos' is a source"})");
    EXPECT_EQ(Footer(), "'photos' is a source\n");
    Answer(R"({"ok": true, "workers": 4, "note": "was started with room for 4"})");
    EXPECT_EQ(Footer(), "was started with room for 4\n");
    Press({PRESS_DOWN});
    EXPECT_THAT(Footer(), HasSubstr("q quit"));
}

TEST_F(ScreenOfAPipeline, KeepsTheLastFiguresOfOneThatHasEndedAndSendsItNothing)
{
    screen_lose(&screen_, "It has ended, and these are its last figures.");
    EXPECT_THAT(Shown(), HasSubstr("photos-to-shards ended for 1:23"));
    EXPECT_THAT(Footer(), HasSubstr("It has ended"));
    EXPECT_EQ(Press({'p', 'y'}), "");
    EXPECT_EQ(Press({'s', '3', PRESS_ENTER}), "");
    EXPECT_THAT(Footer(), HasSubstr("It has ended"));
    screen_find(&screen_);
    EXPECT_THAT(Footer(), Not(HasSubstr("It has ended")));
}

TEST_F(Screen, SendsNothingBeforeItKnowsThePipeline)
{
    EXPECT_EQ(Press({'p', 'y', 'D', 'y', 's', '3', PRESS_ENTER, PRESS_ESCAPE}), "");
    EXPECT_THAT(Shown(), HasSubstr("photos-to-shards"));
}

Json TwoPipelines()
{
    Json roll = Parsed(R"([{"name": "first", "status": null}, {"name": "second", "status": null}])");
    return roll;
}

TEST_F(Screen, ChoosesAmongSeveralPipelines)
{
    screen_init(&screen_, "");
    EXPECT_THAT(Shown(), HasSubstr("Looking for pipelines"));
    screen_take_roll(&screen_, TwoPipelines().release());
    EXPECT_THAT(Shown(), HasSubstr("> first"));
    EXPECT_EQ(screen_request(&screen_), nullptr);
    Press({PRESS_ESCAPE});
    EXPECT_EQ(screen_.view, VIEW_ROLL) << "there is nothing to go back to";
    Press({PRESS_DOWN, PRESS_ENTER});
    EXPECT_STREQ(screen_.name, "second");
    EXPECT_TRUE(screen_.reopen);
    EXPECT_EQ(screen_.view, VIEW_STAGES);
    Press({'l', PRESS_ESCAPE});
    EXPECT_EQ(screen_.view, VIEW_STAGES);
    screen_take_roll(&screen_, Parsed("[]").release());
    Press({'l'});
    EXPECT_THAT(Shown(), HasSubstr("No pipeline runs here."));
    Press({PRESS_ENTER});
    EXPECT_STREQ(screen_.name, "second");
}

TEST_F(Screen, TakesTheOnlyPipelineWithoutAsking)
{
    screen_init(&screen_, "");
    screen_take_roll(&screen_, Parsed(R"([{"name": "only", "status": null}])").release());
    EXPECT_STREQ(screen_.name, "only");
    EXPECT_TRUE(screen_.reopen);
}

} // namespace
