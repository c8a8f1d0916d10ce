// Processors that fail: what becomes of the frames that they fail with, and when a stage is given up.
#include "running.h"

#include <cmath>
#include <filesystem>
#include <gtest/gtest.h>
#include <jansson.h>
#include <memory>

using namespace crash;

namespace
{

enum { FRAMES = 10000 };

uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

// The frames with which debug.fail fails, as its documentation says.
std::set<long long> drawn(double rate, long long frames = FRAMES)
{
    std::set<long long> found;
    for (long long sequence = 0; sequence < frames; sequence++)
        if (mix(1 ^ mix(static_cast<uint64_t>(sequence) + 1)) < static_cast<uint64_t>(std::ldexp(rate, 64)))
            found.insert(sequence);
    return found;
}

struct Letter {
    std::string stage, processor, reason, signal; // signal: "null" if there is none
    long long attempts, sequence, size;
    bool has_payload; // of that size
};

std::string text_of(const json_t *letter, const char *key)
{
    const json_t *value = json_object_get(letter, key);
    return json_is_string(value) ? json_string_value(value) : json_is_null(value) ? "null" : "absent";
}

long long number_of(const json_t *letter, const char *key)
{
    const json_t *value = json_object_get(letter, key);
    return json_is_integer(value) ? json_integer_value(value) : -1;
}

std::vector<Letter> letters_in(const std::string &folder)
{
    std::vector<Letter> found;
    for (const auto &file : std::filesystem::directory_iterator(folder)) {
        if (file.path().extension() != ".json")
            continue;
        std::unique_ptr<json_t, void (*)(json_t *)> l(json_load_file(file.path().c_str(), 0, nullptr), json_decref);
        const json_t *letter = l.get();
        std::error_code error;
        long long size = number_of(letter, "size");
        auto payload = std::filesystem::file_size(folder + "/" + text_of(letter, "payload"), error);
        found.push_back({text_of(letter, "stage"), text_of(letter, "processor"), text_of(letter, "reason"),
                         text_of(letter, "signal"), number_of(letter, "attempts"), number_of(letter, "sequence"), size,
                         !error && static_cast<long long>(payload) == size});
    }
    return found;
}

std::string failing(const std::string &options, long long frames = FRAMES)
{
    return "core.generate count=" + std::to_string(frames) + " | debug.fail :name=middle :workers=2 " + options +
           " | core.null :name=end";
}

std::vector<std::string> arguments(const std::string &line)
{
    return {"-e", line, "--set", "dead_letters=dead", "--set", "memory=64M"};
}

struct Failure {
    const char *kind, *more;
    double rate;
    const char *signal, *reason; // of the dead letters
    int attempts;
};

void PrintTo(const Failure &failure, std::ostream *out)
{
    *out << failure.kind;
}

// A processor that cannot be opened, or fails for good.
Result run_broken(const Folder &folder, const std::string &how, const std::string &more = "")
{
    Running run(folder,
                arguments("core.generate count=5 | lab.broken :name=middle how=" + how + " " + more + " | core.null"));
    return run.finish();
}

} // namespace

class FramesThatFail : public testing::TestWithParam<Failure>
{
};

TEST_P(FramesThatFail, AreInTheDeadLettersAndTheOthersInTheOutput)
{
    const Failure &failure = GetParam();
    std::set<long long> expected = drawn(failure.rate), found;
    ASSERT_GT(expected.size(), 0u);
    Folder folder;
    Running run(folder, arguments(failing(std::string("kind=") + failure.kind +
                                          " rate=" + std::to_string(failure.rate) + failure.more)));
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 3) << result.reason << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_EQ(result.stages["middle"]["dead"], static_cast<long long>(expected.size()));
    EXPECT_EQ(result.stages["end"]["out"], FRAMES - static_cast<long long>(expected.size()));
    for (const Letter &letter : letters_in(folder / "dead")) {
        EXPECT_TRUE(found.insert(letter.sequence).second) << letter.sequence << " is there twice";
        EXPECT_EQ(letter.stage, "middle");
        EXPECT_EQ(letter.processor, "debug.fail");
        EXPECT_EQ(letter.signal, failure.signal);
        EXPECT_EQ(letter.attempts, failure.attempts);
        EXPECT_NE(letter.reason.find(failure.reason), std::string::npos) << letter.reason;
        EXPECT_TRUE(letter.has_payload) << letter.sequence;
    }
    EXPECT_EQ(found, expected);
}

INSTANTIATE_TEST_SUITE_P(, FramesThatFail,
                         testing::Values(Failure{"error", "", 0.01, "null", "refuses frame", 1},
                                         Failure{"segv", "", 0.01, "SIGSEGV", "killed by SIGSEGV", 3},
                                         Failure{"abort", "", 0.002, "SIGABRT", "killed by SIGABRT", 3},
                                         Failure{"exit", "", 0.002, "null", "called exit()", 3},
                                         Failure{"hang", " :timeout=200ms", 0.0005, "SIGABRT", "timeout = 200 ms", 3}),
                         [](const auto &failure) { return failure.param.kind; });

TEST(OnError, DropCountsTheFramesAndLeavesNoLetter)
{
    for (const char *kind : {"error", "segv"}) {
        Folder folder;
        auto dropped = static_cast<long long>(drawn(0.002).size());
        Running run(folder, arguments(failing(std::string(":on_error=drop rate=0.002 kind=") + kind)));
        Result result = run.finish();
        EXPECT_EQ(result.exit_code, 0) << result.reason << result.errors;
        EXPECT_EQ(broken_identity(result), "");
        EXPECT_EQ(result.stages["middle"]["dropped"], dropped) << kind;
        EXPECT_EQ(result.stages["end"]["out"], FRAMES - dropped) << kind;
        EXPECT_TRUE(letters_in(folder / "dead").empty());
    }
}

TEST(OnError, StopEndsTheRunWithTheStageAndTheReason)
{
    for (const char *kind : {"error", "segv"}) {
        Folder folder;
        Running run(folder, arguments(failing(std::string(":on_error=stop rate=0.002 kind=") + kind)));
        Result result = run.finish();
        EXPECT_EQ(result.exit_code, 1) << result.errors;
        EXPECT_NE(result.reason.find("'middle'"), std::string::npos) << result.reason;
        EXPECT_NE(result.reason.find("on_error"), std::string::npos) << result.reason;
    }
}

TEST(OnError, MaxAttemptsIsHowOftenAFrameMayKill)
{
    Folder folder;
    Running run(folder, arguments(failing(":max_attempts=1 kind=segv rate=0.002")));
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 3) << result.reason;
    EXPECT_EQ(result.stages["end"]["out"], FRAMES - static_cast<long long>(drawn(0.002).size()));
    for (const Letter &letter : letters_in(folder / "dead"))
        EXPECT_EQ(letter.attempts, 1) << letter.sequence;
}

TEST(OnError, AFrameThatFailsForNowPassesInTheEnd)
{
    Folder folder;
    Running run(folder, arguments(failing("kind=segv rate=0.002 attempts=2")));
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 0) << result.reason << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_EQ(result.stages["end"]["out"], FRAMES);
    EXPECT_GE(result.stages["middle"]["restarts"], 2 * static_cast<long long>(drawn(0.002).size()));
}

TEST(Broken, AStageWhoseWorkersAllDieInOpenIsGivenUp)
{
    for (const char *how : {"die_in_open", "fatal_in_open"}) {
        Folder folder;
        Result result = run_broken(folder, how, ":workers=1");
        EXPECT_EQ(result.exit_code, 1) << how << result.errors;
        EXPECT_NE(result.reason.find("'middle' is given up"), std::string::npos) << result.reason;
        EXPECT_EQ(result.stages["generate"]["restarts"], 0);
    }
}

TEST(Broken, AConfigurationThatOpenOrLoadRefusesIsExitTwo)
{
    for (const char *how : {"misfit_in_open", "misfit_in_load"}) {
        Folder folder;
        Result result = run_broken(folder, how);
        EXPECT_EQ(result.exit_code, 2) << how << result.errors;
        EXPECT_NE(result.reason.find("'middle'"), std::string::npos) << result.reason;
        EXPECT_NE(result.errors.find("lab.broken refuses its options"), std::string::npos) << result.errors;
    }
}

TEST(Broken, AFrameWithWhichTheProcessorFailsForGoodIsADeadLetter)
{
    Folder folder;
    Result result = run_broken(folder, "fatal_in_process");
    EXPECT_EQ(result.exit_code, 3) << result.reason << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    auto letters = letters_in(folder / "dead");
    EXPECT_EQ(letters.size(), 5u);
    for (const Letter &letter : letters) {
        EXPECT_NE(letter.reason.find("lab.broken cannot go on"), std::string::npos) << letter.reason;
        EXPECT_EQ(letter.attempts, 3);
    }
}

TEST(OnError, AFolderForDeadLettersThatIsRemovedIsMadeAgain)
{
    namespace fs = std::filesystem;
    Folder folder;
    const std::string dead = folder / "dead/letters";
    auto has_letter = [&] {
        std::error_code ignored;
        for (const auto &file : fs::directory_iterator(dead, ignored))
            if (file.path().extension() == ".json")
                return true;
        return false;
    };
    Running run(
        folder,
        {"--set", "dead_letters=dead/letters", "-e",
         "core.generate count=0 rate=1000 | debug.fail :name=middle :workers=2 rate=0.5 | core.null :name=end"});
    for (int round = 0; round < 3; round++) {
        ASSERT_TRUE(run.wait_until(has_letter)) << "in round " << round;
        const std::string removed = folder / ("removed" + std::to_string(round));
        fs::rename(folder / "dead", removed);
        ASSERT_TRUE(run.wait_until([&] { // workers still write into it
            std::error_code ignored;
            fs::remove_all(removed, ignored);
            return !fs::exists(removed);
        }));
    }
    ASSERT_TRUE(run.wait_until(has_letter));
    kill(run.pid(), SIGTERM);
    Result result = run.finish();
    EXPECT_EQ(result.exit_code, 3) << result.reason << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_NE(result.errors.find("'dead/letters' was gone, and is made again"), std::string::npos) << result.errors;
}
