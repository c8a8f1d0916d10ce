// What a stage server tells the host, which is the test here, and how it ends.
extern "C" {
#include "server.h"
}

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "child.h"
#include "open_files.h"
#include "world.h"

namespace
{

bool no_process_is_left;

// The server of a stage of a plugin made for this.
class Server : public testing::Test
{
  protected:
    Server()
    {
        log_init(&log_, -1, LOG_LEVEL_ERROR, "test");
        description_ = *world_.pipeline()->stages[0].description;
        description_.file = file_;
        world_.pipeline()->stages[0].description = &description_;
        world_.pipeline()->stages[0].sandbox = SANDBOX_IO;
    }

    ~Server() override
    {
        if (socket_ >= 0)
            close(socket_);
        if (pid_ > 0)
            Ended();
        no_process_is_left = false;
    }

    int Start(const char *processor)
    {
        snprintf(processor_, sizeof processor_, "%s", processor);
        description_.name = processor_;
        const server_memory no_limit = {};
        return server_fork(world_.segment(), 0, &log_, &no_limit, &pid_, &socket_);
    }

    // The next message; its type is UINT32_MAX if the server has closed its end.
    server_message Hear()
    {
        server_message m = {};
        int fd = -1;
        pollfd p = {socket_, POLLIN, 0};
        if (poll(&p, 1, 60000) != 1 || server_hear(socket_, &m, &fd) != 1)
            m.type = UINT32_MAX;
        if (fd >= 0)
            close(fd);
        return m;
    }

    // What it says after it is confined.
    server_message Answer()
    {
        EXPECT_EQ(Hear().type, static_cast<uint32_t>(SERVER_CONFINED));
        return Hear();
    }

    void ExpectRefusal(const char *processor, int status, const std::string &why)
    {
        ASSERT_EQ(Start(processor), 0);
        server_message m = Answer();
        EXPECT_EQ(m.type, static_cast<uint32_t>(SERVER_REFUSED));
        EXPECT_EQ(m.status, status) << m.text;
        EXPECT_NE(std::string(m.text).find(why), std::string::npos) << m.text;
        close(socket_); // one that goes on, as it should not, ends then
        socket_ = -1;
        EXPECT_EQ(Ended(), WORKER_DONE);
    }

    void Say(server_message_type type, uint32_t worker, uint32_t epoch = 1, int32_t status = 0)
    {
        server_message m = {};
        m.type = type;
        m.worker = worker;
        m.epoch = epoch;
        m.status = status;
        EXPECT_EQ(server_say(socket_, &m, -1), 0);
    }

    int Ended()
    {
        int status = 0;
        EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
        pid_ = -1;
        return ExitOf(status);
    }

    // It runs until its socket is closed, and ends then.
    void ExpectThatItFollowsTheHost()
    {
        close(socket_);
        socket_ = -1;
        EXPECT_EQ(Ended(), WORKER_ORPHAN);
    }

    enum { FAILED = 1, CONFIG = 2 };
    World world_{{{"source", nullptr, 0}, {"sink", nullptr, 16}}, {{0, 0, 1}}};
    processor_description description_ = {};
    char file_[sizeof TEST_PLUGINS + 32] = TEST_PLUGINS "/served.so", processor_[32] = "";
    struct log log_ = {};
    pid_t pid_ = -1;
    int socket_ = -1;
};

} // namespace

extern "C" {
pid_t __real_fork(void);
pid_t __wrap_fork(void);

pid_t __wrap_fork(void)
{
    if (!no_process_is_left)
        return __real_fork();
    errno = EAGAIN;
    return -1;
}
}

TEST_F(Server, SaysHowItIsConfinedThenThatItsPluginIsLoaded)
{
    ASSERT_EQ(Start("fine"), 0);
    server_message m = Hear();
    EXPECT_EQ(m.type, static_cast<uint32_t>(SERVER_CONFINED));
    EXPECT_EQ(std::string(m.text).rfind("io: ", 0), 0u) << m.text;
    EXPECT_EQ(Hear().type, static_cast<uint32_t>(SERVER_LOADED));
    ExpectThatItFollowsTheHost();
}

TEST_F(Server, WithoutASandboxFollowsTheHostToo)
{
    world_.pipeline()->stages[0].sandbox = SANDBOX_NONE;
    ASSERT_EQ(Start("fine"), 0);
    EXPECT_EQ(Answer().type, static_cast<uint32_t>(SERVER_LOADED));
    ExpectThatItFollowsTheHost();
}

TEST_F(Server, RefusesAPackThatHasChangedSinceItWasChecked)
{
    ExpectRefusal("gone", CONFIG, "the processor is not in it any more");
    description_.state_size = 64;
    ExpectRefusal("fine", CONFIG, "start again");
    snprintf(file_, sizeof file_, "%s/that_is_gone.so", TEST_PLUGINS);
    ExpectRefusal("fine", FAILED, "cannot open shared object file");
}

TEST_F(Server, RefusesAnExtensionThatTheHostDoesNotHave)
{
    ExpectRefusal("needy", CONFIG, "'com.acme.other/1', which this host does not have");
}

TEST_F(Server, RefusesWhatCannotBeLoadedAndSaysWhoIsToBlame)
{
    ExpectRefusal("broken", FAILED, "load() returned MPIPE_FATAL");
    ExpectRefusal("misconfigured", CONFIG, "load() returned MPIPE_BAD_CONFIG");
}

TEST_F(Server, RefusesThreadsThatAForkWouldLose)
{
    ExpectRefusal("threaded", CONFIG, "load() left 1 threads running");
}

TEST_F(Server, IgnoresWhatIsNotOfItsStage)
{
    ASSERT_EQ(Start("fine"), 0);
    EXPECT_EQ(Answer().type, static_cast<uint32_t>(SERVER_LOADED));
    Say(SERVER_SPAWN, 1); // the stage has one slot
    Say(SERVER_SPAWN, STAGE_WORKERS_MAX);
    Say(SERVER_SIGNAL, 0, 1, SIGKILL); // it has no worker: kill(0) would be for all of us
    Say(SERVER_LOADED, 0);
    EXPECT_EQ(send(socket_, "x", 1, 0), 1);
    shutdown(socket_, SHUT_WR);
    EXPECT_EQ(Ended(), WORKER_ORPHAN);
    EXPECT_EQ(Hear().type, UINT32_MAX) << "it has done something";
}

TEST_F(Server, ThatCannotBeForkedIsAnErrorAndLeavesNothing)
{
    long before = OpenFiles();
    no_process_is_left = true;
    EXPECT_EQ(Start("fine"), -EAGAIN);
    EXPECT_EQ(pid_, -1);
    EXPECT_EQ(socket_, -1);
    EXPECT_EQ(OpenFiles(), before);
}

TEST_F(Server, WithoutDescriptorsIsNotForked)
{
    EXPECT_EQ(Child([this] {
                  rlimit none = {0, 0};
                  setrlimit(RLIMIT_NOFILE, &none);
                  return -Start("fine");
              }).Wait(),
              EMFILE);
}
