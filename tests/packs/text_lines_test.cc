#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "harness.h"
#include "temp_folder.h"

namespace
{

using harness::Host;
using harness::TempFolder;
using Strings = std::vector<std::string>;
using Options = std::vector<std::pair<std::string, std::string>>;

Strings lines_of(const std::string &path, const Options &options = {})
{
    Host host("text", "lines");
    host.set("path", path);
    for (const auto &[name, value] : options)
        host.set(name, value);
    EXPECT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    return host.output_bytes();
}

uint64_t line_number(const harness::Output &output)
{
    uint64_t line = 0;
    const std::string &value = output.attributes.at("line");
    EXPECT_EQ(value.size(), sizeof line);
    std::memcpy(&line, value.data(), sizeof line);
    return line;
}

TEST(TextLines, TablesAreComplete)
{
    EXPECT_EQ(harness::table_problems(harness::processor("text", "lines")), Strings{});
}

TEST(TextLines, EveryLineIsAFrameWithoutItsLineFeed)
{
    const TempFolder folder;
    const struct {
        std::string content;
        Strings frames;
    } cases[] = {
        {"", {}},
        {"\n", {""}},
        {"one", {"one"}},
        {"one\n", {"one"}},
        {"one\n\n\ntwo", {"one", "", "", "two"}},
        {"one\r\ntwo\r\n", {"one\r", "two\r"}},
        {std::string("a\0b\n\0", 5), {std::string("a\0b", 3), std::string("\0", 1)}},
    };
    for (const auto &c : cases)
        EXPECT_EQ(lines_of(folder.file("f", c.content)), c.frames) << testing::PrintToString(c.content);
}

TEST(TextLines, ManyLinesPerFrameKeepTheLineFeedsBetween)
{
    const TempFolder folder;
    EXPECT_EQ(lines_of(folder.file("f", "1\n2\n3\n4\n5"), {{"lines_per_frame", "2"}}), (Strings{"1\n2", "3\n4", "5"}));
    EXPECT_EQ(lines_of(folder.file("f", "1\n\n3\n\n"), {{"lines_per_frame", "2"}}), (Strings{"1\n", "3\n"}));
}

TEST(TextLines, FramesCarryTypeSequencePathAndLine)
{
    const TempFolder folder;
    folder.file("in/b", "3\n4\n5\n");
    folder.file("in/a", "1\n2\n");
    folder.file("in/c/not-read", "x");
    folder.file("in/empty", "");
    Host host("text", "lines");
    host.set("path", folder / "in").set("lines_per_frame", "2");
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    ASSERT_EQ(host.output_bytes(), (Strings{"1\n2", "3\n4", "5"}));
    const struct {
        std::string path;
        uint64_t line;
    } wanted[] = {{"a", 1}, {"b", 1}, {"b", 3}};
    for (size_t i = 0; i < 3; i++) {
        const harness::Output &output = host.outputs()[i];
        EXPECT_EQ(output.type, uint32_t{MPIPE_TEXT});
        EXPECT_EQ(output.sequence, i);
        EXPECT_EQ(output.attributes.at("path"), wanted[i].path);
        EXPECT_EQ(line_number(output), wanted[i].line);
    }
    EXPECT_EQ(host.progress(), (std::pair<uint64_t, uint64_t>(10, 10)));
}

TEST(TextLines, WithoutAttributesThereAreNone)
{
    const TempFolder folder;
    Host host("text", "lines");
    host.set("path", folder.file("f", "1\n")).set("attributes", "false");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_TRUE(host.outputs().at(0).attributes.empty());
}

TEST(TextLines, AFileAFolderOrAPatternNamesTheInputs)
{
    const TempFolder folder;
    folder.file("x1.log", "1");
    folder.file("x2.log", "2");
    folder.file("x3.txt", "3");
    folder.file("s*r", "4");
    EXPECT_EQ(lines_of(folder / "*.log"), (Strings{"1", "2"}));
    EXPECT_EQ(lines_of(folder / "x[13].*"), (Strings{"1", "3"}));
    EXPECT_EQ(lines_of(folder.path() + "/."), (Strings{"4", "1", "2", "3"}));
    EXPECT_EQ(lines_of(folder / "s*r"), Strings{"4"}) << "a file of exactly that name";
}

TEST(TextLines, WhatCannotBeReadIsRefusedAtTheStart)
{
    const TempFolder folder;
    folder.file("only/folder/x", "");
    for (const std::string &path : {folder / "none", folder / "*.none", folder / "only", std::string("/dev/zero")}) {
        Host host("text", "lines");
        host.set("path", path);
        EXPECT_EQ(host.start(), MPIPE_BAD_CONFIG) << path;
        EXPECT_TRUE(host.logged(path)) << host.trouble();
    }
}

TEST(TextLines, AFileThatWasDeletedInTheMeantimeIsSkippedAndNamed)
{
    const TempFolder folder;
    folder.file("a", "1\n");
    folder.file("b", "2\n");
    folder.file("c", "3\n");
    Host host("text", "lines");
    host.set("path", folder.path());
    ASSERT_EQ(host.start(), MPIPE_OK);
    std::filesystem::remove(folder / "b");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.output_bytes(), (Strings{"1", "3"}));
    EXPECT_TRUE(host.logged(folder / "b")) << host.trouble();
}

TEST(TextLines, ALongLineIsSplitAndItsPiecesShareItsNumber)
{
    const TempFolder folder;
    Host host("text", "lines");
    host.set("path", folder.file("f", "a\n0123456789\nb\n01234567\n0123"))
        .set("max_line", "4")
        .set("lines_per_frame", "2");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.output_bytes(), (Strings{"a", "0123", "4567", "89", "b", "0123", "4567", "0123"}));
    std::vector<uint64_t> numbers;
    for (const harness::Output &output : host.outputs())
        numbers.push_back(line_number(output));
    EXPECT_EQ(numbers, (std::vector<uint64_t>{1, 2, 2, 2, 3, 4, 4, 5}));
}

TEST(TextLines, ALongLineIsDroppedOnRequestAndTheLogSaysSo)
{
    const TempFolder folder;
    Host host("text", "lines");
    host.set("path", folder.file("f", "a\n0123456789\nb\n01234")).set("max_line", "4").set("long_lines", "drop");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.output_bytes(), (Strings{"a", "b"}));
    EXPECT_EQ(line_number(host.outputs()[1]), 3u);
    EXPECT_TRUE(host.logged("line 2 is longer than max_line")) << host.trouble();
    EXPECT_TRUE(host.logged("2 lines were longer")) << host.trouble();
}

TEST(TextLines, FramesStayBelowTheLargestOfTheStage)
{
    const TempFolder folder;
    Host host("text", "lines");
    host.set("path", folder.file("f", std::string(250, 'x') + "\n" + std::string(99, 'y') + "\ny\n")).max_frame(200);
    host.set("lines_per_frame", "10");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.output_bytes(),
              (Strings{std::string(100, 'x'), std::string(100, 'x'), std::string(50, 'x'), std::string(99, 'y'), "y"}));
}

TEST(TextLines, ReadsMoreThanItsBufferHolds)
{
    const TempFolder folder;
    std::string content;
    Strings wanted;
    for (int i = 0; i < 3000; i++) {
        wanted.push_back(std::string(static_cast<size_t>(i) * 7919 % 5000, static_cast<char>('a' + i % 26)));
        content += wanted.back() + "\n";
    }
    wanted.push_back(std::string(900000, 'z'));
    content += wanted.back();
    EXPECT_TRUE(lines_of(folder.file("f", content)) == wanted);
}

TEST(TextLines, MakesEveryFrameOnceWhateverPointItDiesAt)
{
    const TempFolder folder;
    folder.file("a", "1\n2\n3333333333\n4\n");
    folder.file("b", "5\n6");
    const Strings wanted = {"1\n2", "3333", "3333", "33", "4", "5\n6"};
    for (const char *attributes : {"false", "true"})
        for (uint64_t n = 1, died = 1; died; n++) {
            Host host("text", "lines");
            host.set("path", folder.path())
                .set("lines_per_frame", "2")
                .set("max_line", "4")
                .set("attributes", attributes);
            host.die_at(n).die_at(n + 11).outputs_max(1 + n % 5);
            ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
            ASSERT_EQ(host.output_bytes(), wanted) << "death at point " << n;
            for (uint64_t s = 0; s < wanted.size(); s++)
                ASSERT_EQ(host.outputs()[s].sequence, s);
            died = host.deaths();
        }
}

TEST(TextLines, GoesOnAfterFailedCreates)
{
    const TempFolder folder;
    folder.file("a", "1\n2\n3\n");
    for (uint64_t n = 1, creates = 100; n < creates; n++) {
        Host host("text", "lines");
        host.set("path", folder.path()).fail_create_at(n).fail_create_at(n + 1);
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        ASSERT_EQ(host.output_bytes(), (Strings{"1", "2", "3"})) << "failure " << n;
        creates = host.creates();
    }
}

TEST(TextLines, StopsWhereItIsAndASuccessorGoesOn)
{
    const TempFolder folder;
    std::string content;
    for (int i = 0; i < 1000; i++)
        content += std::to_string(i) + "\n";
    Host host("text", "lines");
    host.set("path", folder.file("f", content));
    host.request_stop();
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.outputs().size(), 256u);
    ASSERT_EQ(host.drive(), MPIPE_OK);
    ASSERT_EQ(host.outputs().size(), 1000u);
    for (int i = 0; i < 1000; i++)
        ASSERT_EQ(host.outputs()[static_cast<size_t>(i)].bytes, std::to_string(i));
}

// Takes the place of standard input while it lives.
class StandardInput
{
  public:
    explicit StandardInput(int fd) : saved_(fcntl(0, F_DUPFD_CLOEXEC, 3))
    {
        dup2(fd, 0);
        ::close(fd);
    }
    ~StandardInput()
    {
        dup2(saved_, 0);
        ::close(saved_);
    }

  private:
    int saved_;
};

// Two ends of something that a worker can read: each round of waiting brings one more part, then the end.
struct Parts {
    int reader = -1, writer = -1;
    std::deque<std::string> parts;

    void arm(Host *host)
    {
        host->before_wait([this] {
            if (parts.empty()) {
                ::close(writer);
                return;
            }
            ASSERT_EQ(write(writer, parts.front().data(), parts.front().size()),
                      static_cast<ssize_t>(parts.front().size()));
            parts.pop_front();
        });
    }
};

Parts pipe_of(std::deque<std::string> parts)
{
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    return Parts{ends[0], ends[1], std::move(parts)};
}

Parts socket_of(std::deque<std::string> parts)
{
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    return Parts{ends[0], ends[1], std::move(parts)};
}

const std::deque<std::string> parts = {"on", "e\ntw", "o\n\nfour\n", "01234", "56789\n", "la", "st"};
const Strings from_parts = {"one", "two", "", "four", "0123456", "789", "last"};

TEST(TextLines, StandardInputIsReadAsItComes)
{
    for (Parts source : {pipe_of(parts), socket_of(parts)}) {
        const StandardInput input(source.reader);
        Host host("text", "lines");
        host.set("path", "-").set("max_line", "7");
        source.arm(&host);
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        EXPECT_EQ(host.output_bytes(), from_parts);
        EXPECT_EQ(host.outputs()[0].attributes.at("path"), "-");
        EXPECT_EQ(line_number(host.outputs()[5]), 5u);
    }
}

TEST(TextLines, WhatAPipeGaveIsNotLostWhateverPointTheWorkerDiesAt)
{
    for (const bool is_pipe : {true, false})
        for (uint64_t n = 1, died = 1; died; n++) {
            Parts source = is_pipe ? pipe_of(parts) : socket_of(parts);
            const StandardInput input(source.reader);
            Host host("text", "lines");
            host.set("path", "-").set("max_line", "7").die_at(n).die_at(n + 13);
            source.arm(&host);
            ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
            ASSERT_EQ(host.output_bytes(), from_parts) << "death at point " << n;
            died = host.deaths();
        }
}

TEST(TextLines, AWaitForStandardInputHearsTheStop)
{
    Parts source = pipe_of({});
    const StandardInput input(source.reader);
    Host host("text", "lines");
    host.set("path", "-").before_wait([&host] { host.request_stop(); });
    ASSERT_EQ(write(source.writer, "one\ntw", 6), 6);
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.output_bytes(), Strings{"one"});
    ASSERT_EQ(write(source.writer, "o\n", 2), 2);
    ::close(source.writer);
    ASSERT_EQ(host.drive(), MPIPE_OK) << "the successor finds the half line";
    EXPECT_EQ(host.output_bytes(), (Strings{"one", "two"}));
}

TEST(TextLines, AFileAsStandardInputIsReadFromWhereItStands)
{
    const TempFolder folder;
    for (uint64_t n = 1, died = 1; died; n++) {
        const int fd = open(folder.file("f", "skipped\none\ntwo\n").c_str(), O_RDONLY | O_CLOEXEC);
        ASSERT_EQ(lseek(fd, 8, SEEK_SET), 8);
        const StandardInput input(fd);
        Host host("text", "lines");
        host.set("path", "-").die_at(n);
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        EXPECT_EQ(host.output_bytes(), (Strings{"one", "two"}));
        EXPECT_EQ(host.progress(), (std::pair<uint64_t, uint64_t>(8, 8)));
        died = host.deaths();
    }
}

TEST(TextLines, AnEmptyStandardInputHasNoLines)
{
    const StandardInput input(open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(lines_of("-"), Strings{});
}

TEST(TextLines, AMegabyteThroughAPipeArrivesWhole)
{
    Parts source = pipe_of({});
    std::string content;
    for (int i = 0; i < 100000; i++)
        content += std::to_string(i * 37) + "\n";
    for (size_t at = 0; at < content.size(); at += 50000)
        source.parts.push_back(content.substr(at, 50000));
    const StandardInput input(source.reader);
    Host host("text", "lines");
    host.set("path", "-").set("attributes", "false").die_at(1000).die_at(50000).die_at(200000);
    source.arm(&host);
    ASSERT_EQ(host.drive(), MPIPE_OK);
    std::string joined;
    for (const harness::Output &output : host.outputs())
        joined += output.bytes + "\n";
    EXPECT_TRUE(joined == content);
    EXPECT_EQ(host.deaths(), 3u);
}

} // namespace
