#include <sys/stat.h>

#include <gtest/gtest.h>

#include "folder.h"
#include "harness.h"
#include "wds_tar.h"

namespace
{

using harness::Attributes;
using harness::FrameData;
using harness::Host;
using Files = std::map<std::string, std::string>;
using Options = std::map<std::string, std::string>;
using Strings = std::vector<std::string>;

FrameData sample(const std::string &path, const std::string &bytes = "x", Attributes attributes = {})
{
    FrameData frame;
    frame.bytes = bytes;
    frame.attributes = std::move(attributes);
    if (!path.empty())
        frame.attributes["path"] = path;
    return frame;
}

class WdsWrite : public testing::Test
{
  protected:
    Host &prepare(Host &host, const Options &options = {})
    {
        host.set("pattern", folder.path("out/s-%03d.tar"));
        for (const auto &[name, value] : options)
            host.set(name, value);
        return host;
    }

    /* Writes these samples, and returns what came of the last, or the names in the first shard. */
    Strings write(const std::vector<FrameData> &samples, const Options &options = {})
    {
        Host host("wds", "write");
        prepare(host, options);
        for (const FrameData &frame : samples)
            host.give(frame);
        EXPECT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        if (!host.dead_letters().empty())
            return {host.dead_letters().back().reason};
        return tar_names(folder.path("out/s-000.tar"));
    }

    Strings shards() const
    {
        Strings names;
        for (const auto &[name, bytes] : folder.files())
            names.push_back(name);
        return names;
    }

    Folder folder;
};

TEST_F(WdsWrite, TablesAreComplete)
{
    EXPECT_EQ(harness::table_problems(harness::processor("wds", "write")), Strings{});
}

TEST_F(WdsWrite, PacksSamplesWithNothingOfTheirOriginButPathAndBytes)
{
    const std::string large(700000, 'l');
    write({sample("a/b.jpg", "one"), sample("c.PNG", ""), sample("large.bin", large)});
    const std::vector<Member> members = tar_members(folder.path("out/s-000.tar"));
    ASSERT_EQ(members.size(), 3u);
    EXPECT_EQ(members[0].name, "a/b.jpg");
    EXPECT_EQ(members[0].bytes, "one");
    EXPECT_EQ(members[1].name, "c.png");
    EXPECT_EQ(members[1].bytes, "");
    EXPECT_EQ(members[2].bytes, large);
    for (const Member &member : members) {
        EXPECT_EQ(member.mode, S_IFREG | 0644);
        EXPECT_EQ(member.owner + member.group + member.time, 0);
    }
    EXPECT_EQ(shards(), Strings{"out/s-000.tar"});
    EXPECT_EQ(folder.files().at("out/s-000.tar").size() % 512, 0u);
}

// ---- names ----

TEST_F(WdsWrite, AKeyHasNoDotInItsBaseName)
{
    EXPECT_EQ(write({sample("set.v1/a.b.c.jpg")}), Strings{"set.v1/a%2Eb%2Ec.jpg"});
    EXPECT_EQ(write({sample("50%.jpg")}), Strings{"50%25.jpg"});
    EXPECT_EQ(write({sample(".hidden")}), Strings{"%2Ehidden.bin"});
    EXPECT_EQ(write({sample("a.")}), Strings{"a%2E.bin"});
    EXPECT_EQ(write({sample("plain")}), Strings{"plain.bin"});
    EXPECT_EQ(write({sample("\xc3\xa4\xff.jpg")}), Strings{"\xc3\xa4\xff.jpg"});
    EXPECT_EQ(write({sample("\xc3\xa4.jpg")}), Strings{"\xc3\xa4.jpg"});
    const std::string name(200, 'n');
    EXPECT_EQ(write({sample(name + "/" + name + ".jpg")}), Strings{name + "/" + name + ".jpg"});
}

TEST_F(WdsWrite, TheExtensionIsThatOfTheFormatElseOfThePath)
{
    FrameData text = sample("", "x");
    text.type = MPIPE_TEXT;
    EXPECT_EQ(write({sample("a.png", "x", {{"format", "jpeg"}})}), Strings{"a.jpg"});
    EXPECT_EQ(write({sample("a.JPEG")}), Strings{"a.jpeg"});
    EXPECT_EQ(write({text}), Strings{"000000000.txt"});
    EXPECT_EQ(write({sample("a.png", "x", {{"format", "jpeg"}})}, {{"ext", "seg.webp"}}), Strings{"a.seg.webp"});
    EXPECT_EQ(
        write({sample("a", "x", {{"format", "../x"}})}),
        Strings{"frame 0: \"../x\" cannot end a member's name: it may have small letters, digits, _, - and inner dots "
                "only; set ext"});
}

TEST_F(WdsWrite, FramesWithoutAPathAreNamedByTheirNumber)
{
    FrameData numbered = sample("");
    numbered.sequence = 12;
    numbered.key = 0xabc;
    EXPECT_EQ(write({numbered}), Strings{"000000012.bin"});
    EXPECT_EQ(write({numbered}, {{"key", "number"}}), Strings{"0000000000000abc.bin"});
    numbered.attributes["path"] = "p.x";
    EXPECT_EQ(write({numbered}), Strings{"p.x"});
    EXPECT_EQ(write({numbered}, {{"key", "sequence"}}), Strings{"000000012.x"});
    EXPECT_EQ(write({sample("")}, {{"key", "path"}}),
              Strings{"frame 0: it has no attribute \"path\" to name a sample after; set key = \"sequence\""});
}

TEST_F(WdsWrite, ALabelIsASecondMember)
{
    const Strings names = write({sample("a.jpg", "x", {{"label", "cat"}}), sample("b.jpg", "y")}, {{"label", "cls"}});
    EXPECT_EQ(names, (Strings{"a.jpg", "a.cls", "b.jpg"}));
    EXPECT_EQ(tar_members(folder.path("out/s-000.tar"))[1].bytes, "cat");
}

TEST_F(WdsWrite, RefusesPathsThatWouldLeaveTheFolderTheyAreUnpackedIn)
{
    const Strings bad = {"/etc/x", "../x", "a/../x", "a//b", "./x", "a/", "..", ".", std::string("a\0b", 3)};
    Host host("wds", "write");
    prepare(host);
    for (const std::string &path : bad)
        host.give(sample(path));
    host.give(sample(std::string(9000, 'x') + ".jpg")).give(sample("..a.jpg"));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.dead_letters().size(), bad.size() + 1) << host.trouble();
    EXPECT_EQ(tar_names(folder.path("out/s-000.tar")), Strings{"%2E%2Ea.jpg"});
}

TEST_F(WdsWrite, RawPixelsAreNoSampleUnlessTheirExtensionIsSaid)
{
    FrameData pixels = sample("a.jpg");
    pixels.type = MPIPE_IMAGE;
    EXPECT_EQ(write({pixels}), Strings{"frame 0: raw pixels are no sample; put image.encode before, or set ext"});
    EXPECT_EQ(write({pixels}, {{"ext", "rgb"}}), Strings{"a.rgb"});
}

TEST_F(WdsWrite, AKeyIsInAShardOnce)
{
    Host host("wds", "write");
    prepare(host, {{"max_count", "2"}});
    for (const char *path : {"a.jpg", "a.png", "b.jpg", "a.jpg", "b.jpg", "a.jpg"})
        host.give(sample(path));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(tar_names(folder.path("out/s-000.tar")), (Strings{"a.jpg", "b.jpg"}));
    EXPECT_EQ(tar_names(folder.path("out/s-001.tar")), (Strings{"a.jpg", "b.jpg"}));
    EXPECT_EQ(tar_names(folder.path("out/s-002.tar")), Strings{"a.jpg"});
    ASSERT_EQ(host.dead_letters().size(), 1u);
    EXPECT_EQ(host.dead_letters()[0].reason,
              "frame 0: there is a sample \"a\" in " + folder.path("out/s-000.tar") + " already");
}

// ---- shards ----

TEST_F(WdsWrite, AShardIsFullAtItsCountOrItsSize)
{
    Host host("wds", "write");
    prepare(host, {{"max_count", "3"}, {"max_size", "8K"}});
    for (int i = 0; i < 8; i++) /* one takes 1,024 bytes, three of them 3,072, and the end 1,024 */
        host.give(sample("small" + std::to_string(i)));
    host.give(sample("a", std::string(3000, 'x'))); /* 3,584: fits to the two that are there, exactly */
    host.give(sample("b", std::string(9000, 'x')));
    host.give(sample("c", std::string(6600, 'x'))).give(sample("d"));
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    const Strings expected[] = {{"small0.bin", "small1.bin", "small2.bin"},
                                {"small3.bin", "small4.bin", "small5.bin"},
                                {"small6.bin", "small7.bin", "a.bin"},
                                {"b.bin"},
                                {"c.bin"},
                                {"d.bin"}};
    for (int i = 0; i < 6; i++)
        EXPECT_EQ(tar_names(folder.path("out/s-00" + std::to_string(i) + ".tar")), expected[i]) << i;
    EXPECT_EQ(shards().size(), 6u);
}

TEST_F(WdsWrite, ASampleThatFitsExactlyIsNotPutOff)
{
    write({sample("a"), sample("b"), sample("c")}, {{"max_size", "4K"}});
    EXPECT_EQ(folder.files().at("out/s-000.tar").size(), 4096u);
    EXPECT_EQ(shards(), Strings{"out/s-000.tar"});
    write({sample("a"), sample("b"), sample("c")}, {{"max_size", "4095"}});
    EXPECT_EQ(tar_names(folder.path("out/s-000.tar")), (Strings{"a.bin", "b.bin"}));
}

TEST_F(WdsWrite, NoSamplesMakeNoShard)
{
    Host host("wds", "write");
    prepare(host);
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(shards(), Strings{});
}

TEST_F(WdsWrite, AFullShardGetsItsNameWithoutWaitingForTheNextSample)
{
    Host host("wds", "write");
    prepare(host, {{"max_count", "2"}}).give(sample("a")).give(sample("b")).idle().stop();
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(shards(), Strings{"out/s-000.tar"});
}

TEST_F(WdsWrite, PatternsHaveOneNumber)
{
    const std::map<std::string, std::string> good = {
        {"%d", "0"},         {"a-%06d.tar", "a-000000.tar"},   {"100%%-%d", "100%-0"}, {"%3d", "  0"},
        {"d%dd/x", "d0d/x"}, {"%020d", "00000000000000000000"}};
    for (const auto &[pattern, name] : good) {
        Folder out;
        Host host("wds", "write");
        host.set("pattern", out.path() + "/" + pattern).give(sample("a"));
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        EXPECT_EQ(out.files().size(), 1u);
        EXPECT_EQ(out.files().begin()->first, name);
    }
    for (const char *pattern : {"", "a.tar", "%", "%s", "%d%d", "%i", "%ld", "%-5d", "%n%d", "%d%n", "%099d", "%.3d",
                                "%*d", "%d %", "%d/", "%%d"}) {
        Host host("wds", "write");
        host.set("pattern", pattern);
        EXPECT_EQ(host.start(), MPIPE_BAD_CONFIG) << pattern;
        EXPECT_TRUE(host.logged("pattern = \"")) << pattern;
    }
}

TEST_F(WdsWrite, ExtensionsAreChecked)
{
    for (const char *option : {"ext", "label"}) {
        for (const char *text : {"JPG", ".jpg", "jpg.", "a/b", "a b", "\xc3\xa4"}) {
            Host host("wds", "write");
            prepare(host, {{option, text}});
            EXPECT_EQ(host.start(), MPIPE_BAD_CONFIG) << text;
            EXPECT_TRUE(host.logged(std::string(option) + " = \"" + text)) << host.trouble();
        }
    }
}

// ---- earlier runs ----

TEST_F(WdsWrite, AnEarlierRunsShardsAreReplacedAndTheRestIsPointedOut)
{
    folder.put("out/s-000.tar", "old").put("out/s-001.tar", "old").put("out/s-000.tar.part", "old");
    Host host("wds", "write");
    prepare(host).give(sample("a"));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(shards(), (Strings{"out/s-000.tar", "out/s-001.tar"}));
    EXPECT_EQ(tar_names(folder.path("out/s-000.tar")), Strings{"a.bin"});
    EXPECT_TRUE(host.logged(folder.path("out/s-001.tar") + " is of an earlier run")) << host.trouble();
}

TEST_F(WdsWrite, AnEarlierRunsShardsCanForbidTheStart)
{
    folder.put("out/s-000.tar", "old");
    Host host("wds", "write");
    prepare(host, {{"existing", "refuse"}}).give(sample("a"));
    EXPECT_EQ(host.drive(), MPIPE_BAD_CONFIG);
    EXPECT_TRUE(host.logged("is there already"));
    EXPECT_EQ(folder.files(), (Files{{"out/s-000.tar", "old"}}));
}

} // namespace
