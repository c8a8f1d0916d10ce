#include <csignal>

#include <sys/resource.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "harness.h"
#include "temp_folder.h"

namespace
{

using harness::Host;
using harness::read_file;
using Strings = std::vector<std::string>;

TEST(TextWrite, TablesAreComplete)
{
    EXPECT_EQ(harness::table_problems(harness::processor("text", "write")), Strings{});
}

TEST(TextWrite, WritesEveryFrameAndASeparatorAndReplacesWhatWasThere)
{
    const harness::TempFolder folder;
    const std::string path = folder.file("out", "a long line that was here before\n");
    Host host("text", "write");
    host.set("path", path).give_bytes("one").give_bytes("").give_bytes("three");
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(read_file(path), "one\n\nthree\n");
    EXPECT_EQ(host.kept(), 0u);
}

TEST(TextWrite, MakesAFileWithoutFramesToo)
{
    const harness::TempFolder folder;
    Host host("text", "write");
    host.set("path", folder / "out");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_TRUE(std::filesystem::exists(folder / "out"));
}

TEST(TextWrite, TheSeparatorMayBeAnythingOrNothing)
{
    const harness::TempFolder folder;
    const std::pair<std::string, std::string> cases[] = {
        {"", ""},
        {", ", ", "},
        {"\n", "\n"},
        {"\\r\\n", "\r\n"},
        {"\\t\\\\n", "\t\\n"},
        {"\\0", std::string(1, '\0')},
        {"\\\\\xc3\xa4", "\\\xc3\xa4"},
    };
    for (const auto &[option, bytes] : cases) {
        Host host("text", "write");
        host.set("path", folder / "out").set("separator", option).give_bytes("a").give_bytes("").give_bytes("b");
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        EXPECT_EQ(read_file(folder / "out"), "a" + bytes + bytes + "b" + bytes) << option;
    }
}

TEST(TextWrite, RefusesAnEscapeThatItDoesNotKnow)
{
    const harness::TempFolder folder;
    for (const char *separator : {"\\x", "\\", "a\\"}) {
        Host host("text", "write");
        host.set("path", folder / "out").set("separator", separator);
        EXPECT_EQ(host.start(), MPIPE_BAD_CONFIG) << separator;
    }
}

TEST(TextWrite, AppendGoesOnWhereTheFileEnds)
{
    const harness::TempFolder folder;
    const std::string path = folder.file("out", "before\n");
    Host host("text", "write");
    host.set("path", path).set("append", "true").give_bytes("after");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(read_file(path), "before\nafter\n");
}

TEST(TextWrite, ASuccessorGoesOnBehindWhatIsSettled)
{
    const harness::TempFolder folder;
    for (const char *append : {"false", "true"}) {
        const std::string path = folder.file("out", "before\n");
        Host host("text", "write");
        host.set("path", path).set("append", append).give_bytes("one").stop().give_bytes("two");
        ASSERT_EQ(host.drive(), MPIPE_OK);
        folder.file("out", read_file(path) + "what a killed worker wrote beyond");
        ASSERT_EQ(host.drive(), MPIPE_OK);
        EXPECT_EQ(read_file(path), std::string(append == std::string("true") ? "before\n" : "") + "one\ntwo\n");
    }
}

TEST(TextWrite, HoldsEachFrameOnceWhateverPointItDiesAt)
{
    const harness::TempFolder folder;
    for (const char *append : {"false", "true"})
        for (uint64_t n = 1, died = 1; died; n++) {
            const std::string path = folder.file("out", "before\n");
            Host host("text", "write");
            host.set("path", path).set("append", append).die_at(n).die_at(n + 7).commit_every(1 + n % 4);
            host.give_bytes("one").give_bytes("two").idle().give_bytes("").pressure().give_bytes("four").idle();
            ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
            ASSERT_EQ(read_file(path),
                      std::string(append == std::string("true") ? "before\n" : "") + "one\ntwo\n\nfour\n")
                << "death at point " << n;
            died = host.deaths();
        }
}

TEST(TextWrite, AppendRemembersWhereItBeganBeforeItsFirstByte)
{
    const harness::TempFolder folder;
    const std::string large(4 << 20, 'x'); /* so that it is written before the transaction that it came with commits */
    for (uint64_t n = 1, died = 1; died; n++) {
        const std::string path = folder.file("out", "before\n");
        Host host("text", "write");
        host.set("path", path).set("append", "true").commit_every(100).die_at(n);
        host.give_bytes(large).give_bytes("y");
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        ASSERT_TRUE(read_file(path) == "before\n" + large + "\ny\n") << "death at point " << n;
        died = host.deaths();
    }
}

TEST(TextWrite, WritesMoreFramesThanOneSystemCallTakes)
{
    const harness::TempFolder folder;
    Host host("text", "write");
    host.set("path", folder / "out").set("fsync", "end");
    std::string wanted;
    for (int i = 0; i < 2000; i++) {
        host.give_bytes(std::to_string(i));
        wanted += std::to_string(i) + "\n";
    }
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(read_file(folder / "out"), wanted);
}

TEST(TextWrite, BringsFramesToTheDiskOnRequest)
{
    const harness::TempFolder folder;
    for (const char *when : {"never", "end", "always"}) {
        Host host("text", "write");
        host.set("path", folder / "out").set("fsync", when).give_bytes("a").idle().give_bytes("b");
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        EXPECT_EQ(read_file(folder / "out"), "a\nb\n");
    }
}

TEST(TextWrite, WritesHugeFrames)
{
    const harness::TempFolder folder;
    const std::string huge(9 << 20, 'x');
    Host host("text", "write");
    host.set("path", folder / "out").give_bytes(huge).give_bytes("y").give_bytes(huge);
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_TRUE(read_file(folder / "out") == huge + "\ny\n" + huge + "\n");
}

// As a full disk: writes are cut short, then fail.
class FileSizeLimit
{
  public:
    explicit FileSizeLimit(rlim_t bytes)
    {
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit = {bytes, before_.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit()
    {
        setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

  private:
    rlimit before_{};
    void (*handler_)(int);
};

TEST(TextWrite, WhatAFullDiskDidNotTakeIsWrittenOnceLater)
{
    const harness::TempFolder folder;
    const std::string path = folder / "out";
    Host host("text", "write");
    host.attempts_max = 1;
    host.set("path", path).give_bytes("one").idle().give_bytes("twotwotwo").give_bytes("three");
    {
        const FileSizeLimit full(9);
        EXPECT_EQ(host.drive(), MPIPE_FATAL);
    }
    EXPECT_TRUE(host.logged("cannot write to '" + path + "' at byte 4: ")) << host.trouble();
    host.kill();
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(read_file(path), "one\ntwotwotwo\nthree\n");
}

TEST(TextWrite, AFullDiskEndsThePipelineAndBlamesNoFrame)
{
    const harness::TempFolder folder;
    const std::string path = folder / "out";
    Host host("text", "write");
    host.set("path", path).give_bytes("one").idle();
    for (int i = 0; i < 300; i++)
        host.give_bytes("two");
    const FileSizeLimit full(9);
    EXPECT_EQ(host.drive(), MPIPE_FATAL);
    EXPECT_EQ(host.replaced(), 2u);
    EXPECT_TRUE(host.dead_letters().empty());
    EXPECT_TRUE(host.logged("what is in it, 4 bytes, is complete")) << host.trouble();
    EXPECT_EQ(read_file(path), "one\n");
}

TEST(TextWrite, WillNotFillAHoleThatSomebodyElseCut)
{
    const harness::TempFolder folder;
    const std::string path = folder / "out";
    Host host("text", "write");
    host.set("path", path).give_bytes("one").stop();
    ASSERT_EQ(host.drive(), MPIPE_OK);
    folder.file("out", "o");
    EXPECT_EQ(host.drive(), MPIPE_FATAL);
    EXPECT_TRUE(host.logged("has 1 bytes, but 4 were written")) << host.trouble();
    EXPECT_EQ(read_file(path), "o");
}

TEST(TextWrite, RefusesWhatIsNotARegularFile)
{
    const harness::TempFolder folder;
    ASSERT_EQ(mkfifo((folder / "fifo").c_str(), 0600), 0);
    for (const std::string &path : {folder.path(), folder / "fifo", folder / "none/out", std::string("/dev/null")}) {
        Host host("text", "write");
        host.set("path", path);
        EXPECT_EQ(host.start(), MPIPE_BAD_CONFIG) << path;
        EXPECT_TRUE(host.logged(path)) << host.trouble();
    }
}

} // namespace
