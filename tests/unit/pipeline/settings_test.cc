// The manual describes every setting as the table has it.
extern "C" {
#include "settings.h"
}

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <micropipe/option.h>

#include <fstream>
#include <map>
#include <regex>
#include <sstream>

namespace
{

using testing::HasSubstr;

std::string plain(std::string text)
{
    text = std::regex_replace(text, std::regex(R"(\\-)"), "-");
    text = std::regex_replace(text, std::regex("(^|\n)\\.(B|I|BR|IR|IP|br)\\b ?"), "\n");
    return std::regex_replace(text, std::regex("[ \n]+"), " ");
}

// What a section of the page says of each word that has a paragraph of its own there.
std::map<std::string, std::string> paragraphs(const std::string &heading)
{
    std::ifstream in(MANUAL);
    std::string line, key;
    std::map<std::string, std::string> found;
    bool inside = false;
    while (std::getline(in, line)) {
        if (line.rfind(".SH ", 0) == 0)
            inside = line == ".SH " + heading;
        if (inside && line == ".TP" && std::getline(in, line))
            key = line.substr(line.find(' ') + 1);
        else if (inside && !key.empty())
            found[key] += line + "\n";
    }
    return found;
}

// As in the comments of pipeline_print().
std::string facts(const struct setting &s)
{
    std::string text = std::string("(") + s.form;
    for (size_t i = 0; s.choices && s.choices[i]; i++)
        text += std::string(i ? " | " : ": ") + s.choices[i];
    if (s.min && s.max)
        text += std::string(", ") + s.min + " to " + s.max + (s.unit ? std::string(" ") + s.unit : "");
    if (s.flags & MPIPE_REQUIRED)
        return text + "; required)";
    return text + "; default: " + (s.otherwise ? s.otherwise : s.fallback) + ")";
}

void expect_described(const struct setting *table, size_t n, const std::string &heading)
{
    auto page = paragraphs(heading);
    EXPECT_EQ(page.size(), n) << heading;
    for (size_t i = 0; i < n; i++) {
        ASSERT_EQ(page.count(table[i].key), 1u) << heading << ": " << table[i].key;
        std::string text = plain(page[table[i].key]);
        EXPECT_THAT(text, HasSubstr(table[i].doc)) << table[i].key;
        EXPECT_THAT(text, HasSubstr(facts(table[i]))) << table[i].key;
    }
}

TEST(Settings, OfThePipelineAreInTheManual)
{
    expect_described(pipeline_settings, PIPELINE_SETTINGS, "SETTINGS OF THE PIPELINE");
}

TEST(Settings, OfAStageAreInTheManual)
{
    expect_described(stage_settings, STAGE_SETTINGS, "SETTINGS OF A STAGE");
}

TEST(Settings, OfAnInputAreInTheManual)
{
    expect_described(input_settings, INPUT_SETTINGS, "SETTINGS OF AN INPUT");
}

TEST(Settings, OfWorkersAreInTheManual)
{
    expect_described(workers_settings, WORKERS_SETTINGS, "SETTINGS OF WORKERS");
}

TEST(Settings, AreFoundByTheirKey)
{
    EXPECT_EQ(setting_index(stage_settings, STAGE_SETTINGS, "queue"), STAGE_QUEUE);
    EXPECT_EQ(setting_index(stage_settings, STAGE_SETTINGS, "quueue"), -1);
    EXPECT_STREQ(setting_nearest(stage_settings, STAGE_SETTINGS, "quueue"), "queue");
}

} // namespace
