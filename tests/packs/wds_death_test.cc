#include <csignal>

#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "folder.h"
#include "harness.h"
#include "wds_tar.h"

namespace
{

using harness::Host;
using Files = std::map<std::string, std::string>;
using Strings = std::vector<std::string>;

/* The third and the eighth are refused: a key twice, and a path that leads out. */
const Strings paths = {"a.jpg",
                       "b.c.jpg",
                       "a.jpg",
                       "\xc3\xa4.png",
                       "d/e",
                       "f",
                       "g.jpg",
                       "../h",
                       "i\xff.jpg",
                       "j.jpg",
                       std::string(150, 'k') + ".x",
                       "l.jpg"};
constexpr size_t n_refused = 2;

Host &prepare(Host &host, const Folder &folder)
{
    return host.set("pattern", folder.path("s-%d.tar")).set("max_count", "4").set("max_size", "9K").set("label", "cls");
}

harness::FrameData sample(size_t i)
{
    harness::FrameData frame;
    frame.bytes = std::string(i * 97, static_cast<char>('a' + i));
    frame.sequence = i;
    frame.attributes = {{"path", paths[i]}};
    if (i % 3 == 0)
        frame.attributes["label"] = std::to_string(i);
    return frame;
}

void give_all(Host &host)
{
    for (size_t i = 0; i < paths.size(); i++)
        host.give(sample(i));
}

Files undisturbed()
{
    Folder folder;
    Host host("wds", "write");
    give_all(prepare(host, folder));
    EXPECT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(host.dead_letters().size(), n_refused) << host.trouble();
    size_t members = 0;
    for (const auto &[name, bytes] : folder.files())
        members += tar_members(folder.path(name)).size();
    EXPECT_EQ(members, 10u + 4u) << "ten samples, four labels";
    return folder.files();
}

TEST(WdsDeath, OneDeathAnywhereChangesNoByte)
{
    const Files expected = undisturbed();
    ASSERT_GE(expected.size(), 3u);
    for (uint64_t n = 1, died = 1; died; n++) {
        Folder folder;
        Host host("wds", "write");
        prepare(host, folder).die_at(n).commit_every(1 + n % 4);
        give_all(host);
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        EXPECT_EQ(folder.files(), expected) << "death at point " << n;
        EXPECT_EQ(host.dead_letters().size(), n_refused) << "death at point " << n;
        died = host.deaths();
    }
}

TEST(WdsDeath, ManyDeathsChangeNoByte)
{
    const Files expected = undisturbed();
    for (uint64_t gap = 4; gap < 40; gap++) {
        Folder folder;
        Host host("wds", "write");
        prepare(host, folder).commit_every(1 + gap % 4);
        host.attempts_max = UINT32_MAX;
        for (uint64_t n = gap; n < 2000; n += gap)
            host.die_at(n);
        give_all(host);
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        EXPECT_EQ(folder.files(), expected) << "a death at every " << gap << "th point";
        EXPECT_GT(host.deaths(), 1u);
    }
}

TEST(WdsDeath, ASampleThatKillsItsWorkersIsInNoShard)
{
    Folder folder;
    Host host("wds", "write");
    prepare(host, folder).commit_every(4);
    give_all(host);
    for (uint64_t n = 5; n < 200; n += 5) /* never far enough to commit one */
        host.die_at(n);
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    size_t keys = 0;
    for (const auto &[name, bytes] : folder.files())
        for (const std::string &member : tar_names(folder.path(name)))
            keys += member.size() < 4 || member.substr(member.size() - 4) != ".cls";
    EXPECT_GT(host.dead_letters().size(), n_refused);
    EXPECT_EQ(keys + host.dead_letters().size(), paths.size()) << host.trouble();
}

/* Feeds up to `n` samples, then lets the worker retire. */
void begin(Host &host, size_t n)
{
    for (size_t i = 0; i < n; i++)
        host.give(sample(i));
    ASSERT_EQ(host.stop().drive(), MPIPE_OK) << host.trouble();
}

TEST(WdsDeath, AWorkerThatRetiresLeavesTheShardToItsSuccessor)
{
    const Files expected = undisturbed();
    for (size_t n = 0; n <= paths.size(); n++) {
        Folder folder;
        Host host("wds", "write");
        begin(prepare(host, folder), n);
        for (size_t i = n; i < paths.size(); i++)
            host.give(sample(i));
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        EXPECT_EQ(folder.files(), expected) << "after " << n << " samples";
    }
}

TEST(WdsDeath, WhatWasWrittenButNotCommittedIsCutOff)
{
    const Files expected = undisturbed();
    Folder folder;
    Host host("wds", "write");
    begin(prepare(host, folder), 3);
    const std::string part = folder.path("s-0.tar.part");
    folder.put("s-0.tar.part", Folder::content(part) + std::string(70000, 'g'));
    for (size_t i = 3; i < paths.size(); i++)
        host.give(sample(i));
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(folder.files(), expected);
}

TEST(WdsDeath, SamplesThatAreGoneAreNotPassedOver)
{
    for (const bool cut : {false, true}) {
        Folder folder;
        Host host("wds", "write");
        begin(prepare(host, folder), 2);
        if (cut)
            ASSERT_EQ(truncate(folder.path("s-0.tar.part").c_str(), 600), 0);
        else
            ASSERT_EQ(unlink(folder.path("s-0.tar.part").c_str()), 0);
        host.give(sample(3));
        EXPECT_EQ(host.drive(), MPIPE_FATAL);
        EXPECT_TRUE(host.logged(folder.path("s-0.tar.part") + ": somebody removed or cut it; it held 2 samples"))
            << host.trouble();
    }
}

TEST(WdsDeath, ADiskThatIsFullForAWhileLeavesTheSampleOutAndTheShardWhole)
{
    Folder folder;
    Host host("wds", "write");
    host.set("pattern", folder.path("s-%d.tar"));
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small = {10000, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    for (size_t i = 0; i < 4; i++) {
        harness::FrameData frame = sample(i + 3);
        frame.bytes = std::string(i == 2 ? 20000 : 100, 'x'); /* a part of it can be written */
        host.give(frame);
    }
    EXPECT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    EXPECT_EQ(tar_names(folder.path("s-0.tar")), (Strings{"\xc3\xa4.png", "d/e.bin", "g.jpg"}));
    ASSERT_EQ(host.dead_letters().size(), 1u);
    EXPECT_EQ(host.dead_letters()[0].reason, folder.path("s-0.tar.part") + ": File too large");
}

} // namespace
