extern "C" {
#include "nearest.h"
}

#include <gtest/gtest.h>

#include <string>

namespace
{

const char *const names[] = {"width", "height", "shorter", "quality", "max_pixels", "x", "y"};

const char *Nearest(const char *wrong)
{
    return nearest_name(wrong, names, sizeof names / sizeof names[0]);
}

TEST(Nearest, TwoLettersSwappedAreOneMistake)
{
    EXPECT_STREQ(Nearest("widht"), "width");
}

TEST(Nearest, ALetterTooManyOrTooFewOrWrongIsOneMistake)
{
    EXPECT_STREQ(Nearest("widdth"), "width");
    EXPECT_STREQ(Nearest("wdth"), "width");
    EXPECT_STREQ(Nearest("wodth"), "width");
}

TEST(Nearest, TheNearestOfSeveralIsSuggested)
{
    const char *const similar[] = {"crop_width", "width_max", "widths"};
    EXPECT_STREQ(nearest_name("widht_max", similar, 3), "width_max");
}

TEST(Nearest, CaseIsNoMistake)
{
    EXPECT_STREQ(Nearest("Max_Pixels"), "max_pixels");
}

TEST(Nearest, NothingIsSuggestedBeyondAThirdOfTheLetters)
{
    EXPECT_STREQ(Nearest("qaulitty"), "quality"); /* 2 of 8 */
    EXPECT_EQ(Nearest("wodht"), nullptr);         /* 2 of 5 */
    EXPECT_EQ(Nearest("banana"), nullptr);
}

TEST(Nearest, NothingIsSuggestedForOneLetterOrNone)
{
    EXPECT_EQ(Nearest("z"), nullptr);
    EXPECT_EQ(Nearest(""), nullptr);
}

TEST(Nearest, AnEmptyListAndAnEndlessNameGiveNothing)
{
    EXPECT_EQ(nearest_name("width", nullptr, 0), nullptr);
    EXPECT_EQ(Nearest(std::string(5000, 'w').c_str()), nullptr);
}

} // namespace
