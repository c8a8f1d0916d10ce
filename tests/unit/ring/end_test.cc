extern "C" {
#include "ring.h"
}

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "child.h"
#include "shared.h"
#include "stepped.h"
#include "store_trap.h"

namespace
{

struct Guarded {
    end lock;
    uint64_t one, other; // equal whenever nobody is inside
    uint64_t inside;
};

class EndLock : public testing::Test
{
  protected:
    static uint64_t Me(uint32_t slot) { return owner_word(slot, 1); }

    Shared<Guarded> g_;
};

TEST_F(EndLock, NamesItsOwnersSlotAndEpoch)
{
    end_lock(&g_->lock, Me(3));
    EXPECT_TRUE(end_is_owned_by(&g_->lock, owner_word(3, 1)));
    EXPECT_FALSE(end_is_owned_by(&g_->lock, owner_word(3, 2)));
    EXPECT_FALSE(end_is_owned_by(&g_->lock, owner_word(2, 1)));
    end_unlock(&g_->lock);
    EXPECT_EQ(au64_relaxed(&g_->lock.owner), 0u);
}

TEST_F(EndLock, NoOwnersWordIsThatOfNobodyOrHasTheWaitersBit)
{
    for (uint32_t slot : {0u, 1u, 2495u})
        for (uint32_t epoch : {0u, 1u, UINT32_MAX}) {
            EXPECT_NE(owner_word(slot, epoch), 0u);
            EXPECT_EQ(owner_word(slot, epoch) & OWNER_WAITERS, 0u);
            EXPECT_NE(static_cast<uint32_t>(owner_word(slot, epoch)), 0u) << "the futex looks at this half";
        }
}

TEST_F(EndLock, WithoutContentionNoSystemCallIsMade)
{
    Child child([this] {
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT); // from here on every call but read, write and exit kills
        end_lock(&g_->lock, Me(0));
        end_unlock(&g_->lock);
        syscall(SYS_exit, 0);
        return 1;
    });
    EXPECT_EQ(child.Wait(), 0);
}

TEST_F(EndLock, OnlyOneProcessIsInsideAtATime)
{
    enum { TIMES = 20000, PROCESSES = 4 };
    std::vector<std::unique_ptr<Child>> children;
    for (uint32_t slot = 0; slot < PROCESSES; slot++)
        children.push_back(std::make_unique<Child>([this, slot] {
            int broken = 0;
            for (int i = 0; i < TIMES; i++) {
                end_lock(&g_->lock, Me(slot));
                broken |= g_->one != g_->other || g_->inside != 0;
                g_->inside = 1;
                g_->one++;
                if (i % 1000 == 0)
                    sched_yield(); // so that another finds it taken
                g_->other++;
                g_->inside = 0;
                end_unlock(&g_->lock);
            }
            return broken;
        }));
    for (auto &child : children)
        EXPECT_EQ(child->Wait(), 0);
    EXPECT_EQ(g_->one, uint64_t{TIMES} * PROCESSES);
    EXPECT_EQ(au64_relaxed(&g_->lock.owner), 0u);
}

TEST_F(EndLock, OfTheDeadIsFreedAndGivenToWhoWaits)
{
    Child owner([this] {
        end_lock(&g_->lock, Me(0));
        pause();
        return 0;
    });
    while (!end_is_owned_by(&g_->lock, Me(0)))
        sched_yield();
    Child waiter([this] {
        end_lock(&g_->lock, Me(1));
        return 0;
    });
    ASSERT_TRUE(waiter.Asleep());
    owner.Kill();
    end_free(&g_->lock, Me(0));
    EXPECT_EQ(waiter.Wait(), 0);
    EXPECT_TRUE(end_is_owned_by(&g_->lock, Me(1)));
}

TEST_F(EndLock, OfALiveOwnerIsNotFreedForTheDead)
{
    end_lock(&g_->lock, owner_word(5, 2));
    end_free(&g_->lock, owner_word(5, 1));
    end_free(&g_->lock, owner_word(4, 2));
    EXPECT_TRUE(end_is_owned_by(&g_->lock, owner_word(5, 2)));
}

int LockAndUnlock(end *e, uint64_t me)
{
    Stepped::Mark();
    end_lock(e, me);
    end_unlock(e);
    return 0;
}

// How many instructions lie before and after each change of the word.
std::vector<int> StepsAroundChanges(uint64_t me)
{
    Shared<end> e;
    Stepped process([&] { return LockAndUnlock(e.get(), me); });
    std::vector<int> steps;
    uint64_t before = 0;
    for (int n = 1; process.Step(); n++) {
        if (au64_relaxed(&e->owner) != before)
            steps.insert(steps.end(), {n - 1, n, n + 1});
        before = au64_relaxed(&e->owner);
    }
    return steps;
}

// One waits for the end, another wants it too; the owner is killed around each of its stores.
TEST_F(EndLock, TwoWhoWaitBothGetItWhereverItsOwnerIsKilled)
{
    if (!Stepped::Works())
        GTEST_SKIP() << "no ptrace";
    for (int stop : StepsAroundChanges(Me(0))) {
        Shared<end> e;
        Stepped owner([&] { return LockAndUnlock(e.get(), Me(0)); });
        for (int i = 0; i < stop; i++)
            ASSERT_TRUE(owner.Step());
        auto wait = [&e](uint64_t me) {
            return [&e, me] {
                end_lock(e.get(), me);
                end_unlock(e.get());
                return 0;
            };
        };
        Child one(wait(Me(1))), other(wait(Me(2)));
        one.Asleep();
        other.Asleep();
        owner.Kill();
        end_free(e.get(), Me(0));
        EXPECT_EQ(one.Wait(), 0) << stop;
        EXPECT_EQ(other.Wait(), 0) << stop;
        EXPECT_EQ(au64_relaxed(&e->owner), 0u);
    }
}

// What others do before or after the n-th change that one makes of an end's word.
class EndLockBesideOthers : public testing::Test
{
  protected:
    enum : uint32_t { ONE, OTHER };
    using Script = std::map<int, std::function<void()>>;

    void SetUp() override
    {
        if (!StoreTrap::Works())
            GTEST_SKIP() << "no trap flag";
    }

    static uint64_t Me(uint32_t slot) { return owner_word(slot, 1); }
    std::vector<Region> Memory() const { return {{e_.get(), sizeof(end)}}; }
    uint64_t Word() const { return au64_relaxed(&e_->owner); }
    void Free() const { au64_store_relaxed(&e_->owner, 0); }

    void TakeByOther() const
    {
        ASSERT_EQ(Word(), 0u) << "it is not free";
        au64_store_relaxed(&e_->owner, Me(OTHER));
    }

    // One takes the end, which the other holds; both scripts count from 1. How often it has tried to change the word.
    int Lock(const Script &before, const Script &after) const
    {
        int before_n = 0, after_n = 0;
        TakeByOther();
        StoreTrap *trap;
        auto play = [&trap](const Script &script, int n) {
            if (!script.count(n))
                return;
            trap->Pause();
            script.at(n)();
            trap->Resume();
        };
        StoreTrap trapped(
            Memory(), [&] { play(after, ++after_n); }, [&] { play(before, ++before_n); });
        trap = &trapped;
        end_lock(e_.get(), Me(ONE));
        return after_n;
    }

    Shared<end> e_;
};

TEST_F(EndLockBesideOthers, WhoSeesItFreedWhileItLooksTakesItAndAnnouncesNoWaiters)
{
    EXPECT_EQ(Lock({}, {{1, [this] { Free(); }}}), 2);
    EXPECT_EQ(Word(), Me(ONE));
}

TEST_F(EndLockBesideOthers, IsNotTakenFromWhoTookItBetweenALookAndTheSwap)
{
    bool taken_away = false;
    auto free = [&] {
        taken_away |= !end_is_owned_by(e_.get(), Me(OTHER));
        Free();
    };
    // Freed and taken again while it spins; freed as it is about to sleep; taken again before it takes it; and freed.
    EXPECT_EQ(Lock({{2, [this] { TakeByOther(); }}, {3, free}, {4, [this] { TakeByOther(); }}},
                   {{1, [this] { Free(); }}, {5, free}}),
              6);
    EXPECT_FALSE(taken_away);
    EXPECT_EQ(Word(), Me(ONE) | OWNER_WAITERS) << "there may be others who sleep";
}

// Somebody begins to wait while the host frees the end of the dead.
TEST_F(EndLockBesideOthers, OfTheDeadIsFreedWhoeverBeginsToWaitMeanwhile)
{
    StoreTrap::AtEachStore(Memory(), {[this] { au64_store_relaxed(&e_->owner, Me(ONE)); },
                                      [this] {
                                          end_free(e_.get(), Me(ONE));
                                          return 0;
                                      },
                                      [this] {
                                          uint64_t seen = Me(ONE);
                                          au64_swap_if(&e_->owner, &seen, Me(ONE) | OWNER_WAITERS);
                                      },
                                      [this](int) { ASSERT_EQ(Word(), 0u); }});
}

} // namespace
