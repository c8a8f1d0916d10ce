// A tap: copies of frames that were handed on, and only of those; whoever dies meanwhile.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

extern "C" {
#include "attributes.h"
#include "sample.h"
}
#include "stages.h"
#include "world.h"

namespace
{

enum { FILTER_EPOCH = 1, ROOM = 1000 };

class Tap : public testing::Test
{
  protected:
    const tap_place *Place(uint32_t stage = FILTER) const { return &world_.segment()->stages[stage].tap; }
    uint64_t State(uint32_t stage = FILTER) const { return au64_acquire(&Place(stage)->tap->state); }

    // What is there, as the host sees it; "" if nothing is.
    std::string Seen(uint32_t stage = FILTER) const
    {
        tap_sample s;
        if (!tap_look(Place(stage), &s))
            return "";
        return std::to_string(s.sequence) + ":" +
               std::string(reinterpret_cast<const char *>(Place(stage)->payload), s.copied);
    }

    // Pages of the place that exist.
    size_t Pages() const
    {
        size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE)), n = (ATTRIBUTES_MAX + Place()->payload_max) / page;
        std::vector<unsigned char> there(n + 1);
        EXPECT_EQ(mincore(Place()->attributes, n * page, there.data()), 0);
        size_t found = 0;
        for (unsigned char c : there)
            found += c & 1;
        return found;
    }

    World world_{{{"source", nullptr, 0, 2}, {"filter", nullptr, 256, 2}, {"sink", nullptr, 256, 1, 1, 0}},
                 {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}}};
};

// The filter, played by the test.
struct Passer {
    explicit Passer(const World &world, uint32_t epoch = FILTER_EPOCH,
                    refusal_sink sink = refusal_sink{IgnoreRefusal, nullptr})
    {
        transaction_init(&t, world.segment(), FILTER, 0, epoch, sink);
        transaction_recover(&t);
    }
    Passer(const Passer &) = delete;
    Passer &operator=(const Passer &) = delete;
    ~Passer() { transaction_destroy(&t); }

    // Takes n frames and lists them as outputs.
    void Pass(uint32_t n)
    {
        ASSERT_EQ(transaction_claim(&t, n), n);
        for (uint32_t i = 0; i < n; i++)
            ASSERT_EQ(transaction_emit(&t, &t.journal->claim[i], 0, OUTPUT_FORWARDED), 0);
    }

    transaction t;
};

} // namespace

TEST_F(Tap, ThatNobodyOpenedTakesNothing)
{
    world_.Feed(SOURCE, {"one"});
    Passer filter(world_);
    filter.Pass(1);
    sample_commit(&filter.t, 1);
    EXPECT_EQ(State(), TAP_CLOSED);
    EXPECT_EQ(Seen(), "");
    EXPECT_EQ(Pages(), 0u);
}

TEST_F(Tap, HasAFrameOnceItsCommitIsDone)
{
    world_.Feed(SOURCE, {"one"});
    Passer filter(world_);
    ASSERT_EQ(tap_open(Place(), ROOM), 0);
    filter.Pass(1);
    ASSERT_EQ(sample_take(&filter.t), 1);
    EXPECT_EQ(Seen(), "") << "it is not handed on yet";
    transaction_commit(&filter.t, 1);
    sample_give(&filter.t);
    EXPECT_EQ(Seen(), "0:one");
}

// A dead letter is written in the middle of a commit.
TEST_F(Tap, HasNothingWhileTheCommitGoesOn)
{
    struct Look {
        const tap_place *place;
        uint64_t state;
    } look = {Place(), TAP_CLOSED};
    world_.Feed(SOURCE, {"one", "two"});
    Passer filter(world_, FILTER_EPOCH,
                  {[](void *context, const refusal *, const descriptor *) {
                       auto *l = static_cast<Look *>(context);
                       l->state = au64_acquire(&l->place->tap->state);
                   },
                   &look});
    ASSERT_EQ(tap_open(Place(), ROOM), 0);
    ASSERT_EQ(transaction_claim(&filter.t, 2), 2u);
    ASSERT_EQ(transaction_emit(&filter.t, &filter.t.journal->claim[0], 0, OUTPUT_FORWARDED), 0);
    ASSERT_EQ(transaction_refuse(&filter.t, 1, 1, 0, "bad"), 0);
    sample_commit(&filter.t, 2);
    EXPECT_EQ(look.state, filter.t.me) << "it is the worker's meanwhile";
    EXPECT_EQ(Seen(), "0:one");
}

TEST_F(Tap, TakesOneFrameEachTimeItIsWanted)
{
    world_.Feed(SOURCE, {"one", "two", "three"});
    Passer filter(world_);
    ASSERT_EQ(tap_open(Place(), ROOM), 0);
    for (int i = 0; i < 2; i++) {
        filter.Pass(1);
        sample_commit(&filter.t, 1);
        EXPECT_EQ(Seen(), "0:one");
    }
    ASSERT_EQ(tap_open(Place(), ROOM), 0);
    EXPECT_EQ(Seen(), "");
    filter.Pass(1);
    sample_commit(&filter.t, 1);
    EXPECT_EQ(Seen(), "2:three");
}

TEST_F(Tap, OfAFrameThatIsMadeHereHasItsAttributesAndNumbers)
{
    Passer filter(world_);
    ASSERT_EQ(tap_open(Place(), ROOM), 0);
    uint8_t records[64];
    attribute path = {"path", reinterpret_cast<const uint8_t *>("a/b"), 3};
    uint32_t n = attributes_replace(records, nullptr, 0, &path);
    view v = {};
    descriptor d;
    ASSERT_EQ(allocator_take(&filter.t.allocator, view_block_bytes(4, n, 1), &d), 0);
    view_format(&v, &world_.segment()->arena, &d, n, 1);
    memcpy(view_attributes(&v, &world_.segment()->arena), records, n);
    memcpy(const_cast<uint8_t *>(v.frame.data), "made", 4);
    v.frame.size = 4;
    v.frame.sequence = 7;
    v.frame.key = 8;
    v.frame.time_ns = -9;
    v.frame.type = 1000;
    view_seal(&v, &world_.segment()->arena);
    ASSERT_EQ(transaction_emit(&filter.t, &v.descriptor, 0, OUTPUT_CREATED), 0);
    sample_commit(&filter.t, 0);
    EXPECT_EQ(Seen(), "7:made");
    tap_sample s;
    ASSERT_EQ(tap_look(Place(), &s), 1);
    EXPECT_EQ(s.key, 8u);
    EXPECT_EQ(s.time_ns, -9);
    EXPECT_EQ(s.type, 1000u);
    EXPECT_EQ(s.attributes, n);
    EXPECT_EQ(memcmp(Place()->attributes, records, n), 0);
}

TEST_F(Tap, ACommitWithoutOutputsLeavesItForTheNext)
{
    world_.Feed(SOURCE, {"one", "two"});
    Passer filter(world_);
    ASSERT_EQ(tap_open(Place(), ROOM), 0);
    ASSERT_EQ(transaction_claim(&filter.t, 1), 1u);
    transaction_refuse(&filter.t, 0, 1, 0, "bad");
    sample_commit(&filter.t, 1);
    EXPECT_EQ(State(), TAP_WANTED) << "a frame that is refused is not handed on";
    filter.Pass(1);
    sample_commit(&filter.t, 1);
    EXPECT_EQ(Seen(), "1:two");
}

TEST_F(Tap, CopiesAsMuchAsThereIsRoomForAndSaysHowMuchThereIs)
{
    world_.Feed(SOURCE, {"a long frame", "another frame"});
    Passer filter(world_);
    ASSERT_EQ(tap_open(Place(), 6), 0);
    filter.Pass(1);
    sample_commit(&filter.t, 1);
    tap_sample s;
    ASSERT_EQ(tap_look(Place(), &s), 1);
    EXPECT_EQ(s.size, 12u);
    EXPECT_EQ(Seen(), "0:a long");
    ASSERT_EQ(tap_open(Place(), 12), 0);
    filter.Pass(1);
    sample_commit(&filter.t, 1);
    EXPECT_EQ(Seen(), "1:another fram");
}

TEST_F(Tap, IsOneWorkersAtATime)
{
    ASSERT_EQ(tap_open(Place(), ROOM), 0);
    EXPECT_EQ(tap_claim(Place(), owner_word(1, 1)), 1);
    EXPECT_EQ(tap_claim(Place(), owner_word(2, 1)), 0);
    EXPECT_EQ(tap_open(Place(), ROOM), -EBUSY);
    EXPECT_EQ(tap_close(Place()), -EBUSY);
    tap_give(Place());
    EXPECT_EQ(State(), TAP_READY);
}

TEST_F(Tap, OfAWorkerThatDiedBeforeItsCommitShowsNothingAndIsForTheNext)
{
    world_.Feed(SOURCE, {"one"});
    {
        Passer filter(world_);
        ASSERT_EQ(tap_open(Place(), ROOM), 0);
        filter.Pass(1);
        ASSERT_EQ(sample_take(&filter.t), 1); // and dies
    }
    world_.Bury(FILTER, 0, FILTER_EPOCH);
    EXPECT_EQ(Seen(), "");
    EXPECT_EQ(State(), TAP_WANTED);
    Passer successor(world_, FILTER_EPOCH + 1);
    ASSERT_EQ(transaction_claimed(&successor.t), 1u);
    ASSERT_EQ(transaction_emit(&successor.t, &successor.t.journal->claim[0], 0, OUTPUT_FORWARDED), 0);
    sample_commit(&successor.t, 1);
    EXPECT_EQ(Seen(), "0:one");
}

TEST_F(Tap, OfAnotherWorkerThanTheDeadOneStays)
{
    ASSERT_EQ(tap_open(Place(), ROOM), 0);
    uint64_t other = owner_word(world_.segment()->stages[FILTER].first_slot, FILTER_EPOCH + 1);
    ASSERT_EQ(tap_claim(Place(), other), 1);
    world_.Bury(FILTER, 0, FILTER_EPOCH);
    EXPECT_EQ(State(), other);
}

TEST_F(Tap, HasMemoryAsLongAsItIsOpen)
{
    EXPECT_EQ(Pages(), 0u);
    ASSERT_EQ(tap_open(Place(), ROOM), 0);
    size_t open = Pages();
    EXPECT_GE(open, size_t{ATTRIBUTES_MAX} / 65536);
    EXPECT_LE(open, (size_t{ATTRIBUTES_MAX} + ROOM) / 4096 + 1) << "of the payload only what is wanted";
    EXPECT_EQ(tap_close(Place()), 0);
    EXPECT_EQ(Pages(), 0u);
    EXPECT_EQ(State(), TAP_CLOSED);
}

TEST_F(Tap, WhatAPluginWroteThereIsNotBelieved)
{
    ASSERT_EQ(tap_open(Place(), ROOM), 0);
    tap *t = Place()->tap;
    t->sample.size = t->sample.copied = UINT64_MAX;
    t->sample.attributes = UINT32_MAX;
    t->room = UINT64_MAX;
    au64_store_release(&t->state, TAP_READY);
    tap_sample s;
    ASSERT_EQ(tap_look(Place(), &s), 1);
    EXPECT_LE(s.copied, Place()->payload_max);
    EXPECT_EQ(s.attributes, 0u);
    EXPECT_EQ(tap_close(Place()), 0);
    world_.Feed(SOURCE, {"one"});
    ASSERT_EQ(tap_open(Place(), ROOM), 0);
    t->room = UINT64_MAX;
    Passer filter(world_);
    filter.Pass(1);
    sample_commit(&filter.t, 1);
    EXPECT_EQ(Seen(), "0:one");
}

TEST_F(Tap, OfASinkIsNone)
{
    EXPECT_EQ(Place(SINK)->tap, nullptr);
    EXPECT_EQ(tap_open(Place(SINK), ROOM), -EOPNOTSUPP);
    EXPECT_EQ(tap_close(Place(SINK)), 0);
    EXPECT_FALSE(tap_is_wanted(Place(SINK)));
    tap_bury(Place(SINK), 2);
}
