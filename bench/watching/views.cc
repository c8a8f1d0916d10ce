#include "views.h"

#include <arpa/inet.h>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace
{

pid_t start_tap(const std::string &pipeline, const std::string &stage)
{
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execl(MICROPIPE_PROGRAM, "micropipe", "tap", pipeline.c_str(), stage.c_str(), "-n", "1000000000", nullptr);
        _exit(127);
    }
    return pid;
}

pid_t start_top(const std::string &pipeline, int *terminal)
{
    winsize size = {50, 200, 0, 0};
    pid_t pid = forkpty(terminal, nullptr, nullptr, &size);
    if (pid == 0) {
        setenv("TERM", "xterm-256color", 1);
        execl(MICROPIPE_PROGRAM, "micropipe", "top", pipeline.c_str(), nullptr);
        _exit(127);
    }
    return pid;
}

int request(uint16_t port, const char *path)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string text = std::string("GET ") + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if (connect(fd, reinterpret_cast<sockaddr *>(&to), sizeof to) == 0 &&
        send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()))
        return fd;
    close(fd);
    return -1;
}

// Waits for bytes, and takes them. 0: it has ended, or it is time to go.
size_t take(int fd, int wake)
{
    static thread_local char bytes[65536];
    pollfd both[] = {{fd, POLLIN, 0}, {wake, POLLIN, 0}};
    poll(both, 2, -1);
    if (both[1].revents)
        return 0;
    ssize_t n = read(fd, bytes, sizeof bytes);
    return n > 0 ? static_cast<size_t>(n) : 0;
}

bool runs(pid_t pid)
{
    return pid > 0 && waitpid(pid, nullptr, WNOHANG) == 0;
}

} // namespace

Views::Views(const std::string &pipeline, const std::string &tapped, uint16_t port)
{
    if (pipe2(wake_, O_CLOEXEC) != 0)
        throw std::runtime_error("no pipe");
    top_ = start_top(pipeline, &terminal_);
    tap_ = start_tap(pipeline, tapped);
    threads_.emplace_back([this] { read_terminal(); });
    threads_.emplace_back([this, port] { read_events(port); });
    threads_.emplace_back([this, port] { scrape(port); });
}

Views::~Views()
{
    close(wake_[1]);
    for (std::thread &thread : threads_)
        thread.join();
    for (pid_t pid : {top_, tap_})
        if (pid > 0) {
            kill(pid, SIGKILL);
            waitpid(pid, nullptr, 0);
        }
    close(terminal_);
    close(wake_[0]);
}

void Views::check() const
{
    if (!runs(top_) || screen_bytes_ == 0)
        throw std::runtime_error("top has ended");
    if (!runs(tap_))
        throw std::runtime_error("tap has ended");
    if (events_ == 0 || scrapes_ == 0)
        throw std::runtime_error("nothing came over HTTP");
}

void Views::read_terminal()
{
    while (size_t n = take(terminal_, wake_[0]))
        screen_bytes_ += n;
}

void Views::read_events(uint16_t port)
{
    int fd = request(port, "/api/v1/events");
    while (size_t n = fd < 0 ? 0 : take(fd, wake_[0]))
        events_ += n;
    close(fd);
}

void Views::scrape(uint16_t port)
{
    pollfd wake = {wake_[0], POLLIN, 0};
    do {
        int fd = request(port, "/metrics");
        while (size_t n = fd < 0 ? 0 : take(fd, wake_[0]))
            scrapes_ += n;
        close(fd);
    } while (poll(&wake, 1, 1000) == 0);
}
