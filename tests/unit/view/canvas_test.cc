// A canvas: nothing leaves its edges, and nothing gets to a terminal that it would obey.
#include "sample_status.h"

#include <string>

namespace
{

TEST(Canvas, CutsWhatIsTooLongAndSaysSo)
{
    auto put = [](canvas *c) { EXPECT_EQ(canvas_put(c, 0, 4, 100, TINT_PLAIN, "photographs"), 10u); };
    EXPECT_EQ(Drawn(10, 1, put), "    photo~\n");
    EXPECT_EQ(Drawn(10, 1, put, GLYPHS_UTF8), "    photo…\n");
}

TEST(Canvas, TakesTextThatFitsWhole)
{
    EXPECT_EQ(Drawn(10, 1, [](canvas *c) { canvas_put(c, 0, 0, 5, TINT_PLAIN, "photo"); }), "photo\n");
    EXPECT_EQ(Drawn(10, 1, [](canvas *c) { canvas_put(c, 0, 0, 4, TINT_PLAIN, "photo"); }), "pho~\n");
}

TEST(Canvas, ShowsNothingThatATerminalWouldObey)
{
    auto put = [](canvas *c) { canvas_put(c, 0, 0, 100, TINT_PLAIN, "a\033[2J\x7f\r\xc2\x9b\xff é"); };
    EXPECT_EQ(Drawn(20, 1, put, GLYPHS_UTF8), "a?[2J???? é\n");
    EXPECT_EQ(Drawn(20, 1, put), "a?[2J???? ?\n") << "and nothing that it could not show";
}

TEST(Canvas, TakesWhatIsPutBesideItAndShowsNothingOfIt)
{
    auto put = [](canvas *c) {
        canvas_put(c, 7, 0, 5, TINT_PLAIN, "below");
        canvas_put(c, 0, 70, 5, TINT_PLAIN, "beside");
        canvas_choose(c, 9);
    };
    EXPECT_EQ(Drawn(10, 2, put), "");
    EXPECT_EQ(Drawn(0, 0, put), "");
}

TEST(Canvas, BreaksAParagraphBetweenWordsAndIndentsTheRest)
{
    auto put = [](canvas *c) {
        EXPECT_EQ(canvas_paragraph(c, 0, 2, 9, TINT_PLAIN, "limited by the cores of this machine"), 4u);
    };
    EXPECT_EQ(Drawn(12, 9, put), "limited by\n  the cores\n  of this\n  machine\n");
}

TEST(Canvas, CutsAParagraphThatNeedsMoreRows)
{
    auto put = [](canvas *c) {
        EXPECT_EQ(canvas_paragraph(c, 0, 2, 2, TINT_PLAIN, "limited by the cores of this machine"), 2u);
    };
    EXPECT_EQ(Drawn(12, 9, put), "limited by\n  the cores~\n");
}

TEST(Canvas, BreaksAWordThatIsLongerThanARow)
{
    auto put = [](canvas *c) { canvas_paragraph(c, 0, 0, 9, TINT_PLAIN, "abcdefghijkl mn"); };
    EXPECT_EQ(Drawn(5, 9, put), "abcde\nfghij\nkl mn\n");
}

TEST(Canvas, TheChosenRowKeepsTheTintsOfItsText)
{
    canvas c;
    canvas_init(&c, 4, 2, GLYPHS_ASCII);
    canvas_put(&c, 1, 0, 4, TINT_ERROR, "dead");
    canvas_choose(&c, 1);
    EXPECT_EQ(canvas_at(&c, 1, 0)->tint, TINT_ERROR | TINT_CHOSEN);
    EXPECT_EQ(canvas_at(&c, 0, 0)->tint, TINT_PLAIN);
    canvas_free(&c);
}

} // namespace
