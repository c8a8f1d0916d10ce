// What a frame's bytes look like on a terminal, which they must not command.
extern "C" {
#include "payload_text.h"
}
#include "command_output.h"

#include <gtest/gtest.h>

#include <string>

namespace
{

template <typename Print>
std::string Written(const Print &print)
{
    char *text = nullptr;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    print(out);
    fclose(out);
    std::string all(text, size);
    free(text);
    return all;
}

std::string Payload(const std::string &bytes, uint64_t more = 0)
{
    return Written([&](FILE *out) {
        payload_print(out, 2, reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size(), bytes.size() + more);
    });
}

} // namespace

TEST(PayloadText, OfTextIsItsLines)
{
    EXPECT_EQ(Payload("one\ntwo\r\n\tgr\xc3\xbc\xc3\x9f"), "  one\n  two\n  \tgr\xc3\xbc\xc3\x9f\n");
    EXPECT_EQ(Payload(""), "");
}

TEST(PayloadText, OfAnythingElseIsAHexDump)
{
    EXPECT_EQ(Payload(std::string("ab\0\xff", 4) + "0123456789abcdef"),
              "  00000000  61 62 00 ff 30 31 32 33  34 35 36 37 38 39 61 62  ab..0123456789ab\n"
              "  00000010  63 64 65 66                                       cdef\n");
}

TEST(PayloadText, ThatIsCutOffSaysHowMuchIsMissing)
{
    EXPECT_EQ(Payload("gr\xc3", 2000), "  gr\n  ... 2 001 bytes more\n") << "half a character is no hex dump";
    EXPECT_EQ(Payload("\xe2\x82", 1), "  ... 3 bytes more\n");
    EXPECT_EQ(Payload(std::string("\0", 1), 9),
              "  00000000  00                                                .\n  ... 9 bytes more\n");
}

TEST(PayloadText, IsTextInAnyWidthOfCharacter)
{
    const std::string emoji = "\xf0\x9f\x98\x80", space = "a\xc2\xa0z"; // one that does not break
    EXPECT_EQ(Payload(emoji + space), "  " + emoji + space + "\n");
    for (size_t n = 1; n < emoji.size(); n++)
        EXPECT_EQ(Payload("ab" + emoji.substr(0, n), 1), "  ab\n  ... " + std::to_string(n + 1) + " bytes more\n");
    EXPECT_EQ(Payload("ab" + emoji, 1), "  ab" + emoji + "\n  ... 1 byte more\n");
    EXPECT_EQ(Payload("\x80\x80\x80\x80", 1).substr(0, 23), "  00000000  80 80 80 80") << "no character begins";
}

TEST(PayloadText, IsNoCommandToTheTerminal)
{
    for (const char *sly : {"\x1b[2J", "a\x07", "\x7f",
                            "\xc2\x9b"
                            "2J",
                            "\xff"}) {
        EXPECT_EQ(Payload(sly).substr(0, 10), "  00000000");
        std::string shown = Written([&](FILE *out) { harmless_print(out, sly); });
        for (const char *c : {"\x1b", "\x07", "\x7f", "\xc2\x9b"})
            EXPECT_EQ(shown.find(c), std::string::npos);
    }
    EXPECT_EQ(Written([](FILE *out) {
                  harmless_print(out, "a\xc2\x9b"
                                      "b\ngr\xc3\xbc");
              }),
              "a?b?gr\xc3\xbc");
}

TEST(PayloadText, OfAttributesIsALineEach)
{
    json_t *attributes = json_pack("{s:s, s:[i,i], s:{s:s}}", "path", "a\x1b", "shape", 3, 4, "raw", "hex", "00ff");
    EXPECT_EQ(Written([&](FILE *out) { attributes_print(out, 1, attributes); }),
              " path = a?\n shape = 3 x 4\n raw = hex 00ff\n");
    json_decref(attributes);
}
