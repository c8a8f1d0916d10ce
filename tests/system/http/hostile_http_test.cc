// Clients that mean ill, or know no better: none of them stops the pipeline, or keeps others from looking.
#include <sys/resource.h>

#include <random>

#include "served.h"

namespace
{

using testing::AnyOf;

class HostileHttp : public Served
{
  protected:
    ~HostileHttp() override
    {
        for (int fd : open_)
            close(fd);
    }

    int Hold()
    {
        open_.push_back(Connect());
        return open_.back();
    }

    // The pipeline goes on, and is there for others.
    void ExpectWell()
    {
        EXPECT_EQ(Get("/healthz").body, "ok\n");
        const json_int_t then = Figure(Status().get(), 2, "out");
        EXPECT_TRUE(Becomes([then](json_t *s) { return Figure(s, 2, "out") > then; }));
        EXPECT_EQ(Figure(Status().get(), 1, "restarts"), 0);
    }

    std::vector<int> open_;
};

// As many descriptors as this process may have.
size_t RaiseLimit()
{
    rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

size_t Descriptors(pid_t pid)
{
    size_t n = 0;
    for (const auto &entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd"))
        n += !entry.path().empty();
    return n;
}

} // namespace

TEST_F(HostileHttp, AThousandThatAskNothingKeepNobodyOut)
{
    size_t crowd = std::min<size_t>(1000, RaiseLimit() - 50);
    Start();
    const size_t before = Descriptors(runs_->pid());
    for (size_t i = 0; i < crowd; i++)
        Say(Hold(), i % 2 ? "" : "GET /metrics HTTP/1.1\r\nHost: loc");
    ExpectWell();
    EXPECT_LE(Descriptors(runs_->pid()), before + 100);
}

TEST_F(HostileHttp, WhatIsTooLongIsRefusedAndCutOff)
{
    Start();
    const std::string lots(1 << 20, 'x');
    EXPECT_THAT(Send("GET /" + lots + " HTTP/1.1\r\nHost: localhost\r\n\r\n").status, AnyOf(0, 414, 431));
    EXPECT_THAT(Send("GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: " + lots + "\r\n\r\n").status, AnyOf(0, 413, 431));
    std::string many;
    for (int i = 0; i < 20000; i++)
        many += "X" + std::to_string(i) + ": y\r\n";
    EXPECT_THAT(Send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n" + many + "\r\n").status, AnyOf(0, 413, 431));
    EXPECT_THAT(
        Send("POST /api/v1/scale HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n" + lots).status,
        AnyOf(0, 401));
    EXPECT_THAT(
        Send("POST /api/v1/scale HTTP/1.1\r\nHost: localhost\r\n" + Bearer() + "Content-Length: 1048576\r\n\r\n" + lots)
            .status,
        AnyOf(0, 413));
    EXPECT_EQ(Send("POST /api/v1/scale HTTP/1.1\r\nHost: localhost\r\n" + Bearer() +
                   "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n" + lots)
                  .status,
              0);
    ExpectWell();
}

TEST_F(HostileHttp, StreamsThatNobodyReadsHaveTheirPlacesAndNoMore)
{
    Start();
    const std::string request = "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    std::vector<int> streams;
    for (int i = 0; i < 16; i++) {
        streams.push_back(Connect());
        Say(streams.back(), request);
        EXPECT_NE(Hear(streams.back(), "data: ").find(" 200 "), std::string::npos);
    }
    Answer refused = Send(request);
    EXPECT_EQ(refused.status, 503);
    EXPECT_NE(refused.head.find("Retry-After: "), std::string::npos);
    ExpectWell();
    for (int fd : streams)
        close(fd);
    for (int i = 0; i < 1000; i++, poll(nullptr, 0, 10)) {
        int fd = Connect();
        Say(fd, request);
        bool taken = Hear(fd, "\r\n\r\n").find(" 200 ") != std::string::npos;
        close(fd);
        if (taken)
            return;
    }
    ADD_FAILURE() << "the places of streams that have gone stay taken";
}

TEST_F(HostileHttp, WhatIsNoHttpAtAllDoesNoHarm)
{
    Start();
    std::mt19937 dice(20261126);
    const std::string host = "Host: 127.0.0.1\r\n", token = Bearer();
    const std::vector<std::string> seeds = {
        "GET / HTTP/1.1\r\n" + host + "\r\n", "GET /metrics HTTP/1.1\r\n" + host + "Accept: */*\r\n\r\n",
        "POST /api/v1/scale HTTP/1.1\r\n" + host + token +
            "Content-Length: 30\r\n\r\n{\"stage\":\"work\",\"workers\":\"auto\"}",
        "POST /api/v1/pause HTTP/1.1\r\n" + host + token + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "GET /api/v1/events HTTP/1.0\r\n" + host + "Connection: keep-alive\r\n\r\n"};
    for (int i = 0; i < 400; i++) {
        std::string request = seeds[dice() % seeds.size()];
        for (unsigned n = 1 + dice() % 6; n > 0; n--) {
            size_t at = dice() % request.size();
            switch (dice() % 4) {
            case 0:
                request[at] = static_cast<char>(dice());
                break;
            case 1:
                request.erase(at, 1 + dice() % 8);
                break;
            case 2:
                request.insert(at, std::string(1 + dice() % 300, static_cast<char>(dice())));
                break;
            default:
                request.insert(at, request.substr(0, dice() % request.size()));
                break;
            }
            request += request.empty() ? "x" : "";
        }
        int fd = Connect();
        Say(fd, request);
        if (dice() % 2)
            shutdown(fd, SHUT_WR);
        char some[64];
        recv(fd, some, sizeof some, MSG_DONTWAIT);
        close(fd);
    }
    Post("/api/v1/resume", "", token); // one of them may have got through
    ExpectWell();
    runs_->Signal(SIGTERM);
    EXPECT_EQ(runs_->Wait(), 0) << "it ends as if nothing had been";
}
