extern "C" {
#include "progress.h"
}
#include "sample_run.h"

#include <gtest/gtest.h>

namespace
{

class Progress : public testing::Test
{
  protected:
    Progress() { progress_init(&progress_, &run_.config); }

    /* The source has read `percent` of its 100 records, and the sink has taken `frames`. */
    void Note(uint64_t elapsed_ns, uint64_t percent, uint64_t frames)
    {
        run_.stage(0).done = percent;
        run_.stage(0).total = 100;
        run_.stage(2).out = frames;
        run_.now().elapsed_ns = elapsed_ns;
        progress_note(&progress_, &run_.now());
    }

    std::string Line(size_t width, progress_style style = PROGRESS_BAR)
    {
        char line[PROGRESS_LINE_MAX];
        progress_line(&progress_, &run_.now(), style, width, line);
        return line;
    }

    SampleRun run_{{"read", "decode", "write"}};
    progress progress_;
};

TEST_F(Progress, FillsTheWidthWithABarAndAllThatIsKnown)
{
    Note(9 * kSecond, 40, 8945);
    Note(10 * kSecond, 45, 12345);
    run_.stage(1).dead = 2;
    EXPECT_EQ(Line(90), "[#############------------------]  45 %  12 345 frames  3.4 k/s  0:12 left  2 dead letters");
    EXPECT_EQ(Line(79), "[#########-----------]  45 %  12 345 frames  3.4 k/s  0:12 left  2 dead letters");
}

TEST_F(Progress, IsNeverWiderThanTheTerminal)
{
    Note(9 * kSecond, 40, 8945);
    Note(10 * kSecond, 45, 12345);
    run_.stage(1).dead = 2;
    for (size_t width = 0; width < 400; width++)
        EXPECT_LE(Line(width).size(), width);
}

TEST_F(Progress, DropsWhatMattersLeastFirst)
{
    Note(9 * kSecond, 40, 8945);
    Note(10 * kSecond, 45, 12345);
    run_.stage(1).dead = 2;
    EXPECT_EQ(Line(60), "45 %  12 345 frames  3.4 k/s  0:12 left  2 dead letters");
    EXPECT_EQ(Line(50), "45 %  3.4 k/s  0:12 left  2 dead letters");
    EXPECT_EQ(Line(30), "45 %  3.4 k/s  2 dead letters");
    EXPECT_EQ(Line(20), "45 %  2 dead letters");
    EXPECT_EQ(Line(4), "45 %");
    EXPECT_EQ(Line(3), "");
}

TEST_F(Progress, HasNoBarIfASourceDoesNotKnowHowMuchThereIs)
{
    Note(10 * kSecond, 45, 12345);
    run_.stage(0).total = 0;
    EXPECT_EQ(Line(100), "12 345 frames  0:10");
}

TEST_F(Progress, TellsTheRateOfTheLastSecondOnly)
{
    Note(1 * kSecond, 1, 1000000);
    for (uint64_t i = 1; i <= 8; i++)
        Note(10 * kSecond + i * 250 * kMillisecond, 2, 1000000 + (i > 4 ? (i - 4) * 100 : 0));
    EXPECT_NE(Line(100).find("  400/s  "), std::string::npos) << Line(100);
}

TEST_F(Progress, TellsNoRateAfterOneNote)
{
    Note(250 * kMillisecond, 10, 500);
    EXPECT_EQ(Line(0 + 20), "10 %  500 frames");
}

TEST_F(Progress, TellsTheTimeLeftAtTheMeanPace)
{
    Note(30 * kSecond, 25, 500);
    EXPECT_NE(Line(100).find("1:30 left"), std::string::npos) << Line(100);
}

TEST_F(Progress, StaysAtAHundredPercentWhileTheRestIsDrained)
{
    Note(30 * kSecond, 130, 500);
    EXPECT_NE(Line(100).find("]  100 %  "), std::string::npos) << Line(100);
    EXPECT_EQ(Line(100).find('-'), std::string::npos);
}

TEST_F(Progress, IsTheMeanOfAllSources)
{
    run_.configured(1).is_source = 1;
    run_.stage(1).done = 1;
    run_.stage(1).total = 4;
    Note(30 * kSecond, 75, 500);
    EXPECT_NE(Line(100).find("  50 %  "), std::string::npos) << Line(100);
}

TEST_F(Progress, HasCommasWhereItIsNotDrawn)
{
    Note(9 * kSecond, 40, 8945);
    Note(10 * kSecond, 45, 12345);
    EXPECT_EQ(Line(200, PROGRESS_PLAIN), "45 %, 12 345 frames, 3.4 k/s, 0:12 left");
}

} // namespace
