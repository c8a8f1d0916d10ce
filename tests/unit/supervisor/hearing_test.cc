// What a stage server says is believed only as far as it can be: the plugin that it loads may speak for it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" // in C, a function may be named as a struct is
extern "C" {
#include "run.h"
}
#pragma GCC diagnostic pop
#include "../../support/heard_log.h"
#include "world.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>

namespace
{

using testing::HasSubstr;

// A run whose middle stage, of two slots, has the test for a server.
class Hearing : public testing::Test
{
  protected:
    Hearing()
    {
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_), 0);
        run_->pipeline = world_.pipeline();
        run_->segment = *world_.segment();
        run_->log = log_.get();
        run_->hooks = &hooks_;
        run_->crews = crews_;
        run_->epoll = epoll_create1(EPOLL_CLOEXEC);
        run_->reason = reason_;
        run_->reason_size = sizeof reason_;
        crews_[1].stage = 1;
        crews_[1].socket = ends_[0];
        crews_[1].listener = -1;
    }
    ~Hearing() override
    {
        for (int fd : {ends_[0], ends_[1], run_->epoll, crews_[1].listener})
            if (fd >= 0)
                close(fd);
    }

    static server_message Message(server_message_type type, uint32_t worker = 0, uint32_t epoch = 0)
    {
        server_message m = {};
        m.type = type;
        m.worker = worker;
        m.epoch = epoch;
        return m;
    }
    void Say(const server_message &m, int fd = -1)
    {
        EXPECT_EQ(server_say(ends_[1], &m, fd), 0);
        run_listen(run_.get(), &crews_[1], 1000);
    }
    berth *Berth(uint32_t worker = 0) { return &crews_[1].berths[worker]; }
    // Slot `worker` was asked for, under epoch 1.
    void Ask(uint32_t worker = 0)
    {
        Berth(worker)->state = BERTH_STARTING;
        Berth(worker)->epoch = 1;
    }
    World world_{{{"read", nullptr, 0, 2}, {"work", nullptr, 256, 4, 2}, {"write", nullptr, 256, 1, 1, 0}},
                 {{0, 0, 1}, {1, 0, 2}}};
    std::unique_ptr<supervisor> run_ = std::make_unique<supervisor>();
    crew crews_[3] = {};
    supervisor_hooks hooks_ = {};
    HeardLog log_;
    char reason_[1024] = "";
    int ends_[2] = {-1, -1};
};

bool IsOpen(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

} // namespace

TEST_F(Hearing, OnlyTheFirstSayOfHowItIsConfinedCounts)
{
    int listener = open("/dev/null", O_RDONLY | O_CLOEXEC), pipe[2];
    EXPECT_EQ(pipe2(pipe, O_CLOEXEC), 0);
    server_message m = Message(SERVER_CONFINED);
    memset(m.text, 'x', sizeof m.text); // without an end
    Say(m, pipe[0]);
    EXPECT_THAT(log_.Lines(), HasSubstr("work: sandbox " + std::string(SERVER_TEXT_MAX - 1, 'x')));
    const int first = crews_[1].listener;
    EXPECT_TRUE(IsOpen(first));
    EXPECT_EQ(run_->over, 0) << reason_;
    strcpy(m.text, "none at all");
    Say(m, listener);
    EXPECT_EQ(crews_[1].listener, first);
    EXPECT_EQ(log_.Lines(), "");
    int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
    EXPECT_FALSE(IsOpen(next + 1)) << "the second descriptor was kept";
    for (int fd : {listener, pipe[0], pipe[1], next})
        close(fd);
}

TEST_F(Hearing, AFilterThatCannotBeWatchedEndsTheRun)
{
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC); // epoll takes no regular files
    Say(Message(SERVER_CONFINED), file);
    EXPECT_EQ(run_->over, 1);
    EXPECT_STREQ(reason_, "cannot watch a stage's filter: Operation not permitted");
    close(file);
}

TEST_F(Hearing, AWorkerIsThereOnceItWasAskedForAndNotBefore)
{
    server_message m = Message(SERVER_SPAWNED, 0, 0);
    m.pid = 4711;
    Say(m);
    EXPECT_EQ(Berth()->state, BERTH_EMPTY) << "nobody asked for it";
    Ask();
    Say(m);
    EXPECT_EQ(Berth()->state, BERTH_STARTING) << "that is a former one";
    m.epoch = 1;
    Say(m);
    EXPECT_EQ(Berth()->state, BERTH_ALIVE);
    EXPECT_EQ(Berth()->pid, 4711);
    m.pid = 1;
    Say(m);
    EXPECT_EQ(Berth()->pid, 4711) << "the first counts";
}

TEST_F(Hearing, TheExitOfAWorkerThatIsNotThereIsNoDeath)
{
    server_message m = Message(SERVER_EXITED, 0, 1);
    m.status = 11;
    Say(m);
    Ask();
    m.epoch = 0;
    Say(m);
    EXPECT_EQ(Berth()->state, BERTH_STARTING);
    m.worker = 2; // there are two slots
    m.epoch = 1;
    Say(m);
    m.worker = UINT32_MAX;
    Say(m);
    EXPECT_EQ(log_.Lines(), "");
    m.worker = 0;
    Say(m);
    EXPECT_EQ(Berth()->state, BERTH_WAITING);
    EXPECT_EQ(Berth()->deaths, 1u);
    EXPECT_THAT(log_.Lines(), HasSubstr("work/0: worker died of SIGSEGV"));
    Say(m);
    EXPECT_EQ(Berth()->deaths, 1u) << "it can die but once";
}

TEST_F(Hearing, AWorkerThatSaysItIsDoneIsSoOnlyIfTheStreamHasEndedForIt)
{
    server_message m = Message(SERVER_EXITED, 1, 1);
    Ask(0);
    Ask(1);
    au32_store_relaxed(&world_.Slot(1, 1)->leaving, WORKER_DONE + 1);
    au32_store_relaxed(&world_.Slot(1, 1)->state, SLOT_ENDED);
    Say(m);
    EXPECT_EQ(Berth(1)->state, BERTH_ENDED);
    EXPECT_EQ(log_.Lines(), "");
    m.worker = 0;
    au32_store_relaxed(&world_.Slot(1, 0)->leaving, WORKER_DONE + 1);
    Say(m);
    EXPECT_EQ(Berth(0)->state, BERTH_WAITING) << "it is started again";
}

TEST_F(Hearing, ARefusalToLoadEndsTheRunWithItsWords)
{
    server_message m = Message(SERVER_REFUSED);
    m.status = 4711; // no outcome
    strcpy(m.text, "no such model");
    Say(m);
    EXPECT_EQ(run_->outcome, OUTCOME_FAILED);
    EXPECT_STREQ(reason_, "stage 'work': test.processor: no such model");
}

TEST_F(Hearing, WhatIsNoMessageIsPassedOver)
{
    Say(Message(static_cast<server_message_type>(99)));
    Say(Message(SERVER_SPAWN));
    EXPECT_EQ(send(ends_[1], "?", 1, 0), 1);
    run_listen(run_.get(), &crews_[1], 1000);
    Say(Message(SERVER_LOADED));
    EXPECT_EQ(crews_[1].loaded, 1);
    EXPECT_EQ(run_->over, 0);
}
