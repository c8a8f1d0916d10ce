// A histogram of durations: its buckets leave no gap, and its quantiles are right to an eighth.
extern "C" {
#include "histogram.h"
}

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

namespace
{

struct Made {
    std::unique_ptr<histogram> h = std::make_unique<histogram>();
    durations all() const
    {
        durations d = {};
        durations_add(&d, h.get());
        return d;
    }
};

} // namespace

TEST(Histogram, EachBoundIsTheFirstOfTheNextBucket)
{
    for (uint32_t i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
        const uint64_t bound = histogram_bound(i);
        EXPECT_EQ(histogram_bucket(bound - 1), i) << bound;
        EXPECT_EQ(histogram_bucket(bound), i + 1) << bound;
    }
    EXPECT_EQ(histogram_bucket(0), 0u);
    EXPECT_EQ(histogram_bound(0), 64u);
    EXPECT_EQ(histogram_bucket(UINT64_MAX), static_cast<uint32_t>(HISTOGRAM_BUCKETS - 1));
    EXPECT_EQ(histogram_bound(HISTOGRAM_BUCKETS - 1), UINT64_MAX);
}

TEST(Histogram, QuantilesAreRightToAnEighth)
{
    Made made;
    std::mt19937_64 random(5);
    std::lognormal_distribution<double> service(12, 2);
    std::vector<uint64_t> values(20000);
    for (uint64_t &v : values) {
        v = static_cast<uint64_t>(service(random)) + 100;
        histogram_add(made.h.get(), v, 1);
    }
    std::sort(values.begin(), values.end());
    const durations d = made.all();
    EXPECT_EQ(durations_count(&d), values.size());
    for (double q : {0.01, 0.5, 0.9, 0.99, 0.999}) {
        const auto exact = static_cast<double>(values[static_cast<size_t>(q * static_cast<double>(values.size() - 1))]);
        EXPECT_NEAR(static_cast<double>(durations_quantile(&d, q)), exact, exact / 8) << q;
    }
}

TEST(Histogram, OfSeveralAtOnceIsAsOftenOne)
{
    Made once, often;
    histogram_add(once.h.get(), 5000, 7);
    for (int i = 0; i < 7; i++)
        histogram_add(often.h.get(), 5000, 1);
    const durations a = once.all(), b = often.all();
    EXPECT_TRUE(std::equal(a.counts, a.counts + HISTOGRAM_BUCKETS, b.counts));
    EXPECT_EQ(a.sum_ns, 35000u);
    EXPECT_EQ(b.sum_ns, 35000u);
}

TEST(Histogram, TheDifferenceIsWhatCameInBetween)
{
    Made made;
    histogram_add(made.h.get(), 1000, 10);
    const durations before = made.all();
    histogram_add(made.h.get(), 1000000, 3);
    durations since = made.all();
    durations_subtract(&since, &before);
    EXPECT_EQ(durations_count(&since), 3u);
    EXPECT_EQ(since.sum_ns, 3000000u);
    EXPECT_NEAR(static_cast<double>(durations_quantile(&since, 0.5)), 1e6, 125e3);
}

TEST(Histogram, NothingHasNoQuantile)
{
    const durations none = {};
    EXPECT_EQ(durations_quantile(&none, 0.5), 0u);
}
