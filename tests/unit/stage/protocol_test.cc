// Messages between host and stage server: whole ones, with or without a descriptor.
extern "C" {
#include "server_protocol.h"
}

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "open_files.h"

namespace
{

class Protocol : public testing::Test
{
  protected:
    Protocol() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends_), 0); }
    ~Protocol() override
    {
        close(ends_[0]);
        close(ends_[1]);
    }

    // Sends so many bytes of a message, and a descriptor, or more of it.
    void SayPart(size_t size, int fd, int copies = 1)
    {
        server_message m = {};
        iovec text = {&m, size};
        const std::vector<int> fds(static_cast<size_t>(copies), fd);
        const size_t bytes = fds.size() * sizeof fd;
        alignas(cmsghdr) char room[CMSG_SPACE(8 * sizeof fd)] = {};
        msghdr h = {};
        h.msg_iov = &text;
        h.msg_iovlen = 1;
        h.msg_control = room;
        h.msg_controllen = CMSG_SPACE(bytes);
        cmsghdr *c = CMSG_FIRSTHDR(&h);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(bytes);
        memcpy(CMSG_DATA(c), fds.data(), bytes);
        ASSERT_EQ(sendmsg(ends_[0], &h, 0), static_cast<ssize_t>(size));
    }

    int ends_[2] = {-1, -1};
    server_message heard_ = {};
    int fd_ = 0;
};

} // namespace

TEST_F(Protocol, AMessageArrivesWhole)
{
    server_message m = {};
    m.type = SERVER_SPAWNED;
    m.worker = 3;
    strcpy(m.text, "text");
    ASSERT_EQ(server_say(ends_[0], &m, -1), 0);
    ASSERT_EQ(server_hear(ends_[1], &heard_, &fd_), 1);
    EXPECT_EQ(memcmp(&heard_, &m, sizeof m), 0);
    EXPECT_EQ(fd_, -1) << "none came with it";
    EXPECT_EQ(server_hear(ends_[1], &heard_, &fd_), 0) << "there is no second one";
    EXPECT_EQ(fd_, -1);
}

TEST_F(Protocol, ADescriptorArrivesWithItsMessageAndIsNotInherited)
{
    server_message m = {};
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ASSERT_EQ(server_say(ends_[0], &m, file), 0);
    ASSERT_EQ(server_hear(ends_[1], &heard_, &fd_), 1);
    ASSERT_GE(fd_, 0);
    EXPECT_NE(fd_, file);
    EXPECT_EQ(fcntl(fd_, F_GETFD), FD_CLOEXEC);
    close(fd_);
    close(file);
}

TEST_F(Protocol, ADescriptorForWhichThereIsNoRoomIsSaidToBeLost)
{
    server_message m = {};
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ASSERT_EQ(server_say(ends_[0], &m, file), 0);
    rlimit before;
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit none = before;
    none.rlim_cur = 0;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    int heard = server_hear(ends_[1], &heard_, &fd_);
    setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(heard, 1);
    EXPECT_EQ(fd_, SERVER_FD_LOST);
    close(file);
}

TEST_F(Protocol, APartOfAMessageIsNoneAndItsDescriptorIsClosed)
{
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    long before = OpenFiles();
    SayPart(sizeof heard_ - 1, file);
    EXPECT_EQ(server_hear(ends_[1], &heard_, &fd_), 0);
    EXPECT_EQ(fd_, -1);
    EXPECT_EQ(OpenFiles(), before);
    close(file);
}

TEST_F(Protocol, OfManyDescriptorsOneIsTakenAndNoneIsLeftOpen)
{
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    long before = OpenFiles();
    for (int copies : {2, 3, 8}) {
        SayPart(sizeof heard_, file, copies);
        EXPECT_EQ(server_hear(ends_[1], &heard_, &fd_), 1);
        ASSERT_GE(fd_, 0) << copies;
        close(fd_);
        EXPECT_EQ(OpenFiles(), before) << copies;
    }
    close(file);
}

TEST_F(Protocol, SayingSomethingToNobodyFailsAndSendsNoSignal)
{
    server_message m = {};
    close(ends_[1]);
    EXPECT_EQ(server_say(ends_[0], &m, -1), -EPIPE);
    ends_[1] = -1;
}
