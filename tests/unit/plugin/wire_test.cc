extern "C" {
#include "scan.h"
#include "wire.h"
}

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace
{

/* The bytes of a real description, of a plugin that uses every cell. */
std::vector<uint8_t> GoodBytes()
{
    scan s;
    uint8_t *bytes = nullptr;
    size_t size = 0;
    EXPECT_EQ(scan_file(TEST_PLUGINS "/good.so", 20000000000, &s), 0);
    EXPECT_EQ(wire_encode(s.processors, s.n_processors, &bytes, &size), 0);
    std::vector<uint8_t> copy(bytes, bytes + size);
    free(bytes);
    scan_clear(&s);
    return copy;
}

int Decode(const std::vector<uint8_t> &bytes)
{
    char why[256];
    processor_description **list = nullptr;
    uint32_t n = 0;
    int result = wire_decode(bytes.data(), bytes.size(), &list, &n, why, sizeof why);
    for (uint32_t i = 0; i < n; i++)
        description_destroy(&list[i]);
    free(list);
    return result;
}

TEST(Wire, WhatWasWrittenIsReadAgainByteForByte)
{
    std::vector<uint8_t> bytes = GoodBytes();
    char why[256];
    processor_description **list = nullptr;
    uint32_t n = 0;
    ASSERT_EQ(wire_decode(bytes.data(), bytes.size(), &list, &n, why, sizeof why), 0) << why;
    uint8_t *again = nullptr;
    size_t size = 0;
    ASSERT_EQ(wire_encode(list, n, &again, &size), 0);
    EXPECT_EQ(std::vector<uint8_t>(again, again + size), bytes);
    free(again);
    for (uint32_t i = 0; i < n; i++)
        description_destroy(&list[i]);
    free(list);
}

TEST(Wire, EveryMessageThatIsCutShortIsRefused)
{
    std::vector<uint8_t> bytes = GoodBytes();
    for (size_t size = 0; size < bytes.size(); size++)
        ASSERT_EQ(Decode({bytes.begin(), bytes.begin() + static_cast<long>(size)}), -EINVAL) << size;
}

TEST(Wire, AMessageWithSomethingBehindItIsRefused)
{
    std::vector<uint8_t> bytes = GoodBytes();
    bytes.push_back(0);
    EXPECT_EQ(Decode(bytes), -EINVAL);
}

TEST(Wire, NoProcessorAtAllIsRefused)
{
    EXPECT_EQ(Decode({0, 0, 0, 0}), -EINVAL);
}

/* Nothing but the absence of a crash, a leak or an endless allocation is asked for: the sanitizers look on. */
TEST(Wire, DamagedMessagesHarmNobody)
{
    const std::vector<uint8_t> bytes = GoodBytes();
    std::mt19937 random(20240607);
    for (int i = 0; i < 5000; i++) {
        std::vector<uint8_t> damaged = bytes;
        for (unsigned hits = random() % 4 + 1; hits > 0; hits--)
            damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
        int result = Decode(damaged);
        ASSERT_TRUE(result == 0 || result == -EINVAL) << result;
    }
}

} // namespace
