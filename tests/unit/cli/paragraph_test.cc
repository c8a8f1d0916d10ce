extern "C" {
#include "paragraph.h"
}
#include "command_output.h"

#include <gtest/gtest.h>

namespace
{

TEST(Paragraph, LinesAreBrokenBetweenWordsAtEightyColumns)
{
    Output out;
    std::string text;
    for (int i = 0; i < 60; i++)
        text += "word" + std::to_string(i) + " ";
    paragraph_print(out.file(), 4, text.c_str());
    EXPECT_LE(Width(out.text()), 80u);
    EXPECT_GE(Width(out.text()), 74u);
    EXPECT_EQ(out.text().rfind("    word0 word1", 0), 0u);
    EXPECT_NE(out.text().find("\n    word"), std::string::npos);
    EXPECT_EQ(out.text().find(" \n"), std::string::npos);
}

TEST(Paragraph, ALineOfExactlyEightyColumnsIsNotBroken)
{
    Output out;
    paragraph_print(out.file(), 0, (std::string(40, 'a') + " " + std::string(39, 'b')).c_str());
    EXPECT_EQ(out.text(), std::string(40, 'a') + " " + std::string(39, 'b') + "\n");
}

TEST(Paragraph, CharactersAreCountedAndNotBytes)
{
    Output out;
    std::string wide;
    for (int i = 0; i < 39; i++)
        wide += "\xc3\xa4";
    paragraph_print(out.file(), 0, (wide + " " + wide).c_str());
    EXPECT_EQ(out.text(), wide + " " + wide + "\n");
}

TEST(Paragraph, AWordThatIsLongerThanALineStandsAlone)
{
    Output out;
    paragraph_print(out.file(), 2, ("a " + std::string(100, 'x') + " b").c_str());
    EXPECT_EQ(out.text(), "  a\n  " + std::string(100, 'x') + "\n  b\n");
}

TEST(Paragraph, AnEntryThatIsTooLongPutsItsTextBelow)
{
    Output out;
    paragraph_entry(out.file(), 2, "short", 12, "beside");
    paragraph_entry(out.file(), 2, "much_too_long", 12, "below");
    EXPECT_EQ(out.text(), "  short     beside\n  much_too_long\n            below\n");
}

} // namespace
