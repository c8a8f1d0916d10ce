extern "C" {
#include "commands.h"
}
#include "command_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>

namespace
{

using testing::HasSubstr;
using Words = std::set<std::string>;

/* The lines of the manual under each ".SS command", without roff's backslashes. */
std::map<std::string, std::string> ManualSections()
{
    std::map<std::string, std::string> sections;
    std::ifstream page(SOURCE_DIR "/docs/man/micropipe.1");
    std::string line, heading;
    while (std::getline(page, line)) {
        line = std::regex_replace(line, std::regex(R"(\\)"), "");
        if (line.rfind(".S", 0) == 0)
            heading = line.rfind(".SS ", 0) == 0 ? line.substr(4, line.find(' ', 4) - 4) : "";
        sections[heading] += line + "\n";
    }
    return sections;
}

Words Matches(const std::string &text, const std::string &pattern)
{
    Words found;
    const std::regex option(pattern);
    for (std::sregex_iterator i(text.begin(), text.end(), option), end; i != end; ++i)
        found.insert((*i)[1]);
    return found;
}

std::string Help(const command_entry *e)
{
    Outcome o = RunCommand(e->run, {e->name, "--help"});
    EXPECT_EQ(o.result, 0) << e->name;
    EXPECT_EQ(o.err, "") << e->name;
    return o.out;
}

Outcome Micropipe(std::vector<std::string> words)
{
    words.insert(words.begin(), "micropipe");
    return RunCommand(commands_dispatch, words);
}

TEST(Commands, TheManualHasTheOptionsOfEachCommandAndNoOthers)
{
    auto sections = ManualSections();
    size_t commands = 0;
    for (const command_entry *e = commands_list(); e->name; e++, commands++) {
        ASSERT_EQ(sections.count(e->name), 1u) << e->name;
        Words in_table = Matches(Help(e), "(?:^|\n)  (--?[a-z][a-z-]*)");
        in_table.erase("-h");
        EXPECT_EQ(Matches(sections[e->name], "\n\\.TP\n\\.BI? (--?[a-z][a-z-]*)"), in_table) << e->name;
        sections.erase(e->name);
    }
    sections.erase("");
    EXPECT_EQ(sections.size(), 0u) << "the manual has a command that does not exist: " << sections.begin()->first;
    EXPECT_GE(commands, 12u);
}

TEST(Commands, HelpFitsEightyColumns)
{
    EXPECT_LE(Width(Micropipe({"--help"}).out), 80u);
    for (const command_entry *e = commands_list(); e->name; e++)
        EXPECT_LE(Width(Help(e)), 80u) << e->name;
}

TEST(Commands, HelpOfACommandCanBeAskedForInTwoWays)
{
    for (const command_entry *e = commands_list(); e->name; e++)
        EXPECT_EQ(Micropipe({"help", e->name}).out, Micropipe({e->name, "--help"}).out);
    EXPECT_EQ(Micropipe({"help"}).out, Micropipe({"--help"}).out);
}

TEST(Commands, AnUnknownCommandGetsTheNearest)
{
    Outcome o = Micropipe({"chek", "x.cfg"});
    EXPECT_EQ(o.result, 2);
    EXPECT_EQ(o.out, "");
    EXPECT_THAT(o.err, HasSubstr("there is no command 'chek' (did you mean 'check'?)"));
    EXPECT_THAT(Micropipe({"help", "rnu"}).err, HasSubstr("did you mean 'run'?"));
}

TEST(Commands, AFileInPlaceOfACommandGetsTheCommandThatRunsIt)
{
    Outcome o = Micropipe({"/etc/passwd"});
    EXPECT_EQ(o.result, 2);
    EXPECT_THAT(o.err, HasSubstr("micropipe run /etc/passwd"));
}

TEST(Commands, AnOptionBeforeTheCommandIsRefused)
{
    Outcome o = Micropipe({"--json", "run"});
    EXPECT_EQ(o.result, 2);
    EXPECT_THAT(o.err, HasSubstr("a command comes first"));
}

TEST(Commands, NothingAtAllIsAMistakeThatGetsHelp)
{
    Outcome o = Micropipe({});
    EXPECT_EQ(o.result, 2);
    EXPECT_EQ(o.out, "");
    EXPECT_EQ(o.err, Micropipe({"--help"}).out);
}

TEST(Commands, TheVersionIsOneLine)
{
    Outcome o = Micropipe({"--version"});
    EXPECT_EQ(o.result, 0);
    EXPECT_TRUE(std::regex_match(o.out, std::regex(R"(micropipe \d+\.\d+\.\d+ \(plugin interface \d+\.\d+\)\n)")))
        << o.out;
}

TEST(Commands, RunWantsOnePipeline)
{
    EXPECT_THAT(Micropipe({"run"}).err, HasSubstr("which pipeline?"));
    EXPECT_THAT(Micropipe({"run", "a.cfg", "-e", "a.b | c.d"}).err, HasSubstr("which of the two"));
    EXPECT_THAT(Micropipe({"check", "a.cfg", "b.cfg"}).err, HasSubstr("'b.cfg' is one word too many"));
    EXPECT_EQ(Micropipe({"run"}).result, 2);
}

TEST(Commands, AnUnknownLogLevelGetsTheNearest)
{
    Outcome o = Micropipe({"run", "--log-level=debgu", "x.cfg"});
    EXPECT_EQ(o.result, 2);
    EXPECT_THAT(o.err, HasSubstr("'debgu' is no log level: error, warning, info or debug (did you mean 'debug'?)"));
}

} // namespace
