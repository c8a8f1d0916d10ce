// What a window of a running pipeline's figures is of.
extern "C" {
#include "clock.h"
#include "history.h"
}

#include <gtest/gtest.h>

#include <memory>

namespace
{

class History : public testing::Test
{
  protected:
    ~History() override { history_destroy(h_); }

    // A look at a stage that was given 1,000 frames a second, and was busy for `busy` of the time since the last look.
    const window *LookAt(uint64_t ms, double busy = 0.5)
    {
        const uint64_t past = ms * NS_PER_MS - now_.elapsed_ns;
        now_.elapsed_ns += past;
        now_.n_stages = 1;
        now_.stages[0].in = now_.stages[0].emitted = ms;
        now_.stages[0].bytes_in = 64 * ms;
        now_.stages[0].busy_ns += static_cast<uint64_t>(busy * static_cast<double>(past));
        now_.stages[0].wait_input_ns += past - static_cast<uint64_t>(busy * static_cast<double>(past));
        latency_.in_ring.counts[10] = ms;
        return history_look(h_, &now_, &latency_);
    }

    history *h_ = history_create(1);
    snapshot now_ = {};
    stage_latency latency_ = {};
};

} // namespace

TEST_F(History, TheFirstWindowIsSinceTheStart)
{
    const window *w = LookAt(4000);
    EXPECT_EQ(w->ns, 4 * NS_PER_S);
    EXPECT_NEAR(w->stages[0].in_rate, 1000, 0.01);
    EXPECT_NEAR(w->stages[0].bytes_in_rate, 64000, 0.01);
    EXPECT_NEAR(w->stages[0].busy, 0.5, 0.001);
}

TEST_F(History, AWindowIsSinceTheNewestLookOfASecondAgo)
{
    LookAt(4000, 1);
    LookAt(5000, 1);
    const window *w = LookAt(6000, 0.25);
    EXPECT_EQ(w->ns, NS_PER_S);
    EXPECT_NEAR(w->stages[0].busy, 0.25, 0.001);
    EXPECT_NEAR(w->stages[0].starved, 0.75, 0.001);
    EXPECT_EQ(durations_count(&w->stages[0].in_ring), 1000u);
}

TEST_F(History, ManyWatchersShareTheWindow)
{
    for (uint64_t ms = 1000; ms < 10000; ms += 37) {
        const window *w = LookAt(ms);
        if (ms < 3000)
            continue;
        EXPECT_GE(w->ns, 900 * NS_PER_MS);
        EXPECT_LE(w->ns, 1200 * NS_PER_MS);
        EXPECT_NEAR(w->stages[0].in_rate, 1000, 0.01);
    }
}

TEST_F(History, ASecondLookSoonAfterTheFirstIsOfTheTimeBetween)
{
    LookAt(60000);
    EXPECT_EQ(LookAt(60300)->ns, 300 * NS_PER_MS);
}

TEST_F(History, AWorkersShareOfACoreIsOfTheLastSecond)
{
    worker_snapshot w = {};
    w.pid = 7;
    w.cpu_ns = 100 * NS_PER_S;
    history_look_at_workers(h_, 0, &w, 1, 1000 * NS_PER_S);
    EXPECT_LT(w.cpu, 0) << "not known yet";
    w.cpu_ns += NS_PER_S / 4;
    history_look_at_workers(h_, 0, &w, 1, 1001 * NS_PER_S);
    EXPECT_NEAR(w.cpu, 0.25, 0.001);
    w.pid = 8;
    history_look_at_workers(h_, 0, &w, 1, 1002 * NS_PER_S);
    EXPECT_LT(w.cpu, 0) << "a successor starts anew";
}
