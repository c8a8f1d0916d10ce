// The n-th allocation fails, for n = 1 until a run in which none is left to fail; once alone, and once with all after
// it. Where a command makes thousands of them that end in the same few lines, each k-th is tried.
#include <gtest/gtest.h>

#include "scene.h"

namespace
{

using fault::Outcome;
using fault::Plan;
using fault::Role;
using fault::Scene;

Plan failing(Role role, uint64_t n, bool sticky)
{
    Plan plan;
    plan.role = role;
    plan.n = n;
    plan.sticky = sticky;
    return plan;
}

// A command that starts nothing ends with 1 and a reason, and prints nothing in part; or the memory was for something
// that it can do without.
void fail_command(const std::vector<std::string> &arguments, uint64_t step, bool sticky)
{
    Scene scene;
    const Outcome whole = run_trial(scene.path(), arguments, failing(Role::Host, 0, false));
    ASSERT_EQ(whole.exit_code, 0) << describe(whole);
    ASSERT_GT(whole.count, 10u) << "allocations are not counted";
    for (uint64_t n = 1; n <= whole.count; n += step) {
        const Outcome o = run_trial(scene.path(), arguments, failing(Role::Host, n, sticky));
        ASSERT_EQ(fault::wrong_with_any(o), "") << arguments[0] << ", allocation " << n << ": " << describe(o);
        ASSERT_TRUE(o.exit_code == 0 || o.exit_code == 1)
            << arguments[0] << ", allocation " << n << ": " << describe(o);
        if (o.exit_code == 1) {
            ASSERT_NE((o.errors + o.output).find("memory"), std::string::npos)
                << "allocation " << n << ": " << describe(o);
            ASSERT_TRUE(o.output.empty() || o.output.find("\n}\n") + 3 == o.output.size()) /* whole JSON, if any */
                << "allocation " << n << ": " << describe(o);
        } else if (arguments[0] != "doctor") {
            ASSERT_EQ(o.output, whole.output) << "allocation " << n << ": " << describe(o);
        }
    }
}

TEST(Allocations, OfCheckMayFail)
{
    fail_command({"check", "p.cfg"}, 1, false);
    fail_command({"check", "p.cfg"}, 7, true);
}

TEST(Allocations, OfCheckWithJsonMayFail)
{
    fail_command({"check", "--json", "p.cfg"}, 7, false);
}

TEST(Allocations, OfInspectMayFail)
{
    fail_command({"inspect", "text"}, 1, false);
    fail_command({"inspect"}, 13, false);
    fail_command({"inspect", "--json", "text.lines"}, 7, false);
}

TEST(Allocations, OfTheDoctorMayFail)
{
    fail_command({"doctor"}, 3, false);
    fail_command({"doctor", "--json"}, 7, false);
}

void fail_run(Role role, uint64_t step, bool sticky)
{
    constexpr uint64_t kMost = 20000;
    for (uint64_t n = 1; n < kMost; n += step) {
        Scene scene;
        const Outcome o = run_trial(scene.path(), {"run", "p.cfg", "--quiet"}, failing(role, n, sticky));
        ASSERT_EQ(scene.wrong_with_run(o, role == Role::Scanner), "")
            << "allocation " << n << (sticky ? " and all after it" : "") << " in the " << role_name(role) << ": "
            << describe(o);
        if (!o.failed) {
            EXPECT_EQ(o.exit_code, 3) << describe(o);
            EXPECT_GT(n, 1u) << "allocations are not counted";
            return;
        }
    }
    FAIL() << "it allocates more and more";
}

TEST(Allocations, OfTheHostInARunMayFail)
{
    fail_run(Role::Host, 7, false);
    fail_run(Role::Host, 31, true);
}

TEST(Allocations, OfAScannerMayFail)
{
    fail_run(Role::Scanner, 7, false);
    fail_run(Role::Scanner, 31, true);
}

TEST(Allocations, OfAStageServerMayFail)
{
    fail_run(Role::Server, 5, false);
    fail_run(Role::Server, 31, true);
}

TEST(Allocations, OfAWorkerMayFail)
{
    fail_run(Role::Worker, 1, false);
}

TEST(Allocations, OfWorkersThatFailForGoodEndTheRun)
{
    Scene scene;
    const Outcome o = run_trial(scene.path(), {"run", "p.cfg", "--quiet"}, failing(Role::Worker, 1, true));
    EXPECT_EQ(scene.wrong_with_run(o, false), "") << describe(o);
    EXPECT_EQ(o.exit_code, 1) << describe(o);
}

} // namespace
