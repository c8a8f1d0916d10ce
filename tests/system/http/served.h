// A pipeline that runs with HTTP, and a client that sends what it is told, byte for byte.
#ifndef SERVED_H
#define SERVED_H

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <jansson.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "child.h"
#include "shell.h"

using Json = std::unique_ptr<json_t, void (*)(json_t *)>;

inline Json JsonOf(const std::string &text)
{
    return {json_loads(text.c_str(), 0, nullptr), [](json_t *j) { json_decref(j); }};
}

struct Answer {
    int status = 0; // 0: there was none
    std::string head, body;
};

class Served : public testing::Test
{
  protected:
    Served() { setenv("XDG_RUNTIME_DIR", folder_.path().c_str(), 1); }
    ~Served() override { unsetenv("XDG_RUNTIME_DIR"); }

    static constexpr const char *ENDLESS =
        "core.generate size=16 count=0 | debug.work wait=1ms :workers=1-8 :queue=64 | core.null";

    void Start(const std::string &line = ENDLESS, std::vector<std::string> more = {})
    {
        std::vector<std::string> words{
            "run", "--set", "name=pipe", "--set", "http=127.0.0.1:0", "--set", "drain_timeout=50s", "-e", line};
        words.insert(words.end(), more.begin(), more.end());
        runs_ = std::make_unique<Running>(words);
        runs_->WaitFor("/metrics for Prometheus");
        std::smatch m;
        ASSERT_TRUE(std::regex_search(runs_->said(), m, std::regex("http://127\\.0\\.0\\.1:([0-9]+)/")));
        port_ = std::stoi(m[1]);
    }

    void Stop() const { EXPECT_EQ(folder_.run("micropipe ctl pipe stop").status, 0); }

    int Connect() const
    {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<uint16_t>(port_));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address), 0) << strerror(errno);
        return fd;
    }

    static void Say(int fd, const std::string &text)
    {
        for (size_t at = 0; at < text.size();) {
            ssize_t n = send(fd, text.data() + at, text.size() - at, MSG_NOSIGNAL);
            if (n <= 0)
                return; // cut off: what it hears will tell
            at += static_cast<size_t>(n);
        }
    }

    // All that comes until the other side ends it, or there is `text`.
    static std::string Hear(int fd, const std::string &text = "")
    {
        std::string all;
        char buffer[4096];
        for (ssize_t n = 1; n > 0 && (text.empty() || all.find(text) == std::string::npos);) {
            n = recv(fd, buffer, sizeof buffer, 0);
            all.append(buffer, n > 0 ? static_cast<size_t>(n) : 0);
        }
        return all;
    }

    static Answer Parse(const std::string &text)
    {
        Answer a;
        size_t end = text.find("\r\n\r\n");
        if (text.rfind("HTTP/1.", 0) != 0 || end == std::string::npos)
            return a;
        a.status = std::stoi(text.substr(9, 3));
        a.head = text.substr(0, end + 2);
        a.body = text.substr(end + 4);
        return a;
    }

    Answer Send(const std::string &request) const
    {
        int fd = Connect();
        Say(fd, request);
        std::string heard = Hear(fd);
        close(fd);
        return Parse(heard);
    }

    Answer Get(const std::string &path) const
    {
        return Send("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) + "\r\n\r\n");
    }

    Answer Post(const std::string &path, const std::string &body, const std::string &headers) const
    {
        return Send("POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) + "\r\n" + headers +
                    "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    }

    std::string Token() const
    {
        std::string text = folder_.read("micropipe/pipe.token");
        return text.substr(0, text.find('\n'));
    }
    std::string Bearer() const { return "Authorization: Bearer " + Token() + "\r\n"; }

    Json Status() const { return JsonOf(Get("/api/v1/status").body); }

    static json_int_t Figure(json_t *status, size_t stage, const char *key)
    {
        return json_integer_value(json_object_get(json_array_get(json_object_get(status, "stages"), stage), key));
    }

    // Asks again and again until that is so.
    bool Becomes(const std::function<bool(json_t *)> &wanted) const
    {
        for (int i = 0; i < 2000; i++, poll(nullptr, 0, 10))
            if (Json now = Status(); now && wanted(now.get()))
                return true;
        return false;
    }

    Folder folder_;
    std::unique_ptr<Running> runs_;
    int port_ = 0;
};

#endif
