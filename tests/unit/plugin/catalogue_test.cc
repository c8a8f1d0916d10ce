extern "C" {
#include "catalogue.h"
}

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

namespace
{

using testing::AllOf;
using testing::HasSubstr;

const std::string kFirst = TEST_PLUGINS "/path/first";
const std::string kSecond = TEST_PLUGINS "/path/second";

class Catalogue : public testing::Test
{
  protected:
    void SetUp() override
    {
        unsetenv("MICROPIPE_PLUGIN_PATH");
        setenv("XDG_DATA_HOME", "/nonexistent", 1);
    }

    void TearDown() override
    {
        catalogue_destroy(&c_);
        EXPECT_EQ(c_, nullptr);
    }

    void Create(const std::string &path)
    {
        catalogue_destroy(&c_);
        ASSERT_EQ(catalogue_create(path.c_str(), &c_), 0);
    }

    const processor_description *Find(const std::string &name)
    {
        why_ = nullptr;
        return catalogue_find(c_, name.c_str(), &why_);
    }

    std::string Why(const std::string &name)
    {
        EXPECT_EQ(Find(name), nullptr) << name;
        return why_ ? why_ : "";
    }

    catalogue *c_ = nullptr;
    const char *why_ = nullptr;
};

TEST_F(Catalogue, APackIsFoundAsAFileAndAsAFolder)
{
    Create(kFirst + ":" + kSecond);
    const processor_description *first = Find("first.pass");
    ASSERT_NE(first, nullptr) << why_;
    EXPECT_EQ(first->file, kFirst + "/first.so");
    const processor_description *second = Find("second.pass");
    ASSERT_NE(second, nullptr) << why_;
    EXPECT_EQ(second->file, kSecond + "/second/second.so");
    EXPECT_EQ(second->pack_dir, kSecond + "/second");
}

TEST_F(Catalogue, TheFirstFolderWins)
{
    Create(kFirst + ":" + kSecond);
    ASSERT_NE(Find("good.pass"), nullptr) << why_;
    EXPECT_STREQ(Find("good.pass")->version, "1.0.0");
    Create(kSecond + ":" + kFirst);
    ASSERT_NE(Find("good.pass"), nullptr) << why_;
    EXPECT_STREQ(Find("good.pass")->version, "2.0.0");
}

TEST_F(Catalogue, TheEnvironmentComesAfterWhatIsNamedFirst)
{
    setenv("MICROPIPE_PLUGIN_PATH", kFirst.c_str(), 1);
    Create(kSecond);
    ASSERT_NE(Find("good.pass"), nullptr) << why_;
    EXPECT_STREQ(Find("good.pass")->version, "2.0.0");
    EXPECT_NE(Find("first.pass"), nullptr) << why_;
    EXPECT_EQ(catalogue_folder(c_, 0), kSecond);
    EXPECT_EQ(catalogue_folder(c_, 1), kFirst);
    unsetenv("MICROPIPE_PLUGIN_PATH");
}

TEST_F(Catalogue, PacksBesideTheFolderOfTheProgramAreFound)
{
    Create("");
    EXPECT_NE(Find("beside.pass"), nullptr) << why_;
    EXPECT_STREQ(catalogue_folder(c_, 0), TEST_PLUGINS "/program/packs");
}

TEST_F(Catalogue, OnlyThePackThatIsNamedIsLoaded)
{
    Create(TEST_PLUGINS); /* most there hang or crash */
    auto start = std::chrono::steady_clock::now();
    ASSERT_NE(Find("good.scale"), nullptr) << why_;
    auto took = std::chrono::steady_clock::now() - start;
    EXPECT_EQ(catalogue_problems(c_), 0u);
    EXPECT_LT(took, std::chrono::seconds(1));
}

TEST_F(Catalogue, APackIsScannedOnce)
{
    Create(TEST_PLUGINS);
    const processor_description *once = Find("good.scale");
    EXPECT_EQ(Find("good.scale"), once);
    EXPECT_NE(Find("good.count"), nullptr);
    EXPECT_NE(Why("no_entry.pass"), "");
    EXPECT_NE(Why("no_entry.pass"), "");
    EXPECT_EQ(catalogue_problems(c_), 1u);
}

TEST_F(Catalogue, APackThatIsNotThereIsExplainedWithTheNearestAndWithWhereWasLooked)
{
    Create(kFirst + ":/nonexistent/packs:/dev/null");
    EXPECT_THAT(Why("goood.pass"),
                AllOf(HasSubstr("there is no pack 'goood' (did you mean 'good'?)"), HasSubstr(kFirst),
                      HasSubstr("; not in /nonexistent/packs (No such file or directory), "
                                "/dev/null (Not a directory)")));
}

TEST_F(Catalogue, AProcessorThatIsNotThereIsExplainedWithTheNearest)
{
    Create(TEST_PLUGINS);
    EXPECT_THAT(Why("good.sclae"), HasSubstr("pack 'good' has no processor 'sclae' (did you mean 'scale'?)"));
}

TEST_F(Catalogue, APackThatDoesNotLoadIsExplainedWithItsFileAndReason)
{
    Create(TEST_PLUGINS);
    EXPECT_THAT(Why("undefined_symbol.pass"), AllOf(HasSubstr(TEST_PLUGINS "/undefined_symbol.so cannot be used"),
                                                    HasSubstr("undefined symbol: nobody_has_this_function")));
    ASSERT_EQ(catalogue_problems(c_), 1u);
    EXPECT_STREQ(catalogue_problem_at(c_, 0)->file, TEST_PLUGINS "/undefined_symbol.so");
    EXPECT_THAT(catalogue_problem_at(c_, 0)->reason, HasSubstr("undefined symbol"));
    EXPECT_EQ(catalogue_problem_at(c_, 1), nullptr);
}

TEST_F(Catalogue, ANameThatIsNoneIsExplained)
{
    Create(TEST_PLUGINS);
    for (const char *name : {"", ".", "good", "good.", ".scale", "./good.so", "./good.so:"})
        EXPECT_THAT(Why(name), HasSubstr("no name of a processor")) << name;
    EXPECT_THAT(Why("Good.scale"), HasSubstr("no name of a pack"));
    EXPECT_THAT(Why("../x.scale"), HasSubstr("no name of a processor"));
}

TEST_F(Catalogue, AnAuthorMayNameTheFile)
{
    Create("");
    const std::string file = TEST_PLUGINS "/../plugins/good.so";
    const processor_description *d = Find(file + ":scale");
    ASSERT_NE(d, nullptr) << why_;
    EXPECT_STREQ(d->file, TEST_PLUGINS "/good.so");
    EXPECT_STREQ(d->pack, "good");
    EXPECT_THAT(Why(file + ":scael"), HasSubstr("did you mean 'scale'?"));
    EXPECT_THAT(Why("./no/such.so:scale"), HasSubstr("./no/such.so: No such file"));
}

TEST_F(Catalogue, AllProcessorsOfOnePackAreGivenInItsOrder)
{
    Create(TEST_PLUGINS);
    size_t n = 0;
    processor_description *const *list = catalogue_pack(c_, "good", &n, &why_);
    ASSERT_NE(list, nullptr) << why_;
    ASSERT_EQ(n, 2u);
    EXPECT_STREQ(list[0]->name, "scale");
    EXPECT_STREQ(list[1]->name, "count");
    EXPECT_EQ(catalogue_pack(c_, "nothing", &n, &why_), nullptr);
}

TEST_F(Catalogue, AScanOfAllGivesProcessorsByPackAndEveryProblem)
{
    Create(kFirst + ":" + kSecond);
    ASSERT_EQ(catalogue_scan_all(c_), 4u);
    EXPECT_STREQ(catalogue_at(c_, 0)->pack, "beside");
    EXPECT_STREQ(catalogue_at(c_, 1)->pack, "first");
    EXPECT_STREQ(catalogue_at(c_, 2)->pack, "good");
    EXPECT_STREQ(catalogue_at(c_, 3)->pack, "second");
    EXPECT_EQ(catalogue_at(c_, 4), nullptr);
    std::vector<std::string> reasons;
    for (size_t i = 0; i < catalogue_problems(c_); i++)
        reasons.emplace_back(catalogue_problem_at(c_, i)->reason);
    EXPECT_THAT(reasons, testing::UnorderedElementsAre(HasSubstr("its name is no name of a pack"),
                                                       HasSubstr("it calls itself pack 'other'")));
    EXPECT_EQ(catalogue_scan_all(c_), 4u);
    EXPECT_EQ(catalogue_problems(c_), 2u);
}

TEST_F(Catalogue, WhatWasSaidStaysAsLongAsTheCatalogue)
{
    Create(kFirst);
    std::string before = Why("goood.pass");
    const char *kept = why_;
    for (int i = 0; i < 100; i++)
        Why("nothing" + std::to_string(i) + ".pass");
    EXPECT_EQ(kept, before);
}

} // namespace
