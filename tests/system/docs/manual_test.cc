// The manual page and --help say the same.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "shell.h"

using Words = std::set<std::string>;

// The page's text with roff's hyphens and fonts taken out, by its headings: "DESCRIPTION", and "run" for ".SS run ...".
static std::map<std::string, std::string> page()
{
    std::ifstream in(SOURCE_DIR "/docs/man/micropipe.1");
    std::map<std::string, std::string> sections;
    std::string line, heading;
    while (std::getline(in, line)) {
        line = std::regex_replace(line, std::regex(R"(\\-)"), "-");
        line = std::regex_replace(line, std::regex(R"(\\f[BIRP])"), "");
        if (line.rfind(".SH ", 0) == 0)
            heading = line.substr(4);
        else if (line.rfind(".SS ", 0) == 0)
            heading = line.substr(4, line.find(' ', 4) - 4);
        sections[heading] += line + "\n";
    }
    return sections;
}

static Words options_in(const std::string &text)
{
    Words found;
    const std::regex option("(?:^|[^-a-z])(--[a-z][a-z-]*)");
    for (std::sregex_iterator i(text.begin(), text.end(), option), end; i != end; ++i)
        found.insert((*i)[1]);
    return found;
}

// The verbs that `micropipe --help` lists: words at the start of an indented line.
static Words commands()
{
    const Outcome help = Folder().run("micropipe --help");
    EXPECT_EQ(help.status, 0);
    Words found;
    const std::regex command("\n  (?:micropipe )?([a-z]+) ");
    for (std::sregex_iterator i(help.output.begin(), help.output.end(), command), end; i != end; ++i)
        found.insert((*i)[1]);
    return found;
}

TEST(Manual, HasASectionForEachCommandOfHelp)
{
    const auto sections = page();
    const Words listed = commands();
    EXPECT_GE(listed.size(), 4u);
    for (const std::string &command : listed)
        EXPECT_EQ(sections.count(command), 1u) << command;
}

TEST(Manual, NamesTheSameOptionsAsTheHelpOfEachCommand)
{
    const auto sections = page();
    for (const std::string &command : commands()) {
        const Outcome help = Folder().run("micropipe " + command + " --help");
        EXPECT_EQ(help.status, 0) << command;
        Words in_help = options_in(help.output);
        in_help.erase("--help");
        ASSERT_EQ(sections.count(command), 1u) << command;
        EXPECT_EQ(options_in(sections.at(command)), in_help) << command;
    }
}

TEST(Manual, IsValidRoff)
{
    const Outcome outcome = Folder().run("man --warnings -l " SOURCE_DIR "/docs/man/micropipe.1 >/dev/null");
    if (outcome.status == 127)
        GTEST_SKIP() << "no man here";
    EXPECT_EQ(outcome.output, "");
}
