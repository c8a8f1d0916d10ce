extern "C" {
#include "display.h"
}
#include "sample_run.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace
{

/* A file that a display writes to, and the end at which it is read. */
class Screen
{
  public:
    static Screen Terminal(unsigned short columns)
    {
        Screen s;
        s.read_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        EXPECT_EQ(grantpt(s.read_), 0);
        EXPECT_EQ(unlockpt(s.read_), 0);
        char name[64] = "";
        EXPECT_EQ(ptsname_r(s.read_, name, sizeof name), 0);
        s.write_ = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
        winsize size = {};
        size.ws_col = columns;
        EXPECT_EQ(ioctl(s.write_, TIOCSWINSZ, &size), 0);
        return s;
    }

    static Screen Pipe()
    {
        Screen s;
        int ends[2];
        EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
        s.read_ = ends[0];
        s.write_ = ends[1];
        return s;
    }

    Screen(Screen &&other) noexcept : read_(other.read_), write_(other.write_) { other.read_ = other.write_ = -1; }
    Screen(const Screen &) = delete;
    Screen &operator=(const Screen &) = delete;

    ~Screen()
    {
        close(read_);
        close(write_);
    }

    int fd() const { return write_; }

    std::string Text() const
    {
        char text[4096];
        ssize_t n = read(read_, text, sizeof text);
        return std::string(text, n > 0 ? static_cast<size_t>(n) : 0);
    }

  private:
    Screen() = default;
    int read_ = -1, write_ = -1;
};

class Display : public testing::Test
{
  protected:
    void SetUp() override
    {
        setenv("TERM", "xterm", 1);
        run_.stage(0).done = 1;
        run_.stage(0).total = 2;
        run_.now().elapsed_ns = kSecond;
    }

    void Tick(int fd, display_kind kind)
    {
        display_init(&display_, fd, kind, &run_.config);
        supervisor_hooks hooks = display_hooks(&display_);
        hooks.tick(hooks.context, nullptr, &run_.now());
    }

    SampleRun run_{{"read", "write"}};
    display display_;
};

TEST_F(Display, DrawsOnATerminalAndSpeaksElsewhere)
{
    EXPECT_EQ(display_kind_for(Screen::Terminal(80).fd()), DISPLAY_REDRAWN);
    EXPECT_EQ(display_kind_for(Screen::Pipe().fd()), DISPLAY_LINES);
}

TEST_F(Display, DoesNotDrawOnATerminalThatCannot)
{
    setenv("TERM", "dumb", 1);
    EXPECT_EQ(display_kind_for(Screen::Terminal(80).fd()), DISPLAY_LINES);
}

TEST_F(Display, KeepsTheLastColumnFree)
{
    Screen terminal = Screen::Terminal(40);
    Tick(terminal.fd(), DISPLAY_REDRAWN);
    EXPECT_EQ(terminal.Text(), "\r\033[K[#####-----]  50 %  0 frames  0:01 left");
}

TEST_F(Display, TakesTheLineAwayAtTheEnd)
{
    Screen terminal = Screen::Terminal(40);
    Tick(terminal.fd(), DISPLAY_REDRAWN);
    terminal.Text();
    display_end(&display_);
    EXPECT_EQ(terminal.Text(), "\r\033[K");
}

TEST_F(Display, WritesWholeLinesElsewhere)
{
    Screen pipe = Screen::Pipe();
    Tick(pipe.fd(), DISPLAY_LINES);
    EXPECT_EQ(pipe.Text(), "photos: 50 %, 0 frames, 0:01 left\n");
}

TEST_F(Display, ThatIsQuietNeverTicks)
{
    display_init(&display_, -1, DISPLAY_NONE, &run_.config);
    EXPECT_EQ(display_hooks(&display_).tick_ms, 0u);
}

TEST_F(Display, IsClearedByALogLine)
{
    Screen terminal = Screen::Terminal(40);
    struct log sink;
    log_init(&sink, terminal.fd(), LOG_LEVEL_INFO, "test");
    log_write(&sink, LOG_LEVEL_INFO, "hello");
    EXPECT_EQ(terminal.Text().rfind("\r\033[K", 0), 0u);
}

TEST_F(Display, LeavesNoTraceInALogThatIsAFile)
{
    Screen pipe = Screen::Pipe();
    struct log sink;
    log_init(&sink, pipe.fd(), LOG_LEVEL_INFO, "test");
    log_write(&sink, LOG_LEVEL_INFO, "hello");
    EXPECT_EQ(pipe.Text().find('\033'), std::string::npos);
}

} // namespace
