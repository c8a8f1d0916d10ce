// Lines of the log: one write each, whole, and nothing in them that a terminal would obey.
extern "C" {
#include "log.h"
}

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace
{

class Log : public testing::Test
{
  protected:
    Log()
    {
        EXPECT_EQ(pipe2(ends_, O_NONBLOCK | O_CLOEXEC), 0);
        log_init(&log_, ends_[1], LOG_LEVEL_INFO, "decode/1");
    }
    ~Log() override
    {
        close(ends_[0]);
        close(ends_[1]);
    }

    // What was written, without the time in front of it.
    std::string Written()
    {
        char line[4096];
        ssize_t n = read(ends_[0], line, sizeof line);
        std::string text(line, n > 0 ? static_cast<size_t>(n) : 0);
        size_t time = strlen("12:03:04.117 ");
        return text.size() < time ? text : text.substr(time);
    }

    int ends_[2] = {-1, -1};
    struct log log_ = {};
};

} // namespace

TEST_F(Log, ALineSaysWhoAndHowUrgent)
{
    log_write(&log_, LOG_LEVEL_WARNING, "frame %d: %s", 812, "not a JPEG");
    EXPECT_EQ(Written(), "warning decode/1: frame 812: not a JPEG\n");
}

TEST_F(Log, WhatIsLessUrgentThanTheThresholdIsNotWritten)
{
    log_write(&log_, LOG_LEVEL_DEBUG, "nothing");
    EXPECT_EQ(Written(), "");
    log_init(&log_, -1, LOG_LEVEL_DEBUG, "decode/1");
    log_write(&log_, LOG_LEVEL_ERROR, "nowhere");
    EXPECT_EQ(Written(), "");
}

TEST_F(Log, ControlCharactersBecomeBlanksButForTabs)
{
    log_write(&log_, LOG_LEVEL_ERROR, "a\033[2Jb\nforged\x7f\tc");
    EXPECT_EQ(Written(), "error decode/1: a [2Jb forged \tc\n");
}

TEST_F(Log, ALineThatIsTooLongIsCutAndEndsAsALine)
{
    log_write(&log_, LOG_LEVEL_ERROR, "%s", std::string(3000, 'x').c_str());
    std::string line = Written();
    EXPECT_LT(line.size(), 1024u);
    EXPECT_GT(line.size(), 900u);
    EXPECT_EQ(line.back(), '\n');
    EXPECT_EQ(line[line.size() - 2], 'x');
}

TEST_F(Log, ThatCannotBeWrittenIsDoneWithout)
{
    log_init(&log_, ends_[0], LOG_LEVEL_INFO, "decode/1"); // for reading only
    log_write(&log_, LOG_LEVEL_ERROR, "lost");
    EXPECT_EQ(Written(), "");
}

TEST_F(Log, OnATerminalTakesAwayWhatStandsThere)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    ASSERT_GE(terminal, 0);
    ASSERT_EQ(grantpt(terminal) | unlockpt(terminal), 0);
    int side = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
    const char *before = getenv("TERM");
    std::string kept = before ? before : "";
    setenv("TERM", "dumb", 1);
    EXPECT_FALSE(log_is_terminal(side));
    setenv("TERM", "xterm", 1);
    EXPECT_TRUE(log_is_terminal(side));
    EXPECT_FALSE(log_is_terminal(ends_[1])) << "a pipe";
    EXPECT_FALSE(log_is_terminal(-1));
    log_init(&log_, side, LOG_LEVEL_INFO, "decode/1");
    log_write(&log_, LOG_LEVEL_INFO, "here");
    char line[256] = "";
    EXPECT_GT(read(terminal, line, sizeof line - 1), 0);
    EXPECT_EQ(strncmp(line, LOG_CLEAR_LINE, strlen(LOG_CLEAR_LINE)), 0) << line;
    unsetenv("TERM");
    EXPECT_FALSE(log_is_terminal(side));
    if (before)
        setenv("TERM", kept.c_str(), 1);
    close(side);
    close(terminal);
}
