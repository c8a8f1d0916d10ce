#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "child.h"
#include "mixer.h"
#include "stages.h"
#include "world.h"

namespace
{

class Segment : public testing::Test
{
  protected:
    // Creates a segment for the world's pipeline with another size of memory.
    int Create(uint64_t memory)
    {
        ::segment s;
        world_.pipeline()->memory = memory;
        int error = segment_create(&s, world_.pipeline(), why_, sizeof why_);
        if (error == 0) {
            spans_ = s.arena.n_spans;
            for (uint32_t i = 0; i < 3; i++)
                shares_[i] = s.stages[i].range;
            segment_destroy(&s);
        }
        return error;
    }

    World world_{{{"source", nullptr, 0}, {"filter", &mixer, 16, 2, 3, 1}, {"sink", nullptr, 64, 1, 1, 0}},
                 {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}}};
    char why_[512] = "";
    uint32_t spans_ = 0;
    arena_range shares_[3] = {};
};

TEST_F(Segment, EachStageHasItsOwnShareAndTheySumToAll)
{
    ASSERT_EQ(Create(64 << 20), 0) << why_;
    uint32_t next = 0;
    for (const arena_range &share : shares_) {
        EXPECT_EQ(share.first, next);
        EXPECT_GT(share.n, 0u);
        next += share.n;
    }
    EXPECT_LE(next, spans_);
    EXPECT_EQ(shares_[FILTER].n, 2u);
}

TEST_F(Segment, StagesThatAskForNothingShareTheRestAndASinkGetsOneSpan)
{
    for (uint32_t i = 0; i < 3; i++)
        world_.pipeline()->stages[i].memory = 0;
    ASSERT_EQ(Create(64 << 20), 0) << why_;
    EXPECT_EQ(shares_[SINK].n, 1u);
    EXPECT_LE(shares_[FILTER].n - shares_[SOURCE].n, 1u);
    EXPECT_EQ(shares_[SOURCE].n + shares_[FILTER].n + 1, spans_);
}

TEST_F(Segment, TooLittleMemoryIsRefusedWithTheSettingThatWouldDo)
{
    EXPECT_EQ(Create(4 << 20), -EINVAL);
    const char *say = strstr(why_, "set memory to ");
    ASSERT_NE(say, nullptr) << why_;
    uint64_t enough = strtoull(say + strlen("set memory to "), nullptr, 10) << 20;
    EXPECT_EQ(Create(enough - (2 << 20)), -EINVAL);
    EXPECT_EQ(Create(enough), 0) << why_;
    EXPECT_EQ(Create(0), -EINVAL);
}

TEST_F(Segment, TellsTheStageOfASlot)
{
    EXPECT_EQ(segment_stage_of(world_.segment(), 0), SOURCE);
    for (uint32_t slot : {1u, 2u, 3u})
        EXPECT_EQ(segment_stage_of(world_.segment(), slot), FILTER);
    EXPECT_EQ(segment_stage_of(world_.segment(), 4), SINK);
}

TEST_F(Segment, ASlotsFiguresAreWhatItHasCommitted)
{
    world_.Feed(SOURCE, {"f", "k", "k", "d", "c"});
    Child worker([this] { return world_.RunWorker(FILTER); });
    ASSERT_TRUE(worker.Asleep());
    slot_figures figures;
    segment_figures(world_.segment(), world_.segment()->stages[FILTER].first_slot, &figures);
    EXPECT_EQ(figures.tally.out, 2u);
    EXPECT_EQ(figures.tally.dropped, 1u);
    EXPECT_EQ(figures.kept, 2u);
    EXPECT_EQ(figures.claimed, 0u);
    EXPECT_EQ(figures.tally.out + figures.tally.dropped + figures.tally.dead + figures.kept + figures.claimed, 5u);
}

TEST_F(Segment, FramesOfADeadWorkersClaimAreInFlight)
{
    world_.Feed(SOURCE, {"f", "f", "f"});
    Child worker([this] {
        transaction t;
        transaction_init(&t, world_.segment(), FILTER, 0, 1, {nullptr, nullptr});
        transaction_recover(&t);
        transaction_claim(&t, 2);
        return 0;
    });
    EXPECT_EQ(worker.Wait(), 0);
    slot_figures figures;
    segment_figures(world_.segment(), world_.segment()->stages[FILTER].first_slot, &figures);
    EXPECT_EQ(figures.claimed, 2u);
    EXPECT_EQ(ring_fill(world_.Ring(FILTER)), 1u);
}

TEST_F(Segment, AStageWithMoreReadersThanAJournalKeepsBooksOfIsRefused)
{
    std::vector<edge> edges(READERS_MAX + 1, edge{SOURCE, 0, FILTER, 0, WHEN_FULL_BLOCK, false});
    for (uint32_t n : {READERS_MAX + 1u, READERS_MAX + 0u}) {
        world_.pipeline()->edges = edges.data();
        world_.pipeline()->n_edges = n;
        EXPECT_EQ(Create(64 * uint64_t{SPAN_SIZE}), n > READERS_MAX ? -EINVAL : 0) << n << why_;
    }
    EXPECT_NE(std::string(why_).find("\"source\" has 65 readers"), std::string::npos) << why_;
}

} // namespace
