// How long a frame lies in a ring: measured at the marked one, and at no other.
extern "C" {
#include "clock.h"
#include "passage.h"
}

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

namespace
{

class Passage : public testing::Test
{
  protected:
    static constexpr uint64_t NOW = 1000 * NS_PER_S;

    Passage() : r_(static_cast<ring *>(aligned_alloc(64, ring_size(16))), free)
    {
        std::fill_n(reinterpret_cast<uint8_t *>(r_.get()), ring_size(16), uint8_t{0});
        ring_init(r_.get(), 16);
    }
    void Publish(uint64_t n) { au64_store_release(&r_->tail, au64_relaxed(&r_->tail) + n); }
    void Claim(uint32_t n)
    {
        const uint64_t head = au64_relaxed(&r_->head);
        au64_store_release(&r_->head, head + n);
        passage_note(r_.get(), h_.get(), head, n);
    }
    uint64_t Measured() const
    {
        durations d = {};
        durations_add(&d, h_.get());
        return durations_count(&d);
    }

    std::unique_ptr<ring, void (*)(void *)> r_;
    std::unique_ptr<histogram> h_ = std::make_unique<histogram>();
};

} // namespace

TEST_F(Passage, WithoutAMarkNothingIsMeasured)
{
    Publish(4);
    Claim(4);
    EXPECT_EQ(Measured(), 0u);
}

TEST_F(Passage, TheClaimOfTheMarkedFrameIsWhatCounts)
{
    Publish(5);
    passage_mark(r_.get(), clock_monotonic() - 3 * NS_PER_S);
    Publish(5);
    Claim(4);
    EXPECT_EQ(Measured(), 0u) << "the fifth is the marked one";
    Claim(1);
    EXPECT_EQ(Measured(), 1u);
    EXPECT_GE(au64_relaxed(&h_->sum_ns), 3 * NS_PER_S - 64);
    EXPECT_LT(au64_relaxed(&h_->sum_ns), 60 * NS_PER_S);
    Claim(5);
    EXPECT_EQ(Measured(), 1u);
}

TEST_F(Passage, AMarkStandsUntilItsFrameIsClaimed)
{
    Publish(1);
    passage_mark(r_.get(), NOW);
    const uint64_t first = au64_relaxed(&r_->mark);
    Publish(1);
    passage_mark(r_.get(), NOW + NS_PER_S);
    EXPECT_EQ(au64_relaxed(&r_->mark), first);
}

TEST_F(Passage, AMarkThatADeadConsumerLeftIsReplaced)
{
    Publish(2);
    passage_mark(r_.get(), NOW);
    au64_store_release(&r_->head, 2); // claimed, and dead before it took the mark off
    Publish(1);
    passage_mark(r_.get(), clock_monotonic());
    Claim(1);
    EXPECT_EQ(Measured(), 1u);
    EXPECT_LT(au64_relaxed(&h_->sum_ns), 60 * NS_PER_S) << "not since the first mark";
}

TEST_F(Passage, PositionsMayGoBeyondTheBitsOfAMark)
{
    const uint64_t far = (UINT64_C(1) << 24) - 3;
    au64_store_release(&r_->head, far);
    au64_store_release(&r_->tail, far);
    for (int i = 0; i < 6; i++) {
        Publish(1);
        passage_mark(r_.get(), clock_monotonic());
        Claim(1);
        EXPECT_EQ(Measured(), static_cast<uint64_t>(i) + 1);
    }
}

TEST_F(Passage, AnEmptyPastHasNothingToMark)
{
    passage_mark(r_.get(), NOW);
    EXPECT_EQ(au64_relaxed(&r_->mark), 0u);
}
