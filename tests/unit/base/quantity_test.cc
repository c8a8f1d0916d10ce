extern "C" {
#include "quantity.h"
}

#include <gtest/gtest.h>

#include <string>

namespace
{

std::string Text(quantity q)
{
    return q.text;
}

constexpr uint64_t kMs = 1000000, kSecond = 1000 * kMs;

TEST(Quantity, ExactNumbersAreGroupedByThree)
{
    EXPECT_EQ(Text(quantity_exact(0)), "0");
    EXPECT_EQ(Text(quantity_exact(999)), "999");
    EXPECT_EQ(Text(quantity_exact(1000)), "1 000");
    EXPECT_EQ(Text(quantity_exact(12345678)), "12 345 678");
    EXPECT_EQ(Text(quantity_exact(UINT64_MAX)), "18 446 744 073 709 551 615");
}

TEST(Quantity, ShortNumbersKeepTheDigitsThatCount)
{
    EXPECT_EQ(Text(quantity_short(0)), "0");
    EXPECT_EQ(Text(quantity_short(3.42)), "3.4");
    EXPECT_EQ(Text(quantity_short(42.4)), "42");
    EXPECT_EQ(Text(quantity_short(812)), "812");
    EXPECT_EQ(Text(quantity_short(12345)), "12.3 k");
    EXPECT_EQ(Text(quantity_short(123456)), "123 k");
    EXPECT_EQ(Text(quantity_short(3400000)), "3.4 M");
}

TEST(Quantity, NoShortNumberHasFourDigits)
{
    EXPECT_EQ(Text(quantity_short(999.4)), "999");
    EXPECT_EQ(Text(quantity_short(999.6)), "1.0 k");
    EXPECT_EQ(Text(quantity_short(99960)), "100 k");
    EXPECT_EQ(Text(quantity_short(999700)), "1.0 M");
}

TEST(Quantity, BytesAreInBinaryUnits)
{
    EXPECT_EQ(Text(quantity_bytes(0)), "0 B");
    EXPECT_EQ(Text(quantity_bytes(812)), "812 B");
    EXPECT_EQ(Text(quantity_bytes(64 << 10)), "64.0 KiB");
    EXPECT_EQ(Text(quantity_bytes(256ull << 20)), "256 MiB");
    EXPECT_EQ(Text(quantity_bytes(1288490189)), "1.2 GiB");
    EXPECT_EQ(Text(quantity_bytes(UINT64_MAX)), "16.0 EiB");
}

TEST(Quantity, DurationsHaveTheUnitThatSuitsThem)
{
    EXPECT_EQ(Text(quantity_duration(0)), "0.0 ms");
    EXPECT_EQ(Text(quantity_duration(3 * kMs)), "3.0 ms");
    EXPECT_EQ(Text(quantity_duration(45 * kMs)), "45 ms");
    EXPECT_EQ(Text(quantity_duration(12345 * kMs)), "12.3 s");
    EXPECT_EQ(Text(quantity_duration(123 * kSecond)), "2:03 min");
    EXPECT_EQ(Text(quantity_duration(3723 * kSecond)), "1:02:03 h");
}

TEST(Quantity, AClockHasHoursOnlyIfThereAreSome)
{
    EXPECT_EQ(Text(quantity_clock(42 * kSecond)), "0:42");
    EXPECT_EQ(Text(quantity_clock(3599 * kSecond)), "59:59");
    EXPECT_EQ(Text(quantity_clock(3600 * kSecond)), "1:00:00");
}

TEST(Quantity, TheNarrowFormsFitTheirColumns)
{
    EXPECT_EQ(Text(quantity_narrow(812)), "812");
    EXPECT_EQ(Text(quantity_narrow(12345)), "12.3k");
    EXPECT_EQ(Text(quantity_latency(870e-9)), "870ns");
    EXPECT_EQ(Text(quantity_latency(0.0012)), "1.2ms");
    EXPECT_EQ(Text(quantity_latency(0.045)), "45ms");
    EXPECT_EQ(Text(quantity_latency(12)), "12s");
    EXPECT_EQ(Text(quantity_latency(180)), "3min");
    EXPECT_EQ(Text(quantity_memory(0)), "0");
    EXPECT_EQ(Text(quantity_memory(45 << 20)), "45M");
    EXPECT_EQ(Text(quantity_memory(1288490189)), "1.2G");
    for (double n = 1e-12; n < 1e21; n *= 1.01) {
        EXPECT_LE(Text(quantity_narrow(n)).size(), n < 9.99e20 ? 5u : 6u) << n;
        EXPECT_LE(Text(quantity_latency(n)).size(), n < 3e7 ? 5u : 20u) << n;
        EXPECT_LE(Text(quantity_memory(n)).size(), n < 1e21 ? 4u : 5u) << n;
    }
}

} // namespace
