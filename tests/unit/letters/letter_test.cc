// What a folder of dead letters tells, whatever lies in it.
extern "C" {
#include "letter.h"
}
#include "letter_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

class Letters : public testing::Test
{
  protected:
    ~Letters() override { letters_clear(&list_); }

    std::vector<std::string> Names(const char *stage = nullptr)
    {
        letters_clear(&list_);
        EXPECT_EQ(letters_list(folder_.fd(), stage, &list_), 0);
        std::vector<std::string> names;
        for (size_t i = 0; i < list_.n; i++)
            names.emplace_back(list_.letters[i].name);
        return names;
    }

    LetterFolder folder_;
    letter_list list_ = {};
};

} // namespace

TEST_F(Letters, ComeByRunStageAndPosition)
{
    folder_.Letter("a", "mid", 2, 1);
    folder_.Letter("b", "mid", 1, 1000000000);
    folder_.Letter("c", "mid", 1, 7);
    folder_.Letter("d", "first", 1, 9);
    EXPECT_THAT(Names(), ElementsAre("d", "c", "b", "a"));
    EXPECT_THAT(Names("mid"), ElementsAre("c", "b", "a"));
    EXPECT_THAT(Names("none"), ElementsAre());
}

TEST_F(Letters, TellWhatTheFileSays)
{
    folder_.Put("x.json", R"({"stage":"s","port":"right","reason":{"hex":"ff00"},"signal":"SIGSEGV","attempts":3,
                              "run":5,"position":6,"sequence":-1,"size":4,"payload":"x.bin"})");
    folder_.Put("y.json", R"({"stage":"s","reason":"no record"})");
    ASSERT_EQ(Names().size(), 2u);
    const letter &y = list_.letters[0], &x = list_.letters[1];
    EXPECT_STREQ(x.port, "right");
    EXPECT_STREQ(x.reason, "ff00");
    EXPECT_STREQ(x.signal, "SIGSEGV");
    EXPECT_EQ(x.attempts, 3u);
    EXPECT_EQ(x.sequence, UINT64_MAX);
    EXPECT_EQ(x.size, 4u);
    EXPECT_TRUE(x.has_frame);
    EXPECT_STREQ(y.reason, "no record");
    EXPECT_FALSE(y.has_frame);
    EXPECT_STREQ(y.port, "");
}

TEST_F(Letters, ThatAreNoneHaveAProblemAndAreLeftAlone)
{
    folder_.Put("broken.json", "{\"stage\":");
    folder_.Put("list.json", "[1]");
    folder_.Put("other.json", "{\"a\":1}");
    folder_.Put(".hidden.json", "{}");
    folder_.Put("notes.txt", "x");
    std::filesystem::create_symlink("/etc/passwd", folder_.path() + "/link.json");
    EXPECT_THAT(Names("mid"), ElementsAre("broken", "link", "list", "other"));
    for (size_t i = 0; i < list_.n; i++)
        EXPECT_NE(list_.letters[i].problem, nullptr) << list_.letters[i].name;
    EXPECT_EQ(folder_.Files().size(), 6u);
}

TEST_F(Letters, KeepsThoseThatAreNamed)
{
    char a[] = "a", c[] = "c", x[] = "x";
    char *both[] = {c, a}, *wrong[] = {a, x};
    for (const char *name : {"a", "b", "c"})
        folder_.Letter(name, "mid");
    Names();
    EXPECT_EQ(letters_keep(&list_, nullptr, 0), nullptr);
    EXPECT_EQ(list_.n, 3u);
    EXPECT_EQ(letters_keep(&list_, both, 2), nullptr);
    EXPECT_EQ(list_.n, 2u);
    EXPECT_STREQ(letters_keep(&list_, wrong, 2), "x");
}

TEST_F(Letters, APayloadIsReadAsFarAsWantedAndOnlyFromTheFolder)
{
    folder_.Letter("abcdef", "mid");
    folder_.Put("sly.json", R"({"stage":"s","payload":"../passwd"})");
    char why[200];
    size_t size = 0;
    json_t *letter = letter_load(folder_.fd(), "abcdef", why, sizeof why);
    ASSERT_NE(letter, nullptr);
    for (size_t most : {0u, 4u, 100u}) {
        uint8_t *bytes = letter_payload(folder_.fd(), letter, most, &size);
        EXPECT_EQ(std::string(reinterpret_cast<char *>(bytes), size), std::string("abcdef").substr(0, most));
        free(bytes);
    }
    json_decref(letter);
    letter = letter_load(folder_.fd(), "sly", why, sizeof why);
    EXPECT_EQ(letter_payload(folder_.fd(), letter, 100, &size), nullptr);
    json_decref(letter);
    EXPECT_EQ(letter_load(folder_.fd(), "../x", why, sizeof why), nullptr);
    EXPECT_THAT(why, HasSubstr("no slash"));
}
