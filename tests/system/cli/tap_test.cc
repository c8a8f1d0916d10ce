// micropipe tap: what a user sees of frames that leave a stage, and what a client that does not read gets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <jansson.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "child.h"
#include "shell.h"

namespace
{

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::MatchesRegex;

class TapCommand : public testing::Test
{
  protected:
    TapCommand() { setenv("XDG_RUNTIME_DIR", folder_.path().c_str(), 1); }
    ~TapCommand() override { unsetenv("XDG_RUNTIME_DIR"); }

    // An endless pipeline named "pipe".
    void Start(const std::string &line, const std::string &memory = "64M")
    {
        run_ = std::make_unique<Running>(
            std::vector<std::string>{"run", "--set", "name=pipe", "--set", "memory=" + memory, "-e", line});
        run_->WaitFor("info micropipe: memory");
    }

    Outcome Tap(const std::string &words) { return folder_.run("micropipe tap " + words); }

    // A client of our own, which has sent its request and read nothing yet.
    int Ask(const std::string &request)
    {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address = {AF_UNIX, {}};
        (folder_.path().string() + "/micropipe/pipe.sock").copy(address.sun_path, sizeof address.sun_path - 1);
        EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
        EXPECT_EQ(send(fd, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
        return fd;
    }

    using Json = std::unique_ptr<json_t, void (*)(json_t *)>;
    // The next line; and the descriptor that came with it, if it is asked for.
    static Json Line(int fd, int *descriptor = nullptr)
    {
        std::string line;
        for (char c = 0; c != '\n'; line += c) {
            char room[CMSG_SPACE(sizeof(int))];
            iovec text = {&c, 1};
            msghdr message = {};
            message.msg_iov = &text;
            message.msg_iovlen = 1;
            message.msg_control = room;
            message.msg_controllen = sizeof room;
            if (recvmsg(fd, &message, 0) != 1)
                break;
            cmsghdr *header = CMSG_FIRSTHDR(&message);
            if (header && descriptor)
                memcpy(descriptor, CMSG_DATA(header), sizeof *descriptor);
        }
        return {json_loads(line.c_str(), 0, nullptr), json_decref};
    }

    static bool IsOk(const Json &line)
    {
        const json_t *ok = json_object_get(line.get(), "ok"); // the macros look at it twice
        EXPECT_NE(ok, nullptr);
        return json_is_true(ok);
    }

    static json_int_t Figure(const Json &line, const char *key)
    {
        return json_integer_value(json_object_get(json_object_get(line.get(), "frame"), key));
    }

    Folder folder_;
    std::unique_ptr<Running> run_;
};

} // namespace

TEST_F(TapCommand, ShowsFramesAsTheyLeaveAStage)
{
    Start("core.generate size=40 | debug.work :name=work :workers=1 | core.null");
    const Outcome o = Tap("pipe generate -n 3");
    EXPECT_EQ(o.status, 0);
    EXPECT_THAT(o.output,
                ContainsRegex("generate/0  sequence [0-9]+  40 bytes  bytes\n  00000000  [0-9a-f ]+  .{16}\n"));
    std::istringstream lines(o.output);
    int frames = 0;
    for (std::string line; std::getline(lines, line);)
        frames += line.rfind("generate/0", 0) == 0;
    EXPECT_EQ(frames, 3);
    EXPECT_THAT(Tap("pipe work -n 1 --bytes 8").output, HasSubstr("... 32 bytes more\n"));
    const Outcome json = Tap("pipe work -n 1 --json");
    EXPECT_THAT(json.output, MatchesRegex("\\{\"stage\":\"work\",\"port\":\"out\".*\"size\":40.*\\}\n"));
}

TEST_F(TapCommand, SavesWholeFramesThatFilesLettersReads)
{
    Start("core.generate size=1500000 pattern=random | core.null", "128M");
    ASSERT_EQ(Tap("pipe generate -n 2 --save frames").status, 0);
    const Outcome again = folder_.run(
        "micropipe run --quiet -e 'files.letters path=frames | files.write path=out name=f{sequence}' && ls "
        "frames out && cat frames/*.bin | wc -c && cat frames/*.bin | cksum && cat out/* | cksum");
    EXPECT_EQ(again.status, 0) << again.output;
    EXPECT_THAT(again.output, HasSubstr("3000000\n"));
    std::istringstream lines(again.output);
    std::vector<std::string> all;
    for (std::string line; std::getline(lines, line);)
        all.push_back(line);
    ASSERT_GT(all.size(), 2u);
    EXPECT_EQ(all[all.size() - 1], all[all.size() - 2]) << again.output;
}

TEST_F(TapCommand, WhatCannotBeTappedIsRefusedWithTheReason)
{
    Start("core.generate | core.null");
    EXPECT_EQ(Tap("pipe null").status, 2);
    EXPECT_THAT(Tap("pipe null").output, HasSubstr("'null' is a sink: no frame leaves it; 'generate' sends to it"));
    EXPECT_THAT(Tap("pipe nul").output, HasSubstr("there is no stage 'nul' (did you mean 'null'?)"));
    EXPECT_EQ(Tap("other generate").status, 1);
    EXPECT_THAT(Tap("pipe").output, HasSubstr("which stage?"));
    EXPECT_THAT(Tap("pipe generate -n x").output, HasSubstr("'x' is no number from 0 to"));
    for (const char *request : {R"("count":-1)", R"("count":"x")", R"("bytes":65537)", R"("bytes":1.5)"}) {
        int fd = Ask(std::string(R"({"command":"tap","stage":"generate",)") + request + "}\n");
        EXPECT_FALSE(IsOk(Line(fd))) << request;
        close(fd);
    }
}

TEST_F(TapCommand, AClientThatDoesNotReadLosesSamplesAndIsTold)
{
    Start("core.generate size=100 | core.null");
    int fd = Ask("{\"command\":\"tap\",\"stage\":\"generate\",\"whole\":true}\n");
    EXPECT_TRUE(IsOk(Line(fd)));
    EXPECT_EQ(Tap("pipe generate -n 6").status, 0); // so many samples have come since, of which one is on its way to us
    int payload = -1;
    Json first = Line(fd, &payload);
    EXPECT_EQ(Figure(first, "lost"), 0);
    EXPECT_EQ(Figure(first, "descriptor"), 100);
    EXPECT_EQ(lseek(payload, 0, SEEK_END), 100);
    EXPECT_EQ(write(payload, "x", 1), -1) << "it is not sealed";
    EXPECT_EQ(ftruncate(payload, 10), -1) << "it is not sealed";
    close(payload);
    EXPECT_GT(Figure(Line(fd, &payload), "lost"), 2);
    close(payload);
    close(fd);
}

TEST_F(TapCommand, EndsWithItsClientAndThePipelineGoesOn)
{
    Start("core.generate size=100 | core.null");
    int fd = Ask("{\"command\":\"tap\",\"stage\":\"generate\"}\n");
    Line(fd);
    Line(fd);
    close(fd);
    EXPECT_EQ(Tap("pipe generate -n 2").status, 0) << "another can have it";
    int two = Ask("{\"command\":\"tap\",\"stage\":\"generate\",\"count\":2}\n{\"command\":\"status\"}\n");
    EXPECT_TRUE(IsOk(Line(two)));
    EXPECT_NE(json_object_get(Line(two).get(), "stages"), nullptr) << "it may ask for other things meanwhile";
    EXPECT_NE(json_object_get(Line(two).get(), "frame"), nullptr);
    EXPECT_NE(json_object_get(Line(two).get(), "frame"), nullptr);
    close(two);
    run_->Signal(SIGTERM);
    EXPECT_EQ(run_->Wait(), 0);
}

TEST_F(TapCommand, EndsWhenNobodyReadsWhatItShows)
{
    Start("core.generate size=8 | core.null");
    EXPECT_THAT(folder_.run("micropipe tap pipe generate -n 0 | head -n 1").output, HasSubstr("generate/0  sequence "));
}

TEST_F(TapCommand, EndsWhenWhatItShowsCannotBeWrittenAndSaysWhy)
{
    Start("core.generate size=5000 | core.null");
    for (const char *how : {"0", "1000000", "1", "0 --json", "0 --bytes 5000"}) {
        const Outcome o = Tap(std::string("pipe generate -n ") + how + " >/dev/full");
        EXPECT_EQ(o.status, 1) << how;
        EXPECT_EQ(o.output, "micropipe: cannot write to the standard output: No space left on device\n") << how;
    }
}

TEST_F(TapCommand, SaysWhenThePipelineEndsFirst)
{
    Start("core.generate rate=1000 size=8 | core.null");
    Outcome o = {};
    std::thread tap([&] { o = folder_.run("micropipe tap pipe generate -n 1000000 2>&1 >shown"); });
    while (!std::filesystem::exists(folder_.path() / "shown") ||
           std::filesystem::file_size(folder_.path() / "shown") == 0)
        std::this_thread::yield();
    run_->Signal(SIGTERM);
    EXPECT_EQ(run_->Wait(), 0);
    tap.join();
    EXPECT_EQ(o.status, 0);
    EXPECT_THAT(o.output, ContainsRegex("the pipeline ended after [0-9]+ of 1000000 frames"));
}
