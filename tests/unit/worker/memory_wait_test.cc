// A worker that wants memory which others have, and give back at an awkward moment.
extern "C" {
#include "arena.h"
}

#include <gtest/gtest.h>

#include <functional>

#include "scripted.h"
#include "stages.h"
#include "world.h"

namespace
{

constexpr uint64_t MOST_OF_A_SPAN = 1200 * 1024; // no two of them fit

// What happens between an attempt to take memory that failed, and the look whether anybody else has some.
std::function<void()> between;

} // namespace

// The linker puts these in the place of the call of memory_wait.c.
extern "C" {
int __real_allocator_holds_all(const struct allocator *a);
int __wrap_allocator_holds_all(const struct allocator *a);
int __wrap_allocator_holds_all(const struct allocator *a)
{
    if (between)
        between();
    return __real_allocator_holds_all(a);
}
}

namespace
{

class MemoryWait : public testing::Test
{
  protected:
    // One call that makes two large frames, in two spans of which a sibling has the second.
    int RunWithSiblingThatHasASpan()
    {
        script_.process = [](const mpipe_io *io, mpipe_frame *) {
            mpipe_frame *first = mpipe_create(io, MOST_OF_A_SPAN, nullptr);
            mpipe_frame *second = first ? mpipe_create(io, MOST_OF_A_SPAN, nullptr) : nullptr;
            if (!second)
                return MPIPE_NO_MEMORY;
            mpipe_emit(io, 0, first);
            mpipe_emit(io, 0, second);
            return MPIPE_OK;
        };
        Second()->word = world_.segment()->stages[FILTER].first_slot + 2; // slot 1 of the stage
        world_.Feed(SOURCE, {"one"});
        ring_close(world_.Ring(FILTER));
        return world_.RunWorker(FILTER);
    }

    au32 *Second() // the owner of the stage's second span
    {
        const arena_range range = world_.segment()->stages[FILTER].range;
        return &world_.segment()->arena.spans[range.first + 1].owner;
    }

    void TearDown() override { between = nullptr; }

    Script script_;
    World world_{{{"source", nullptr, 0},
                  {"filter", &scripted, 16, 2, 2, 1, false, 3, &script_},
                  {"sink", nullptr, 64, 1, 1, 0}},
                 {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}}};
};

TEST_F(MemoryWait, AFrameIsNotTooLargeForMemoryThatWasGivenBackJustNow)
{
    between = [this] { Second()->word = 0; };
    EXPECT_EQ(RunWithSiblingThatHasASpan(), WORKER_DONE);
    EXPECT_EQ(world_.Committed(FILTER).tally.dead, 0u);
    EXPECT_EQ(world_.Drain(SINK).size(), 2u);
}

} // namespace
