#include <gtest/gtest.h>

#include "harness.h"
#include "temp_folder.h"

namespace
{

using harness::Host;
using harness::read_file;
using harness::TempFolder;
using Strings = std::vector<std::string>;

std::string digests_of(const Strings &frames, bool keys = false, const std::vector<uint64_t> &die_at = {})
{
    const TempFolder folder;
    Host host("debug", "checksum");
    host.set("path", folder / "digests").set("keys", keys ? "true" : "false");
    for (const std::string &frame : frames)
        host.give_bytes(frame);
    for (const uint64_t n : die_at)
        host.die_at(n);
    EXPECT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_TRUE(host.outputs().empty());
    return read_file(folder / "digests");
}

// The value of one line of the result.
std::string member(const std::string &result, const std::string &name)
{
    const size_t at = ("\n" + result).find("\n" + name + " ");
    if (at == std::string::npos)
        return "";
    const size_t start = at + name.size() + 1;
    return result.substr(start, result.find('\n', start) - start);
}

TEST(DebugChecksum, TablesAreComplete)
{
    EXPECT_EQ(harness::table_problems(harness::processor("debug", "checksum")), Strings{});
}

TEST(DebugChecksum, IsXxh3AsItsDocumentationSays)
{
    EXPECT_EQ(digests_of({}), "count 0\nbytes 0\norder 00000000000000000000000000000000\n"
                              "set 00000000000000000000000000000000\n");
    /* xxhsum -H2 of nothing */
    EXPECT_EQ(member(digests_of({""}), "set"), "99aa06d3014798d86001c324468d497f");
    /* printf abc | xxhsum -H2 */
    EXPECT_EQ(member(digests_of({"abc"}), "set"), "06b05ab6733a618578af5f94892f3950");
}

TEST(DebugChecksum, TheSetIsTheSumOfTheHashesModulo2To128)
{
    EXPECT_EQ(member(digests_of({"", "abc", "", ""}), "set"), "d3ae6f2f77112c0e98b4a9015cd715cd");
}

TEST(DebugChecksum, CountsFramesAndBytes)
{
    const std::string result = digests_of({"abc", "", "de"});
    EXPECT_EQ(member(result, "count"), "3");
    EXPECT_EQ(member(result, "bytes"), "5");
}

TEST(DebugChecksum, OrderTellsTheOrderAndSetDoesNot)
{
    const std::string forward = digests_of({"a", "b", "c"});
    const std::string swapped = digests_of({"a", "c", "b"});
    EXPECT_EQ(member(forward, "set"), member(swapped, "set"));
    EXPECT_NE(member(forward, "order"), member(swapped, "order"));
}

TEST(DebugChecksum, ADoubledFrameChangesTheSet)
{
    EXPECT_NE(member(digests_of({"a", "b", "b"}), "set"), member(digests_of({"a"}), "set"));
    EXPECT_NE(member(digests_of({"a", "b", "b"}), "set"), member(digests_of({"a", "b"}), "set"));
    EXPECT_NE(member(digests_of({"", ""}), "order"), member(digests_of({""}), "order"));
}

TEST(DebugChecksum, KeysAddTheSequences)
{
    EXPECT_EQ(member(digests_of({"a", "b"}), "keys"), "");
    const std::string two = member(digests_of({"a", "b"}, true), "keys");
    EXPECT_EQ(two.size(), 32u);
    EXPECT_EQ(member(digests_of({"x", "y"}, true), "keys"), two);
    EXPECT_NE(member(digests_of({"x", "y", "z"}, true), "keys"), two);
}

TEST(DebugChecksum, GivesTheSameWhateverPointItDiesAt)
{
    const Strings frames = {"a", "bb", "", "ccc"};
    const std::string wanted = digests_of(frames, true);
    for (uint64_t n = 1; n < 40; n++)
        ASSERT_EQ(digests_of(frames, true, {n, n + 5}), wanted) << "death at point " << n;
}

TEST(DebugChecksum, WithoutAPathTheLogHasTheResult)
{
    Host host("debug", "checksum");
    host.give_bytes("a");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_TRUE(host.logged("count 1,bytes 1,order ")) << host.trouble();
}

TEST(DebugChecksum, ReplacesAnOldResultAtOnceAndLeavesNoDraft)
{
    const TempFolder folder;
    folder.file("digests", "old");
    Host host("debug", "checksum");
    host.set("path", folder / "digests").give_bytes("a").pressure().give_bytes("b");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(member(read_file(folder / "digests"), "count"), "2");
    size_t files = 0;
    for (const auto &entry : std::filesystem::directory_iterator(folder.path()))
        files += entry.is_regular_file();
    EXPECT_EQ(files, 1u);
}

TEST(DebugChecksum, AFolderThatIsNotThereIsNoticedAtTheStart)
{
    Host host("debug", "checksum");
    host.set("path", "/nonexistent/digests");
    EXPECT_EQ(host.start(), MPIPE_BAD_CONFIG);
    EXPECT_TRUE(host.logged("'/nonexistent'")) << host.trouble();
}

} // namespace
