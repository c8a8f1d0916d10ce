extern "C" {
#include "journal.h"
}

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "shared.h"

namespace
{

TEST(Decision, IsPackedAndUnpackedUnchanged)
{
    for (phase p : {PHASE_IDLE, PHASE_CLAIMING, PHASE_PROCESSING, PHASE_COMMITTING})
        for (uint32_t copy : {0u, 1u})
            for (uint32_t settled : {0u, 1u, 255u, 256u, 65535u})
                for (uint32_t deciding : {0u, 1u, 256u, 65535u}) {
                    decision d = decision_unpack(decision_pack({p, copy, settled, deciding}));
                    EXPECT_EQ(d.phase, p);
                    EXPECT_EQ(d.copy, copy);
                    EXPECT_EQ(d.settled, settled);
                    EXPECT_EQ(d.deciding, deciding);
                }
}

TEST(Decision, OfZeroedMemoryIsIdle)
{
    EXPECT_EQ(decision_pack({PHASE_IDLE, 0, 0, 0}), 0u);
}

class Journal : public testing::TestWithParam<uint32_t>
{
};

TEST_P(Journal, ItsTwoCopiesAndTheirStatesLieApartAndWithinIt)
{
    const uint32_t state_size = GetParam();
    auto j = Shared<journal>::WithBytes(journal_size(state_size));
    journal_init(j.get(), state_size);
    uint8_t *end = reinterpret_cast<uint8_t *>(j.get()) + journal_size(state_size);
    for (uint32_t copy : {0u, 1u}) {
        EXPECT_GE(reinterpret_cast<uint8_t *>(journal_committed(j.get(), copy)),
                  reinterpret_cast<uint8_t *>(j.get() + 1));
        EXPECT_EQ(journal_state(j.get(), copy), reinterpret_cast<uint8_t *>(journal_committed(j.get(), copy) + 1));
        EXPECT_EQ(reinterpret_cast<uintptr_t>(journal_state(j.get(), copy)) % 16, 0u);
        EXPECT_LE(journal_state(j.get(), copy) + state_size, end);
    }
    EXPECT_LE(journal_state(j.get(), 0) + state_size, reinterpret_cast<uint8_t *>(journal_committed(j.get(), 1)));
}

INSTANTIATE_TEST_SUITE_P(StateSizes, Journal, testing::Values(0u, 1u, 64u, 65u, 65536u));

TEST(JournalInit, HasNoFrameInHandAndNoVerdict)
{
    auto j = Shared<journal>::WithBytes(journal_size(0));
    journal_init(j.get(), 0);
    EXPECT_EQ(au32_relaxed(&j->cursor), uint32_t{CURSOR_NONE});
    EXPECT_EQ(j->verdict_position, UINT64_MAX);
    EXPECT_EQ(journal_decision(j.get()).phase, PHASE_IDLE);
}

} // namespace
