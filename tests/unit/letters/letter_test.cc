// What a folder of dead letters tells, whatever lies in it.
extern "C" {
#include "letter.h"
}
#include "failing.h"
#include "letter_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <utility>
#include <vector>

namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

class Letters : public testing::Test
{
  protected:
    ~Letters() override
    {
        letters_clear(&list_);
        for (auto &loaded : loaded_)
            json_decref(loaded.second);
    }

    // Loaded before, or now; released with the test.
    const json_t *Load(const std::string &name)
    {
        char why[200];
        if (!loaded_.count(name)) {
            EXPECT_EQ(letter_load(folder_.fd(), name.c_str(), why, sizeof why, &loaded_[name]), 0) << name;
        }
        return loaded_[name];
    }

    std::vector<std::string> Names(const char *stage = nullptr)
    {
        letters_clear(&list_);
        EXPECT_EQ(letters_list(folder_.fd(), stage, &list_), 0);
        std::vector<std::string> names;
        for (size_t i = 0; i < list_.n; i++)
            names.emplace_back(list_.letters[i].name);
        return names;
    }

    // Of each letter of the list, or "".
    std::vector<std::string> Problems() const
    {
        std::vector<std::string> problems;
        for (size_t i = 0; i < list_.n; i++)
            problems.emplace_back(list_.letters[i].problem ? list_.letters[i].problem : "");
        return problems;
    }

    LetterFolder folder_;
    letter_list list_ = {};
    std::map<std::string, json_t *> loaded_;
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
    folder_.Put("none.json", R"({"stage":"s","payload":null})");
    folder_.Put("folder.json", R"({"stage":"s","payload":"."})");
    size_t size = 0;
    for (size_t most : {size_t{0}, size_t{4}, size_t{100}, SIZE_MAX}) {
        uint8_t *bytes = letter_payload(folder_.fd(), Load("abcdef"), most, &size);
        EXPECT_EQ(std::string(reinterpret_cast<char *>(bytes), size), std::string("abcdef").substr(0, most));
        free(bytes);
    }
    const std::pair<const char *, int> wrong[] = {{"sly", EINVAL}, {"none", EINVAL}, {"folder", EISDIR}};
    for (const auto &[name, error] : wrong) {
        errno = 0;
        EXPECT_EQ(letter_payload(folder_.fd(), Load(name), 100, &size), nullptr) << name;
        EXPECT_EQ(errno, error) << name;
    }
    std::filesystem::remove(folder_.path() + "/abcdef.bin");
    EXPECT_EQ(letter_payload(folder_.fd(), Load("abcdef"), 100, &size), nullptr);
    EXPECT_EQ(errno, ENOENT);
}

TEST_F(Letters, ThatCannotBeLoadedSayWhy)
{
    char why[200];
    json_t *letter = nullptr;
    folder_.Put("cut.json", R"({"stage":"mid","rea)");
    EXPECT_EQ(letter_load(folder_.fd(), "../x", why, sizeof why, &letter), -EINVAL);
    EXPECT_THAT(why, HasSubstr("no slash"));
    EXPECT_EQ(letter_load(folder_.fd(), "gone", why, sizeof why, &letter), -ENOENT);
    EXPECT_THAT(why, HasSubstr("No such file"));
    EXPECT_EQ(letter_load(folder_.fd(), "cut", why, sizeof why, &letter), -EINVAL);
    EXPECT_THAT(why, HasSubstr("premature end of input"));
    EXPECT_EQ(letter, nullptr);
}

TEST_F(Letters, ManyAreListedInOrderToo)
{
    constexpr int kMany = 200;
    std::vector<std::string> wanted;
    for (int i = 0; i < kMany; i++) {
        folder_.Letter("of-" + std::to_string(kMany - i), "mid", 1, i);
        wanted.push_back("of-" + std::to_string(kMany - i));
    }
    EXPECT_EQ(Names(), wanted);
}

// A letter that is left out for want of memory, or as its folder was read in part, would be missed by nobody.
TEST_F(Letters, AreListedWholeOrNotAtAllWhicheverCallFails)
{
    folder_.Letter("a", "mid", 2);
    folder_.Letter("b", "mid", 1, 2);
    folder_.Letter("c", "mid", 1, 1);
    folder_.Put("strange.json", "x");
    const auto names = Names();
    const auto problems = Problems();
    EXPECT_THAT(names, ElementsAre("strange", "c", "b", "a"));
    int n = 1;
    for (bool failed = true; failed; n++) {
        letters_clear(&list_);
        failing::Call call(n);
        int error = letters_list(folder_.fd(), nullptr, &list_);
        failed = call.Failed();
        if (error)
            EXPECT_EQ(list_.n, 0u) << call.name();
        else
            EXPECT_EQ(list_.n, names.size()) << call.name();
        EXPECT_EQ(error || Problems() != problems, failed) << call.name();
    }
    EXPECT_GT(n, 20);
}

TEST_F(Letters, APayloadIsWholeOrNoneWhicheverCallFails)
{
    folder_.Letter("abcdef", "mid");
    Load("abcdef");
    for (int n = 1;; n++) {
        size_t size = 0;
        failing::Call call(n);
        uint8_t *bytes = letter_payload(folder_.fd(), Load("abcdef"), 100, &size);
        if (call.Failed()) {
            EXPECT_EQ(bytes, nullptr) << call.name();
            continue;
        }
        EXPECT_EQ(std::string(reinterpret_cast<char *>(bytes), size), "abcdef");
        free(bytes);
        EXPECT_GT(n, 3);
        break;
    }
}
