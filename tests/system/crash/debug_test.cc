// `micropipe run --debug STAGE`, as somebody at a terminal sees it. Skipped without gdb, or where it may attach to
// nothing.
#include "running.h"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace crash;

namespace
{

enum { PATIENCE_MS = 60000 };

bool has_gdb()
{
    return system("gdb --version >/dev/null 2>&1") == 0;
}

// `micropipe run ARGUMENTS...` on a terminal of its own, in a folder.
class Terminal
{
  public:
    Terminal(const Folder &folder, const std::vector<std::string> &arguments)
    {
        winsize size = {500, 250, 0, 0}; // nothing is paged or wrapped
        pid_ = forkpty(&terminal_, nullptr, nullptr, &size);
        if (pid_ != 0)
            return;
        std::vector<std::string> words = {MICROPIPE_PROGRAM, "run", "--set", "memory=32M"};
        words.insert(words.end(), arguments.begin(), arguments.end());
        std::vector<char *> argv;
        for (auto &word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        setenv("MICROPIPE_PLUGIN_PATH", MICROPIPE_PACKS, 1);
        setenv("TERM", "dumb", 1);
        setenv("HOME", folder.path().c_str(), 1); // no .gdbinit
        if (chdir(folder.path().c_str()) != 0)
            _exit(99);
        execv(argv[0], argv.data());
        _exit(98);
    }
    ~Terminal()
    {
        if (!reaped_) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
        close(terminal_);
    }
    Terminal(const Terminal &) = delete;
    Terminal &operator=(const Terminal &) = delete;

    pid_t pid() const { return pid_; }
    const std::string &shown() const { return shown_; }

    // Waits until the text is shown, behind what was awaited before.
    bool wait_for(const std::string &text)
    {
        size_t at;
        while ((at = shown_.find(text, seen_)) == std::string::npos)
            if (!read_more())
                return false;
        seen_ = at + text.size();
        return true;
    }

    void type(const std::string &keys) { EXPECT_EQ(write(terminal_, keys.data(), keys.size()), ssize_t(keys.size())); }

    // At the next prompt. False: there is none.
    bool command(const std::string &line)
    {
        if (!wait_for("(gdb) "))
            return false;
        type(line + "\n");
        return true;
    }

    // The process that waits for the debugger.
    pid_t worker() const
    {
        size_t at = shown_.find("victim: process ");
        return at == std::string::npos ? -1 : atoi(shown_.c_str() + at + strlen("victim: process "));
    }

    // The exit code; -1: it was killed, or does not end.
    int finish()
    {
        while (read_more())
            ;
        int status = -1;
        reaped_ = waitpid(pid_, &status, 0) == pid_;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

  private:
    bool read_more()
    {
        char buffer[4096];
        pollfd p = {terminal_, POLLIN, 0};
        ssize_t n = poll(&p, 1, PATIENCE_MS) == 1 ? read(terminal_, buffer, sizeof buffer) : 0;
        if (n > 0)
            shown_.append(buffer, static_cast<size_t>(n));
        return n > 0;
    }

    pid_t pid_ = -1;
    int terminal_ = -1;
    bool reaped_ = false;
    std::string shown_;
    size_t seen_ = 0;
};

std::vector<std::string> debugged(const std::string &line, const std::string &stage)
{
    return {"-e", line, "--debug", stage};
}

class Debugger : public testing::Test
{
  protected:
    void SetUp() override
    {
        if (!has_gdb())
            GTEST_SKIP() << "there is no gdb";
    }

    // At the first prompt, with the worker attached. False: it may not be, and the test is skipped.
    static bool attached(Terminal &t)
    {
        return t.wait_for("Attaching to process") && t.wait_for("SIGUSR2") &&
               t.shown().find("ptrace") == std::string::npos;
    }

    Folder folder_;
};

// Waits until no signal is left that the process has not heard; another of the same kind would get lost.
bool heard_signals(pid_t pid)
{
    for (int look = 0; look < 10000; look++) {
        std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
        if (status.find("ShdPnd:\t0000000000000000") != std::string::npos)
            return true;
        usleep(1000);
    }
    return false;
}

// A script in the place of gdb.
class PlayedDebugger : public testing::Test
{
  protected:
    PlayedDebugger() { setenv("PATH", (folder_.path() + ":" + path_).c_str(), 1); }
    ~PlayedDebugger() override { setenv("PATH", path_.c_str(), 1); }

    std::vector<std::string> Debugged(const std::string &script, const std::string &line)
    {
        write_file(folder_ / "gdb", "#!/bin/sh\n" + script + "\n");
        chmod((folder_ / "gdb").c_str(), 0755);
        return debugged(line, "victim");
    }

    const std::string path_ = getenv("PATH");
    Folder folder_;
};

// Waits until the process runs, and is not just about to.
bool runs(pid_t pid)
{
    enum { LOOKS = 1000, IN_A_ROW = 5 };
    for (int look = 0, row = 0; look < LOOKS; look++) {
        std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
        size_t end = stat.rfind(") ");
        row = end != std::string::npos && stat[end + 2] != 't' ? row + 1 : 0;
        if (row == IN_A_ROW)
            return true;
        usleep(10000);
    }
    return false;
}

} // namespace

TEST_F(Debugger, StopsAtABreakpointInThePluginAndTheRunEndsAsWithoutIt)
{
    Terminal t(folder_, debugged("core.generate count=100 | lab.pass :name=victim | core.null", "victim"));
    if (!attached(t))
        GTEST_SKIP() << t.shown();
    ASSERT_TRUE(t.command("tbreak pass_process")) << t.shown();
    ASSERT_TRUE(t.command("continue")) << t.shown();
    ASSERT_TRUE(t.wait_for("pass_process (")) << t.shown();
    ASSERT_TRUE(t.command("continue")) << t.shown();
    ASSERT_TRUE(t.wait_for("exited normally")) << t.shown();
    ASSERT_TRUE(t.command("quit")) << t.shown();
    EXPECT_EQ(t.finish(), 0) << t.shown();
    EXPECT_NE(t.shown().find("victim: is debugged: one worker, sandbox none, no timeout"), std::string::npos);
    EXPECT_NE(t.shown().find("pipeline: done"), std::string::npos) << t.shown();
}

TEST_F(Debugger, ThatIsLeftLetsTheStageGoOn)
{
    Terminal t(folder_, debugged("core.generate count=100 | lab.pass :name=victim | core.null", "victim"));
    if (!attached(t))
        GTEST_SKIP() << t.shown();
    ASSERT_TRUE(t.command("detach")) << t.shown();
    ASSERT_TRUE(t.command("quit")) << t.shown();
    EXPECT_EQ(t.finish(), 0) << t.shown();
}

TEST_F(Debugger, SeesACrashBeforeAnybodyElse)
{
    auto arguments =
        debugged("core.generate count=3 | crasher.fault :name=victim :max_attempts=1 | core.null", "victim");
    arguments.insert(arguments.end(), {"--set", "dead_letters=dead"});
    Terminal t(folder_, arguments);
    if (!attached(t))
        GTEST_SKIP() << t.shown();
    ASSERT_TRUE(t.command("continue")) << t.shown();
    ASSERT_TRUE(t.wait_for("signal SIGSEGV, Segmentation fault")) << t.shown();
    ASSERT_TRUE(t.wait_for("write_to_null (")) << t.shown();
    ASSERT_TRUE(t.command("kill")) << t.shown();
    ASSERT_TRUE(t.wait_for("(y or n)")) << t.shown();
    t.type("y\n");
    ASSERT_TRUE(t.wait_for("the next worker waits for the debugger: attach ")) << t.shown();
    t.type("quit\n");
    EXPECT_EQ(t.finish(), 3) << t.shown();
    EXPECT_NE(t.shown().find("the debugger has ended, the stage goes on without it"), std::string::npos);
}

TEST_F(Debugger, HasTheInterruptOfTheTerminal)
{
    Terminal t(folder_, debugged("core.generate count=0 | lab.pass :name=victim | core.null", "victim"));
    if (!attached(t))
        GTEST_SKIP() << t.shown();
    ASSERT_TRUE(t.command("tbreak pass_process")) << t.shown();
    ASSERT_TRUE(t.command("continue")) << t.shown();
    ASSERT_TRUE(t.wait_for("pass_process (")) << t.shown();
    ASSERT_TRUE(t.command("continue")) << t.shown();
    ASSERT_TRUE(t.wait_for("Continuing.")) << t.shown();
    ASSERT_TRUE(runs(t.worker())) << t.shown();
    t.type("\x03");
    ASSERT_TRUE(t.wait_for("signal SIGINT, Interrupt")) << t.shown();
    ASSERT_TRUE(t.command("detach")) << t.shown();
    ASSERT_TRUE(t.command("quit")) << t.shown();
    ASSERT_TRUE(t.wait_for("goes on without it")) << t.shown();
    kill(t.pid(), SIGTERM);
    EXPECT_EQ(t.finish(), 0) << t.shown();
    EXPECT_EQ(t.shown().find("SIGINT: the sources stop"), std::string::npos) << t.shown();
}

TEST_F(PlayedDebugger, ThatEndsAtOnceLetsTheStageGoOn)
{
    Terminal t(folder_, Debugged("exit 1", "core.generate count=10 | lab.pass :name=victim | core.null"));
    EXPECT_EQ(t.finish(), 0) << t.shown();
    EXPECT_NE(t.shown().find("the debugger has ended, the stage goes on without it"), std::string::npos) << t.shown();
}

TEST_F(PlayedDebugger, IsEndedByTheSecondSignalThatStopsTheRun)
{
    Terminal t(folder_,
               Debugged("exec tail -f /dev/null", "core.generate count=0 | lab.pass :name=victim | core.null"));
    ASSERT_TRUE(t.wait_for("waits for the debugger before open()")) << t.shown();
    kill(t.pid(), SIGTERM);
    ASSERT_TRUE(heard_signals(t.pid()));
    kill(t.pid(), SIGTERM);
    EXPECT_EQ(t.finish(), 1) << t.shown();
}

TEST_F(PlayedDebugger, OfARunThatHasFailedIsWaitedForUntilItIsToldToEnd)
{
    Terminal t(folder_,
               Debugged("exec tail -f /dev/null", "core.generate count=1 | lab.broken :name=bad how=fatal_in_open "
                                                  ":workers=1 | lab.pass :name=victim | core.null"));
    ASSERT_TRUE(t.wait_for("the run is over: leave the debugger with 'quit' for the summary")) << t.shown();
    kill(t.pid(), SIGINT); // is the debugger's own affair
    kill(t.pid(), SIGTERM);
    EXPECT_EQ(t.finish(), 1) << t.shown();
    EXPECT_NE(t.shown().find("stage 'bad' is given up"), std::string::npos) << t.shown();
}

TEST(WithoutADebugger, ItIsSaidWhatIsMissing)
{
    std::string path = getenv("PATH");
    setenv("PATH", "/nowhere", 1);
    Folder folder;
    Terminal t(folder, debugged("core.generate count=1 | lab.pass :name=victim | core.null", "victim"));
    setenv("PATH", path.c_str(), 1);
    EXPECT_EQ(t.finish(), 1);
    EXPECT_NE(t.shown().find("--debug needs gdb, and there is none in $PATH"), std::string::npos) << t.shown();
}

TEST(WithoutADebugger, AStageThatIsNotThereIsAMistake)
{
    Folder folder;
    Terminal t(folder, debugged("core.generate count=1 | lab.pass :name=victim | core.null", "victm"));
    EXPECT_EQ(t.finish(), 2);
    EXPECT_NE(t.shown().find("there is no stage 'victm' (did you mean 'victim'?)"), std::string::npos) << t.shown();
}
