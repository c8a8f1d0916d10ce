// What the documents say, tried.
#include <gtest/gtest.h>

#include <regex>

#include "markdown.h"
#include "shell.h"

namespace fs = std::filesystem;

static const std::string sdk = std::string(SOURCE_DIR) + "/sdk/include";

// The pack that a snippet of C makes: the first argument of MPIPE_PLUGIN; "" if it makes none.
static std::string pack_of(const Block &snippet)
{
    std::smatch match;
    return std::regex_search(snippet.text, match, std::regex("MPIPE_PLUGIN\\(\"([a-z0-9_]+)\"")) ? match[1]
                                                                                                 : std::string();
}

static Outcome compile(const Folder &folder, const Block &snippet, const std::string &name)
{
    const std::string source = name + "." + snippet.language;
    const std::string compiler = snippet.language == "c" ? C_COMPILER : CXX_COMPILER " -std=c++20 -Wpedantic";
    folder.write(source, snippet.text);
    return folder.run(compiler + " -O2 -fPIC -shared -Wall -Wextra -Wno-missing-field-initializers -Werror -I'" + sdk +
                      "' -o " + name + ".so " + source);
}

// What a reader has who followed the tutorial: the packs of its snippets, those that `text` names, and what pipelines
// read.
static void follow_the_tutorial(const Folder &folder, const std::string &text)
{
    std::vector<Block> snippets = blocks_in("c");
    for (const Block &snippet : blocks_in("cpp"))
        snippets.push_back(snippet);
    for (const Block &snippet : snippets) {
        const std::string pack = pack_of(snippet);
        if (pack.empty() || text.find(pack + ".") == std::string::npos)
            continue;
        const Outcome outcome = compile(folder, snippet, pack);
        ASSERT_EQ(outcome.status, 0) << snippet.where << "\n" << outcome.output;
    }
    fs::copy(fs::path(SOURCE_DIR) / "README.md", folder.path() / "README.md");
    fs::create_directory(folder.path() / "photos");
}

static std::string text_of(const std::vector<Block> &blocks)
{
    std::string text;
    for (const Block &block : blocks)
        text += block.text;
    return text;
}

// The lines of a block of sh or of a manual that call micropipe with that verb; a line may go on after a backslash.
static std::vector<std::string> calls(const std::string &text, const std::string &verb)
{
    const std::string whole = std::regex_replace(text, std::regex("\\\\\n\\s*"), " ");
    std::vector<std::string> result;
    const std::regex line("(?:^|\n)\\s*(?:build/release/bin/)?(micropipe " + verb + "\\s[^\n]*)");
    for (std::sregex_iterator i(whole.begin(), whole.end(), line), end; i != end; ++i)
        result.push_back((*i)[1]);
    return result;
}

TEST(Docs, EveryRelativeLinkResolves)
{
    int links = 0;
    for (const Markdown &markdown : markdown_of_the_project())
        for (const Link &link : markdown.links) {
            if (link.target[0] == '#' || link.target.find("://") != std::string::npos)
                continue;
            const std::string path = link.target.substr(0, link.target.find('#'));
            EXPECT_TRUE(fs::exists(markdown.file.parent_path() / path)) << link.where << ": " << link.target;
            links++;
        }
    EXPECT_GT(links, 10);
}

// There have to be more than so many.
static void expect_that_snippets_compile(const char *language, size_t more_than)
{
    Folder folder;
    const std::vector<Block> snippets = blocks_in(language);
    EXPECT_GT(snippets.size(), more_than);
    for (const Block &snippet : snippets) {
        const Outcome outcome = compile(folder, snippet, "snippet");
        EXPECT_EQ(outcome.status, 0) << snippet.where << "\n" << outcome.output;
    }
}

TEST(Docs, EverySnippetOfCCompilesWithoutAWarning)
{
    expect_that_snippets_compile("c", 5);
}

TEST(Docs, EverySnippetOfCppCompilesWithoutAWarning)
{
    expect_that_snippets_compile("cpp", 0);
}

TEST(Docs, EveryConfigurationPassesTheCheck)
{
    Folder folder;
    const std::vector<Block> configurations = blocks_in("cfg");
    follow_the_tutorial(folder, text_of(configurations));
    EXPECT_GT(configurations.size(), 0u);
    for (const Block &configuration : configurations) {
        folder.write("pipeline.cfg", configuration.text);
        const Outcome outcome = folder.run("micropipe check --plugin-path . pipeline.cfg");
        EXPECT_EQ(outcome.status, 0) << configuration.where << "\n" << outcome.output;
    }
}

TEST(Docs, TheMistakesThatAreShownGetTheAnswerThatIsShown)
{
    Folder folder;
    follow_the_tutorial(folder, "");
    const std::vector<Block> mistakes = blocks_in("cfg-with-mistakes"), answers = blocks_in("complaints");
    ASSERT_EQ(mistakes.size(), 1u);
    ASSERT_EQ(answers.size(), 1u);
    folder.write("pipeline.cfg", mistakes[0].text);
    const Outcome outcome = folder.run("micropipe check pipeline.cfg");
    EXPECT_EQ(outcome.status, 2);
    EXPECT_EQ(outcome.output, answers[0].text);
}

TEST(Docs, EveryExamplePipelinePassesTheCheck)
{
    Folder folder;
    follow_the_tutorial(folder, "");
    for (const auto &entry : fs::directory_iterator(fs::path(SOURCE_DIR) / "examples/pipelines")) {
        const Outcome outcome = folder.run("micropipe check --plugin-path . '" + entry.path().string() + "'");
        EXPECT_EQ(outcome.status, 0) << entry.path() << "\n" << outcome.output;
    }
}

// The pages of packs show pipelines that fail on purpose, or that need what is not here: those are only checked.
TEST(Docs, EveryPipelineThatIsShownRuns)
{
    Folder folder;
    follow_the_tutorial(folder, text_of(blocks_in("sh")));
    int runs = 0;
    for (const Block &block : blocks_in("sh"))
        for (const std::string &line : calls(block.text, "run")) {
            if (line.find(" -e ") == std::string::npos)
                continue;
            const bool of_a_pack = block.where.rfind("plugins/", 0) == 0;
            const Outcome outcome = folder.run(line + (of_a_pack ? " --print-config" : ""));
            EXPECT_EQ(outcome.status, 0) << block.where << ": " << line << "\n" << outcome.output;
            runs++;
        }
    EXPECT_GT(runs, 5);
}

TEST(Docs, TheTutorialsSinkWritesEveryLineOnce)
{
    Folder folder;
    const std::string line =
        "micropipe run --plugin-path . -e 'text.lines path=README.md | append.append path=copy.txt'";
    follow_the_tutorial(folder, line);
    const Outcome outcome = folder.run(line);
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_TRUE(folder.read("copy.txt") == folder.read("README.md")) << folder.read("copy.txt").size() << " bytes";
}

TEST(Docs, TheReadmesConfigurationIsTheDemos)
{
    const Markdown readme = markdown_read(fs::path(SOURCE_DIR) / "README.md");
    Folder folder;
    fs::copy(fs::path(SOURCE_DIR) / "examples/pipelines/photos-to-shards.cfg", folder.path() / "demo.cfg");
    for (const Block &block : readme.blocks) {
        if (block.language == "cfg") {
            EXPECT_NE(folder.read("demo.cfg").find(block.text), std::string::npos);
        }
    }
}
