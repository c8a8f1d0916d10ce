// Tables: which columns there are when room is short, and where things stand.
#include "sample_status.h"

#include <gmock/gmock.h>

extern "C" {
#include "meter.h"
#include "table.h"
}
#include <cmath>
#include <string>

namespace
{

constexpr table_column kColumns[] = {
    {"stage", nullptr, 0, 6, ALIGN_LEFT, 0},
    {"workers", "wk", 1, 2, ALIGN_RIGHT, 0},
    {"dropped", nullptr, 2, 2, ALIGN_RIGHT, 1},
    {"busy", nullptr, 3, 4, ALIGN_RIGHT, 0},
};

std::string Table(size_t width, const char *dropped = "7", size_t height = 9, size_t chosen = NO_CURSOR)
{
    return Drawn(width, 20, [&](canvas *c) {
        table t;
        table_init(&t, kColumns, 4);
        for (const char *name : {"read", "center_crop", "write"}) {
            size_t row = table_row(&t);
            table_set(&t, row, 0, TINT_PLAIN, "%s", name);
            table_set(&t, row, 1, TINT_PLAIN, "%d", 12);
            table_set(&t, row, 2, TINT_PLAIN, "%s", dropped);
            table_set(&t, row, 3, TINT_PLAIN, "%s", "98%");
        }
        table_show(&t, c, 0, height, chosen);
    });
}

std::string FirstLine(const std::string &text)
{
    return text.substr(0, text.find('\n'));
}

TEST(Table, AlignsNumbersToTheRight)
{
    EXPECT_EQ(Table(40), "stage        workers  dropped  busy\n"
                         "read              12        7   98%\n"
                         "center_crop       12        7   98%\n"
                         "write             12        7   98%\n");
}

TEST(Table, TakesShortTitlesThenShortensNamesThenLeavesOutWhatWeighsMost)
{
    EXPECT_EQ(FirstLine(Table(33)), "stage       workers dropped busy");
    EXPECT_EQ(FirstLine(Table(29)), "stage       wk dropped busy") << "11 for names, 1 between";
    EXPECT_THAT(Table(24), testing::HasSubstr("center_~ 12"));
    EXPECT_EQ(FirstLine(Table(20)), "stage     wk dropped");
    EXPECT_EQ(FirstLine(Table(12)), "stage     wk");
    EXPECT_EQ(FirstLine(Table(7)), "stage");
}

TEST(Table, IsNeverWiderThanTheCanvasAndKeepsColumnsApart)
{
    for (size_t width = 9; width < 60; width++) {
        const std::string text = Table(width);
        size_t at = text.find("write");
        ASSERT_NE(at, std::string::npos) << width;
        EXPECT_EQ(text[at + 5], ' ') << text;
        EXPECT_EQ(text.find('~') == std::string::npos, text.find("center_crop") != std::string::npos) << text;
    }
}

TEST(Table, LeavesOutAColumnInWhichNothingStands)
{
    for (const char *nothing : {"0", "-", ""})
        EXPECT_EQ(Table(60, nothing).find("dropped"), std::string::npos) << nothing;
}

TEST(Table, ScrollsToTheChosenRow)
{
    EXPECT_EQ(Table(40, "7", 3, 0).find("write"), std::string::npos);
    EXPECT_EQ(Table(40, "7", 3, 2).find("read"), std::string::npos);
    EXPECT_NE(Table(40, "7", 3, 2).find("write"), std::string::npos);
    EXPECT_EQ(Table(40, "7", 1, 2), FirstLine(Table(40)) + "\n");
    EXPECT_EQ(Table(40, "7", 0, 2), "");
}

TEST(Table, LosesARowTooManyAndNoMore)
{
    table t;
    table_init(&t, kColumns, 4);
    for (int i = 0; i < TABLE_ROWS_MAX; i++)
        table_set(&t, table_row(&t), 0, TINT_PLAIN, "%d", i);
    EXPECT_EQ(table_row(&t), static_cast<size_t>(TABLE_ROWS_MAX));
    table_set(&t, TABLE_ROWS_MAX, 0, TINT_PLAIN, "lost");
    EXPECT_EQ(t.n_rows, static_cast<size_t>(TABLE_ROWS_MAX));
    canvas c;
    canvas_init(&c, 10, 2, GLYPHS_ASCII);
    table_show(&t, &c, 0, 2, NO_CURSOR);
    canvas_free(&c);
}

std::string Bar(meter m, size_t width = 10, glyphs as = GLYPHS_ASCII)
{
    return Drawn(
        width + 5, 1, [&](canvas *c) { meter_draw(&m, c, 0, 0, width); }, as);
}

TEST(Meter, ShowsEachPartByItsLength)
{
    EXPECT_EQ(Bar({0.5, 0.2, 0.3}), "#####==...\n");
    EXPECT_EQ(Bar({0.5, 0.2, 0.3}, 10, GLYPHS_UTF8), "█████▒▒···\n");
    EXPECT_EQ(Bar({0.1, 0, 0.2}), "#..\n");
}

TEST(Meter, IsNeverLongerThanItsRoomWhateverTheSharesAre)
{
    EXPECT_EQ(Bar({0.98, 0.55, 0.3}), "##########\n");
    EXPECT_EQ(Bar({5, -3, 7}), "##########\n");
    EXPECT_EQ(Bar({std::nan(""), std::nan(""), std::nan("")}), "");
}

} // namespace
