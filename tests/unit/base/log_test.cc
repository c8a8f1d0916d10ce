// Lines of the log: one write each, whole, and nothing in them that a terminal would obey.
extern "C" {
#include "clock.h"
#include "log.h"
}

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "child.h"

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

TEST_F(Log, LinesThatNobodyReadAreCountedInTheirPlace)
{
    outlet o;
    outlet_open(&o, ends_[1]);
    log_.outlet = &o;
    outlet_lose(&o, 3);
    log_write(&log_, LOG_LEVEL_ERROR, "after them");
    EXPECT_EQ(Written().rfind("warning decode/1: 3 lines are lost here: nobody read the log\n", 0), 0u);
    EXPECT_EQ(outlet_lost(&o), 0u);
    outlet_lose(&o, 1);
    log_finish(&log_);
    EXPECT_EQ(Written(), "warning decode/1: 1 line is lost here: nobody read the log\n");
    log_finish(&log_);
    EXPECT_EQ(Written(), "");
    outlet_close(&o);
}

// Of a pipe that is full, until it is read.
TEST_F(Log, LinesThatAWorkerHasLostAreToldByTheHostOnceItIsDead)
{
    log_board board;
    outlet o;
    outlet_open(&o, ends_[1]);
    ASSERT_EQ(log_board_create(&board, BOARD_PAGE_OF_HOST + 2), 0);
    log_.board = &board;
    log_.page = BOARD_PAGE_OF_HOST;
    log_.outlet = &o;
    for (size_t size : {1000u, 1u})
        while (outlet_write(&o, std::string(size, '.').data(), size, 0) == 0)
            ;
    outlet_take_lost(&o);
    log_board_clog(&board, 1); // so nobody waits
    Child worker([&] {
        struct log own;
        outlet shared;
        log_of_stage(&own, &log_, "decode", 1, BOARD_PAGE_OF_HOST + 1);
        outlet_share(&shared, &o, o.fd);
        log_go_through(&own, &shared);
        for (const char *text : {"one", "two", "three"})
            log_write(&own, LOG_LEVEL_ERROR, "%s", text);
        return static_cast<int>(outlet_lost(&shared));
    });
    EXPECT_EQ(worker.Wait(), 3);
    EXPECT_TRUE(log_board_is_clogged(&board));
    log_settle(&log_, BOARD_PAGE_OF_HOST + 1);
    log_write(&log_, LOG_LEVEL_INFO, "it has ended");
    EXPECT_EQ(outlet_lost(&o), 4u) << "the host's own and the worker's";
    while (!Written().empty())
        ;
    log_write(&log_, LOG_LEVEL_INFO, "somebody reads again");
    EXPECT_EQ(Written().rfind("warning decode/1: 4 lines are lost here: nobody read the log\n", 0), 0u);
    EXPECT_FALSE(log_board_is_clogged(&board));
    EXPECT_EQ(outlet_lost(&o), 0u);
    log_settle(&log_, BOARD_PAGE_OF_HOST + 1);
    EXPECT_EQ(outlet_lost(&o), 0u) << "they are told once";
    outlet_close(&o);
    log_board_destroy(&board);
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

namespace
{

using Texts = std::vector<std::string>;

// The host's log with a board, on a pipe that a thread reads.
class SharedLog : public testing::Test
{
  protected:
    SharedLog()
    {
        EXPECT_EQ(pipe2(ends_, O_CLOEXEC), 0);
        EXPECT_EQ(log_board_create(&board_, BOARD_PAGE_OF_HOST + 1 + WRITERS), 0);
        log_init(&log_, ends_[1], LOG_LEVEL_INFO, "micropipe");
        log_.board = &board_;
        log_.page = BOARD_PAGE_OF_HOST;
        // It takes no memory while others fork: in a child the sanitizer's allocator would stay locked for ever.
        reader_ = std::thread([this] {
            reads_ = true;
            for (ssize_t n; (n = read(ends_[0], text_.get() + length_, MOST - length_)) > 0;)
                length_ += static_cast<size_t>(n);
        });
        while (!reads_)
            std::this_thread::yield();
    }
    ~SharedLog() override
    {
        Whole();
        close(ends_[0]);
        log_board_destroy(&board_);
    }

    static uint32_t Page(int writer) { return static_cast<uint32_t>(BOARD_PAGE_OF_HOST + 1 + writer); }

    // A worker's process.
    std::unique_ptr<Child> Fork(int writer, const std::function<void(struct log *)> &body)
    {
        return std::make_unique<Child>([&, writer] {
            struct log own;
            log_of_stage(&own, &log_, "decode", writer, Page(writer));
            body(&own);
            return 0;
        });
    }

    // All lines. No more can be written.
    Texts Whole()
    {
        if (reader_.joinable()) {
            close(ends_[1]);
            reader_.join();
        }
        std::istringstream in(std::string(text_.get(), length_));
        Texts lines;
        for (std::string line; std::getline(in, line);)
            lines.push_back(line);
        return lines;
    }

    // Without the time.
    Texts Lines()
    {
        Texts lines = Whole();
        for (std::string &line : lines)
            line.erase(0, line.find(' ') + 1);
        return lines;
    }

    static constexpr int WRITERS = 4;
    int ends_[2] = {-1, -1};
    struct log_board board_ = {};
    struct log log_ = {};
    static constexpr size_t MOST = 32 << 20;
    std::thread reader_;
    std::atomic<bool> reads_{false};
    std::unique_ptr<char[]> text_{new char[MOST]};
    size_t length_ = 0; // the reader's, until it is joined
};

// How many lines those stand for.
uint64_t Sum(const Texts &lines, const std::string &with)
{
    static const std::regex repeated(R"(\(repeated ([0-9]+) times)");
    uint64_t sum = 0;
    std::smatch found;
    for (const std::string &line : lines)
        if (line.find(with) != std::string::npos)
            sum += std::regex_search(line, found, repeated) ? std::stoull(found[1]) : 1;
    return sum;
}

} // namespace

TEST_F(SharedLog, RepeatedLinesAreToldBeforeTheNextOtherLine)
{
    for (int i = 0; i < 42; i++)
        log_write(&log_, LOG_LEVEL_ERROR, "not a JPEG");
    log_write(&log_, LOG_LEVEL_INFO, "other");
    const Texts lines = Lines();
    EXPECT_EQ(lines.front(), "error micropipe: not a JPEG");
    EXPECT_EQ(lines.back(), "info micropipe: other");
    EXPECT_EQ(Sum(lines, "not a JPEG"), 42u);
    EXPECT_LT(lines.size(), 42u) << "three, unless this process was held up for seconds";
}

TEST_F(SharedLog, ALineThatCameTwiceIsThereTwice)
{
    log_write(&log_, LOG_LEVEL_ERROR, "not a JPEG");
    log_write(&log_, LOG_LEVEL_ERROR, "not a JPEG");
    log_settle(&log_, BOARD_PAGE_OF_HOST);
    EXPECT_EQ(Lines(), (Texts{"error micropipe: not a JPEG", "error micropipe: not a JPEG"}));
}

TEST_F(SharedLog, WhatIsNotTellableYetIsToldWhenTheWindowIsOver)
{
    EXPECT_GT(log_sweep(&log_, clock_monotonic()), clock_monotonic());
    log_about(&log_, LOG_LEVEL_INFO, "decode", 3, "again");
    for (int i = 0; i < 4; i++)
        log_about(&log_, LOG_LEVEL_INFO, "decode", 3, "again");
    log_sweep(&log_, clock_monotonic() + 2 * BOARD_WINDOW_NS);
    log_sweep(&log_, BOARD_ALL);
    const Texts lines = Lines();
    EXPECT_EQ(lines.front(), "info micropipe: decode/3: again");
    EXPECT_EQ(Sum(lines, "decode/3: again"), 5u);
    EXPECT_LT(lines.size(), 5u);
}

TEST_F(SharedLog, ACountOutlivesItsProcessHoweverThatEnds)
{
    for (int writer = 0; writer < 2; writer++) {
        auto child = Fork(writer, [&](struct log *own) {
            for (int i = 0; i < 5000; i++)
                log_write(own, LOG_LEVEL_ERROR, "flood %d", i);
            raise(writer ? SIGKILL : SIGCONT);
        });
        EXPECT_EQ(child->Wait(), writer ? -SIGKILL : 0);
        log_settle(&log_, Page(writer));
    }
    const Texts lines = Lines();
    ASSERT_GT(lines.size(), 10u);
    EXPECT_EQ(lines[0], "error decode/0: flood 0") << "the first is not lost";
    EXPECT_EQ(Sum(lines, "decode/0: flood"), 5000u);
    EXPECT_EQ(Sum(lines, "decode/1: flood"), 5000u);
    EXPECT_NE(lines.back().find("error decode/1: flood 4999"), std::string::npos) << "nor is the last";
    EXPECT_LT(lines.size(), 1000u);
    for (const std::string &line : lines)
        EXPECT_TRUE(line.find("(repeated") == std::string::npos ||
                    line.find("with other numbers)") != std::string::npos);
}

TEST_F(SharedLog, LinesOfManyProcessesAndThreadsStayWholeAndAreAllCounted)
{
    constexpr int EACH = 1500;
    const std::string filler(300, '.');
    std::vector<std::unique_ptr<Child>> children;
    for (int writer = 0; writer < WRITERS; writer++)
        children.push_back(Fork(writer, [&](struct log *own) {
            auto write = [&](const char *thread) {
                for (int i = 0; i < EACH; i++) {
                    log_write(own, LOG_LEVEL_ERROR, "%s counts to %d %s", thread, i, filler.c_str());
                    log_frame(own, LOG_LEVEL_INFO, 7, "%s word %c%c.", thread, 'a' + i % 26, 'a' + i / 26 % 26);
                }
            };
            std::thread other(write, "other");
            write("main");
            other.join();
        }));
    for (int writer = 0; writer < WRITERS; writer++) {
        EXPECT_EQ(children[static_cast<size_t>(writer)]->Wait(), 0);
        log_settle(&log_, Page(writer));
    }
    const Texts lines = Lines();
    const std::regex whole(
        R"((error|info) decode/[0-3]: (frame 7: )?(main|other) )"
        R"((counts to [0-9]+ \.{300}|word [a-z][a-z]\.)( \(repeated [0-9]+ times( with other numbers)?\))?)");
    for (const std::string &line : lines)
        ASSERT_TRUE(std::regex_match(line, whole)) << line;
    for (int writer = 0; writer < WRITERS; writer++)
        for (const char *thread : {": main counts", ": other counts", ": main word", ": other word"})
            EXPECT_EQ(
                Sum(lines, "decode/" + std::to_string(writer) + (strstr(thread, "word") ? ": frame 7" : "") + thread),
                static_cast<uint64_t>(EACH));
}

TEST_F(SharedLog, AsJsonSaysWhoWhichFrameAndHowOften)
{
    log_.format = LOG_JSON;
    auto child = Fork(1, [](struct log *own) {
        static constexpr uint64_t FRAME = 812;
        own->frame_context = &FRAME;
        own->frame = [](const void *context, uint64_t *sequence) {
            *sequence = *static_cast<const uint64_t *>(context);
            return 1;
        };
        for (int i = 0; i < 42; i++)
            log_write(own, LOG_LEVEL_WARNING, "bad \"JPEG\"");
    });
    EXPECT_EQ(child->Wait(), 0);
    log_settle(&log_, Page(1));
    const Texts lines = Whole();
    const std::string line = R"("level":"warning","stage":"decode","worker":1,"pid":)" + std::to_string(child->pid()) +
                             R"(,"frame":812,"text":"bad \"JPEG\"")";
    EXPECT_EQ(lines[0].substr(lines[0].find(R"("level")")), line + "}");
    uint64_t sum = 0;
    for (const std::string &one : lines) {
        const size_t repeated = one.find(line + ",\"repeated\":");
        sum += repeated == std::string::npos ? 1 : std::stoull(one.substr(repeated + line.size() + 12));
    }
    EXPECT_EQ(sum, 42u);
    EXPECT_LT(lines.size(), 42u) << "two, unless this process was held up for seconds";
}
