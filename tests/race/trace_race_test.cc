// A worker that writes to its trace ring while the host reads it.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "../unit/trace/rings.h"

using namespace rings;

TEST(TraceRingRace, AReaderThatIsOverrunMeanwhileSeesNoEventThatWasNotWritten)
{
    Rings rings(1);
    const uint64_t all = 2000000;
    uint64_t next = 0, lost = 0, n = 0;
    std::atomic<bool> done{false};
    std::thread writer([&] {
        for (uint64_t i = 0; i < all; i++)
            Add(rings.Ring(), i);
        done = true;
    });
    while (!done)
        n += ReadAll(rings.Ring(), &next, &lost);
    writer.join();
    n += ReadAll(rings.Ring(), &next, &lost);
    EXPECT_EQ(n + lost, all);
}
