// Bytes as text and back, as RFC 4648 has it.
extern "C" {
#include "base64.h"
}
#include <gtest/gtest.h>

#include <string>

namespace
{

std::string Encoded(const std::string &bytes)
{
    char *text = base64_encode(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
    std::string all = text;
    free(text);
    return all;
}

// "refused" if it is no such text.
std::string Decoded(const std::string &text)
{
    size_t n = 0;
    uint8_t *bytes = base64_decode(text.c_str(), &n);
    std::string all = bytes ? std::string(reinterpret_cast<char *>(bytes), n) : "refused";
    free(bytes);
    return all;
}

} // namespace

TEST(Base64, IsThatOfTheRfc)
{
    const char *const pairs[][2] = {{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {"fooba", "Zm9vYmE="},
                                    {"foobar", "Zm9vYmFy"},
                                    {"\xff\xfe\xfd", "//79"},
                                    {"\xfb\xef\xbe", "++++"}};
    for (const auto &[bytes, text] : pairs) {
        EXPECT_EQ(Encoded(bytes), text);
        EXPECT_EQ(Decoded(text), bytes);
    }
    std::string all;
    for (int i = 0; i < 256; i++)
        all += static_cast<char>(i);
    EXPECT_EQ(Decoded(Encoded(all)), all);
}

TEST(Base64, WhatIsNoneIsRefused)
{
    for (const char *text : {"Z", "Zg", "Zg=", "Z===", "Zg==Zg==", "Zm 9", "Zm9-", "===="})
        EXPECT_EQ(Decoded(text), "refused") << text;
}
