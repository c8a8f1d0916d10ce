// The budget workers_memory is given out to processes, and held by the kernel: children of the test play the servers
// and the workers, and time is the test's.
extern "C" {
#include "clock.h"
#include "ration_books.h"
#include "requests.h"
}
#include "../../support/heard_log.h"
#include "child.h"
#include "world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace
{

using testing::HasSubstr;

constexpr uint64_t kMiB = 1 << 20, kTick = 20 * NS_PER_MS;
enum { READ, WORK, WRITE, STAGES, WORKERS = 3 };
constexpr int kNone = 0; // no answer yet

uint64_t SoftLimit(pid_t pid, __rlimit_resource resource)
{
    rlimit l = {};
    prlimit(pid, resource, nullptr, &l);
    return l.rlim_cur;
}

// Three stages; the one in the middle can do with one worker of three.
class Rationing : public testing::Test
{
  protected:
    void SetUp() override
    {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        GTEST_SKIP() << "a process with a sanitizer maps terabytes, so its data cannot be limited";
#endif
        world_.pipeline()->workers_memory = 1024 * kMiB;
        world_.pipeline()->stages[WORK].workers_min = 1;
        for (uint32_t i = 0; i < STAGES; i++) {
            crews_[i].stage = i;
            crews_[i].socket = -1;
        }
        ASSERT_EQ(rationing_create(&rationing_, world_.segment(), crews_, now_), 0);
    }
    void TearDown() override
    {
        rationing_destroy(&rationing_);
    }

    // A process with so much memory of its own on top of the test's. Its number.
    pid_t Process(uint64_t bytes)
    {
        processes_.push_back(std::make_unique<Child>([bytes] {
            if (bytes)
                mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            for (;;)
                pause();
            return 0;
        }));
        EXPECT_TRUE(processes_.back()->Asleep());
        return processes_.back()->pid();
    }

    ration_answer Server(uint32_t stage, uint64_t *limit)
    {
        return rationing_server(rationing_, &crews_[stage], limit);
    }
    void Loaded(uint32_t stage)
    {
        crews_[stage].server = server_ ? server_ : (server_ = Process(0));
        crews_[stage].loaded = 1;
        rationing_loaded(rationing_, &crews_[stage]);
    }
    // All are; and so much is left for workers.
    void LoadAll(uint64_t left)
    {
        for (uint32_t i = 0; i < STAGES; i++) {
            uint64_t limit;
            EXPECT_EQ(Server(i, &limit), RATION_START);
            Loaded(i);
        }
        rationing_->budget.total = rationing_->budget.fixed + left;
    }

    // Nobody has more than it uses, and nothing else is left.
    void GiveOutAll()
    {
        books_take_back(rationing_, UINT32_MAX);
        rationing_->budget.total -= budget_free(&rationing_->budget);
    }

    berth *Berth(uint32_t stage, uint32_t worker)
    {
        return &crews_[stage].berths[worker];
    }
    allowance *Allowance(uint32_t stage, uint32_t worker)
    {
        return &rationing_->allowances.each[books_slot(rationing_, stage, worker)];
    }
    share *Share(uint32_t stage, uint32_t worker)
    {
        return &rationing_->budget.shares[books_slot(rationing_, stage, worker)];
    }

    ration_answer Man(uint32_t stage, uint32_t worker = 0)
    {
        Berth(stage, worker)->state = BERTH_WAITING;
        return rationing_worker(rationing_, &crews_[stage], worker);
    }
    // A worker that has begun, and has so much memory by now.
    pid_t Begin(uint32_t stage, uint32_t worker = 0, uint64_t has = 0)
    {
        EXPECT_EQ(Man(stage, worker), RATION_START);
        Berth(stage, worker)->state = BERTH_ALIVE;
        Berth(stage, worker)->pid = Process(has);
        Ask(stage, worker, 1);
        Tick();
        EXPECT_EQ(Answer(stage, worker), ALLOWANCE_GRANTED) << "its first request is for its limit";
        au32_store_release(&Allowance(stage, worker)->taken, 1);
        return Berth(stage, worker)->pid;
    }
    void Leave(uint32_t stage, uint32_t worker)
    {
        *Berth(stage, worker) = {};
        au32_store_relaxed(&world_.Slot(stage, worker)->command, SLOT_RUN);
    }
    bool IsToldToLeave(uint32_t stage, uint32_t worker)
    {
        return au32_relaxed(&world_.Slot(stage, worker)->command) == SLOT_RETIRE;
    }

    void Ask(uint32_t stage, uint32_t worker, uint64_t bytes)
    {
        au32_store_relaxed(&Allowance(stage, worker)->answer, kNone);
        au64_store_release(&Allowance(stage, worker)->asked, bytes);
    }
    uint32_t Answer(uint32_t stage, uint32_t worker = 0)
    {
        return allowance_asked(Allowance(stage, worker)) ? kNone : au32_relaxed(&Allowance(stage, worker)->answer);
    }
    // When to come again; 0 and why_.
    uint64_t Tick(uint64_t after = kTick)
    {
        char why[300] = "";
        now_ += after;
        uint64_t next = rationing_tick(rationing_, crews_, log_.get(), now_, why, sizeof why);
        why_ = why;
        return next;
    }
    World world_{{{"read", nullptr, 0, 2}, {"work", nullptr, 256, 4, WORKERS}, {"write", nullptr, 256, 1, 1, 0}},
                 {{READ, 0, WORK}, {WORK, 0, WRITE}}};
    crew crews_[STAGES] = {};
    rationing *rationing_ = nullptr;
    std::vector<std::unique_ptr<Child>> processes_;
    pid_t server_ = 0;
    uint64_t now_ = 1000 * NS_PER_S;
    std::string why_;
    HeardLog log_;
};

} // namespace

TEST_F(Rationing, ServersLoadOneAfterTheOtherAndAreThenHeldAtWhatTheyTook)
{
    uint64_t limit = 0, again = 0;
    EXPECT_EQ(Server(READ, &limit), RATION_START);
    EXPECT_GT(limit, 900 * kMiB) << "with all that is left";
    EXPECT_EQ(Server(WORK, &limit), RATION_WAIT);
    EXPECT_EQ(Server(READ, &limit), RATION_START) << "it died while it was loaded";
    Loaded(READ);
    const uint64_t held = SoftLimit(server_, RLIMIT_DATA);
    EXPECT_LT(held, limit);
    EXPECT_EQ(Server(WORK, &limit), RATION_START);
    EXPECT_EQ(Server(READ, &again), RATION_START) << "what it takes is known";
    EXPECT_EQ(again, held);
    au64_store_relaxed(&books_of_server(rationing_, READ)->refused, 1);
    EXPECT_EQ(Server(READ, &again), RATION_WAIT) << "it died of it: it waits for its turn";
    EXPECT_EQ(rationing_refused_server(rationing_, READ), 1u);
}

TEST_F(Rationing, NoWorkerStartsBeforeAllServersHaveLoaded)
{
    uint64_t limit;
    EXPECT_EQ(Server(READ, &limit), RATION_START);
    Loaded(READ);
    EXPECT_EQ(Man(READ), RATION_WAIT);
}

TEST_F(Rationing, AWorkerGetsALimitThatTheKernelHoldsAndMoreWhenItAsks)
{
    LoadAll(100 * kMiB);
    const pid_t pid = Begin(WORK);
    const uint64_t before = SoftLimit(pid, RLIMIT_DATA);
    EXPECT_EQ(before, rationing_->stages[WORK].base + Share(WORK, 0)->grant);
    EXPECT_EQ(SoftLimit(pid, RLIMIT_STACK), RATION_STACK);
    Ask(WORK, 0, 1024 * kMiB);
    Tick();
    EXPECT_EQ(Answer(WORK), ALLOWANCE_REFUSED) << "that is more than there is";
    Ask(WORK, 0, 60 * kMiB);
    Tick();
    EXPECT_EQ(Answer(WORK), ALLOWANCE_GRANTED);
    EXPECT_GE(SoftLimit(pid, RLIMIT_DATA), rationing_->stages[WORK].base + 60 * kMiB);
    EXPECT_EQ(rationing_refused(rationing_, WORK, 0), 0u) << "it is for the worker to note that";
}

TEST_F(Rationing, WhatOthersDoNotUseIsTakenBackFromThem)
{
    LoadAll(100 * kMiB);
    const pid_t idle = Begin(READ);
    Begin(WORK);
    Ask(READ, 0, 50 * kMiB);
    Tick();
    EXPECT_EQ(Answer(READ), ALLOWANCE_GRANTED);
    au32_store_release(&Allowance(READ, 0)->taken, 1); // it has given all of it back since
    const uint64_t before = SoftLimit(idle, RLIMIT_DATA);
    Ask(WORK, 0, 60 * kMiB);
    Tick();
    EXPECT_EQ(Answer(WORK), ALLOWANCE_GRANTED);
    EXPECT_LT(SoftLimit(idle, RLIMIT_DATA), before);
}

TEST_F(Rationing, AWorkerThatCanBeDoneWithoutMakesRoom)
{
    LoadAll(100 * kMiB);
    Begin(WORK, 0, 20 * kMiB);
    Begin(WORK, 1, 30 * kMiB);
    Ask(WORK, 0, 55 * kMiB);
    Tick();
    EXPECT_EQ(Answer(WORK), kNone);
    EXPECT_TRUE(IsToldToLeave(WORK, 1));
    EXPECT_FALSE(IsToldToLeave(WORK, 0)) << "it is for this one";
    Tick();
    EXPECT_EQ(Answer(WORK), kNone) << "the other has not left yet";
    Leave(WORK, 1);
    Tick();
    EXPECT_EQ(Answer(WORK), ALLOWANCE_GRANTED);
}

TEST_F(Rationing, AWorkerThatAnotherStageCanDoWithoutMakesRoomIfItsOwnHasNone)
{
    LoadAll(100 * kMiB);
    Begin(READ, 0, 20 * kMiB);
    Begin(WORK, 0, 20 * kMiB);
    Begin(WORK, 1, 20 * kMiB);
    GiveOutAll();
    Ask(READ, 0, 15 * kMiB);
    Tick();
    EXPECT_TRUE(IsToldToLeave(WORK, 1));
    Leave(WORK, 1);
    Tick();
    EXPECT_EQ(Answer(READ), ALLOWANCE_GRANTED);
}

TEST_F(Rationing, OneThatWaitsForMemoryItselfIsTheFirstToMakeRoom)
{
    LoadAll(100 * kMiB);
    Begin(WORK, 0, 20 * kMiB);
    Begin(WORK, 1, 20 * kMiB);
    Begin(WORK, 2, 20 * kMiB);
    Ask(WORK, 1, 50 * kMiB);
    Ask(WORK, 0, 50 * kMiB);
    Tick();
    EXPECT_EQ(Answer(WORK, 1), ALLOWANCE_LEAVE);
    EXPECT_TRUE(IsToldToLeave(WORK, 1));
    EXPECT_FALSE(IsToldToLeave(WORK, 2));
}

TEST_F(Rationing, OfTwoThatWaitForEachOtherTheLaterGivesBackWhatItHas)
{
    LoadAll(100 * kMiB);
    Begin(READ, 0, 30 * kMiB);
    Begin(WRITE, 0, 30 * kMiB);
    Ask(READ, 0, 40 * kMiB);
    Tick();
    Ask(WRITE, 0, 40 * kMiB);
    Tick();
    EXPECT_EQ(Answer(READ), kNone);
    EXPECT_EQ(Answer(WRITE), kNone);
    Tick(200 * NS_PER_MS);
    EXPECT_EQ(Answer(READ), kNone);
    EXPECT_EQ(Answer(WRITE), ALLOWANCE_LEAVE);
}

TEST_F(Rationing, ARequestThatWasWaitedForInVainIsRefusedAndTheLogSaysSoOnce)
{
    LoadAll(100 * kMiB);
    Begin(READ, 0, 30 * kMiB);
    Begin(WRITE, 0, 30 * kMiB);
    std::string told;
    for (int i = 0; i < 2; i++) {
        Ask(READ, 0, 40 * kMiB);
        const uint64_t next = Tick();
        EXPECT_EQ(next, now_ + kTick) << "somebody waits";
        EXPECT_EQ(Answer(READ), kNone);
        Tick(9 * NS_PER_S);
        EXPECT_EQ(Answer(READ), kNone);
        Tick(NS_PER_S);
        EXPECT_EQ(Answer(READ), ALLOWANCE_REFUSED);
        told += log_.Lines();
        au64_store_relaxed(&Allowance(READ, 0)->refused, 40 * kMiB); // the worker notes it
    }
    EXPECT_THAT(told, HasSubstr("is refused 40960 KiB of memory: workers_memory"));
    EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 1) << told;
    EXPECT_NE(au32_relaxed(&Allowance(WRITE, 0)->tidy), 0u) << "nobody told the other to give back what is free";
}

TEST_F(Rationing, AStageThatCannotHaveItsWorkerEndsThePipelineAndNamesTheSetting)
{
    LoadAll(100 * kMiB);
    Begin(READ);
    Begin(WORK);
    GiveOutAll();
    EXPECT_EQ(Man(WRITE), RATION_WAIT);
    EXPECT_EQ(Tick(), 0u);
    EXPECT_THAT(why_, HasSubstr("not every stage can have a worker of the rest; raise workers_memory"));
}

TEST_F(Rationing, AStageThatHasMoreThanItNeedsGivesAWorkerToOneThatHasNone)
{
    LoadAll(100 * kMiB);
    Begin(READ);
    Begin(WORK, 0, 20 * kMiB);
    Begin(WORK, 1, 20 * kMiB);
    GiveOutAll();
    EXPECT_EQ(Man(WRITE), RATION_WAIT);
    EXPECT_NE(Tick(), 0u);
    EXPECT_TRUE(IsToldToLeave(WORK, 1));
    EXPECT_EQ(Man(WRITE), RATION_WAIT);
    EXPECT_NE(Tick(), 0u) << "it is about to leave";
    EXPECT_FALSE(IsToldToLeave(WORK, 0));
    Leave(WORK, 1);
    Tick();
    EXPECT_EQ(Man(WRITE), RATION_START);
}

TEST_F(Rationing, AWorkerMoreThatDoesNotFitIsNotStarted)
{
    LoadAll(100 * kMiB);
    Begin(WORK);
    GiveOutAll();
    EXPECT_EQ(Man(WORK, 1), RATION_NONE);
    Berth(WORK, 1)->state = BERTH_EMPTY;
    Berth(READ, 0)->state = BERTH_WAITING;
    au32_store_relaxed(&world_.Slot(READ)->command, SLOT_RETIRE);
    EXPECT_EQ(Man(READ), RATION_NONE) << "it was told to leave before it was there";
}

TEST_F(Rationing, WhatAWorkerWritesToOfItsServersMemoryIsCounted)
{
    std::vector<char> model(30 * kMiB, 'x');
    LoadAll(200 * kMiB);
    const pid_t pid = Begin(WORK);
    const uint64_t own = Share(WORK, 0)->own;
    processes_.push_back(std::make_unique<Child>([&model] {
        std::fill(model.begin(), model.end(), 'y');
        for (;;)
            pause();
        return 0;
    }));
    EXPECT_TRUE(processes_.back()->Asleep());
    EXPECT_NE(pid, processes_.back()->pid());
    Berth(WORK, 0)->pid = processes_.back()->pid();
    Ask(WORK, 0, 1);
    for (uint32_t i = 0; i < world_.segment()->n_slots; i++) // a worker each time
        Tick(NS_PER_S);
    EXPECT_GT(Share(WORK, 0)->own, own);
    EXPECT_GE(Share(WORK, 0)->own + Share(WORK, 0)->used, 30 * kMiB);
    const ration_figures seen = rationing_figures(rationing_);
    EXPECT_LE(seen.used, seen.granted);
    EXPECT_LE(seen.granted, seen.limit);
}
