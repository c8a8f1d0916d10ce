#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "folder.h"
#include "harness.h"

namespace
{

using harness::Host;
using Options = std::map<std::string, std::string>;
using Strings = std::vector<std::string>;

Strings paths(const Host &host)
{
    Strings all;
    for (const harness::Output &output : host.outputs())
        all.push_back(output.attributes.at("path"));
    return all;
}

Strings reasons(const Host &host)
{
    Strings all;
    for (const harness::DeadLetter &letter : host.dead_letters())
        all.push_back(letter.reason);
    return all;
}

Strings read(const Folder &folder, const Options &options = {})
{
    Host host("files", "read");
    host.set("path", folder.path());
    for (const auto &[name, value] : options)
        host.set(name, value);
    EXPECT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(reasons(host), Strings{});
    return paths(host);
}

TEST(FilesRead, TablesAreComplete)
{
    for (const char *name : {"letters", "read", "write"})
        EXPECT_EQ(harness::table_problems(harness::processor("files", name)), Strings{}) << name;
}

TEST(FilesRead, SendsEveryFileInTheOrderOfTheBytesOfItsPath)
{
    Folder folder;
    folder.put("b", "2")
        .put("B", "1")
        .put("a/z", "3")
        .put("a.b", "4")
        .put("\xc3\xa4", "5")
        .put("a/b/c", "")
        .put("_", "7");
    Host host("files", "read");
    host.set("path", folder.path());
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(paths(host), (Strings{"B", "_", "a.b", "a/b/c", "a/z", "b", "\xc3\xa4"}));
    EXPECT_EQ(host.output_bytes(), (Strings{"1", "7", "4", "", "3", "2", "5"}));
    EXPECT_EQ(host.progress(), (std::pair<uint64_t, uint64_t>{7, 7}));
}

TEST(FilesRead, TellsThePathTheTimeAndAKeyOfThePath)
{
    Folder folder;
    folder.put("sub/a", "x").put("sub/b", "x");
    const timespec times[] = {{0, 0}, {1700000000, 123456789}};
    ASSERT_EQ(utimensat(AT_FDCWD, folder.path("sub/a").c_str(), times, 0), 0);
    Host host("files", "read");
    host.set("path", folder.path() + "//");
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    const harness::Output &a = host.outputs().at(0);
    EXPECT_EQ(a.attributes, (harness::Attributes{{"path", "sub/a"}}));
    EXPECT_EQ(a.time_ns, 1700000000123456789);
    EXPECT_EQ(a.key, 0x6ce2ddb46700e17du) << "FNV-1a of sub/a";
    EXPECT_NE(a.key, host.outputs().at(1).key);
}

TEST(FilesRead, AFileIsASourceOfOne)
{
    Folder folder;
    folder.put("sub/a.txt", "hello").put("sub/b.txt", "no");
    Host host("files", "read");
    host.set("path", folder.path("sub/a.txt"));
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(paths(host), Strings{"a.txt"});
    EXPECT_EQ(host.output_bytes(), Strings{"hello"});
}

TEST(FilesRead, PatternsMeanNamesAndWithASlashPaths)
{
    Folder folder;
    for (const char *name : {"a.jpg", "b.png", "raw/c.jpg", "raw/deep/d.jpg", "e.JPG"})
        folder.put(name, "x");
    EXPECT_EQ(read(folder, {{"include", "*.jpg"}}), (Strings{"a.jpg", "raw/c.jpg", "raw/deep/d.jpg"}));
    EXPECT_EQ(read(folder, {{"include", "*.jpg,b.*"}}), (Strings{"a.jpg", "b.png", "raw/c.jpg", "raw/deep/d.jpg"}));
    EXPECT_EQ(read(folder, {{"include", "raw/*.jpg"}}), Strings{"raw/c.jpg"});
    EXPECT_EQ(read(folder, {{"include", "raw/**"}}), (Strings{"raw/c.jpg", "raw/deep/d.jpg"}));
    EXPECT_EQ(read(folder, {{"include", "**/[ad].jpg"}}), (Strings{"a.jpg", "raw/deep/d.jpg"}));
    EXPECT_EQ(read(folder, {{"include", "*.jpg"}, {"exclude", "a*"}}), (Strings{"raw/c.jpg", "raw/deep/d.jpg"}));
    EXPECT_EQ(read(folder, {{"exclude", "deep,*.png"}}), (Strings{"a.jpg", "e.JPG", "raw/c.jpg"}));
    EXPECT_EQ(read(folder, {{"include", "?.jpg"}, {"recursive", "false"}}), Strings{"a.jpg"});
    EXPECT_EQ(read(folder, {{"include", "?.jpg"}, {"recursive", "false"}, {"ignore_case", "true"}}),
              (Strings{"a.jpg", "e.JPG"}));
}

TEST(FilesRead, AnEmptyFolderEndsAtOnceAndSaysSo)
{
    Folder folder;
    Host host("files", "read");
    host.set("path", folder.path());
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.outputs().size(), 0u);
    EXPECT_TRUE(host.logged("no files there"));
}

TEST(FilesRead, WhatIsNeitherFolderNorFileIsABadConfiguration)
{
    Folder folder;
    ASSERT_EQ(mkfifo(folder.path("pipe").c_str(), 0600), 0);
    for (const char *name : {"missing", "pipe"}) {
        Host host("files", "read");
        host.set("path", folder.path(name));
        EXPECT_EQ(host.start(), MPIPE_BAD_CONFIG);
        EXPECT_TRUE(host.logged(folder.path(name) + ": ")) << host.trouble();
    }
}

TEST(FilesRead, LinksAreLeftOutUnlessTheyAreToBeFollowed)
{
    Folder folder, elsewhere;
    folder.put("a", "x");
    elsewhere.put("far", "y");
    ASSERT_EQ(symlink("a", folder.path("link").c_str()), 0);
    ASSERT_EQ(symlink(elsewhere.path().c_str(), folder.path("there").c_str()), 0);
    ASSERT_EQ(symlink(".", folder.path("loop").c_str()), 0);
    EXPECT_EQ(read(folder), Strings{"a"});
    EXPECT_EQ(read(folder, {{"follow_symlinks", "true"}}), (Strings{"a", "link", "there/far"}));
    ASSERT_EQ(symlink(folder.path().c_str(), elsewhere.path("start").c_str()), 0);
    Host host("files", "read");
    host.set("path", elsewhere.path("start")); /* the option itself may be a link */
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(paths(host), Strings{"a"});
}

TEST(FilesRead, WhatIsNoFileIsLeftOut)
{
    Folder folder;
    folder.put("a", "x");
    ASSERT_EQ(mkfifo(folder.path("pipe").c_str(), 0600), 0);
    EXPECT_EQ(read(folder), Strings{"a"});
}

// ---- refusals ----

TEST(FilesRead, LargerFilesAreRefusedWithTheLimit)
{
    Folder folder;
    folder.put("a", std::string(10, 'a')).put("b", std::string(11, 'b')).put("c", "c");
    Host host("files", "read");
    host.set("path", folder.path()).set("max_size", "10");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(paths(host), (Strings{"a", "c"}));
    EXPECT_EQ(reasons(host), Strings{folder.path("b") + ": 11 bytes are more than max_size = 10"});
}

TEST(FilesRead, AFileThatCanNeverFitIsRefusedWithTheSettingToRaise)
{
    Folder folder;
    folder.put("a", std::string(101, 'a')).put("b", std::string(100, 'b'));
    Host host("files", "read");
    host.set("path", folder.path()).max_frame(100);
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(paths(host), Strings{"b"});
    EXPECT_EQ(reasons(host),
              Strings{folder.path("a") + ": 101 bytes do not fit into this stage's largest frame of 100; "
                                         "raise memory, or stages.stage.memory"});
}

/* Reads the first file, then lets `change` happen, then reads the rest. */
Host &read_after(Host &host, const Folder &folder, const std::function<void()> &change)
{
    host.set("path", folder.path());
    EXPECT_EQ(host.drive(1), MPIPE_OK) << host.trouble();
    change();
    EXPECT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    return host;
}

TEST(FilesRead, AFileThatIsGoneOrNoFileAnyMoreIsRefusedAndTheRestIsRead)
{
    Folder folder;
    for (const char *name : {"a", "gone", "link", "pipe", "sub", "z"})
        folder.put(name, name);
    Host host("files", "read");
    read_after(host, folder, [&] {
        for (const char *name : {"gone", "link", "pipe", "sub"})
            unlink(folder.path(name).c_str());
        ASSERT_EQ(symlink("/etc/passwd", folder.path("link").c_str()), 0);
        ASSERT_EQ(mkfifo(folder.path("pipe").c_str(), 0600), 0);
        ASSERT_EQ(mkdir(folder.path("sub").c_str(), 0700), 0);
    });
    EXPECT_EQ(paths(host), (Strings{"a", "z"}));
    EXPECT_EQ(reasons(host),
              (Strings{folder.path("gone") + ": No such file or directory",
                       folder.path("link") + ": a symbolic link; set follow_symlinks = true to read it",
                       folder.path("pipe") + ": no longer a file", folder.path("sub") + ": no longer a file"}));
}

TEST(FilesRead, ALinkToNothingIsRefusedIfLinksAreFollowed)
{
    Folder folder;
    ASSERT_EQ(symlink("nowhere", folder.path("a").c_str()), 0);
    Host host("files", "read");
    host.set("path", folder.path()).set("follow_symlinks", "true");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(reasons(host), Strings{folder.path("a") + ": No such file or directory"});
}

TEST(FilesRead, AFolderThatCannotBeReadIsRefusedAndTheRestIsRead)
{
    if (geteuid() == 0)
        GTEST_SKIP() << "root can read everything";
    Folder folder;
    folder.put("a", "x").put("closed/b", "x").put("z", "x");
    chmod(folder.path("closed").c_str(), 0);
    Host host("files", "read");
    host.set("path", folder.path());
    ASSERT_EQ(host.drive(), MPIPE_OK);
    chmod(folder.path("closed").c_str(), 0700);
    EXPECT_EQ(paths(host), (Strings{"a", "z"}));
    EXPECT_EQ(reasons(host), Strings{folder.path("closed") + ": Permission denied"});
}

// ---- files that change, death ----

TEST(FilesRead, TakesAFileAsLongAsItIsWhenItIsRead)
{
    Folder folder;
    folder.put("a", "").put("grew", "1234").put("shrank", "12345678").put("z", "z");
    Host host("files", "read");
    read_after(host, folder, [&] {
        folder.put("grew", std::string(100000, 'g'));
        folder.put("shrank", "1");
    });
    EXPECT_EQ(host.output_bytes(), (Strings{"", std::string(100000, 'g'), "1", "z"}));
}

TEST(FilesRead, AFileWithoutASizeIsReadToItsEnd)
{
    Host host("files", "read");
    host.set("path", "/proc/cpuinfo"); /* says that it has 0 bytes */
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_GT(host.outputs().at(0).bytes.size(), 100u);
    Host tight("files", "read");
    tight.set("path", "/proc/cpuinfo").max_frame(100);
    ASSERT_EQ(tight.drive(), MPIPE_OK);
    EXPECT_NE(reasons(tight).at(0).find("raise memory"), std::string::npos);
}

TEST(FilesRead, SendsAndRefusesEachFileOnceWheneverItDiesOrHasNoMemory)
{
    Folder folder;
    for (const char *name : {"a", "b", "c/d", "c/e", "f"})
        folder.put(name, name);
    folder.put("c/large", std::string(9, 'x'));
    for (uint64_t n = 1, died = 1; died; n++) {
        Host host("files", "read");
        host.set("path", folder.path()).set("max_size", "8").die_at(n).fail_create_at(n / 2).commit_every(1 + n % 3);
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        EXPECT_EQ(host.output_bytes(), (Strings{"a", "b", "c/d", "c/e", "f"})) << "death at point " << n;
        EXPECT_EQ(reasons(host).size(), 1u) << "death at point " << n;
        died = host.deaths();
    }
}

} // namespace
