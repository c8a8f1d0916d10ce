extern "C" {
#include "doctor.h"
#include "doctor_probes.h"
#include "finding.h"
}
#include "command_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <jansson.h>

#include <sys/prctl.h>

#include <filesystem>

namespace
{

using testing::HasSubstr;
using testing::Not;

finding Finding(const char *name, verdict v)
{
    finding f = {};
    f.name = name;
    finding_found(&f, "%s", "something");
    if (v != VERDICT_OK) {
        finding_blame(&f, v, "It matters.");
        finding_fix(&f, "sysctl -w %s=1", "vm.thing");
    }
    return f;
}

TEST(Findings, WhatIsWellIsOneLine)
{
    Output out;
    finding list[] = {Finding("kernel", VERDICT_OK)};
    finding_print_all(list, 1, out.file());
    EXPECT_EQ(out.text(),
              "ok       kernel              something\n\nPipelines can run here, and nothing is missing.\n");
}

TEST(Findings, WhatIsNotWellHasItsMeaningAndItsFix)
{
    Output out;
    finding list[] = {Finding("kernel", VERDICT_OK), Finding("pool", VERDICT_WARN)};
    finding_print_all(list, 2, out.file());
    EXPECT_THAT(out.text(), HasSubstr("warn     pool                something\n"
                                      "                             It matters.\n"
                                      "         fix: sysctl -w vm.thing=1\n"));
    EXPECT_THAT(out.text(), HasSubstr("Pipelines can run here; 1 thing could be better."));
}

TEST(Findings, WhatIsMissingDecides)
{
    Output out;
    finding list[] = {Finding("pool", VERDICT_WARN), Finding("futex", VERDICT_MISSING)};
    finding_print_all(list, 2, out.file());
    EXPECT_THAT(out.text(), HasSubstr("No pipeline can run here: 1 thing is missing."));
}

TEST(Findings, JsonSaysTheSame)
{
    Output out;
    finding list[] = {Finding("pool", VERDICT_WARN), Finding("futex", VERDICT_MISSING)};
    ASSERT_EQ(finding_print_json(list, 2, out.file()), 0);
    json_t *report = json_loads(out.text().c_str(), 0, nullptr);
    ASSERT_NE(report, nullptr);
    EXPECT_TRUE(json_is_false(json_object_get(report, "ok")));
    const json_t *second = json_array_get(json_object_get(report, "findings"), 1);
    EXPECT_STREQ(json_string_value(json_object_get(second, "name")), "futex");
    EXPECT_STREQ(json_string_value(json_object_get(second, "verdict")), "missing");
    EXPECT_STREQ(json_string_value(json_object_get(second, "fix")), "sysctl -w vm.thing=1");
    json_decref(report);
}

TEST(Doctor, ThisMachineRunsPipelinesAndTheTestsWithIt)
{
    Outcome run = RunCommand(doctor_run, {"doctor"});
    EXPECT_EQ(run.result, 0) << run.out;
    EXPECT_EQ(run.err, "");
    for (const char *name : {"kernel", "huge page pool", "sealing", "control group", "Landlock", "open files"})
        EXPECT_THAT(run.out, HasSubstr(name));
    EXPECT_THAT(run.out, HasSubstr("Pipelines can run here"));
    EXPECT_LE(Width(run.out), 80u) << run.out;
}

TEST(Doctor, JsonIsOneObjectWithAFindingForEachProbe)
{
    Outcome run = RunCommand(doctor_run, {"doctor", "--json"});
    EXPECT_EQ(run.result, 0);
    json_t *report = json_loads(run.out.c_str(), 0, nullptr);
    ASSERT_NE(report, nullptr) << run.out;
    EXPECT_TRUE(json_is_true(json_object_get(report, "ok")));
    EXPECT_GE(json_array_size(json_object_get(report, "findings")), 15u);
    json_decref(report);
}

TEST(Doctor, ProbingLeavesNothingBehind)
{
    auto files = [] {
        auto list = std::filesystem::directory_iterator("/proc/self/fd");
        return std::distance(std::filesystem::begin(list), std::filesystem::end(list));
    };
    int before = -1, after = -1;
    ASSERT_EQ(prctl(PR_GET_CHILD_SUBREAPER, &before), 0);
    auto open = files();
    RunCommand(doctor_run, {"doctor"});
    EXPECT_EQ(files(), open);
    ASSERT_EQ(prctl(PR_GET_CHILD_SUBREAPER, &after), 0);
    EXPECT_EQ(after, before);
}

TEST(Doctor, AWordTooManyIsAUsageError)
{
    Outcome run = RunCommand(doctor_run, {"doctor", "please"});
    EXPECT_EQ(run.result, 2);
    EXPECT_EQ(run.out, "");
    EXPECT_THAT(run.err, HasSubstr("'please' is one word too many"));
}

TEST(Doctor, HelpIsNoDiagnosis)
{
    Outcome run = RunCommand(doctor_run, {"doctor", "--help"});
    EXPECT_EQ(run.result, 0);
    EXPECT_THAT(run.out, HasSubstr("Usage: micropipe doctor"));
    EXPECT_THAT(run.out, Not(HasSubstr("kernel  ")));
}

} // namespace
