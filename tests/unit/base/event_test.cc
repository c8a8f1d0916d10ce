extern "C" {
#include "clock.h"
#include "event.h"
}

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <vector>

#include "child.h"
#include "shared.h"
#include "stepped.h"
#include "store_trap.h"

namespace
{

// A counter of things to take, as a ring is, and the event of its being above zero.
struct Pile {
    event more;
    au64 things, taken;
    uint8_t pad[32];
};

bool Take(Pile *p)
{
    uint64_t n = au64_acquire(&p->things);
    while (n > 0)
        if (au64_swap_if(&p->things, &n, n - 1)) {
            __atomic_fetch_add(&p->taken.word, 1, __ATOMIC_RELAXED);
            return true;
        }
    return false;
}

void Add(Pile *p)
{
    __atomic_fetch_add(&p->things.word, 1, __ATOMIC_RELEASE);
    event_wake_one(&p->more);
}

// Takes until `all` were taken by anybody. 1: slept although there was something to take.
int TakeAll(Pile *p, uint64_t all)
{
    while (au64_acquire(&p->taken) < all) {
        if (Take(p))
            continue;
        uint32_t sequence = event_prepare(&p->more);
        if (Take(p) || au64_acquire(&p->taken) >= all)
            continue;
        if (!event_sleep(&p->more, sequence, clock_monotonic() + 20 * NS_PER_S) && au64_acquire(&p->things) > 0)
            return 1;
    }
    event_wake_all(&p->more);
    return 0;
}

TEST(Event, ASleeperWakesForWhatHappenedAfterItPreparedAndBeforeItSlept)
{
    Shared<event> e;
    uint32_t sequence = event_prepare(e.get());
    event_wake_one(e.get());
    EXPECT_EQ(event_sleep(e.get(), sequence, EVENT_FOREVER), 1);
}

TEST(Event, ASleeperGivesUpAtItsDeadline)
{
    Shared<event> e;
    uint32_t sequence = event_prepare(e.get());
    EXPECT_EQ(event_sleep(e.get(), sequence, clock_monotonic() + NS_PER_MS), 0);
}

TEST(Event, WithoutASleeperNoSystemCallIsMade)
{
    Shared<event> e;
    Child waker([&] {
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT); // from here on every call but read, write and exit kills
        event_wake_one(e.get());
        event_wake_all(e.get());
        syscall(SYS_exit, 0);
        return 1;
    });
    EXPECT_EQ(waker.Wait(), 0);
}

TEST(Event, OneWakeAfterTheLastSleeperLeftTakesTheFlagDown)
{
    Shared<event> e;
    event_prepare(e.get());
    EXPECT_TRUE(event_wanted(e.get()));
    event_wake_one(e.get());
    EXPECT_FALSE(event_wanted(e.get()));
}

// Of a waker that fences, the look before the fence tells nothing: a sleeper may come until it.
TEST(Event, AWakerThatFencesSeesWhoAnnouncedItselfAfterItsFirstLook)
{
    if (!StoreTrap::Works())
        GTEST_SKIP() << "no trap flag";
    Shared<event> e;
    au32_store_relaxed(&e->armed, EVENT_FENCED);
    StoreTrap *trap = nullptr;
    auto announce = [&] {
        trap->Pause();
        au32_store_relaxed(&e->armed, EVENT_FENCED | EVENT_ARMED);
        trap->Resume();
    };
    int wanted = 0;
    {
        StoreTrap each_look({{e.get(), sizeof(event)}}, announce, nullptr, StoreTrap::LOADS);
        trap = &each_look;
        wanted = event_wanted(e.get());
    }
    EXPECT_EQ(wanted, 1);
}

TEST(Event, WakeOneWakesOneOfTwoAndLeavesTheOtherAnnounced)
{
    Shared<event> e;
    auto sleeper = [&] { return event_sleep(e.get(), event_prepare(e.get()), EVENT_FOREVER) ? 0 : 1; };
    Child first(sleeper);
    ASSERT_TRUE(first.Asleep());
    Child second(sleeper);
    ASSERT_TRUE(second.Asleep());
    event_wake_one(e.get());
    EXPECT_EQ(first.Wait(), 0); // a futex wakes in the order of sleeping
    EXPECT_TRUE(event_wanted(e.get()));
    event_wake_one(e.get());
    EXPECT_EQ(second.Wait(), 0);
}

TEST(Event, WakeAllWakesEverybodyAndTakesTheFlagDown)
{
    Shared<event> e;
    std::vector<std::unique_ptr<Child>> sleepers;
    for (int i = 0; i < 4; i++) {
        sleepers.push_back(std::make_unique<Child>(
            [&] { return event_sleep(e.get(), event_prepare(e.get()), EVENT_FOREVER) ? 0 : 1; }));
        ASSERT_TRUE(sleepers.back()->Asleep());
    }
    event_wake_all(e.get());
    for (auto &sleeper : sleepers)
        EXPECT_EQ(sleeper->Wait(), 0);
    EXPECT_FALSE(event_wanted(e.get()));
}

int WakeOne(event *e)
{
    Stepped::Mark();
    event_wake_one(e);
    return 0;
}

// How many instructions of a waker of one lie before and after each change of the event.
std::vector<int> StepsAroundChanges()
{
    Shared<event> e;
    event_prepare(e.get());
    Stepped waker([&] { return WakeOne(e.get()); });
    std::vector<int> steps;
    event before = *e;
    for (int n = 1; waker.Step(); n++) {
        if (memcmp(&before, e.get(), sizeof before) != 0)
            steps.insert(steps.end(), {n - 1, n});
        before = *e;
    }
    return steps;
}

// Stops a waker of one before and after whatever it changes, lets two processes go to sleep there, and lets the waker
// go on.
TEST(Event, NobodyIsEverAsleepWhileTheFlagIsDown)
{
    if (!Stepped::Works())
        GTEST_SKIP() << "no ptrace";
    for (int stop : StepsAroundChanges()) {
        Shared<event> e;
        event_prepare(e.get()); // one was about to sleep, and died
        Stepped waker([&] { return WakeOne(e.get()); });
        for (int i = 0; i < stop; i++)
            ASSERT_TRUE(waker.Step());
        auto sleeper = [&] { return event_sleep(e.get(), event_prepare(e.get()), EVENT_FOREVER) ? 0 : 1; };
        Child first(sleeper);
        ASSERT_TRUE(first.Asleep());
        Child second(sleeper);
        ASSERT_TRUE(second.Asleep());
        ASSERT_EQ(waker.Continue(), 0);
        bool somebody_sleeps = first.Asleep() || second.Asleep();
        EXPECT_TRUE(!somebody_sleeps || event_wanted(e.get())) << "waker stopped after " << stop << " instructions";
    }
}

// A round for two processes: one announces itself and looks at the condition, the other makes it true and looks for
// sleepers.
struct Round {
    au64 number; // the round that may begin
    uint8_t pad0[56];
    au64 ended; // the round that the sleeper has ended
    uint8_t pad1[56];
    au64 condition;
    uint8_t pad2[56];
    event e;
    uint8_t pad3[56];
    uint64_t seen; // the condition, by the sleeper
    uint8_t pad4[56];
    struct {
        au64 word;
        uint8_t pad[56];
    } burden[32]; // lines that the waker's core has to fetch, one after the other, before its condition gets out
};

void WaitFor(const au64 *word, uint64_t value)
{
    for (int looks = 0; au64_acquire(word) < value; looks++)
        if (looks > 1000)
            sched_yield();
}

int SleepersPart(Round *r)
{
    for (uint64_t n = 1;; n++) {
        WaitFor(&r->number, n);
        for (auto &line : r->burden)
            au64_store_relaxed(&line.word, n);
        event_prepare(&r->e);
        r->seen = au64_relaxed(&r->condition);
        au64_store_release(&r->ended, n);
    }
}

// Who pays for the order: sleepers, by membarrier(2), or wakers, where the kernel has no such call.
class EventOrder : public testing::TestWithParam<uint32_t>
{
  protected:
    EventOrder() { event_join(); }

    void Init(event *e) const
    {
        event_init(e);
        if ((au32_relaxed(&e->armed) & EVENT_FENCED) > GetParam())
            GTEST_SKIP() << "the kernel has no global expedited membarrier";
        au32_store_relaxed(&e->armed, GetParam());
    }
};

TEST_P(EventOrder, EitherTheSleeperSeesTheConditionOrTheWakerSeesTheSleeper)
{
    Shared<Round> r;
    Init(&r->e);
    Child sleeper([&] { return SleepersPart(r.get()); });
    const uint64_t end = clock_monotonic() + 300 * NS_PER_MS;
    for (uint64_t n = 1; clock_monotonic() < end; n++) {
        au64_store_relaxed(&r->condition, 0);
        au32_store_relaxed(&r->e.armed, GetParam());
        au64_store_release(&r->number, n);
        for (uint64_t delay = n % 128; delay > 0; delay--)
            cpu_relax();
        for (auto &line : r->burden)
            au64_store_relaxed(&line.word, n);
        au64_store_release(&r->condition, 1);
        bool wanted = event_wanted(&r->e) != 0;
        WaitFor(&r->ended, n);
        ASSERT_TRUE(wanted || r->seen) << "in round " << n;
    }
}

TEST_P(EventOrder, NoWakeIsLostBetweenManyWakersAndManySleepers)
{
    enum { THINGS = 20000, TAKERS = 3 };
    Shared<Pile> pile;
    Init(&pile->more);
    std::vector<std::unique_ptr<Child>> takers;
    for (int i = 0; i < TAKERS; i++)
        takers.push_back(std::make_unique<Child>([&] { return TakeAll(pile.get(), 2 * THINGS); }));
    auto add = [&] {
        for (int i = 0; i < THINGS; i++)
            Add(pile.get());
        return 0;
    };
    Child one(add), other(add);
    EXPECT_EQ(one.Wait(), 0);
    EXPECT_EQ(other.Wait(), 0);
    for (auto &taker : takers)
        EXPECT_EQ(taker->Wait(), 0);
    EXPECT_EQ(au64_acquire(&pile->things), 0u);
}

INSTANTIATE_TEST_SUITE_P(WhoFences, EventOrder, testing::Values(0u, uint32_t{EVENT_FENCED}),
                         [](const auto &test) { return test.param ? "Wakers" : "Sleepers"; });

} // namespace
