// Mistakes in a configuration: each is found by `check`, at its place, quickly, and without touching anything.
#include <gtest/gtest.h>

#include <jansson.h>

#include <chrono>
#include <map>
#include <ostream>
#include <set>
#include <sstream>

#include "shell.h"

namespace
{

// A file with one mistake, at the '^' in it, which is taken out.
struct Mistake {
    const char *name, *text, *message;
};

void PrintTo(const Mistake &m, std::ostream *to)
{
    *to << m.name;
}

// What stands around the mistakes within stages.
constexpr char kHead[] = "name = \"seeded\";\ndead_letters = \"dead\";\nstages = (\n"
                         "  { name = \"read\"; processor = \"core.generate\"; options = { count = 10; }; },\n";
constexpr char kTail[] = "  { name = \"write\"; processor = \"files.write\"; options = { path = \"out\"; }; }\n);\n";

#define STAGE(text) "\x01" text /* a stage between those two */

const Mistake kMistakes[] = {
    {"MisspeltSetting", "^memry = \"1G\";\nstages = ( { processor = \"core.generate\"; } );\n",
     "unknown setting 'memry' (did you mean 'memory'?)"},
    {"SettingOfTheWrongType", "memory = ^true;\n" STAGE(""), "memory"},
    {"SettingBelowItsRange", "memory = ^\"1K\";\n" STAGE(""), "memory"},
    {"UnknownChoice", "huge_pages = ^\"tyr\";\n" STAGE(""), "huge_pages"},
    {"DuplicateSetting", "memory = \"64M\";\n^memory = \"65M\";\n" STAGE(""), "memory"},
    {"MissingInclude", "@include ^\"common.cfg\"\n" STAGE(""), "common.cfg"},
    {"NoStages", "^name = \"empty\";\n", "stages"},
    {"EmptyStages", "stages = ^();\n", "stages"},
    {"StagesOfTheWrongType", "stages = ^\"core.generate\";\n", "stages"},

    {"MissingComma", "stages = ( { processor = \"core.generate\"; } ^{ processor = \"core.null\"; } );\n", ""},
    {"MissingEquals", STAGE("{ name ^\"a\"; processor = \"core.unbatch\"; },"), ""},
    {"UnclosedString", STAGE("{ name = ^\"a; processor = core.unbatch; },"), ""},
    {"UnclosedBrace", STAGE("{ name = \"a\"; processor = \"core.unbatch\" ^),"), ""},
    {"StrayByte", STAGE("{ name = ^%a; processor = \"core.unbatch\"; },"), ""},

    {"MisspeltStageSetting", STAGE("{ ^procesor = \"core.unbatch\"; },"), "'procesor' (did you mean 'processor'?)"},
    {"NoProcessor", STAGE("^{ name = \"a\"; },"), "processor"},
    {"MissingPack", STAGE("{ processor = ^\"imgae.decode\"; },"), "there is no pack 'imgae' (did you mean 'image'?)"},
    {"MisspeltProcessor", STAGE("{ processor = ^\"image.resise\"; },"), "'resise' (did you mean 'resize'?)"},
    {"NoNameOfAProcessor", STAGE("{ processor = ^\"resize\"; },"), "'resize' is no name of a processor"},
    {"StageNameWithABlank", STAGE("{ name = ^\"a b\"; processor = \"core.unbatch\"; },"), "a b"},
    {"DuplicateStage", STAGE("{ name = ^\"read\"; processor = \"core.unbatch\"; },"), "read"},
    {"NoWorkers", STAGE("{ processor = \"core.unbatch\"; workers = ^0; },"), "workers"},
    {"TooManyWorkers", STAGE("{ processor = \"core.unbatch\"; workers = ^65; },"), "workers"},
    {"WorkersOfASerialProcessor", STAGE("{ processor = \"core.take\"; options = { count = 1; }; workers = ^2; },"),
     "works in one worker only"},
    {"NoAttempts", STAGE("{ processor = \"core.unbatch\"; max_attempts = ^0; },"), "max_attempts"},
    {"TimeWithoutAUnitOfTime", STAGE("{ processor = \"core.unbatch\"; timeout = ^\"5 parsecs\"; },"), "timeout"},
    {"QueueThatIsNoPowerOfTwo", STAGE("{ processor = \"core.unbatch\"; queue = ^1000; },"), "queue"},
    {"UnknownPolicy", STAGE("{ processor = \"core.unbatch\"; on_error = ^\"dead\"; },"), "on_error"},

    {"MisspeltOption", STAGE("{ processor = \"image.resize\"; options = { ^widht = 256; }; },"),
     "unknown option 'widht' (did you mean 'width'?)"},
    {"OptionOfTheWrongType", STAGE("{ processor = \"image.resize\"; options = { width = ^\"wide\"; }; },"), "width"},
    {"OptionOutOfRange", STAGE("{ processor = \"image.resize\"; options = { width = ^70000; }; },"), "65500"},
    {"UnknownChoiceOfAnOption", STAGE("{ processor = \"image.resize\"; options = { fit = ^\"insde\"; }; },"),
     "(did you mean 'inside'?)"},
    {"MissingOption", STAGE("{ processor = ^\"core.take\"; },"), "count"},
    {"PathThatIsNotThere",
     STAGE("{ name = \"photos\"; processor = \"files.read\"; options = { path = ^\"nowhere\"; }; },"), "nowhere"},

    {"UnknownInput", STAGE("{ name = \"a\"; processor = \"core.unbatch\"; inputs = [ ^\"raed\" ]; },"),
     "(did you mean 'read'?)"},
    {"UnknownPort", STAGE("{ name = \"a\"; processor = \"core.unbatch\"; inputs = [ ^\"read.errors\" ]; },"), "errors"},
    {"InputFromASink",
     STAGE("{ name = \"end\"; processor = \"core.null\"; },\n"
           "  { name = \"a\"; processor = \"core.unbatch\"; inputs = [ ^\"end\" ]; },"),
     "end"},
    {"InputOfASource", STAGE("{ name = \"a\"; processor = \"core.generate\"; ^inputs = [ \"read\" ]; },"), "inputs"},
    {"Cycle",
     STAGE("{ name = \"a\"; processor = \"core.unbatch\"; inputs = [ \"read\", ^\"b\" ]; },\n"
           "  { name = \"b\"; processor = \"core.unbatch\"; inputs = [ \"a\" ]; },"),
     "go round in a circle"},
    {"NoSource",
     "stages = (\n  { name = \"a\"; processor = ^\"core.unbatch\"; },\n"
     "  { name = \"b\"; processor = \"core.null\"; }\n);\n",
     "a"},
};

// The file, with the '^' still in it.
std::string WithMarker(const Mistake &m)
{
    std::string text = m.text;
    const size_t stage = text.find('\x01');
    if (stage == std::string::npos)
        return text;
    std::string head = text.substr(0, stage) + (stage ? "\n" : "") + kHead;
    return head + "  " + text.substr(stage + 1) + "\n" + kTail;
}

struct Place {
    size_t line = 1, column = 1;
    std::string source; // the line
};

// Takes the '^' out of the text.
Place TakeMarker(std::string &text)
{
    Place p;
    const size_t at = text.find('^');
    text.erase(at, 1);
    for (size_t i = 0; i < at; i++) {
        p.column = text[i] == '\n' ? 1 : p.column + 1;
        p.line += text[i] == '\n';
    }
    const size_t begin = at - (p.column - 1);
    p.source = text.substr(begin, text.find('\n', begin) - begin);
    return p;
}

std::set<std::string> Entries(const Folder &folder)
{
    std::set<std::string> names;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(folder.path()))
        names.insert(entry.path().filename());
    return names;
}

// The shortest of a few runs: others may be using the machine.
std::chrono::milliseconds TimeOfCheck(const Folder &folder, std::chrono::milliseconds enough)
{
    auto shortest = std::chrono::milliseconds::max();
    for (int i = 0; i < 10 && shortest >= enough; i++) {
        const auto start = std::chrono::steady_clock::now();
        folder.run("micropipe check seeded.cfg");
        const auto took = std::chrono::steady_clock::now() - start;
        shortest = std::min(shortest, std::chrono::duration_cast<std::chrono::milliseconds>(took));
    }
    return shortest;
}

class Mistakes : public testing::TestWithParam<Mistake>
{
};

TEST_P(Mistakes, AreFoundAtTheirPlaceAndNothingIsTouched)
{
    std::string text = WithMarker(GetParam());
    const Place place = TakeMarker(text);
    Folder folder;
    folder.write("seeded.cfg", text);
    const Outcome found = folder.run("micropipe check seeded.cfg");
    EXPECT_EQ(found.status, 2) << found.output;
    const std::string head = "seeded.cfg:" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": ";
    EXPECT_NE(found.output.find(head), std::string::npos) << head << "\n" << text << "\n" << found.output;
    EXPECT_NE(found.output.find(GetParam().message), std::string::npos) << found.output;
    const std::string caret = "    " + place.source + "\n    " + std::string(place.column - 1, ' ') + "^\n";
    EXPECT_NE(found.output.find(caret), std::string::npos) << caret << found.output;
    EXPECT_EQ(Entries(folder), std::set<std::string>{"seeded.cfg"});
}

TEST_P(Mistakes, AreRefusedByRunAsByCheck)
{
    std::string text = WithMarker(GetParam());
    TakeMarker(text);
    Folder folder;
    folder.write("seeded.cfg", text);
    const Outcome run = folder.run("micropipe run seeded.cfg");
    EXPECT_EQ(run.status, 2);
    EXPECT_EQ(run.output, folder.run("micropipe check seeded.cfg").output);
    EXPECT_EQ(Entries(folder), std::set<std::string>{"seeded.cfg"});
}

TEST_P(Mistakes, AreFoundWithinATenthOfASecond)
{
    const std::chrono::milliseconds limit(SANITIZED ? 1000 : 100);
    std::string text = WithMarker(GetParam());
    TakeMarker(text);
    Folder folder;
    folder.write("seeded.cfg", text);
    EXPECT_LT(TimeOfCheck(folder, limit).count(), limit.count());
}

INSTANTIATE_TEST_SUITE_P(Seeded, Mistakes, testing::ValuesIn(kMistakes),
                         [](const auto &seeded) { return std::string(seeded.param.name); });

TEST(Mistakes, TheFileAroundThemIsRight)
{
    Folder folder;
    folder.write("seeded.cfg", std::string(kHead) + kTail);
    const Outcome found = folder.run("micropipe check seeded.cfg");
    EXPECT_EQ(found.status, 0) << found.output;
}

// The members of each line of `output`, which are objects of JSON and nothing else.
std::vector<std::map<std::string, std::string>> Records(const std::string &output)
{
    std::vector<std::map<std::string, std::string>> records;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        json_t *object = json_loads(line.c_str(), JSON_REJECT_DUPLICATES, nullptr);
        EXPECT_TRUE(json_is_object(object)) << line;
        records.emplace_back();
        const char *key = nullptr;
        json_t *value = nullptr;
        json_object_foreach(object, key, value)
        {
            records.back()[key] =
                json_is_string(value) ? json_string_value(value) : std::to_string(json_integer_value(value));
        }
        json_decref(object);
    }
    return records;
}

TEST(Mistakes, AreRecordsWithTheirPlaceWhereTheLogIsJson)
{
    Folder folder;
    folder.write("two.cfg", "memry = \"1G\";\nstages = ( { processor = \"core.nil\"; } );\n");
    const Outcome found = folder.run("micropipe run --log json two.cfg 2>&1");
    EXPECT_EQ(found.status, 2);
    auto records = Records(found.output);
    ASSERT_EQ(records.size(), 3u) << found.output;
    EXPECT_EQ(records[0]["level"], "error");
    EXPECT_EQ(records[0]["file"], "two.cfg");
    EXPECT_EQ(records[0]["line"] + ":" + records[0]["column"], "1:1");
    EXPECT_EQ(records[0]["excerpt"], "    memry = \"1G\";\n    ^");
    EXPECT_EQ(records[0]["text"], "unknown setting 'memry' (did you mean 'memory'?)");
    EXPECT_EQ(records[1]["line"] + ":" + records[1]["column"], "2:26");
    EXPECT_EQ(records[2]["text"], "two.cfg: 2 mistakes, nothing was started");
}

TEST(Mistakes, OnTheCommandLineAreRecordsWhereTheLogIsJson)
{
    const struct {
        const char *words, *text;
        int status;
    } cases[] = {
        {"--bogus --log json two.cfg", "there is no option '--bogus'", 2},
        {"--log=json --log-level loud two.cfg", "'loud' is no log level", 2},
        {"--log json", "which pipeline?", 2},
        {"--log json none.cfg", "cannot read 'none.cfg'", 2},
        {"--log json --debug nobody -e 'core.generate count=1 | core.null'", "there is no stage 'nobody'", 2},
        {"--log json --json -e 'core.generate count=1 | core.null' >/dev/full", "cannot write to the standard output",
         1},
    };
    for (const auto &c : cases) {
        Folder folder;
        const Outcome found = folder.run("{ micropipe run " + std::string(c.words) + "; } 2>&1");
        EXPECT_EQ(found.status, c.status) << c.words;
        bool is_told = false;
        for (auto &record : Records(found.output))
            is_told |= record["level"] == "error" && record["text"].find(c.text) != std::string::npos;
        EXPECT_TRUE(is_told) << c.words << "\n" << found.output;
    }
}

TEST(Mistakes, AreAllFoundAtOnce)
{
    Folder folder;
    folder.write("seeded.cfg",
                 "memry = \"1G\";\n"
                 "stages = (\n"
                 "  { name = \"a\"; processor = \"core.generate\"; options = { cuont = 1; size = -1; }; },\n"
                 "  { name = \"a\"; processor = \"image.resise\"; workers = 0; },\n"
                 "  { name = \"c\"; processor = \"core.null\"; inputs = [ \"bb\" ]; }\n"
                 ");\n");
    const Outcome found = folder.run("micropipe check seeded.cfg");
    EXPECT_EQ(found.status, 2);
    for (const char *place : {":1:1: ", ":3:58: ", ":3:76: ", ":4:12: ", ":4:29: ", ":4:55: ", ":5:53: "})
        EXPECT_NE(found.output.find(place), std::string::npos) << place << "\n" << found.output;
    EXPECT_NE(found.output.find("micropipe: seeded.cfg: 7 mistakes, nothing was started\n"), std::string::npos)
        << found.output;
}

} // namespace
