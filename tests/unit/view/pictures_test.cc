// The pictures in docs/monitoring.md are what the program draws of the sample status. With MICROPIPE_DRAW_PICTURES set
// they are drawn into the document, instead of compared with it.
extern "C" {
#include "page.h"
#include "screen.h"
}
#include "sample_status.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace
{

constexpr const char *kDocument = SOURCE_DIR "/docs/monitoring.md";

std::string Document()
{
    std::ostringstream text;
    text << std::ifstream(kDocument).rdbuf();
    return text.str();
}

// The block behind <!-- picture: name -->.
void IsThePicture(const std::string &name, const std::string &drawn)
{
    const std::string mark = "<!-- picture: " + name + " -->\n```text\n", end = "```\n";
    std::string document = Document();
    const size_t mark_at = document.find(mark), from = mark_at + mark.size();
    ASSERT_NE(mark_at, std::string::npos) << name;
    const size_t to = document.find(end, from);
    ASSERT_NE(to, std::string::npos) << name;
    if (getenv("MICROPIPE_DRAW_PICTURES")) {
        std::ofstream(kDocument) << document.replace(from, to - from, drawn);
        return;
    }
    EXPECT_EQ(document.substr(from, to - from), drawn)
        << "MICROPIPE_DRAW_PICTURES=1 view_test --gtest_filter='Pictures.*' draws it anew";
}

std::string ScreenAfter(std::initializer_list<int> keys, size_t width, size_t height, glyphs as = GLYPHS_UTF8)
{
    screen s;
    screen_init(&s, "photos-to-shards");
    screen_take(&s, SampleStatus().release());
    for (int key : keys)
        json_decref(screen_press(&s, key));
    const std::string text = Drawn(
        width, height, [&](canvas *c) { screen_draw(&s, c); }, as);
    screen_clear(&s);
    return text;
}

TEST(Pictures, TheStagesOnEightyByTwentyFour)
{
    IsThePicture("stages", ScreenAfter({PRESS_DOWN}, 80, 24));
}

TEST(Pictures, TheStagesWithoutUtf8)
{
    IsThePicture("ascii", ScreenAfter({PRESS_DOWN}, 80, 12, GLYPHS_ASCII));
}

TEST(Pictures, TheWorkersOfAStage)
{
    IsThePicture("workers", ScreenAfter({PRESS_DOWN, PRESS_ENTER}, 80, 15));
}

TEST(Pictures, TheDecisions)
{
    IsThePicture("decisions", ScreenAfter({'d'}, 80, 9));
}

TEST(Pictures, TheTotals)
{
    Json status = SampleStatus();
    IsThePicture("status", Drawn(100, 40, [&](canvas *c) { page_totals(status.get(), "photos-to-shards", c); }));
}

TEST(Pictures, TheRoll)
{
    Json roll = Parsed("[]"), status = SampleStatus();
    json_array_append_new(roll.get(), json_pack("{ss sO}", "name", "photos-to-shards", "status", status.get()));
    IsThePicture("ps", Drawn(90, 9, [&](canvas *c) { page_roll(roll.get(), c, 0, 9, NO_CURSOR); }));
}

} // namespace
