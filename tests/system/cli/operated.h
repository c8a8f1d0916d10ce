// A pipeline that runs while commands are given to it, in a runtime folder of its own.
#ifndef OPERATED_H
#define OPERATED_H

#include <gtest/gtest.h>
#include <jansson.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "child.h"
#include "shell.h"

inline constexpr const char *ENDLESS = "core.generate size=16 | debug.work wait=1ms :workers=1-8 | core.null";

class Operated : public testing::Test
{
  protected:
    Operated() { setenv("XDG_RUNTIME_DIR", folder_.path().c_str(), 1); }
    ~Operated() override { unsetenv("XDG_RUNTIME_DIR"); }

    // A pipeline named "pipe".
    void Start(const std::string &line = ENDLESS)
    {
        runs_ = std::make_unique<Running>(
            std::vector<std::string>{"run", "--set", "name=pipe", "--set", "drain_timeout=50s", "-e", line});
        runs_->WaitFor("info micropipe: memory");
    }

    Outcome Ask(const std::string &arguments) { return folder_.run("micropipe ctl " + arguments + " 2>&1"); }

    using Json = std::unique_ptr<json_t, void (*)(json_t *)>;
    Json Status()
    {
        return {json_loads(Ask("pipe status --json").output.c_str(), 0, nullptr), [](json_t *j) { json_decref(j); }};
    }

    static json_int_t Figure(json_t *status, size_t stage, const char *key)
    {
        return json_integer_value(json_object_get(json_array_get(json_object_get(status, "stages"), stage), key));
    }

    // Asks again and again until that is so.
    bool Becomes(const std::function<bool(json_t *)> &wanted)
    {
        for (int i = 0; i < 2000; i++)
            if (Json now = Status(); now && wanted(now.get()))
                return true;
        return false;
    }

    bool HasWorkers(json_int_t n)
    {
        return Becomes([n](json_t *s) { return Figure(s, 1, "workers") == n; });
    }

    std::string Socket() const { return folder_.path().string() + "/micropipe/pipe.sock"; }

    int Connect() const
    {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address = {AF_UNIX, {}};
        Socket().copy(address.sun_path, sizeof address.sun_path - 1);
        EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
        return fd;
    }

    Folder folder_;
    std::unique_ptr<Running> runs_;
};

#endif
