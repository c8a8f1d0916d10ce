extern "C" {
#include "value.h"
}
#include <micropipe/option.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace
{

struct Case {
    const char *text;
    int result;
    int64_t integer;
};

void ExpectAll(uint32_t type, std::initializer_list<Case> cases)
{
    for (const Case &c : cases) {
        value v;
        EXPECT_EQ(value_parse(type, c.text, &v), c.result) << c.text;
        EXPECT_EQ(v.integer, c.integer) << c.text;
    }
}

TEST(Value, AnIntegerIsDecimalOrHexadecimalAndNothingElse)
{
    ExpectAll(MPIPE_INT, {{"0", 0, 0},
                          {"-3", 0, -3},
                          {"0x1F", 0, 31},
                          {"010", 0, 10},
                          {"", -EINVAL, 0},
                          {" 1", -EINVAL, 0},
                          {"1.5", -EINVAL, 0},
                          {"1K", -EINVAL, 0},
                          {"-", -EINVAL, 0},
                          {"0x", -EINVAL, 0}});
    ExpectAll(MPIPE_INT, {{"9223372036854775807", 0, INT64_MAX}, {"9223372036854775808", -ERANGE, 0}});
}

TEST(Value, ASizeIsBytesWithAPowerOf1024)
{
    ExpectAll(MPIPE_SIZE, {{"4096", 0, 4096},
                           {"64K", 0, 65536},
                           {"64k", 0, 65536},
                           {"64KiB", 0, 65536},
                           {"64KB", 0, 65536},
                           {"1.5M", 0, 1572864},
                           {"2G", 0, 2147483648},
                           {"1T", 0, 1099511627776},
                           {"12B", 0, 12}});
}

TEST(Value, AWholeSizeIsExactBeyondADoublesDigits)
{
    ExpectAll(MPIPE_SIZE, {{"9007199254740993", 0, 9007199254740993}});
}

TEST(Value, WhatIsNoSizeIsRefused)
{
    ExpectAll(MPIPE_SIZE, {{"-1", -EINVAL, 0},
                           {"K", -EINVAL, 0},
                           {"1X", -EINVAL, 0},
                           {"64 elephants", -EINVAL, 0},
                           {"inf", -EINVAL, 0},
                           {"nan", -EINVAL, 0},
                           {"", -EINVAL, 0},
                           {"99999999999G", -ERANGE, 0}});
}

TEST(Value, ATimeIsNanosecondsOfItsUnitAndAPlainNumberIsSeconds)
{
    ExpectAll(MPIPE_TIME, {{"250ms", 0, 250000000},
                           {"2s", 0, 2000000000},
                           {"5m", 0, 300000000000},
                           {"1h", 0, 3600000000000},
                           {"10us", 0, 10000},
                           {"7ns", 0, 7},
                           {"0.25", 0, 250000000},
                           {"3", 0, 3000000000},
                           {"0", 0, 0}});
    ExpectAll(MPIPE_TIME, {{"5M", -EINVAL, 0}, {"soon", -EINVAL, 0}, {"-1s", -EINVAL, 0}, {"1e300s", -ERANGE, 0}});
}

TEST(Value, ABoolIsTrueOrFalse)
{
    ExpectAll(MPIPE_BOOL, {{"true", 0, 1}, {"false", 0, 0}, {"yes", -EINVAL, 0}, {"1", -EINVAL, 0}});
}

TEST(Value, ANumberMayBeWholeOrHaveAFraction)
{
    value v;
    ASSERT_EQ(value_parse(MPIPE_FLOAT, "0.5", &v), 0);
    EXPECT_EQ(v.number, 0.5);
    ASSERT_EQ(value_parse(MPIPE_FLOAT, "-2", &v), 0);
    EXPECT_EQ(v.number, -2);
    ASSERT_EQ(value_parse(MPIPE_FLOAT, "1e-3", &v), 0);
    EXPECT_EQ(v.number, 1e-3);
}

TEST(Value, ANumberIsFiniteAndNothingElse)
{
    value v;
    EXPECT_EQ(value_parse(MPIPE_FLOAT, "nan", &v), -EINVAL);
    EXPECT_EQ(value_parse(MPIPE_FLOAT, "inf", &v), -EINVAL);
    EXPECT_EQ(value_parse(MPIPE_FLOAT, "1e999", &v), -ERANGE);
    EXPECT_EQ(value_parse(MPIPE_FLOAT, "0.5x", &v), -EINVAL);
}

TEST(Value, ComparesByWhatTheTypeMeans)
{
    value a, b;
    ASSERT_EQ(value_parse(MPIPE_TIME, "900ms", &a), 0);
    ASSERT_EQ(value_parse(MPIPE_TIME, "1s", &b), 0);
    EXPECT_EQ(value_compare(MPIPE_TIME, &a, &b), -1);
    EXPECT_EQ(value_compare(MPIPE_TIME, &b, &a), 1);
    ASSERT_EQ(value_parse(MPIPE_FLOAT, "0.25", &a), 0);
    ASSERT_EQ(value_parse(MPIPE_FLOAT, "0.125", &b), 0);
    EXPECT_EQ(value_compare(MPIPE_FLOAT, &a, &b), 1);
    EXPECT_EQ(value_compare(MPIPE_FLOAT, &a, &a), 0);
}

TEST(Value, EveryTypeHasANameAndAnUnknownOneNone)
{
    for (uint32_t type = MPIPE_BOOL; type <= MPIPE_PATH; type++) {
        EXPECT_NE(value_type_name(type), nullptr);
        EXPECT_EQ(std::string(value_type_name(type | MPIPE_LIST)).rfind("list of ", 0), 0u);
    }
    EXPECT_EQ(value_type_name(0), nullptr);
    EXPECT_EQ(value_type_name(MPIPE_LIST), nullptr);
    EXPECT_EQ(value_type_name(9), nullptr);
}

} // namespace
