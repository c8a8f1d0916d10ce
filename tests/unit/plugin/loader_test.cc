extern "C" {
#include "loader.h"
}
#include <micropipe/micropipe.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace
{

std::string PluginNamed(const std::string &name)
{
    return std::string(TEST_PLUGINS) + "/" + name + ".so";
}

TEST(Loader, APluginIsOpenedAndItsProcessorsAreFoundByName)
{
    char why[512] = "";
    const mpipe_plugin *plugin = nullptr;
    ASSERT_EQ(loader_open(PluginNamed("good").c_str(), &plugin, why, sizeof why), 0) << why;
    EXPECT_STREQ(plugin->pack, "good");
    const mpipe_processor *count = loader_processor(plugin, "count");
    ASSERT_NE(count, nullptr);
    EXPECT_NE(count->run, nullptr);
    EXPECT_EQ(loader_processor(plugin, "nothing"), nullptr);
}

TEST(Loader, WhatIsRefusedLeavesTheResultUntouched)
{
    char why[512] = "";
    const mpipe_plugin *plugin = nullptr;
    EXPECT_LT(loader_open(PluginNamed("tables_no_doc").c_str(), &plugin, why, sizeof why), 0);
    EXPECT_EQ(plugin, nullptr);
    EXPECT_THAT(why, testing::HasSubstr("has no doc"));
    EXPECT_LT(loader_open(PluginNamed("text_file").c_str(), &plugin, why, sizeof why), 0);
    EXPECT_EQ(plugin, nullptr);
}

TEST(Loader, AReasonIsCutToItsBufferAndNotWrittenBeyondIt)
{
    char why[16];
    const mpipe_plugin *plugin = nullptr;
    EXPECT_LT(loader_open(PluginNamed("undefined_symbol").c_str(), &plugin, why, 8), 0);
    EXPECT_EQ(std::string(why).size(), 7u);
}

} // namespace
