// A pipeline named "pipe" that the test plays: it takes one client, hears its request, says what it is told to, and
// hangs up.
#ifndef PLAYED_PIPELINE_H
#define PLAYED_PIPELINE_H

#include "../../support/temp_folder.h"
#include "command_output.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

// What it says, and the descriptors that it sends along.
struct Saying {
    std::string text;
    std::vector<std::string> payloads = {};
    bool asked = false; // when it is asked again
};

// The status of one without stages.
inline constexpr const char *kPipeStatus = "{\"pipeline\":\"pipe\",\"ok\":true,\"stages\":[]}\n";

class PlayedPipeline : public testing::Test
{
  protected:
    PlayedPipeline()
    {
        setenv("XDG_RUNTIME_DIR", folder_.path().c_str(), 1);
        std::filesystem::create_directory(folder_ / "micropipe");
        std::filesystem::permissions(folder_ / "micropipe", std::filesystem::perms::owner_all);
    }
    ~PlayedPipeline() override { unsetenv("XDG_RUNTIME_DIR"); }

    // The command, while the pipeline says so.
    template <typename Command>
    Outcome Play(Command command, const std::vector<std::string> &words, const std::vector<Saying> &sayings)
    {
        const std::vector<std::vector<int>> files = Files(sayings);
        Listen();
        rlimit before, limit;
        getrlimit(RLIMIT_FSIZE, &before);
        limit = before;
        limit.rlim_cur = room_;
        setrlimit(RLIMIT_FSIZE, &limit);
        std::thread pipeline([&] { Serve(sayings, files); });
        Outcome o = RunCommand(command, words);
        setrlimit(RLIMIT_FSIZE, &before);
        shutdown(listener_, SHUT_RDWR); // it may not have called at all
        pipeline.join();
        close(listener_);
        return o;
    }

    rlim_t room_ = RLIM_INFINITY; // for the files that it writes
    std::string request_;
    harness::TempFolder folder_;

  private:
    void Listen()
    {
        const std::string path = folder_ / "micropipe/pipe.sock";
        sockaddr_un address = {AF_UNIX, {}};
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        std::filesystem::remove(path);
        listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
        EXPECT_EQ(listen(listener_, 1), 0);
    }

    static std::vector<std::vector<int>> Files(const std::vector<Saying> &sayings)
    {
        std::vector<std::vector<int>> files(sayings.size());
        for (size_t i = 0; i < sayings.size(); i++)
            for (const std::string &payload : sayings[i].payloads) {
                files[i].push_back(memfd_create("payload", MFD_CLOEXEC));
                EXPECT_EQ(write(files[i].back(), payload.data(), payload.size()), static_cast<ssize_t>(payload.size()));
            }
        return files;
    }

    static void Say(int fd, const Saying &what, const std::vector<int> &files)
    {
        union {
            cmsghdr header;
            char room[CMSG_SPACE(8 * sizeof(int))];
        } control = {};
        iovec text = {const_cast<char *>(what.text.data()), what.text.size()};
        msghdr message = {};
        message.msg_iov = &text;
        message.msg_iovlen = 1;
        if (!files.empty()) {
            size_t size = files.size() * sizeof(int);
            message.msg_control = control.room;
            message.msg_controllen = CMSG_SPACE(size);
            control.header.cmsg_level = SOL_SOCKET;
            control.header.cmsg_type = SCM_RIGHTS;
            control.header.cmsg_len = CMSG_LEN(size);
            memcpy(CMSG_DATA(&control.header), files.data(), size);
        }
        sendmsg(fd, &message, MSG_NOSIGNAL); // it may have heard enough
    }

    void Hear(int fd)
    {
        char request[4096];
        ssize_t n = recv(fd, request, sizeof request, 0);
        request_.assign(request, n > 0 ? static_cast<size_t>(n) : 0);
    }

    void Serve(const std::vector<Saying> &sayings, const std::vector<std::vector<int>> &files)
    {
        int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        for (size_t i = 0; i < sayings.size(); i++) {
            if (fd >= 0 && (i == 0 || sayings[i].asked))
                Hear(fd);
            if (fd >= 0)
                Say(fd, sayings[i], files[i]);
            for (int file : files[i])
                close(file);
        }
        if (fd >= 0)
            close(fd);
    }

    int listener_ = -1;
};

#endif
