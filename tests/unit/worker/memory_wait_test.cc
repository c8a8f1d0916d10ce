// A worker that wants memory which others have, and give back at an awkward moment.
extern "C" {
#include "arena.h"
}

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "scripted.h"
#include "stages.h"
#include "world.h"

namespace
{

constexpr uint64_t MOST_OF_A_SPAN = 1200 * 1024; // no two of them fit
constexpr int64_t A_MOMENT = 1000000;            // ns

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

// Fills a block, and then wants a tail: a share of one span has no room for both. After so many attempts it gives up.
mpipe_status MakeFrameThatMoves(const mpipe_io *io, int *attempts)
{
    const uint64_t size = BLOCK_MIN - BLOCK_HEADER;
    mpipe_frame *frame = mpipe_create(io, size, nullptr);
    if (!frame || ++*attempts > 20)
        return frame ? MPIPE_FATAL : MPIPE_NO_MEMORY;
    EXPECT_EQ(mpipe_resize(io, &frame, size), MPIPE_OK);
    frame->type = mpipe_type("test.some");
    const mpipe_status status = mpipe_emit(io, 0, frame);
    if (status != MPIPE_OK)
        mpipe_drop(io, frame);
    return status;
}

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

// A filter whose share is one span, and that is refused what it wants when it has no frame in hand.
class MemoryNever : public testing::Test
{
  protected:
    void Make(const mpipe_processor *processor)
    {
        world_ = std::make_unique<World>(std::vector<StageSpec>{{"source", nullptr, 0},
                                                                {"filter", processor, 16, 1, 2, 1, false, 3, &script_},
                                                                {"sink", nullptr, 64, 1, 1, 0}},
                                         std::vector<EdgeSpec>{{SOURCE, 0, FILTER}, {FILTER, 0, SINK}});
        world_->Feed(SOURCE, {"one", "two"});
    }

    int Run()
    {
        ring_close(world_->Ring(FILTER));
        return world_->RunWorker(FILTER);
    }

    void ExpectSettingToRaise() const
    {
        EXPECT_THAT(std::string(world_->Slot(FILTER)->reason),
                    testing::HasSubstr("raise stages.filter.memory, or memory"));
    }

    // Keeps what there is until get() says something else.
    static mpipe_status KeepAll(const mpipe_io *io, int64_t timeout_ns)
    {
        mpipe_frame *frame;
        mpipe_status status;
        while ((status = mpipe_get_sync(io, MPIPE_ANY_PORT, timeout_ns, &frame)) == MPIPE_OK)
            EXPECT_EQ(mpipe_keep(io, frame), MPIPE_OK);
        return status;
    }

    int attempts_ = 0;
    Script script_;
    std::unique_ptr<World> world_;
};

TEST_F(MemoryNever, IsSaidToALoopOfItsOwnAtTheEndOfItsInput)
{
    Make(&scripted_pull);
    script_.run = [this](const mpipe_io *io) {
        EXPECT_EQ(KeepAll(io, MPIPE_FOREVER), MPIPE_END);
        return MakeFrameThatMoves(io, &attempts_);
    };
    EXPECT_EQ(Run(), WORKER_CONFIG);
    ExpectSettingToRaise();
}

TEST_F(MemoryNever, IsSaidAlsoToALoopThatCommitsAndTriesOnceMore)
{
    Make(&scripted_pull);
    script_.run = [this](const mpipe_io *io) {
        EXPECT_EQ(KeepAll(io, MPIPE_FOREVER), MPIPE_END);
        const mpipe_status status = MakeFrameThatMoves(io, &attempts_);
        mpipe_flush_out(io, MPIPE_FOREVER);
        return status == MPIPE_NO_MEMORY ? MakeFrameThatMoves(io, &attempts_) : status;
    };
    EXPECT_EQ(Run(), WORKER_CONFIG);
    ExpectSettingToRaise();
}

// A stage upstream waits for memory that its kept frames occupy. It is told so again after it failed, or both would
// wait for ever.
TEST_F(MemoryNever, IsSaidToALoopThatIsToldToFlush)
{
    Make(&scripted_pull);
    au32_store_relaxed(&world_->Slot(SOURCE)->state, SLOT_WAIT_MEMORY);
    script_.run = [this](const mpipe_io *io) {
        EXPECT_EQ(KeepAll(io, A_MOMENT), MPIPE_EMPTY) << "it is not told";
        return MakeFrameThatMoves(io, &attempts_);
    };
    EXPECT_EQ(world_->RunWorker(FILTER), WORKER_CONFIG);
    ExpectSettingToRaise();
}

TEST_F(MemoryNever, IsSaidToAFlush)
{
    Make(&scripted);
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) { return mpipe_keep(io, frame); };
    script_.flush = [this](const mpipe_io *io) { return MakeFrameThatMoves(io, &attempts_); };
    EXPECT_EQ(Run(), WORKER_CONFIG);
    ExpectSettingToRaise();
}

// Between the undo and the call that is made again, the kept frame that it had given up is given again, and commits.
TEST_F(MemoryNever, IsSaidOfAFrameThatGivesUpAKeptOne)
{
    Make(&scripted);
    mpipe_frame *kept = nullptr;
    script_.process = [&](const mpipe_io *io, mpipe_frame *frame) {
        if (!kept) {
            kept = frame;
            return mpipe_keep(io, frame);
        }
        mpipe_drop(io, kept);
        kept = nullptr;
        return MakeFrameThatMoves(io, &attempts_);
    };
    EXPECT_EQ(Run(), WORKER_DONE);
    EXPECT_EQ(world_->Committed(FILTER).tally.dead, 1u);
}

} // namespace
