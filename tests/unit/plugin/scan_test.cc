extern "C" {
#include "scan.h"
}
#include <micropipe/option.h>
#include <micropipe/processor.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>

#include "../../support/temp_folder.h"

namespace
{

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr uint64_t kShort = 300000000;      /* ns; for those that hang */
constexpr uint64_t kGenerous = 20000000000; /* ns; for those that answer: never waited for */

std::string PathOf(const std::string &name)
{
    return std::string(TEST_PLUGINS) + "/" + name + ".so";
}

size_t OpenFiles()
{
    size_t n = 0;
    for (const auto &entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        (void)entry;
        n++;
    }
    return n;
}

/* A scan, and that it left no file and no child behind. */
class Scan : public testing::Test
{
  protected:
    void SetUp() override { files_ = OpenFiles(); }

    void TearDown() override
    {
        scan_clear(&scan_);
        EXPECT_EQ(OpenFiles(), files_);
        EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
        EXPECT_EQ(errno, ECHILD);
    }

    std::string Problem(const std::string &name, uint64_t limit = kGenerous)
    {
        scan_clear(&scan_);
        EXPECT_EQ(scan_file(PathOf(name).c_str(), limit, &scan_), 0);
        EXPECT_EQ(scan_.n_processors == 0, scan_.problem != nullptr);
        return scan_.problem ? scan_.problem : "";
    }

    scan scan_ = {};

  private:
    size_t files_ = 0;
};

TEST_F(Scan, AGoodPluginIsDescribedCellByCell)
{
    ASSERT_EQ(Problem("good"), "");
    ASSERT_EQ(scan_.n_processors, 2u);
    const processor_description *d = scan_.processors[0];
    EXPECT_STREQ(d->pack, "good");
    EXPECT_STREQ(d->name, "scale");
    EXPECT_STREQ(d->version, "1.4.2");
    EXPECT_EQ(d->file, PathOf("good"));
    EXPECT_STREQ(d->pack_dir, TEST_PLUGINS);
    EXPECT_STREQ(d->summary, "Scales images");
    EXPECT_THAT(d->example, HasSubstr("good.scale shorter=64"));
    EXPECT_EQ(d->flags, static_cast<uint32_t>(MPIPE_STATELESS | MPIPE_DETERMINISTIC));
    EXPECT_EQ(d->state_size, 4096u);
    EXPECT_EQ(d->pull, 0);
    ASSERT_EQ(d->n_options, 8u);
    ASSERT_EQ(d->n_needs, 1u);
    EXPECT_STREQ(d->needs[0], "mpipe.wait/1");
    const option_description *shorter = description_option(d, "shorter");
    ASSERT_NE(shorter, nullptr);
    EXPECT_EQ(shorter->type, static_cast<uint32_t>(MPIPE_INT));
    EXPECT_STREQ(shorter->fallback, "256");
    EXPECT_STREQ(shorter->min, "1");
    EXPECT_STREQ(shorter->max, "65535");
    EXPECT_STREQ(shorter->unit, "pixels");
    EXPECT_STREQ(shorter->doc, "Length of the shorter side.");
    const option_description *filter = description_option(d, "filter");
    ASSERT_NE(filter, nullptr);
    ASSERT_EQ(filter->n_choices, 2u);
    EXPECT_STREQ(filter->choices[1], "lanczos");
    EXPECT_EQ(filter->min, nullptr);
    EXPECT_EQ(description_option(d, "nothing"), nullptr);
    EXPECT_EQ(description_output(d, "errors"), 1);
    EXPECT_EQ(description_output(d, "nothing"), -1);
    EXPECT_EQ(description_input(d, "in"), 0);
    EXPECT_EQ(d->outputs[1].flags, static_cast<uint32_t>(MPIPE_PORT_OPTIONAL));
}

TEST_F(Scan, ASourceWithoutTablesHasOneOutputAndNoInput)
{
    ASSERT_EQ(Problem("good"), "");
    const processor_description *d = scan_.processors[1];
    EXPECT_EQ(d->pull, 1);
    EXPECT_EQ(d->n_inputs, 0u);
    ASSERT_EQ(d->n_outputs, 1u);
    EXPECT_STREQ(d->outputs[0].name, "out");
}

TEST_F(Scan, AStructThatIsLongerThanOursIsReadAsFarAsWeKnowIt)
{
    ASSERT_EQ(Problem("bare"), "");
    ASSERT_EQ(scan_.n_processors, 1u);
    EXPECT_STREQ(scan_.processors[0]->inputs[0].name, "in");
    EXPECT_STREQ(scan_.processors[0]->outputs[0].name, "out");
}

TEST_F(Scan, APluginThatPrintsMoreThanAPipeHoldsIsDescribedAllTheSame)
{
    testing::internal::CaptureStdout();
    EXPECT_EQ(Problem("chatty"), "");
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST_F(Scan, ACrashInAConstructorIsNamedWithItsLastWords)
{
    EXPECT_THAT(Problem("constructor_segv"), AllOf(HasSubstr("died with SIGSEGV while it was being loaded"),
                                                   HasSubstr("about to follow a wild pointer")));
}

TEST_F(Scan, AnAbortInAConstructorIsNamed)
{
    EXPECT_THAT(Problem("constructor_abort"), HasSubstr("died with SIGABRT while it was being loaded"));
}

TEST_F(Scan, AConstructorThatHangsIsEndedWhenTheTimeIsOver)
{
    EXPECT_THAT(Problem("constructor_hang", kShort),
                HasSubstr("did not answer within 0.3 s while it was being loaded"));
}

TEST_F(Scan, AConstructorThatCallsExitEndsTheChildOnly)
{
    EXPECT_THAT(Problem("constructor_exit"), AllOf(HasSubstr("called exit("), HasSubstr("while it was being loaded")));
}

TEST_F(Scan, AFloodOfTheAnswerIsCutOff)
{
    EXPECT_THAT(Problem("constructor_flood"), HasSubstr("sent more than 4 MiB"));
}

TEST_F(Scan, AnAnswerThatThePluginMadeUpIsRefused)
{
    EXPECT_THAT(Problem("constructor_garbage"), HasSubstr("garbage"));
}

TEST_F(Scan, AConstructorThatForksLeavesNoProcess)
{
    ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); /* what its parent left behind would be ours */
    EXPECT_EQ(Problem("constructor_daemon"), "");
    EXPECT_EQ(waitpid(-1, nullptr, 0), -1);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* Whether a process has a child that has mapped this file. */
bool HasChildWith(pid_t pid, const std::string &file)
{
    const std::string id = std::to_string(pid);
    std::ifstream children("/proc/" + id + "/task/" + id + "/children");
    std::string child;
    if (!(children >> child))
        return false;
    return harness::read_file("/proc/" + child + "/maps").find(file) != std::string::npos;
}

TEST_F(Scan, TheChildDiesWithTheHost)
{
    int status = 0;
    ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    pid_t host = fork();
    if (host == 0) {
        scan_file(PathOf("constructor_hang").c_str(), 600 * kGenerous, &scan_);
        _exit(0);
    }
    while (!HasChildWith(host, "constructor_hang.so"))
        sched_yield();
    kill(host, SIGKILL);
    for (int dead = 0; dead < 2; dead++)
        EXPECT_GT(waitpid(-1, &status, 0), 0);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_F(Scan, WhatTheHostHasNotWrittenYetIsNotTakenForThePlugins)
{
    fputs("of the host", stdout);
    EXPECT_THAT(Problem("constructor_exit"), Not(HasSubstr("of the host")));
    puts("");
}

TEST_F(Scan, APluginThatClosesTheScannersFilesGivesNoAnswer)
{
    EXPECT_THAT(Problem("constructor_close_all"), HasSubstr("while it was being loaded"));
}

TEST_F(Scan, AHangInTheEntryIsToldFromOneInAConstructor)
{
    EXPECT_THAT(Problem("entry_hang", kShort),
                HasSubstr("did not answer within 0.3 s when mpipe_plugin_v1() was called"));
}

TEST_F(Scan, ACrashInTheEntryOrInItsTablesIsNamed)
{
    EXPECT_THAT(Problem("entry_segv"), HasSubstr("died with SIGSEGV when mpipe_plugin_v1() was called"));
    EXPECT_THAT(Problem("entry_wild_pointer"), HasSubstr("died with SIGSEGV when mpipe_plugin_v1() was called"));
}

TEST_F(Scan, AnotherMajorIsRefusedWithBothNumbers)
{
    EXPECT_THAT(Problem("entry_major_2"),
                HasSubstr("built for major 2 of the plugin interface, this micropipe has major 1"));
    EXPECT_THAT(Problem("next_major"),
                HasSubstr("built for major 2 of the plugin interface, this micropipe has major 1"));
}

TEST_F(Scan, ANewerMinorIsRefusedWithBothNumbers)
{
    EXPECT_EQ(Problem("entry_minor_3"), "needs ABI minor 3, this host has 0: upgrade micropipe");
}

TEST_F(Scan, AnUndefinedSymbolIsFoundWhenItIsLoadedAndNotInAWorker)
{
    EXPECT_THAT(Problem("undefined_symbol"), AllOf(HasSubstr("undefined symbol: nobody_has_this_function"),
                                                   HasSubstr("-Wl,-z,defs"), Not(HasSubstr(TEST_PLUGINS))));
}

TEST_F(Scan, AMissingLibraryIsNamed)
{
    EXPECT_THAT(Problem("missing_library"),
                AllOf(HasSubstr("libvanished.so: cannot open shared object file"), HasSubstr("LD_LIBRARY_PATH")));
}

TEST_F(Scan, AFileThatIsNoSharedObjectIsRefused)
{
    EXPECT_THAT(Problem("text_file"), HasSubstr("this is not a shared object"));
    EXPECT_THAT(Problem("empty"), HasSubstr("this is not a shared object"));
    EXPECT_THAT(Problem("no_such_file"), HasSubstr("No such file"));
}

TEST_F(Scan, ASharedObjectThatIsNoPluginIsRefused)
{
    EXPECT_THAT(Problem("no_entry"), HasSubstr("it does not export mpipe_plugin_v1"));
}

TEST_F(Scan, AnUnknownFlagThatIsOnlyAHintIsIgnored)
{
    EXPECT_EQ(Problem("tables_unknown_hint"), "");
}

struct Refusal {
    const char *plugin, *words;
};

void PrintTo(const Refusal &refusal, std::ostream *out)
{
    *out << refusal.plugin;
}

class ScanRefuses : public Scan, public testing::WithParamInterface<Refusal>
{
};

TEST_P(ScanRefuses, AndSaysWhy)
{
    EXPECT_THAT(Problem(GetParam().plugin), HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, ScanRefuses,
    testing::Values(Refusal{"entry_null", "mpipe_plugin_v1() gave NULL"},
                    Refusal{"entry_no_processors", "it has no processors"},
                    Refusal{"entry_short_plugin",
                            "its mpipe_plugin has a struct_size of 16, and at least 40 is needed"},
                    Refusal{"entry_short_processor", "a processor's struct_size is 8, and at least 128 is needed"},
                    Refusal{"entry_bad_pack_name", "its pack name is not of the form"},
                    Refusal{"entry_no_end_of_table", "more than 256 processors"},
                    Refusal{"entry_two_of_one_name", "it has two processors named 'pass'"},
                    Refusal{"tables_both_styles", "processor 'pass' has both process and run"},
                    Refusal{"tables_no_style", "processor 'pass' has neither process and run"},
                    Refusal{"tables_unknown_flag", "it has the flags 0x100000, which this host does not know"},
                    Refusal{"tables_large_state", "its state has 65537 bytes: at most 65536"},
                    Refusal{"tables_bad_name", "its processor has a name not of the form"},
                    Refusal{"tables_no_summary", "it has no summary"}, Refusal{"tables_not_utf8", "it has no summary"},
                    Refusal{"tables_two_options_of_one_name", "it has two options named 'amount'"},
                    Refusal{"tables_garbage_default", "option 'amount': its default '64 elephants' is not a size"},
                    Refusal{"tables_default_below_min", "option 'amount': its default 250ms is below its min 1s"},
                    Refusal{"tables_default_no_choice", "its default 'blue' is not one of its choices"},
                    Refusal{"tables_choice_twice", "has the choice 'red' twice"},
                    Refusal{"tables_required_with_default", "is MPIPE_REQUIRED, and has a default"},
                    Refusal{"tables_no_doc", "option 'amount' has no doc"},
                    Refusal{"tables_unknown_type", "option 'amount' is of type 0x63"},
                    Refusal{"tables_bounds_on_text", "a string has no min and max"},
                    Refusal{"tables_bad_list_item", "its default 'three' is not an integer"},
                    Refusal{"tables_source_with_input", "it is an MPIPE_SOURCE, and has input ports"},
                    Refusal{"tables_no_input", "it has no input port"},
                    Refusal{"tables_two_ports_of_one_name", "it has two input ports named 'frames'"}),
    [](const testing::TestParamInfo<Refusal> &refusal) { return std::string(refusal.param.plugin); });

} // namespace
