// Lines for a reader that may not read.
extern "C" {
#include "clock.h"
#include "outlet.h"
}

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace
{

enum { LONG_MS = 600000, SHORT_MS = 20 };

// A pipe or a pair of sockets, from ends_[1] to ends_[0].
class Outlet : public testing::Test
{
  protected:
    ~Outlet() override
    {
        outlet_close(&outlet_);
        close(ends_[0]);
        close(ends_[1]);
    }
    void OpenPipe()
    {
        ASSERT_EQ(pipe2(ends_, O_CLOEXEC), 0);
        outlet_open(&outlet_, ends_[1]);
    }
    void OpenSocket()
    {
        ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_), 0);
        outlet_open(&outlet_, ends_[1]);
    }
    int Write(const std::string &line, int patience_ms)
    {
        return outlet_write(&outlet_, line.data(), line.size(), patience_ms);
    }
    // Until there is room for no more.
    void Fill()
    {
        for (size_t size : {1000u, 1u})
            while (Write(std::string(size, '.'), 0) == 0)
                ;
    }
    void Drain()
    {
        char text[4096];
        fcntl(ends_[0], F_SETFL, O_NONBLOCK);
        while (read(ends_[0], text, sizeof text) > 0)
            ;
    }
    std::string Read()
    {
        char text[4096];
        ssize_t n = read(ends_[0], text, sizeof text);
        return {text, n > 0 ? static_cast<size_t>(n) : 0};
    }

    outlet outlet_ = {-1, 0, 0, nullptr, {0}};
    int ends_[2] = {-1, -1};
};

} // namespace

TEST_F(Outlet, WritesALine)
{
    OpenPipe();
    EXPECT_EQ(Write("a line\n", LONG_MS), 0);
    EXPECT_EQ(Read(), "a line\n");
    EXPECT_EQ(outlet_lost(&outlet_), 0u);
}

TEST_F(Outlet, LosesLinesThatNobodyReadsAndCountsThem)
{
    OpenPipe();
    Fill();
    outlet_take_lost(&outlet_);
    EXPECT_EQ(Write("lost\n", SHORT_MS), -1);
    EXPECT_EQ(Write("lost at once\n", LONG_MS), -1) << "the first had waited for all of them";
    EXPECT_EQ(outlet_lost(&outlet_), 2u);
    Drain();
    EXPECT_EQ(Write("there\n", SHORT_MS), 0);
    EXPECT_EQ(outlet_take_lost(&outlet_), 2u) << "they are still to be told";
    EXPECT_EQ(outlet_lost(&outlet_), 0u);
    EXPECT_EQ(Read(), "there\n");
}

TEST_F(Outlet, DoesNotWaitForASocketEither)
{
    OpenSocket();
    Fill();
    EXPECT_GT(outlet_lost(&outlet_), 0u);
    Drain();
    EXPECT_EQ(Write("there\n", SHORT_MS), 0);
}

TEST_F(Outlet, ChangesNothingForOthersWhoWriteThere)
{
    OpenPipe();
    EXPECT_EQ(fcntl(ends_[1], F_GETFL) & O_NONBLOCK, 0);
    outlet_close(&outlet_);
    EXPECT_EQ(write(ends_[1], "x", 1), 1) << "it is theirs, and stays open";
}
