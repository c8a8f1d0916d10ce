// The files of a dead letter: whole, or as they were.
extern "C" {
#include "letter_file.h"
}

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <string>

#include "../../support/temp_folder.h"

namespace
{

using Names = std::set<std::string>;

class LetterFile : public testing::Test
{
  protected:
    void SetUp() override { ASSERT_GE(fd_, 0); }
    ~LetterFile() override { close(fd_); }

    int Put(const std::string &name, const std::string &text)
    {
        return letter_file_put(fd_, name.c_str(), reinterpret_cast<const uint8_t *>(text.data()), text.size());
    }

    // Of a file that has so much, the first `size` bytes.
    int Copy(const std::string &name, const std::string &content, uint64_t size)
    {
        const int from = open(folder_.file("from", content).c_str(), O_RDONLY | O_CLOEXEC);
        const int error = letter_file_copy(fd_, name.c_str(), from, size);
        close(from);
        std::filesystem::remove(folder_ / "from");
        return error;
    }

    // Adds {"crash": 7}.
    int Amend(const std::string &name, json_t *value = json_integer(7))
    {
        int error = letter_file_amend(folder_.path().c_str(), name.c_str(), "crash", value);
        json_decref(value);
        return error;
    }

    Names All() const
    {
        Names names;
        for (const auto &entry : std::filesystem::directory_iterator(folder_.path()))
            names.insert(entry.path().filename());
        return names;
    }

    std::string Text(const std::string &name) const { return harness::read_file(folder_ / name); }

    harness::TempFolder folder_;
    int fd_ = open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
};

} // namespace

TEST_F(LetterFile, TakesThePlaceOfOneThatIsThere)
{
    EXPECT_EQ(Put("a.bin", "a text"), 0);
    EXPECT_EQ(Put("a.bin", ""), 0);
    EXPECT_EQ(Put("b.bin", "another"), 0);
    EXPECT_EQ(Text("a.bin"), "");
    EXPECT_EQ(Text("b.bin"), "another");
    EXPECT_EQ(All(), (Names{"a.bin", "b.bin"}));
}

TEST_F(LetterFile, IsACopyOfAsMuchAsWasSaidOrIsNotThere)
{
    EXPECT_EQ(Copy("a.bin", "payload, and more", 7), 0);
    EXPECT_EQ(Copy("b.bin", "", 0), 0);
    EXPECT_EQ(Copy("c.bin", "payload", 8), -EIO);
    EXPECT_EQ(Text("a.bin"), "payload");
    EXPECT_EQ(All(), (Names{"a.bin", "b.bin"}));
}

TEST_F(LetterFile, ThatCannotBePutThereLeavesNothingBehind)
{
    ASSERT_EQ(mkdir((folder_ / "taken.bin").c_str(), 0700), 0);
    EXPECT_EQ(Put("taken.bin", "text"), -EISDIR);
    EXPECT_EQ(Put("no/folder.bin", "text"), -ENOENT);
    EXPECT_EQ(Put(std::string(LETTER_NAME_BYTES + 4, 'n'), "text"), -ENAMETOOLONG);
    EXPECT_EQ(All(), Names{"taken.bin"});
}

TEST_F(LetterFile, ThatDoesNotFitOnTheDiskLeavesTheOneThatWasThere)
{
    ASSERT_EQ(Put("a.bin", "before"), 0);
    pid_t child = fork();
    if (child == 0) {
        const rlimit little = {1000, 1000};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &little);
        _exit(Put("a.bin", std::string(3000, 'x')) == -EFBIG ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(Text("a.bin"), "before");
    EXPECT_EQ(All(), Names{"a.bin"});
}

TEST_F(LetterFile, IsAmendedAndKeepsWhatItSaid)
{
    folder_.file("a.json", R"({"stage": "decode", "crash": null})");
    EXPECT_EQ(Amend("a"), 0);
    json_t *letter = json_load_file((folder_ / "a.json").c_str(), 0, nullptr);
    EXPECT_STREQ(json_string_value(json_object_get(letter, "stage")), "decode");
    EXPECT_EQ(json_integer_value(json_object_get(letter, "crash")), 7);
    EXPECT_EQ(json_object_size(letter), 2u);
    json_decref(letter);
    EXPECT_EQ(All(), Names{"a.json"});
}

TEST_F(LetterFile, ThatIsNotThereIsNotAmended)
{
    EXPECT_EQ(Amend("a"), -ENOENT);
    EXPECT_EQ(All(), Names{});
    json_t *value = json_true();
    EXPECT_EQ(letter_file_amend((folder_ / "none").c_str(), "a", "crash", value), -ENOENT);
}

// A plugin may be able to write there.
TEST_F(LetterFile, ThatIsNoLetterIsNotAmended)
{
    folder_.file("words.json", "no JSON");
    folder_.file("list.json", "[1, 2]");
    folder_.file("twice.json", R"({"stage": 1, "stage": 2})");
    folder_.file("large.json", "{" + std::string(2 << 20, ' ') + "}");
    ASSERT_EQ(mkdir((folder_ / "folder.json").c_str(), 0700), 0);
    ASSERT_EQ(mkfifo((folder_ / "fifo.json").c_str(), 0600), 0);
    ASSERT_EQ(symlink("list.json", (folder_ / "link.json").c_str()), 0);
    const Names before = All();
    for (const char *name : {"words", "list", "twice", "large", "folder", "fifo"})
        EXPECT_EQ(Amend(name), -EBADMSG) << name;
    EXPECT_EQ(Amend("link"), -ELOOP);
    EXPECT_EQ(All(), before);
    EXPECT_EQ(Text("list.json"), "[1, 2]");
}

TEST_F(LetterFile, IsAsItWasIfThereIsNoMemoryToAmendIt)
{
    static int left;
    static const auto some = [](size_t size) -> void * { return left-- > 0 ? malloc(size) : nullptr; };
    const std::string text = R"({"stage": "decode"})";
    folder_.file("a.json", text);
    json_malloc_t before;
    json_free_t release;
    json_get_alloc_funcs(&before, &release);
    EXPECT_EQ(Amend("a", nullptr), -ENOMEM) << "what was to be added could not be made";
    int error = -1, failures = 0;
    for (int n = 0; error != 0; n++) {
        json_t *value = json_integer(7);
        left = n;
        json_set_alloc_funcs(some, release);
        error = Amend("a", value);
        json_set_alloc_funcs(before, release);
        failures += error != 0;
        if (error) {
            EXPECT_TRUE(error == -ENOMEM || error == -EBADMSG) << error;
            EXPECT_EQ(Text("a.json"), text) << n;
        }
    }
    EXPECT_GT(failures, 5);
    EXPECT_NE(Text("a.json"), text);
}
