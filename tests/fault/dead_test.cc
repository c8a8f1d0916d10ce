// What fails while dead letters are looked at or sent again: no letter is lost, and none is left out without a word.
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <sys/syscall.h>
#include <vector>

#include "scene.h"

namespace
{

using fault::Outcome;
using fault::Plan;
using fault::Scene;

constexpr int kLetters = 2;

using Words = std::vector<std::string>;

// A folder `letters` of letters of the stage "fail", to be sent to again.txt.
class Post
{
  public:
    Post()
    {
        for (int i = 0; i < kLetters; i++) {
            const std::string name = "letters/fail-1-" + std::to_string(i);
            scene_.folder().file(name + ".bin", "line " + std::to_string(i));
            scene_.folder().file(
                name + ".json", R"({"stage":"fail","port":"in","reason":"bad","signal":null,"attempts":1,"run":1,)"
                                R"("position":)" +
                                    std::to_string(i) + R"(,"sequence":7,"size":6,"attributes":{},"payload":"fail-1-)" +
                                    std::to_string(i) + R"(.bin"})");
        }
    }

    Outcome Do(const Words &words, const Plan &plan) const { return run_trial(scene_.path(), words, plan); }

    // What is wrong after a replay in which something failed; empty: nothing. It is undone or finished by the next
    // command: all letters are there, or none is and all lines are.
    std::string wrong_with_replay(const Outcome &o) const
    {
        const std::string wrong = fault::wrong_with_any(o);
        if (!wrong.empty())
            return wrong;
        if (o.exit_code != 0 && o.exit_code != 1)
            return "its exit code is neither 0, done, nor 1, failed";
        if (o.exit_code == 1 && o.errors.find("micropipe") == std::string::npos)
            return "it does not say why it failed";
        Plan none;
        none.calls = {-1};
        const std::string list = Do({"dead", "list", "letters"}, none).output;
        const bool all = list.find("letters: 2 letters\n") != std::string::npos;
        const bool gone = list.find("letters: 0 letters\n") != std::string::npos;
        if (!all && !gone)
            return "some of the letters are gone:\n" + list;
        if (all && o.exit_code == 0)
            return "it says that it is done, but the letters stay";
        if (std::filesystem::exists(scene_.folder() / "letters/.replay"))
            return "its folder is left behind";
        return gone && harness::read_file(scene_.folder() / "again.txt") != "line 0\nline 1\n"
                   ? "letters were removed that are not in the output"
                   : "";
    }

  private:
    Scene scene_;
};

const Words kReplay = {"dead",
                       "replay",
                       "letters",
                       "p.cfg",
                       "--quiet",
                       "--set",
                       "stages.fail.options.match=none",
                       "--set",
                       "stages.out.options.path=again.txt"};

// Each k-th; until a replay in which none is left to fail.
void fail_replay(Plan plan, uint64_t step)
{
    constexpr uint64_t kMost = 20000;
    for (plan.n = 1; plan.n < kMost; plan.n += step) {
        const Post post;
        const Outcome o = post.Do(kReplay, plan);
        ASSERT_EQ(post.wrong_with_replay(o), "")
            << (plan.calls.empty() ? "allocation " : "system call ") << "number " << plan.n << ": " << describe(o);
        if (!o.failed) {
            EXPECT_EQ(o.exit_code, 0) << describe(o);
            EXPECT_GT(plan.n, 1u) << "no such call is made";
            return;
        }
    }
    FAIL() << "it makes more and more of these calls";
}

// It ends with 0 and the whole output, or with 1 and a reason.
void fail_look(const Words &words, uint64_t step)
{
    const Post post;
    Plan plan;
    const Outcome whole = post.Do(words, plan);
    ASSERT_EQ(whole.exit_code, 0) << describe(whole);
    ASSERT_GT(whole.count, 10u) << "allocations are not counted";
    for (plan.n = 1; plan.n <= whole.count; plan.n += step) {
        const Outcome o = post.Do(words, plan);
        ASSERT_EQ(fault::wrong_with_any(o), "") << words[1] << ", allocation " << plan.n << ": " << describe(o);
        if (o.exit_code == 0)
            ASSERT_EQ(o.output, whole.output) << words[1] << ", allocation " << plan.n << ": " << describe(o);
        else
            ASSERT_NE(o.errors.find("memory"), std::string::npos)
                << words[1] << ", allocation " << plan.n << ": " << describe(o);
    }
}

TEST(DeadLetters, AreShownWholeOrNotAtAllWhicheverAllocationFails)
{
    fail_look({"dead", "list", "letters"}, 13);
    fail_look({"dead", "list", "--json", "letters"}, 3);
    fail_look({"dead", "show", "letters"}, 1);
}

TEST(DeadLetters, AreSentAllOrNoneWhicheverSystemCallForFilesFails)
{
    const std::pair<int, int> calls[] = {{SYS_renameat, EIO}, {SYS_unlinkat, EIO},   {SYS_mkdirat, ENOSPC},
                                         {SYS_fsync, EIO},    {SYS_getdents64, EIO}, {SYS_flock, ENOLCK}};
    for (const auto &[call, error] : calls) {
        Plan plan;
        plan.calls = {call};
        plan.error = error;
        fail_replay(plan, 1);
    }
}

TEST(DeadLetters, AreSentAllOrNoneWhicheverAllocationFails)
{
    fail_replay(Plan(), 41);
}

} // namespace
