// A folder that stands for the user's runtime folder, and goes with the test.
#ifndef MEETING_PLACE_H
#define MEETING_PLACE_H

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

class MeetingPlace : public testing::Test
{
  protected:
    MeetingPlace()
    {
        char name[] = "/tmp/micropipe-control-XXXXXX";
        EXPECT_NE(mkdtemp(name), nullptr);
        runtime_ = name;
        setenv("XDG_RUNTIME_DIR", name, 1);
    }
    ~MeetingPlace() override
    {
        unsetenv("XDG_RUNTIME_DIR");
        std::filesystem::remove_all(runtime_);
    }

    std::string Folder() const { return runtime_ + "/micropipe"; }

    // A socket of the pipeline `name`: 0 if `act`, which is bind or connect, has done it.
    template <typename Act>
    int Socket(const std::string &name, Act act, int *fd) const
    {
        sockaddr_un address = {AF_UNIX, {}};
        (Folder() + "/" + name + ".sock").copy(address.sun_path, sizeof address.sun_path - 1);
        *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        return act(*fd, reinterpret_cast<sockaddr *>(&address), sizeof address);
    }

    std::string runtime_;
};

#endif
