// What becomes of lines that are repeated, on a clock that the test turns.
extern "C" {
#include "log_board.h"
}

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "child.h"

namespace
{

constexpr uint64_t S = BOARD_WINDOW_NS, MS = S / 1000;
using Taken = std::vector<std::pair<uint32_t, std::string>>;

class LogBoard : public testing::Test
{
  protected:
    LogBoard() { EXPECT_EQ(log_board_create(&board_, 4), 0); }
    ~LogBoard() override { log_board_destroy(&board_); }

    // 1: it is to be written.
    int Say(const std::string &text, uint64_t now, uint32_t level = LOG_LEVEL_ERROR)
    {
        struct board_line line = {};
        line.level = level;
        line.worker = 2;
        snprintf(line.stage, sizeof line.stage, "decode");
        snprintf(line.text, sizeof line.text, "%s", text.c_str());
        return log_board_judge(&board_, PAGE, &line, text.c_str(), now) == BOARD_WRITE;
    }

    Taken Take(uint64_t now = BOARD_ALL, uint32_t page = PAGE)
    {
        Taken all;
        struct board_line line;
        for (uint32_t n; (n = log_board_take(&board_, page, now, &line)) > 0;)
            all.emplace_back(n, std::string(line.text) + (line.varied ? " *" : ""));
        return all;
    }

    static constexpr uint32_t PAGE = 2;
    struct log_board board_;
};

} // namespace

TEST_F(LogBoard, TheFirstLineIsWrittenAndTheSameAgainIsCounted)
{
    EXPECT_TRUE(Say("not a JPEG", 5 * S));
    for (int i = 0; i < 41; i++)
        EXPECT_FALSE(Say("not a JPEG", 5 * S + 1));
    EXPECT_EQ(Take(), (Taken{{41, "not a JPEG"}}));
    EXPECT_EQ(Take(), Taken{}) << "a count is taken once";
}

TEST_F(LogBoard, ACountIsDueAWindowAfterItBegan)
{
    Say("a", 0);
    Say("a", 300 * MS);
    Say("a", 900 * MS);
    EXPECT_EQ(Take(S + 299 * MS), Taken{});
    EXPECT_EQ(Take(S + 300 * MS), (Taken{{2, "a"}}));
}

TEST_F(LogBoard, ALineThatGoesOnIsCountedAnewAndNotWrittenAgain)
{
    EXPECT_TRUE(Say("a", 0));
    EXPECT_FALSE(Say("a", 900 * MS));
    Take();
    EXPECT_FALSE(Say("a", 1800 * MS));
    EXPECT_EQ(Take(), (Taken{{1, "a"}}));
}

TEST_F(LogBoard, ALineThatComesAgainAfterAWindowIsWritten)
{
    EXPECT_TRUE(Say("a", 0));
    EXPECT_TRUE(Say("a", S));
    EXPECT_FALSE(Say("a", S + 1));
    EXPECT_TRUE(Say("a", 2 * S + 1));
}

TEST_F(LogBoard, OfLinesThatDifferInTheirNumbersTenAreWrittenInAWindow)
{
    for (int i = 0; i < 10; i++)
        EXPECT_TRUE(Say("frame " + std::to_string(i * 77) + " at 0x7fab" + std::to_string(i) + "c: bad", 0)) << i;
    EXPECT_FALSE(Say("frame 1234 at 0xdead: bad", 1));
    EXPECT_FALSE(Say("frame 1235 at 0xbeef: bad", 2));
    EXPECT_EQ(Take(), (Taken{{2, "frame 1235 at 0xbeef: bad *"}})) << "the last of them";
    EXPECT_TRUE(Say("frame 1236 at 0xbeef: bad", S));
}

TEST_F(LogBoard, LinesThatDifferInWordsOrInLevelAreOthers)
{
    EXPECT_TRUE(Say("a", 0));
    EXPECT_TRUE(Say("b", 0));
    EXPECT_TRUE(Say("a", 0, LOG_LEVEL_INFO));
    EXPECT_TRUE(Say("a a", 0));
    EXPECT_FALSE(Say("b", 0)) << "and each is remembered";
    EXPECT_FALSE(Say("a", 0));
    EXPECT_EQ(Take(), (Taken{{1, "a"}, {1, "b"}}));
}

TEST_F(LogBoard, LongLinesThatDifferAtTheirEndsAreOthers)
{
    const std::string start(1000, 'x');
    EXPECT_TRUE(Say(start + "a", 0));
    EXPECT_TRUE(Say(start + "b", 0));
    EXPECT_FALSE(Say(start + "b", 0));
    EXPECT_EQ(Take(), (Taken{{1, start.substr(0, BOARD_TEXT_MAX - 1)}}));
}

TEST_F(LogBoard, ALineThatIsForgottenForOthersKeepsItsCount)
{
    Say("a", 1);
    Say("a", 2);
    for (uint64_t i = 0; i < BOARD_LINES; i++)
        EXPECT_TRUE(Say(std::string(1, static_cast<char>('b' + i)), 3 + i));
    EXPECT_EQ(Take(), (Taken{{1, "a"}}));
    EXPECT_TRUE(Say("a", 9)) << "it is new again";
}

TEST_F(LogBoard, StirsTheHostOnceForWhatIsCounted)
{
    Say("a", 0);
    EXPECT_FALSE(log_board_is_stirred(&board_));
    Say("a", 0);
    EXPECT_TRUE(log_board_is_stirred(&board_));
    EXPECT_FALSE(log_board_is_stirred(&board_));
    EXPECT_TRUE(log_board_has_counts(&board_, PAGE));
    EXPECT_FALSE(log_board_has_counts(&board_, 1));
    Take();
    EXPECT_FALSE(log_board_has_counts(&board_, PAGE));
}

TEST_F(LogBoard, ALockThatIsNotGivenBackIsDoneWithout)
{
    EXPECT_TRUE(log_board_lock(&board_, PAGE));
    EXPECT_FALSE(log_board_lock(&board_, PAGE));
    EXPECT_TRUE(log_board_lock(&board_, 3));
    log_board_unlock(&board_, PAGE);
    EXPECT_TRUE(log_board_lock(&board_, PAGE));
}

TEST_F(LogBoard, ASuccessorWritesItsFirstLineAndWhatItsPredecessorCountedStays)
{
    Say("a", 0);
    Say("a", 0);
    log_board_lock(&board_, PAGE); // and died
    log_board_enter(&board_, PAGE);
    EXPECT_TRUE(log_board_lock(&board_, PAGE));
    EXPECT_TRUE(Say("a", 0));
    EXPECT_EQ(Take(), (Taken{{1, "a"}}));
}

TEST_F(LogBoard, AProcessCanWriteToItsOwnPageOnly)
{
    for (uint32_t page = 1; page < 4; page++) {
        int result = Child([&] {
                         log_board_enter(&board_, PAGE);
                         log_board_stir(&board_);
                         board_.base[page * BOARD_PAGE + 100] = 1;
                         return 0;
                     }).Wait();
        EXPECT_EQ(result == 0, page == PAGE) << page;
    }
}

TEST_F(LogBoard, WhatAnotherProcessScribbledEndsWhereItMust)
{
    Say("a", 0);
    Say("a", 0);
    auto *page = reinterpret_cast<struct board_page *>(board_.base + PAGE * BOARD_PAGE);
    for (struct board_line &side : page->kinds[0].sides)
        memset(static_cast<void *>(&side), 'x', sizeof side);
    struct board_line line;
    EXPECT_GT(log_board_take(&board_, PAGE, BOARD_ALL, &line), 0u);
    EXPECT_EQ(strlen(line.text), static_cast<size_t>(BOARD_TEXT_MAX - 1));
    EXPECT_EQ(strlen(line.stage), static_cast<size_t>(BOARD_STAGE_MAX - 1));
    EXPECT_LE(line.level, static_cast<uint32_t>(LOG_LEVEL_DEBUG));
}
