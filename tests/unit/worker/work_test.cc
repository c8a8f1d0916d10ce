// The books that the scaler reads.
extern "C" {
#include "clock.h"
#include "work.h"
}

#include <gtest/gtest.h>
#include <memory>

namespace
{

struct Books : testing::Test {
    std::unique_ptr<slot> s = std::make_unique<slot>();
    work_account w = {};
};

void Wait(slot *s, uint64_t ns)
{
    au64_store_relaxed(&s->wait_input_ns, au64_relaxed(&s->wait_input_ns) + ns);
}

} // namespace

TEST_F(Books, FramesAreInTheSlotAtTheEnd)
{
    work_begin(&w, s.get(), 0);
    work_count(&w, 3);
    work_count(&w, 4);
    work_end(&w, s.get());
    EXPECT_EQ(au64_relaxed(&s->work_done), 7u);
    EXPECT_GT(au64_relaxed(&s->work_busy_ns), 0u);
    EXPECT_GT(au64_relaxed(&s->work_cpu_ns), 0u);
}

TEST_F(Books, AWaitIsNotWork)
{
    work_begin(&w, s.get(), 0);
    uint64_t begin = clock_monotonic();
    work_count(&w, 1);
    Wait(s.get(), NS_PER_S);
    work_end(&w, s.get());
    EXPECT_LE(au64_relaxed(&s->work_busy_ns), clock_monotonic() - begin) << "a second of it was a wait";
    EXPECT_EQ(au64_relaxed(&s->work_waited), NS_PER_S) << "what is in hand is measured from here on";
}

TEST_F(Books, TheCpuTimeOfTheFrameInHandIsMeasuredFromTheLast)
{
    const uint64_t before = clock_now(CLOCK_PROCESS_CPUTIME_ID);
    work_begin(&w, s.get(), 0);
    EXPECT_GE(au64_relaxed(&s->work_cpu_at), before);
    const uint64_t between = clock_now(CLOCK_PROCESS_CPUTIME_ID);
    work_end(&w, s.get());
    EXPECT_GE(au64_relaxed(&s->work_cpu_at), between);
    EXPECT_LE(au64_relaxed(&s->work_cpu_at), clock_now(CLOCK_PROCESS_CPUTIME_ID));
}

TEST_F(Books, WaitsBeforeTheFirstFrameAreNotTakenOff)
{
    Wait(s.get(), NS_PER_S);
    work_begin(&w, s.get(), 0);
    uint64_t end = clock_monotonic() + NS_PER_MS;
    while (clock_monotonic() < end)
        ;
    work_end(&w, s.get());
    EXPECT_GE(au64_relaxed(&s->work_busy_ns), NS_PER_MS);
}

TEST_F(Books, ASuccessorAddsToThem)
{
    for (int i = 0; i < 2; i++) {
        work_begin(&w, s.get(), 0);
        work_count(&w, 5);
        work_end(&w, s.get());
    }
    EXPECT_EQ(au64_relaxed(&s->work_done), 10u);
}

TEST_F(Books, TheyAreWrittenOnceATick)
{
    work_begin(&w, s.get(), 0);
    w.next_write = UINT64_MAX;
    work_count(&w, 1);
    work_tell(&w, s.get());
    EXPECT_EQ(au64_relaxed(&s->work_done), 0u);
    w.next_write = 0;
    work_tell(&w, s.get());
    EXPECT_EQ(au64_relaxed(&s->work_done), 1u);
}
