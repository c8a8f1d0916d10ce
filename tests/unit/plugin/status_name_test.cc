extern "C" {
#include "status_name.h"
}

#include <gtest/gtest.h>

TEST(StatusName, IsWhatTheAuthorOfAPluginWrote)
{
    EXPECT_STREQ(status_name(MPIPE_OK).text, "MPIPE_OK");
    EXPECT_STREQ(status_name(MPIPE_STOP).text, "MPIPE_STOP");
    EXPECT_STREQ(status_name(MPIPE_BAD_CONFIG).text, "MPIPE_BAD_CONFIG");
    EXPECT_STREQ(status_name(MPIPE_MISUSE).text, "MPIPE_MISUSE");
}

TEST(StatusName, OfANumberThatIsNoStatusSaysSo)
{
    EXPECT_STREQ(status_name(MPIPE_MISUSE - 1).text, "-8, which is no status");
    EXPECT_STREQ(status_name(INT32_MIN).text, "-2147483648, which is no status");
}
