// A log whose lines the test reads. Wants log.h of host/base.
#ifndef HEARD_LOG_H
#define HEARD_LOG_H

extern "C" {
#include "log.h"
}

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

class HeardLog
{
  public:
    explicit HeardLog(log_level level = LOG_LEVEL_INFO, const char *from = "test")
    {
        if (pipe2(ends_, O_NONBLOCK | O_CLOEXEC) != 0)
            throw std::runtime_error("pipe2");
        log_init(&log_, ends_[1], level, from);
    }
    ~HeardLog()
    {
        close(ends_[0]);
        close(ends_[1]);
    }
    HeardLog(const HeardLog &) = delete;
    HeardLog &operator=(const HeardLog &) = delete;

    struct log *get() { return &log_; }

    // What was written since the last call; "" if nothing was.
    std::string Lines() const
    {
        char text[4096];
        const ssize_t n = read(ends_[0], text, sizeof text);
        return std::string(text, n > 0 ? static_cast<size_t>(n) : 0);
    }

  private:
    int ends_[2] = {-1, -1};
    struct log log_ = {};
};

#endif
