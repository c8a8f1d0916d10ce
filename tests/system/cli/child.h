// micropipe as a child that runs while the test goes on.
#ifndef CHILD_H
#define CHILD_H

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

extern char **environ;

// The program as a child, with its standard error on a pipe.
class Running
{
  public:
    explicit Running(std::vector<std::string> words)
    {
        std::vector<char *> argv;
        words.insert(words.begin(), PROGRAM);
        for (std::string &word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        int ends[2];
        EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
        EXPECT_EQ(posix_spawn(&pid_, PROGRAM, &actions, nullptr, argv.data(), environ), 0);
        posix_spawn_file_actions_destroy(&actions);
        close(ends[1]);
        messages_ = ends[0];
    }
    Running(const Running &) = delete;
    Running &operator=(const Running &) = delete;

    ~Running()
    {
        if (pid_ > 0)
            kill(pid_, SIGKILL);
        Wait();
        close(messages_);
    }

    // Reads what it says until that is part of it, or it ends.
    void WaitFor(const std::string &text)
    {
        char buffer[512];
        ssize_t n = 1;
        while (said_.find(text) == std::string::npos && n > 0) {
            n = read(messages_, buffer, sizeof buffer);
            said_.append(buffer, n > 0 ? static_cast<size_t>(n) : 0);
        }
        EXPECT_THAT(said_, testing::HasSubstr(text));
    }

    pid_t pid() const { return pid_; }
    void Signal(int signal) const { kill(pid_, signal); }

    // Its exit code; 128 + n after signal n.
    int Wait()
    {
        if (pid_ > 0 && waitpid(pid_, &status_, 0) == pid_)
            pid_ = -1;
        return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
    }

    const std::string &said() const { return said_; }

  private:
    pid_t pid_ = -1;
    int messages_ = -1, status_ = 0;
    std::string said_;
};

#endif
