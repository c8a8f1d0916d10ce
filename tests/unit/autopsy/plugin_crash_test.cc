// Crashes in the shared object of a plugin, which is as its author has built it, or not what it was.
#include "dying.h"

#include <cstring>
#include <dlfcn.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <pthread.h>
#include <random>
#include <string>

#include "../../support/temp_folder.h"

using dying::Evidence;
using dying::Examine;
using dying::Found;

namespace
{

const std::string victim = VICTIM_FOLDER "/victim.so", victim_bare = VICTIM_FOLDER "/victim_bare.so";

struct Call {
    void (*function)(uintptr_t);
    uintptr_t argument;
};

// What is the host's, as far as a backtrace of this thread goes.
void *make_call(void *call)
{
    const Call c = *static_cast<Call *>(call);
    c.function(c.argument);
    return nullptr;
}

// Of a process that loads the file, and calls a function of it with that argument; `then` comes in between.
Evidence Crash(const std::string &file, const char *function, uintptr_t argument = 16,
               void (*then)(const std::string &) = nullptr)
{
    return dying::EvidenceOf([&] {
        void *library = dlopen(file.c_str(), RTLD_NOW);
        void *symbol = library ? dlsym(library, function) : nullptr;
        if (!symbol)
            return;
        if (then)
            then(file);
        Call call = {reinterpret_cast<void (*)(uintptr_t)>(symbol), argument};
        pthread_t thread;
        if (pthread_create(&thread, nullptr, make_call, &call) == 0)
            pthread_join(thread, nullptr);
    });
}

Found Report(const crash_area *evidence)
{
    Found found(nullptr, free);
    EXPECT_TRUE(evidence && Examine(evidence, &found)) << "it did not end by itself";
    return found;
}

std::string FileOf(const report_frame &f)
{
    return std::filesystem::path(f.file).filename();
}

class CopiedPlugin : public testing::Test
{
  protected:
    void SetUp() override { std::filesystem::copy_file(victim, file_); }

    harness::TempFolder folder_;
    const std::string file_ = folder_ / "copied.so";
};

} // namespace

TEST(PluginCrash, NamesTheFunctionsThatWereInlinedAndNoneOfTheHost)
{
    Found found = Report(Crash(victim, "victim_fill").get());
    ASSERT_TRUE(found);
    ASSERT_EQ(found->n, 3u);
    const char *const names[] = {"outer::Matrix::Set(int, int)", "Fill", "victim_fill"};
    for (uint32_t i = 0; i < 3; i++) {
        const report_frame &f = found->frames[i];
        EXPECT_STREQ(f.function, names[i]);
        EXPECT_EQ(FileOf(f), "victim.cc");
        EXPECT_GT(f.line, 0u);
        EXPECT_EQ(f.inlined, i < 2 ? 1u : 0u);
        EXPECT_STREQ(f.module, "victim.so");
        EXPECT_EQ(f.address, found->frames[0].address);
    }
    EXPECT_LT(found->frames[0].line, found->frames[1].line) << "where each is called from";
}

TEST(PluginCrash, WithMoreInlinedFunctionsThanAReportHoldsHasTheInnermost)
{
    Found found = Report(Crash(victim, "victim_nest_called").get());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->n, static_cast<uint32_t>(REPORT_FRAMES_MAX));
    EXPECT_NE(std::string(found->frames[0].function).find("Set"), std::string::npos) << found->frames[0].function;
}

TEST(PluginCrash, InADeepRecursionHasTheInnermostCalls)
{
    Found found = Report(Crash(victim, "victim_recurse", 100).get());
    ASSERT_TRUE(found);
    EXPECT_GT(found->n, 20u);
    for (uint32_t i = 0; i < found->n; i++)
        EXPECT_STREQ(found->frames[i].function, "victim_recurse") << i;
}

TEST(PluginCrash, InACallOfWhatIsNoCodeNamesTheCaller)
{
    Found found = Report(Crash(victim, "victim_call", 0x10).get());
    ASSERT_TRUE(found);
    ASSERT_EQ(found->n, 2u);
    EXPECT_EQ(found->frames[0].address, 0x10u);
    EXPECT_STREQ(found->frames[0].module, "");
    EXPECT_STREQ(found->frames[1].function, "victim_call");
}

TEST(PluginCrash, NamesWhatCannotBeDemangledAsItIs)
{
    Found found = Report(Crash(victim, "_Zombie").get());
    ASSERT_TRUE(found);
    EXPECT_STREQ(found->frames[0].function, "_Zombie");
}

TEST(PluginCrash, WithoutSymbolsOrTablesSaysWhereInTheFile)
{
    Evidence e = Crash(victim_bare, "victim_fill");
    Found found = Report(e.get());
    ASSERT_TRUE(found);
    ASSERT_EQ(found->n, 2u) << "by frame pointers";
    EXPECT_EQ(found->frames[0].address, e->pc);
    for (int i = 0; i < 2; i++) {
        EXPECT_STREQ(found->frames[i].module, "victim_bare.so");
        EXPECT_GT(found->frames[i].offset, 0u);
        EXPECT_LT(found->frames[i].offset, std::filesystem::file_size(victim_bare));
        EXPECT_STREQ(found->frames[i].file, "");
    }
    EXPECT_STREQ(found->frames[0].function, "") << "it was static";
}

TEST_F(CopiedPlugin, ThatIsGoneIsNamedAllTheSame)
{
    Evidence e = Crash(file_, "victim_fill");
    std::filesystem::remove(file_);
    Found found = Report(e.get());
    ASSERT_TRUE(found);
    EXPECT_STREQ(found->frames[0].module, "copied.so");
    EXPECT_LT(found->frames[0].offset, std::filesystem::file_size(victim));
    EXPECT_STREQ(found->frames[0].function, "");
}

TEST_F(CopiedPlugin, ThatWasBuiltAgainMeanwhileIsNotLookedUpInTheNewOne)
{
    Found found = Report(Crash(file_, "victim_fill", 16, [](const std::string &file) {
                             std::filesystem::remove(file);
                             std::filesystem::copy_file(victim_bare, file);
                         }).get());
    ASSERT_TRUE(found);
    EXPECT_STREQ(found->frames[0].module, "copied.so (deleted)");
    EXPECT_STREQ(found->frames[0].function, "");
}

TEST_F(CopiedPlugin, ThatIsTextNowIsNamedAllTheSame)
{
    Evidence e = Crash(file_, "victim_fill");
    folder_.file("copied.so", "no shared object\n");
    Found found = Report(e.get());
    ASSERT_TRUE(found);
    EXPECT_STREQ(found->frames[0].module, "copied.so");
}

TEST_F(CopiedPlugin, ThatIsCutAnywhereHarmsNobody)
{
    Evidence e = Crash(file_, "victim_fill");
    ASSERT_TRUE(e);
    const uintmax_t whole = std::filesystem::file_size(victim);
    for (uintmax_t size : {uintmax_t{0}, uintmax_t{1}, uintmax_t{16}, uintmax_t{63}, uintmax_t{200}, uintmax_t{4096},
                           whole / 2, whole - 700, whole - 1}) {
        std::filesystem::copy_file(victim, file_, std::filesystem::copy_options::overwrite_existing);
        std::filesystem::resize_file(file_, size);
        Found found = Report(e.get());
        ASSERT_TRUE(found) << size;
        EXPECT_EQ(found->frames[0].address, e->pc) << size;
    }
}

TEST_F(CopiedPlugin, WhoseBytesAreOthersHarmsNobody)
{
    std::mt19937 dice(1);
    Evidence e = Crash(file_, "victim_fill");
    ASSERT_TRUE(e);
    const std::string whole = harness::read_file(victim);
    for (int round = 0; round < 60; round++) {
        std::string damaged = whole;
        for (int i = 0; i < (round % 2 ? 100 : 10); i++)
            damaged[64 + dice() % (damaged.size() - 64)] = static_cast<char>(dice());
        folder_.file("copied.so", damaged);
        Found found(nullptr, free);
        EXPECT_TRUE(Examine(e.get(), &found)) << round;
    }
}
