// micropipe top, status and ps: as rows, and in a terminal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "operated.h"
#include "terminal.h"

namespace
{

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

using Top = Operated;

// Its rings are short, so that it is soon drained.
constexpr const char *kEndless = "core.generate size=16 | debug.work wait=1ms :workers=1-8 :queue=64 | core.null";

// All that a row of a table is made of; a bar is one word, too.
size_t WordsIn(const std::string &line)
{
    std::istringstream in(std::regex_replace(line, std::regex("waited "), ""));
    return static_cast<size_t>(std::distance(std::istream_iterator<std::string>(in), {}));
}

size_t ColumnsOf(const std::string &line)
{
    size_t n = 0;
    for (char c : line)
        n += (c & 0xc0) != 0x80;
    return n;
}

// The rows of a table from its head, which has this word, up to the first row that is no row of it.
std::vector<std::string> TableIn(const std::string &shown, const std::string &word)
{
    std::vector<std::string> rows;
    std::istringstream lines(shown);
    for (std::string line; std::getline(lines, line);)
        if (!rows.empty() || line.find(word) != std::string::npos) {
            if (line.empty() || (!rows.empty() && line.find("waits for room") != std::string::npos))
                break;
            rows.push_back(line);
        }
    return rows;
}

// All rows of the table are there and their cells do not touch, no line is too long, and the keys are on the last row.
bool ReadsWell(const std::string &shown, size_t columns, size_t stages)
{
    const std::vector<std::string> table = TableIn(shown, "  stage ");
    std::istringstream lines(shown);
    for (std::string line; std::getline(lines, line);)
        if (ColumnsOf(line) > columns)
            return false;
    if (table.size() != stages + 1)
        return false;
    for (const std::string &row : table)
        if (WordsIn(row) != WordsIn(table[0]) + (row[0] == '>' && row[1] == ' '))
            return false;
    return shown.find("bottleneck: ") != std::string::npos && shown.find("q quit") != std::string::npos;
}

size_t LinesIn(const std::string &text)
{
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

// For people who want to see what it looked like.
void Keep(const std::string &name, const std::string &shown)
{
    std::filesystem::create_directories(CAPTURES);
    std::ofstream(std::string(CAPTURES) + "/" + name + ".txt") << shown;
}

bool HasColours(const std::string &shown)
{
    return std::regex_search(shown, std::regex("\033\\[[0-9;]*(3[0-7]|4[0-7]|9[0-7])[;m]"));
}

} // namespace

TEST_F(Top, OnceShowsWhatEachStageDoesNow)
{
    Start(kEndless);
    ASSERT_TRUE(Becomes([](json_t *s) { return Figure(s, 2, "out") > 0; }));
    const Outcome o = folder_.run("COLUMNS=80 micropipe top --once --interval 0.2");
    EXPECT_EQ(o.status, 0) << o.output;
    EXPECT_THAT(o.output, testing::StartsWith("pipe running for "));
    EXPECT_THAT(o.output, HasSubstr("bottleneck: work"));
    EXPECT_THAT(o.output, ContainsRegex("\n [*]work +run +[0-9]/8 +[0-9.]+k? "));
    EXPECT_THAT(o.output, ContainsRegex("\n  generate "));
    for (const std::string &row : TableIn(o.output, "  stage "))
        EXPECT_LE(ColumnsOf(row), 80u);
}

TEST_F(Top, OnceAsJsonIsTheStatusWithItsWorkers)
{
    Start(kEndless);
    const Outcome o = folder_.run("micropipe top pipe --once --json --interval 0.1");
    Json status(json_loads(o.output.c_str(), 0, nullptr), [](json_t *j) { json_decref(j); });
    ASSERT_NE(status.get(), nullptr) << o.output;
    const json_t *work = json_array_get(json_object_get(status.get(), "stages"), 1);
    EXPECT_GT(json_array_size(json_object_get(work, "worker_list")), 0u);
    EXPECT_LT(json_number_value(json_object_get(status.get(), "window_s")), 1000);
}

TEST_F(Top, WithoutATerminalPrintsRowsUntilThePipelineEnds)
{
    Start(kEndless);
    const Outcome o =
        folder_.run("micropipe top --interval 0.1 >rows 2>messages & until grep -q running rows; do :; done; "
                    "micropipe ctl pipe drain; wait $!");
    EXPECT_EQ(o.status, 0) << o.output;
    EXPECT_THAT(folder_.read("rows"), HasSubstr("pipe running for "));
    EXPECT_EQ(folder_.read("messages"), "micropipe top: pipe has ended\n");
    EXPECT_THAT(folder_.read("rows"), Not(HasSubstr("\033")));
}

TEST_F(Top, AsJsonWritesALineALook)
{
    Start(kEndless);
    folder_.run("micropipe top --json --interval 0.1 >lines & until [ $(wc -l <lines) -gt 1 ]; do :; done; "
                "micropipe ctl pipe drain; wait $!");
    std::istringstream lines(folder_.read("lines"));
    for (std::string line; std::getline(lines, line);) {
        json_t *status = json_loads(line.c_str(), 0, nullptr);
        EXPECT_NE(json_object_get(status, "stages"), nullptr) << line;
        json_decref(status);
    }
}

TEST_F(Top, SaysWhatIsWrong)
{
    EXPECT_EQ(folder_.run("micropipe top").status, 1);
    EXPECT_THAT(folder_.run("micropipe top").output, HasSubstr("no pipeline runs here"));
    EXPECT_THAT(folder_.run("micropipe top pipe").output, HasSubstr("no pipeline named 'pipe' runs here"));
    for (const char *wrong : {"0", "x", "61", "1s", "''"}) {
        const Outcome o = folder_.run(std::string("micropipe top --interval ") + wrong);
        EXPECT_EQ(o.status, 2) << wrong;
        EXPECT_THAT(o.output, HasSubstr("is no interval"));
    }
}

TEST_F(Top, AsksWhichIfSeveralRun)
{
    Start(kEndless);
    Running second({"run", "--set", "name=other", "-e", kEndless});
    second.WaitFor("info micropipe: memory");
    const Outcome o = folder_.run("micropipe top --once");
    EXPECT_EQ(o.status, 2);
    EXPECT_THAT(o.output, HasSubstr("which pipeline? These run: other, pipe"));
    const Outcome list = folder_.run("micropipe ps");
    EXPECT_EQ(list.status, 0);
    EXPECT_THAT(list.output, ContainsRegex("other +" + std::to_string(second.pid()) + " +running +0:[0-9]+ +3 "));
    EXPECT_THAT(list.output, ContainsRegex("pipe +" + std::to_string(runs_->pid()) + " +running "));
    EXPECT_EQ(folder_.run("micropipe status | wc -l").output, "3\n");
    Json all(json_loads(folder_.run("micropipe ps --json").output.c_str(), 0, nullptr),
             [](json_t *j) { json_decref(j); });
    EXPECT_EQ(json_array_size(all.get()), 2u);
}

TEST_F(Top, StatusOfAPipelineIsWhatCtlSays)
{
    Start("core.generate size=16 | debug.work :name=work wait=1ms :workers=2 | core.null"); // a scaler would go on
                                                                                            // deciding
    ASSERT_TRUE(Becomes([](json_t *s) { return Figure(s, 2, "out") > 0; }));
    EXPECT_EQ(Ask("pipe pause").status, 0);
    ASSERT_TRUE(Becomes([](json_t *s) { return Figure(s, 2, "out") == Figure(s, 0, "out"); }));
    const std::regex since("for [0-9.]+ s|[0-9.]+k?M? +[0-9]+% +[0-9]+% +[0-9]+%");
    EXPECT_EQ(std::regex_replace(folder_.run("micropipe status pipe").output, since, ""),
              std::regex_replace(Ask("pipe").output, since, ""));
    EXPECT_EQ(folder_.run("micropipe status nobody").status, 1);
    EXPECT_EQ(folder_.run("micropipe ps extra").status, 2);
}

TEST_F(Top, PsOfNothingSaysSo)
{
    const Outcome o = folder_.run("micropipe ps");
    EXPECT_EQ(o.status, 0);
    EXPECT_THAT(o.output, HasSubstr("no pipeline runs here"));
    EXPECT_EQ(folder_.run("micropipe ps --json").output, "[]\n");
}

TEST_F(Top, ReadsWellInATerminalWhateverItsSize)
{
    Start(kEndless);
    Terminal terminal(folder_, "micropipe top --interval 0.2", 80, 24);
    EXPECT_EQ(terminal.Becomes([](const std::string &s) { return ReadsWell(s, 80, 3); }), "");
    Keep("80x24-stages", terminal.Shown());
    EXPECT_EQ(LinesIn(terminal.ShownUnwrapped()), LinesIn(terminal.Shown())) << "a row has wrapped";
    terminal.Resize(200, 50);
    EXPECT_EQ(terminal.Becomes([](const std::string &s) {
        return ReadsWell(s, 200, 3) && s.find("waited p99") != std::string::npos;
    }),
              "");
    Keep("200x50-stages", terminal.Shown());
    terminal.Resize(44, 12);
    EXPECT_EQ(terminal.Becomes([](const std::string &s) {
        return s.find("bytes/s") == std::string::npos && s.find("*work") != std::string::npos;
    }),
              "");
    Keep("44x12-stages", terminal.Shown());
}

TEST_F(Top, ItsKeysLeadToWorkersDecisionsAndHelpAndOut)
{
    Start(kEndless);
    ASSERT_TRUE(HasWorkers(8));
    Terminal terminal(folder_, "micropipe top pipe --interval 0.2", 80, 24);
    ASSERT_EQ(terminal.Shows("> generate"), "");
    terminal.Type("Down");
    ASSERT_EQ(terminal.Shows(">*work"), "");
    terminal.Type("Enter");
    EXPECT_EQ(terminal.Becomes([](const std::string &s) {
        const std::vector<std::string> table = TableIn(s, "cpu time");
        return table.size() >= 9 && s.find("debug.work, filter") != std::string::npos;
    }),
              "")
        << "a row a worker";
    Keep("80x24-workers", terminal.Shown());
    terminal.Type("d");
    EXPECT_EQ(terminal.Shows("work: 1 -> "), "");
    Keep("80x24-decisions", terminal.Shown());
    terminal.Type("?");
    EXPECT_EQ(terminal.Shows("the stage that the others wait for"), "");
    Keep("80x24-help", terminal.Shown());
    terminal.Type("Escape");
    EXPECT_EQ(terminal.Shows("work: 1 -> "), "");
    terminal.Type("Escape");
    EXPECT_EQ(terminal.Shows(">*work"), "");
    terminal.Type("q");
    EXPECT_EQ(terminal.Shows("left with 0"), "");
    EXPECT_THAT(terminal.Shown(), Not(HasSubstr("q quit"))) << "the screen of before is back";
}

TEST_F(Top, LeavesWellByCtrlCAlsoAfterItWasSuspended)
{
    Start(kEndless);
    Terminal terminal(folder_, "set -m; micropipe top --interval 0.2; echo suspended; read x; clear; fg", 80, 24);
    ASSERT_EQ(terminal.Shows("> generate"), "");
    terminal.Type("C-z");
    ASSERT_EQ(terminal.Shows("suspended"), "");
    terminal.Type("Enter");
    ASSERT_EQ(terminal.Shows("> generate"), "") << "fg brings it back";
    terminal.Type("C-c");
    EXPECT_EQ(terminal.Shows("left with 0"), "");
}

TEST_F(Top, ScalesPausesAndDrainsAfterAConfirmation)
{
    Start(kEndless);
    Terminal terminal(folder_, "micropipe top pipe --interval 0.2", 80, 24);
    ASSERT_EQ(terminal.Shows("> generate"), "");
    terminal.Type("Down s 3 Enter");
    EXPECT_TRUE(HasWorkers(3));
    EXPECT_EQ(terminal.Shows("3/8"), "");
    terminal.Type("p");
    EXPECT_EQ(terminal.Shows("Pause: the sources make nothing until it is resumed? y/n"), "");
    Keep("80x24-question", terminal.Shown());
    terminal.Type("n p y");
    EXPECT_EQ(terminal.Shows("pipe paused for"), "");
    terminal.Type("p y");
    EXPECT_EQ(terminal.Shows("pipe running for"), "");
    terminal.Type("Up s 2 Enter");
    EXPECT_EQ(terminal.Shows("'generate' is a source"), "") << "what the pipeline refuses is shown";
    terminal.Type("D y");
    EXPECT_EQ(runs_->Wait(), 0);
    EXPECT_EQ(terminal.Shows("It has ended, and these are its last figures."), "");
    EXPECT_EQ(terminal.Shows("pipe ended for"), "");
    Start(kEndless);
    EXPECT_EQ(terminal.Shows("pipe running for"), "") << "it runs anew, and is found";
    terminal.Type("q");
    EXPECT_EQ(terminal.Shows("left with 0"), "");
}

TEST_F(Top, NeedsNoColours)
{
    Start(kEndless);
    {
        Terminal coloured(folder_, "micropipe top --interval 0.2", 80, 24);
        EXPECT_EQ(coloured.Becomes([](const std::string &s) { return ReadsWell(s, 80, 3); }), "");
        EXPECT_TRUE(HasColours(coloured.ShownWithEscapes()));
    }
    for (const char *environment : {"NO_COLOR=1", "TERM=vt100"}) {
        Terminal terminal(folder_, "micropipe top --interval 0.2", 80, 24, environment);
        EXPECT_EQ(terminal.Becomes([](const std::string &s) { return ReadsWell(s, 80, 3); }), "") << environment;
        EXPECT_THAT(terminal.Shown(), HasSubstr(" *work")) << "what a colour would say stands there, too";
        EXPECT_FALSE(HasColours(terminal.ShownWithEscapes())) << environment;
        Keep(std::string("80x24-") + environment, terminal.Shown());
    }
}

TEST_F(Top, PrintsRowsOnATerminalThatCannotBeDrawnOn)
{
    Start(kEndless);
    for (const char *environment : {"TERM=dumb", "TERM=no-such-terminal"}) {
        Terminal terminal(folder_, "micropipe top --interval 0.2", 80, 24, environment);
        EXPECT_EQ(terminal.Shows("*work"), "") << environment;
        EXPECT_EQ(
            terminal.Becomes([](const std::string &s) { return s.find("pipe running") != s.rfind("pipe running"); }),
            "")
            << environment << ": one look below the other";
    }
}

TEST_F(Top, ChoosesAmongThePipelinesThatRun)
{
    Start(kEndless);
    Running second({"run", "--set", "name=other", "-e", kEndless});
    second.WaitFor("info micropipe: memory");
    Terminal terminal(folder_, "micropipe top --interval 0.2", 80, 24);
    EXPECT_EQ(terminal.Shows("> other"), "");
    Keep("80x24-list", terminal.Shown());
    terminal.Type("Down");
    EXPECT_EQ(terminal.Shows("> pipe"), "");
    terminal.Type("Enter");
    EXPECT_EQ(terminal.Shows("pipe running for"), "");
    terminal.Type("l Up Enter");
    EXPECT_EQ(terminal.Shows("other running for"), "");
}
