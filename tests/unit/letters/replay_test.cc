// A replay takes its letters at once or not at all, whenever it is killed.
extern "C" {
#include "replay.h"
}
#include "failing.h"
#include "letter_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <set>
#include <string>
#include <vector>

namespace
{

using Files = std::map<std::string, std::string>;

const char *const taken[] = {"one", "two"};

// Three letters are in the folder, two of which are sent; one of those is refused again.
void SetOut(const LetterFolder &folder)
{
    for (const char *name : {"one", "two", "three"})
        folder.Letter(name, "mid");
}

void Work(const LetterFolder &folder)
{
    folder.Letter(".replay/again", "mid", 2);
    folder.Put(".replay/names-0", "one\ntwo\n");
    folder.Put(".replay/.again.bin.part", "x");
}

Files Before()
{
    LetterFolder folder;
    SetOut(folder);
    return folder.Files();
}

Files After()
{
    LetterFolder folder;
    folder.Letter("three", "mid");
    folder.Letter(".replay/again", "mid", 2);
    Files files = folder.Files(), all;
    for (const auto &[name, bytes] : files)
        all[std::filesystem::path(name).filename()] = bytes;
    return all;
}

// What the next one finds.
void Settle(const LetterFolder &folder)
{
    replay r = {};
    ASSERT_EQ(replay_open(&r, folder.path().c_str()), 0);
    replay_close(&r);
    EXPECT_FALSE(std::filesystem::exists(folder.path() + "/.replay"));
}

// In a child that is killed at its n-th entry to, or return from, a system call. 1: it ended before; -1: no ptrace.
int TakeAndDie(const LetterFolder &folder, int n)
{
    std::string work = folder.path() + "/.replay";
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        replay r = {open(folder.path().c_str(), O_RDONLY | O_DIRECTORY), folder.path().c_str(), work.data()};
        if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
            _exit(99);
        raise(SIGSTOP);
        _exit(replay_take(&r, taken, 2) == 0 ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    for (int i = 0; i < n && WIFSTOPPED(status); i++) {
        ptrace(PTRACE_SYSCALL, pid, nullptr, nullptr);
        waitpid(pid, &status, 0);
    }
    if (WIFEXITED(status))
        return WEXITSTATUS(status) == 99 ? -1 : 1;
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return 0;
}

} // namespace

TEST(Replay, ThatTakesItsLettersRemovesThemAndKeepsWhatWasRefusedAgain)
{
    LetterFolder folder;
    SetOut(folder);
    replay r = {};
    ASSERT_EQ(replay_open(&r, folder.path().c_str()), 0);
    ASSERT_EQ(replay_begin(&r), 0);
    Work(folder);
    EXPECT_EQ(replay_take(&r, taken, 2), 0);
    EXPECT_EQ(folder.Files(), After());
    replay_close(&r);
    EXPECT_EQ(folder.Files(), After());
}

TEST(Replay, ThatTakesNothingLeavesEverythingAsItWas)
{
    LetterFolder folder;
    SetOut(folder);
    replay r = {};
    ASSERT_EQ(replay_open(&r, folder.path().c_str()), 0);
    ASSERT_EQ(replay_begin(&r), 0);
    Work(folder);
    replay_close(&r);
    EXPECT_EQ(folder.Files(), Before());
}

TEST(Replay, IsOneAtATime)
{
    LetterFolder folder;
    replay one = {}, two = {};
    ASSERT_EQ(replay_open(&one, folder.path().c_str()), 0);
    ASSERT_EQ(replay_begin(&one), 0);
    EXPECT_EQ(replay_open(&two, folder.path().c_str()), -EWOULDBLOCK);
    EXPECT_TRUE(std::filesystem::exists(folder.path() + "/.replay")) << "another's work was undone";
    replay_close(&one);
    EXPECT_EQ(replay_open(&two, folder.path().c_str()), 0);
    replay_close(&two);
    EXPECT_EQ(replay_open(&two, "/nowhere"), -ENOENT);
}

TEST(Replay, WritesNamesForItsSource)
{
    LetterFolder folder;
    replay r = {};
    char *path = nullptr;
    ASSERT_EQ(replay_open(&r, folder.path().c_str()), 0);
    ASSERT_EQ(replay_begin(&r), 0);
    ASSERT_EQ(replay_write_names(&r, "names-0", taken, 2, &path), 0);
    EXPECT_EQ(path, folder.path() + "/.replay/names-0");
    EXPECT_EQ(folder.Files()[".replay/names-0"], "one\ntwo\n");
    free(path);
    replay_close(&r);
}

TEST(Replay, SaysThatADiskIsFull)
{
    char dev[] = "/dev", *path = nullptr;
    const std::vector<const char *> many(10000, "one"); // more than is written at the end
    replay r = {};
    r.work = dev;
    EXPECT_EQ(replay_write_names(&r, "full", taken, 2, &path), -ENOSPC);
    EXPECT_EQ(replay_write_names(&r, "full", many.data(), many.size(), &path), -ENOSPC);
    EXPECT_EQ(path, nullptr);
}

TEST(Replay, SaysThatItsFolderIsThereAlready)
{
    LetterFolder folder;
    replay r = {};
    ASSERT_EQ(replay_open(&r, folder.path().c_str()), 0);
    ASSERT_EQ(replay_begin(&r), 0);
    EXPECT_EQ(replay_begin(&r), -EEXIST);
    replay_close(&r);
    replay_close(&r); // closed already
}

TEST(Replay, ThatWasDecidedRemovesNothingOutsideTheFolder)
{
    LetterFolder outside, folder;
    SetOut(folder);
    Work(folder);
    const std::string strange = outside.path() + "/kept";
    outside.Put("kept.json", "x");
    folder.Put(".replay/taken", "one\n\n../" + std::filesystem::path(strange).filename().string() + "\n" + strange +
                                    "\ntwo"); // the last line without its end
    Settle(folder);
    EXPECT_EQ(folder.Files(), After());
    EXPECT_EQ(outside.Files().size(), 1u);
}

TEST(Replay, SaysThatItsFolderIsGone)
{
    LetterFolder folder;
    replay r = {};
    char *path = nullptr;
    ASSERT_EQ(replay_open(&r, folder.path().c_str()), 0);
    EXPECT_EQ(replay_write_names(&r, "names-0", taken, 2, &path), -ENOENT);
    EXPECT_EQ(replay_take(&r, taken, 2), -ENOENT);
    replay_close(&r);
}

TEST(Replay, WhoseFolderIsNoneIsNotTouched)
{
    LetterFolder folder;
    SetOut(folder);
    folder.Put(".replay", "a file");
    replay r = {};
    EXPECT_EQ(replay_open(&r, folder.path().c_str()), -ENOTDIR);
    EXPECT_EQ(r.folder, -1);
    EXPECT_EQ(folder.Files().size(), Before().size() + 1);
}

TEST(Replay, InWhichAnyCallFailsHasTakenAllItsLettersOrNone)
{
    std::set<std::string> undone, finished;
    bool failed = true;
    for (int n = 1; failed; n++) {
        LetterFolder folder;
        SetOut(folder);
        replay r = {};
        ASSERT_EQ(replay_open(&r, folder.path().c_str()), 0);
        ASSERT_EQ(replay_begin(&r), 0);
        Work(folder);
        std::string name;
        {
            failing::Call call(n);
            int error = replay_take(&r, taken, 2);
            failed = call.Failed();
            name = call.name();
            EXPECT_EQ(error != 0, failed) << name << ", call " << n;
        }
        bool decided = std::filesystem::exists(folder.path() + "/.replay/taken") ||
                       !std::filesystem::exists(folder.path() + "/one.json");
        replay_close(&r);
        EXPECT_EQ(folder.Files(), decided ? After() : Before()) << name << " failed";
        (decided ? finished : undone).insert(name);
    }
    EXPECT_GT(undone.size(), 3u);
    EXPECT_GT(finished.size(), 5u);
}

// One that was killed: undone if it had not decided, else finished.
TEST(Replay, ThatWasInterruptedIsSettledByTheNextWhicheverCallFails)
{
    for (bool decided : {false, true})
        for (int n = 1;; n++) {
            LetterFolder folder;
            SetOut(folder);
            Work(folder);
            if (decided)
                folder.Put(".replay/taken", "one\ntwo\n");
            replay r = {};
            std::string name;
            {
                failing::Call call(n);
                int error = replay_open(&r, folder.path().c_str());
                EXPECT_EQ(error != 0, call.Failed()) << call.name() << ", call " << n;
                name = call.Failed() ? call.name() : "";
            }
            replay_close(&r);
            if (name.empty()) {
                EXPECT_GT(n, 5);
                break;
            }
            Settle(folder);
            EXPECT_EQ(folder.Files(), decided ? After() : Before()) << name << ", call " << n;
        }
}

// Killed before and after each of its system calls: what lies between them nobody else can see.
TEST(Replay, KilledAtAnyMomentHasTakenAllItsLettersOrNone)
{
    int undone = 0, finished = 0;
    for (int n = 1, over = 0; !over; n++) {
        LetterFolder folder;
        SetOut(folder);
        std::filesystem::create_directory(folder.path() + "/.replay");
        Work(folder);
        over = TakeAndDie(folder, n);
        if (over < 0)
            GTEST_SKIP() << "no ptrace";
        bool decided = std::filesystem::exists(folder.path() + "/.replay/taken") ||
                       !std::filesystem::exists(folder.path() + "/one.json");
        for (const auto &[name, bytes] : folder.Files())
            if (name.find(".json") != std::string::npos && name[0] != '.') {
                EXPECT_EQ(folder.Files().count(name.substr(0, name.size() - 5) + ".bin"), 1u)
                    << name << " is there without its payload, at stop " << n;
            }
        Settle(folder);
        EXPECT_EQ(folder.Files(), decided ? After() : Before()) << "killed at stop " << n;
        (decided ? finished : undone)++;
    }
    EXPECT_GT(undone, 5);
    EXPECT_GT(finished, 5);
}
