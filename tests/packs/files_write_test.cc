#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "folder.h"
#include "harness.h"

namespace
{

using harness::Host;
using Files = std::map<std::string, std::string>;
using Strings = std::vector<std::string>;

harness::FrameData frame(const std::string &bytes, const std::string &path, harness::Attributes attributes = {})
{
    harness::FrameData data;
    data.bytes = bytes;
    data.attributes = std::move(attributes);
    data.attributes["path"] = path;
    data.sequence = 7;
    data.key = 0xabc;
    return data;
}

std::string name_of(const std::string &pattern, const harness::FrameData &data)
{
    Folder folder;
    Host host("files", "write");
    host.set("path", folder.path("out")).set("name", pattern).give(data);
    EXPECT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    if (!host.dead_letters().empty())
        return host.dead_letters()[0].reason;
    return folder.files().size() == 1 ? folder.files().begin()->first.substr(4) : "not one file";
}

TEST(FilesWrite, EachFrameBecomesAFileOfItsPath)
{
    Folder folder;
    Host host("files", "write");
    host.set("path", folder.path("new/deep"));
    host.give(frame("one", "a.txt")).give(frame("", "b/c/d.txt")).give(frame("three", "b/c/e")).give(frame("4", "f/g"));
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(folder.files(), (Files{{"new/deep/a.txt", "one"},
                                     {"new/deep/b/c/d.txt", ""},
                                     {"new/deep/b/c/e", "three"},
                                     {"new/deep/f/g", "4"}}));
    EXPECT_EQ(host.dropped(), 4u);
}

TEST(FilesWrite, NamesAreMadeByThePattern)
{
    const harness::FrameData data = frame("x", "set/deep/a.b.PNG", {{"label", "cat"}, {"format", "jpeg"}});
    EXPECT_EQ(name_of("{path}", data), "set/deep/a.b.PNG");
    EXPECT_EQ(name_of("{dir}{stem}.{ext}", data), "set/deep/a.b.jpg");
    EXPECT_EQ(name_of("{label}/{name}", data), "cat/a.b.PNG");
    EXPECT_EQ(name_of("{sequence}-{key}.{{x}}", data), "000000007-0000000000000abc.{x}");
    EXPECT_EQ(name_of("{stem}{ext}", frame("x", "a/.profile")), ".profile");
    EXPECT_EQ(name_of("{dir}{name}.{ext}", frame("x", "a.tar.gz")), "a.tar.gz.gz");
    EXPECT_EQ(name_of("fixed", data), "fixed");
}

TEST(FilesWrite, APatternThatMeansNothingIsABadConfiguration)
{
    for (const char *pattern : {"", "{", "a{b", "a}b", "{}", "{a{b}", "}"}) {
        Folder folder;
        Host host("files", "write");
        host.set("path", folder.path()).set("name", pattern);
        EXPECT_EQ(host.start(), MPIPE_BAD_CONFIG) << pattern;
        EXPECT_TRUE(host.logged(std::string("name = \"") + pattern + "\": ")) << host.trouble();
    }
}

TEST(FilesWrite, AFrameWithoutTheAttributeIsRefused)
{
    Folder folder;
    Host host("files", "write");
    host.set("path", folder.path()).give_bytes("x").give(frame("y", "a"));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.dead_letters().at(0).reason,
              "frame 0: it has no attribute \"path\" to name its file after; set name, as \"{sequence}\"");
    EXPECT_EQ(folder.files(), (Files{{"a", "y"}}));
}

TEST(FilesWrite, NoNameLeadsOutOfTheFolder)
{
    Folder folder, elsewhere;
    const std::string absolute = elsewhere.path("x");
    const Strings names = {absolute,
                           "../x",
                           "a/../../x",
                           "a/..",
                           "..",
                           "",
                           "/",
                           "a//b",
                           "./a",
                           "a/.",
                           ".",
                           "a/",
                           "a/./b",
                           std::string("a\0b", 3),
                           "link/x",
                           "file/x",
                           std::string(5000, 'x'),
                           std::string(300, 'x')};
    ASSERT_EQ(mkdir(folder.path("out").c_str(), 0777), 0);
    ASSERT_EQ(symlink(elsewhere.path().c_str(), folder.path("out/link").c_str()), 0);
    folder.put("out/file", "a file");
    Host host("files", "write");
    host.set("path", folder.path("out"));
    for (const std::string &name : names)
        host.give(frame("x", name));
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(host.dead_letters().size(), names.size());
    EXPECT_EQ(elsewhere.files(), Files{});
    EXPECT_EQ(folder.files(), (Files{{"out/file", "a file"}}));
}

TEST(FilesWrite, NamesThatOnlyLookDangerousAreFine)
{
    for (const char *name : {"...", "..a/b..", "a/...", " ", "-rf", "a\nb"})
        EXPECT_EQ(name_of("{path}", frame("x", name)), name);
}

TEST(FilesWrite, ReplacesAFileAtOnceAndALinkNotItsTarget)
{
    Folder folder;
    folder.put("a", "old").put("target", "safe");
    ASSERT_EQ(symlink("target", folder.path("link").c_str()), 0);
    ASSERT_EQ(link(folder.path("a").c_str(), folder.path("reader").c_str()), 0);
    Host host("files", "write");
    host.set("path", folder.path()).set("fsync", "true").give(frame("new", "a")).give(frame("n", "link"));
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(folder.files(), (Files{{"a", "new"}, {"link", "n"}, {"reader", "old"}, {"target", "safe"}}));
}

TEST(FilesWrite, AFolderInTheWayIsTheFramesFault)
{
    Folder folder;
    folder.put("a/b", "x");
    Host host("files", "write");
    host.set("path", folder.path()).give(frame("n", "a")).give(frame("n", "c"));
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.dead_letters().at(0).reason, folder.path("a") + ": Is a directory");
    EXPECT_EQ(folder.files(), (Files{{"a/b", "x"}, {"c", "n"}}));
}

TEST(FilesWrite, MakesAFolderAgainThatWasRemoved)
{
    Folder folder;
    Host host("files", "write");
    host.set("path", folder.path()).give(frame("1", "sub/a"));
    ASSERT_EQ(host.feed(), MPIPE_OK);
    std::filesystem::remove_all(folder.path("sub"));
    host.give(frame("2", "sub/b"));
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(folder.files(), (Files{{"sub/b", "2"}}));
}

TEST(FilesWrite, AFolderThatCannotBeMadeIsABadConfiguration)
{
    Folder folder;
    folder.put("file", "x");
    Host host("files", "write");
    host.set("path", folder.path("file/out"));
    EXPECT_EQ(host.start(), MPIPE_BAD_CONFIG);
    EXPECT_TRUE(host.logged(folder.path("file/out") + ": Not a directory")) << host.trouble();
}

TEST(FilesWrite, WarnsOnceOfRawPixels)
{
    Folder folder;
    Host host("files", "write");
    harness::FrameData data = frame("xyz", "a.jpg");
    data.type = MPIPE_IMAGE;
    host.set("path", folder.path()).give(data).give(data);
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.logs().size(), 1u);
    EXPECT_TRUE(host.logged("raw pixels"));
}

TEST(FilesWrite, TheFilesAreTheSameWheneverItDies)
{
    for (uint64_t n = 1, died = 1; died; n++) {
        Folder folder;
        Host host("files", "write");
        host.set("path", folder.path()).die_at(n).commit_every(1 + n % 3);
        for (const char *name : {"a", "b/c", "b/d", "e"})
            host.give(frame(name, name));
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        EXPECT_EQ(folder.files(), (Files{{"a", "a"}, {"b/c", "b/c"}, {"b/d", "b/d"}, {"e", "e"}})) << n;
        died = host.deaths();
    }
}

TEST(FilesWrite, TwoWorkersDoNotDisturbEachOther)
{
    Folder folder;
    Host one("files", "write"), two("files", "write");
    one.set("path", folder.path()).worker(0, 2).give(frame("1", "x/a")).give(frame("1", "x/b"));
    two.set("path", folder.path()).worker(1, 2).give(frame("2", "x/c")).give(frame("2", "x/b"));
    ASSERT_EQ(one.feed(), MPIPE_OK);
    ASSERT_EQ(two.feed(), MPIPE_OK);
    EXPECT_EQ(folder.files(), (Files{{"x/a", "1"}, {"x/b", "2"}, {"x/c", "2"}}));
}

} // namespace
