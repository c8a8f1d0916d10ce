extern "C" {
#include "utf8.h"
}

#include <gtest/gtest.h>

namespace
{

TEST(Utf8, TextOfAllLengthsIsPrintable)
{
    EXPECT_TRUE(utf8_is_printable(""));
    EXPECT_TRUE(utf8_is_printable("a \xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\x98"));
}

TEST(Utf8, OverlongFormsSurrogatesAndTheBeyondAreNoText)
{
    EXPECT_FALSE(utf8_is_printable("\xc0\xaf"));
    EXPECT_FALSE(utf8_is_printable("\xe0\x80\xaf"));
    EXPECT_FALSE(utf8_is_printable("\xed\xa0\x80"));
    EXPECT_FALSE(utf8_is_printable("\xf4\x90\x80\x80"));
    EXPECT_FALSE(utf8_is_printable("\xf5\x80\x80\x80"));
    EXPECT_FALSE(utf8_is_printable("\xff"));
    EXPECT_FALSE(utf8_is_printable("\x80"));
}

TEST(Utf8, ACharacterThatIsCutShortIsNoText)
{
    EXPECT_FALSE(utf8_is_printable("\xe2\x82"));
    EXPECT_FALSE(utf8_is_printable("\xf0\x9f\x90"));
    EXPECT_FALSE(utf8_is_printable("\xc3"));
}

TEST(Utf8, EachByteOfNoCharacterIsReplaced)
{
    char text[] = "a\xff\xc3\xa4\xe2\x82z\xc3";
    utf8_replace(text);
    EXPECT_STREQ(text, "a?\xc3\xa4??z?");
}

TEST(Utf8, WhatATerminalObeysIsNotPrintable)
{
    EXPECT_FALSE(utf8_is_printable("\x1b[2J"));
    EXPECT_FALSE(utf8_is_printable("a\nb"));
    EXPECT_FALSE(utf8_is_printable("\x7f"));
    EXPECT_FALSE(utf8_is_printable("\xc2\x9b"));
}

TEST(Utf8, ColumnsCountCharactersAndNotBytes)
{
    EXPECT_EQ(utf8_columns("abc", 3), 3u);
    EXPECT_EQ(utf8_columns("\xc3\xa4\xe2\x82\xac", 5), 2u);
}

} // namespace
