// A limit of this process, for as long as it lives.
#ifndef LIMIT_H
#define LIMIT_H

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

class Limit
{
  public:
    Limit(__rlimit_resource_t resource, rlim_t limit) : resource_(resource)
    {
        getrlimit(resource_, &before_);
        rlimit now = before_;
        now.rlim_cur = limit;
        setrlimit(resource_, &now);
    }
    Limit(const Limit &) = delete;
    Limit &operator=(const Limit &) = delete;
    ~Limit() { setrlimit(resource_, &before_); }

    // The next descriptor that is opened has this number; as a limit of RLIMIT_NOFILE: there is none to be had.
    static rlim_t NextDescriptor()
    {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        close(fd);
        return static_cast<rlim_t>(fd);
    }

  private:
    __rlimit_resource_t resource_;
    rlimit before_ = {};
};

#endif
