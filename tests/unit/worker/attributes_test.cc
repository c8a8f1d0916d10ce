extern "C" {
#include "attributes.h"
}

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace
{

using Records = std::vector<uint8_t>;

Records Set(const Records &records, const char *name, const std::string &value)
{
    attribute with = {name, reinterpret_cast<const uint8_t *>(value.data()), static_cast<uint32_t>(value.size())};
    Records to(records.size() + attributes_record_size(name, value.size()) + 64, 0xee);
    to.resize(attributes_replace(to.data(), records.data(), static_cast<uint32_t>(records.size()), &with));
    return to;
}

Records Remove(const Records &records, const char *name)
{
    attribute with = {name, nullptr, 0};
    Records to(records.size() + 1);
    to.resize(attributes_replace(to.data(), records.data(), static_cast<uint32_t>(records.size()), &with));
    return to;
}

// "name=value;" of each.
std::string List(const Records &records)
{
    std::string text;
    attribute a;
    for (uint32_t at = 0; attributes_next(records.data(), static_cast<uint32_t>(records.size()), &at, &a);)
        text += std::string(a.name) + "=" + std::string(a.value, a.value + a.size) + ";";
    return text;
}

TEST(Attributes, AreAddedReplacedAndRemoved)
{
    Records r = Set(Set(Set({}, "path", "a/b"), "label", ""), "shape", "12345678");
    EXPECT_EQ(List(r), "path=a/b;label=;shape=12345678;");
    EXPECT_EQ(List(Set(r, "path", "other")), "label=;shape=12345678;path=other;");
    EXPECT_EQ(List(Remove(r, "label")), "path=a/b;shape=12345678;");
    EXPECT_EQ(List(Remove(r, "none")), List(r));
    EXPECT_EQ(List(Remove(Remove(Remove(r, "path"), "label"), "shape")), "");
}

TEST(Attributes, AreFoundByTheirWholeName)
{
    Records r = Set(Set({}, "path", "one"), "pathology", "two");
    attribute a;
    EXPECT_TRUE(attributes_find(r.data(), static_cast<uint32_t>(r.size()), "pathology", &a));
    EXPECT_EQ(a.size, 3u);
    EXPECT_FALSE(attributes_find(r.data(), static_cast<uint32_t>(r.size()), "pat", &a));
}

TEST(Attributes, ValuesAreAlignedTo8)
{
    Records r;
    for (const char *name : {"a", "bc", "shape", "eighthow", "ninebytes"})
        r = Set(r, name, "v");
    attribute a;
    for (uint32_t at = 0; attributes_next(r.data(), static_cast<uint32_t>(r.size()), &at, &a);)
        EXPECT_EQ((a.value - r.data()) % 8, 0) << a.name;
}

TEST(Attributes, TheSizeOfARecordIsWhatItTakes)
{
    for (const char *value : {"", "1", "12345678", "123456789"})
        EXPECT_EQ(Set({}, "name", value).size(), attributes_record_size("name", strlen(value)));
}

// Another process may have written anything there. Under the address sanitizer a step too far is an error.
TEST(Attributes, NoReadLeavesTheRecordsWhateverIsInThem)
{
    const Records good = Set(Set({}, "path", "a/b"), "shape", "12345678");
    for (size_t at = 0; at < good.size(); at++)
        for (uint8_t byte : {0x00, 0x01, 0x07, 0x7f, 0x80, 0xff}) {
            Records bad = good;
            bad[at] = byte;
            List(bad);
        }
    for (size_t size = 0; size < good.size(); size++)
        List(Records(good.begin(), good.begin() + static_cast<long>(size)));
    for (auto [name, value] :
         {std::pair{UINT32_MAX, 0u}, {0u, UINT32_MAX}, {UINT32_MAX, UINT32_MAX}, {0xfffffff8u, 8u}, {0u, 0u}}) {
        Records bad = good;
        memcpy(bad.data(), &name, 4);
        memcpy(bad.data() + 4, &value, 4);
        EXPECT_EQ(List(bad), "");
    }
}

TEST(Attributes, ANameWithoutItsEndIsNoRecord)
{
    Records bad = Set({}, "path", "x");
    bad[8 + 4] = '!';
    EXPECT_EQ(List(bad), "");
}

} // namespace
