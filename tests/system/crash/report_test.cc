// What the author of a plugin is told of a crash, in the log and in the dead letter.
#include "running.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <jansson.h>
#include <memory>
#include <sys/stat.h>

using namespace crash;

namespace
{

using Json = std::unique_ptr<json_t, void (*)(json_t *)>;

// A place in a source file.
struct Line {
    std::string function, file;
    long long number;
    bool operator<(const Line &o) const
    {
        return std::tie(function, file, number) < std::tie(o.function, o.file, o.number);
    }
};

// The lines of the plugin's sources that it dies on, as their comments say.
std::set<Line> lines_to_die_on()
{
    static const std::string mark = "dies: ";
    std::set<Line> found;
    for (const char *name : {"crasher.c", "crasher.cc"}) {
        std::ifstream in(std::string(CRASHER_SOURCES) + "/" + name);
        std::string text;
        for (long long number = 1; std::getline(in, text); number++) {
            size_t at = text.find(mark), end = text.find(" */");
            if (at != std::string::npos && text.find("\"dies") == std::string::npos)
                found.insert({text.substr(at + mark.size(), end == std::string::npos ? end : end - at - mark.size()),
                              name, number});
        }
    }
    return found;
}

std::string text_in(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

// The first frame of a letter's backtrace that is in the plugin.
Line culprit(const json_t *letter)
{
    const json_t *backtrace = json_object_get(json_object_get(letter, "crash"), "backtrace");
    for (size_t i = 0; i < json_array_size(backtrace); i++) {
        const json_t *frame = json_array_get(backtrace, i);
        if (text_in(frame, "module") == "crasher.so")
            return {text_in(frame, "function"), std::filesystem::path(text_in(frame, "file")).filename(),
                    json_integer_value(json_object_get(frame, "line"))};
    }
    return {"", "", 0};
}

std::vector<Json> letters_of(const std::string &folder)
{
    std::vector<Json> letters;
    for (const auto &file : std::filesystem::directory_iterator(folder))
        if (file.path().extension() == ".json")
            letters.emplace_back(json_load_file(file.path().c_str(), 0, nullptr), json_decref);
    return letters;
}

size_t count_of(const std::string &text, const std::string &what)
{
    size_t n = 0;
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        n++;
    return n;
}

Result run_crasher(const Folder &folder, const std::string &processor, int frames, const std::string &more = "")
{
    Running run(folder, {"-e",
                         "core.generate count=" + std::to_string(frames) + " | crasher." + processor +
                             " :name=victim :workers=1 :max_attempts=1 " + more + " | core.null",
                         "--set", "dead_letters=dead", "--set", "memory=32M"});
    return run.finish();
}

} // namespace

TEST(CrashReport, NamesFunctionAndLineIn99Of100Deaths)
{
    enum { DEATHS = 100, WAYS = 14 };
    Folder folder;
    Result result = run_crasher(folder, "fault", DEATHS);
    EXPECT_EQ(result.exit_code, 3) << result.reason << result.errors;
    std::set<Line> lines = lines_to_die_on(), seen;
    std::vector<Json> letters = letters_of(folder / "dead");
    ASSERT_EQ(letters.size(), static_cast<size_t>(DEATHS));
    int named = 0;
    for (const Json &letter : letters) {
        Line line = culprit(letter.get());
        named += lines.count(line) != 0;
        seen.insert({line.function, "", 0});
        if (!lines.count(line))
            ADD_FAILURE() << "frame " << json_integer_value(json_object_get(letter.get(), "sequence")) << ": "
                          << line.function << " in " << line.file << ":" << line.number;
    }
    EXPECT_GE(named, DEATHS - 1);
    EXPECT_EQ(seen.size(), static_cast<size_t>(WAYS));
    EXPECT_EQ(count_of(result.errors, "crash report: "), static_cast<size_t>(WAYS)) << result.errors;
}

TEST(CrashReport, SaysWhatHappenedAndToWhichFrame)
{
    Folder folder;
    Result result = run_crasher(folder, "fault", 1);
    EXPECT_NE(result.errors.find("victim/0: crash report: SIGSEGV, no memory is mapped there, at 0x0; crasher.fault "
                                 "1.2.3; frame 0, attempt 1, 64 bytes"),
              std::string::npos)
        << result.errors;
    EXPECT_NE(result.errors.find("#0 write_to_null ("), std::string::npos) << result.errors;
    EXPECT_NE(result.errors.find("#1 choose ("), std::string::npos) << result.errors;
    std::vector<Json> letters = letters_of(folder / "dead");
    ASSERT_EQ(letters.size(), 1u);
    const json_t *crash = json_object_get(letters[0].get(), "crash");
    EXPECT_EQ(text_in(crash, "signal"), "SIGSEGV");
    EXPECT_EQ(text_in(crash, "address"), "0x0");
    EXPECT_EQ(json_integer_value(json_object_get(crash, "attempt")), 1);
}

TEST(CrashReport, HasEveryCallThoughTheLinesAreAlike)
{
    Folder folder;
    Result result = run_crasher(folder, "fault", 14);
    for (int step = 0; step <= 14; step++)
        EXPECT_NE(result.errors.find("#" + std::to_string(step) + " step_" + std::to_string(step) + " ("),
                  std::string::npos)
            << step << result.errors;
}

TEST(CrashReport, SaysWhichAttributesTheFrameHad)
{
    Folder folder;
    write_file(folder / "photo.jpg", "no photo");
    Running run(folder, {"-e", "files.read path=photo.jpg | crasher.fault :name=victim :max_attempts=1 | core.null",
                         "--set", "memory=32M"});
    Result result = run.finish();
    EXPECT_NE(result.errors.find("frame 0, attempt 1, 8 bytes, "), std::string::npos) << result.errors;
    EXPECT_NE(result.errors.find("path=photo.jpg"), std::string::npos) << result.errors;
}

TEST(CrashReport, SaysOfAttributesThatAreNoTextHowManyBytesTheyHave)
{
    Folder folder;
    write_file(folder / "lines", "one\n");
    Running run(folder,
                {"-e", "text.lines path=lines attributes=true | crasher.fault :name=victim :max_attempts=1 | core.null",
                 "--set", "memory=32M"});
    Result result = run.finish();
    EXPECT_NE(result.errors.find("path=lines"), std::string::npos) << result.errors;
    EXPECT_NE(result.errors.find("line (8 bytes)"), std::string::npos) << result.errors;
}

TEST(CrashReport, CutsAttributesThatWouldFillTheLog)
{
    Folder folder;
    const std::string name(200, 'd');
    std::filesystem::create_directories(folder / (name + "/" + name + "/" + name));
    write_file(folder / (name + "/" + name + "/" + name + "/photo.jpg"), "no photo");
    Running run(folder, {"-e", "files.read path=" + name + " | crasher.fault :name=victim :max_attempts=1 | core.null",
                         "--set", "memory=32M"});
    Result result = run.finish();
    EXPECT_NE(result.errors.find("=" + name.substr(0, 100)), std::string::npos) << result.errors;
    EXPECT_EQ(result.errors.find("photo.jpg"), std::string::npos) << result.errors;
    EXPECT_NE(result.errors.find("#0 write_to_null ("), std::string::npos) << result.errors;
}

TEST(CrashReport, IsToldForEachStageThatDiesThere)
{
    Folder folder;
    const std::string fail = " | debug.fail kind=segv :workers=1 :max_attempts=1 :on_error=drop ";
    Running run(folder, {"-e", "core.generate count=12" + fail + "rate=0.5 :name=a" + fail + ":name=b | core.null",
                         "--set", "memory=32M"});
    Result result = run.finish();
    EXPECT_NE(result.errors.find("a/0: crash report: "), std::string::npos) << result.errors;
    EXPECT_NE(result.errors.find("b/0: crash report: "), std::string::npos) << result.errors;
    EXPECT_EQ(count_of(result.errors, "crash report: "), 2u) << result.errors;
}

// Its debugging information is on a file system that does not answer, say.
TEST(CrashReport, ThatTakesTooLongIsDoneWithoutWhenTheUserWantsToStop)
{
    Folder folder;
    const std::string pack = std::string(MICROPIPE_PACKS), lab = pack.substr(pack.rfind(':') + 1) + "/lab/lab.so";
    write_file(folder / "lab.debug", "");
    const std::string strip =
        "objcopy --strip-debug --remove-section=.note.gnu.build-id --add-gnu-debuglink=" + (folder / "lab.debug") +
        " " + lab + " " + (folder / "lab.so");
    if (system(strip.c_str()) != 0)
        GTEST_SKIP() << "there is no objcopy";
    std::filesystem::remove(folder / "lab.debug");
    ASSERT_EQ(mkfifo((folder / "lab.debug").c_str(), 0600), 0); // to open it for reading is to wait for a writer
    Running run(folder, {"-e",
                         "core.generate count=0 size=8 rate=200 | ./lab.so:pass :name=victim :workers=1 | "
                         "text.write path=out",
                         "--set", "memory=32M"});
    auto workers = [&] {
        std::vector<pid_t> found;
        for (const auto &worker : run.workers())
            if (worker.name == "victim/0")
                found.push_back(worker.pid);
        return found;
    };
    std::set<pid_t> killed;
    for (int deaths = 0; deaths < 2; deaths++) {
        uintmax_t before = 0;
        ASSERT_TRUE(run.wait_until([&] {
            std::error_code none;
            const uintmax_t size = std::filesystem::file_size(folder / "out", none);
            before = before || none ? before : size;
            return !none && size > before && workers().size() == 1 && !killed.count(workers()[0]);
        }));
        killed.insert(workers().at(0));
        kill(*killed.rbegin(), SIGSEGV);
    }
    run.wait_until([&] { return read_file(folder / "stderr").find("worker died of SIGSEGV") != std::string::npos; });
    kill(run.pid(), SIGTERM);
    run.wait_until([&] { return run.descendants().size() == 1; }); // the examination
    kill(run.pid(), SIGTERM);
    Result result = run.finish();
    EXPECT_NE(result.errors.find("no backtrace could be made; it died at 0x"), std::string::npos) << result.errors;
}

namespace
{

// crasher.so in a folder, its debugging information apart; in the place of that a FIFO, at which each examination
// stops.
bool make_examinations_stop(const Folder &folder)
{
    const std::string packs = MICROPIPE_PACKS;
    const std::string crasher = packs.substr(packs.rfind(':') + 1) + "/crasher/crasher.so",
                      debug = folder / "its.debug";
    const std::string apart = "objcopy --only-keep-debug " + crasher + " " + debug + " && objcopy --strip-debug " +
                              "--remove-section=.note.gnu.build-id --add-gnu-debuglink=" + debug + " " + crasher + " " +
                              (folder / "crasher.so");
    if (system(apart.c_str()) != 0)
        return false;
    std::filesystem::rename(debug, folder / "whole.debug");
    return mkfifo(debug.c_str(), 0600) == 0;
}

// Waits for an examination that was not seen before. -1: the program is over.
pid_t examination(Running *run, std::set<pid_t> *seen)
{
    pid_t found = -1;
    run->wait_until([&] {
        for (const Process &process : run->descendants())
            if (process.name == "autopsy" && seen->insert(process.pid).second)
                found = process.pid;
        return found > 0;
    });
    return found;
}

} // namespace

TEST(CrashReport, IsMadeThoughTheKernelKillsTheFirstExamination)
{
    Folder folder;
    if (!make_examinations_stop(folder))
        GTEST_SKIP() << "there is no objcopy";
    Running run(folder, {"-e", "core.generate count=1 | ./crasher.so:fault :name=victim :max_attempts=1 | core.null",
                         "--set", "memory=32M"});
    std::set<pid_t> seen;
    const pid_t first = examination(&run, &seen);
    ASSERT_GT(first, 0);
    std::filesystem::rename(folder / "whole.debug", folder / "its.debug");
    kill(first, SIGKILL);
    Result result = run.finish();
    EXPECT_NE(result.errors.find("#0 write_to_null ("), std::string::npos) << result.errors;
    EXPECT_EQ(count_of(result.errors, "crash report: "), 1u) << result.errors;
}

TEST(CrashReport, IsGivenUpOnceTheKernelHasKilledThreeExaminations)
{
    Folder folder;
    if (!make_examinations_stop(folder))
        GTEST_SKIP() << "there is no objcopy";
    Running run(folder, {"-e", "core.generate count=1 | ./crasher.so:fault :name=victim :max_attempts=1 | core.null",
                         "--set", "memory=32M"});
    std::set<pid_t> seen;
    for (int i = 0; i < 3; i++) {
        const pid_t pid = examination(&run, &seen);
        ASSERT_GT(pid, 0) << i;
        kill(pid, SIGKILL);
    }
    Result result = run.finish();
    EXPECT_NE(result.errors.find("no backtrace could be made; it died at 0x"), std::string::npos) << result.errors;
    EXPECT_EQ(count_of(result.errors, "crash report: "), 1u) << result.errors;
    EXPECT_EQ(seen.size(), 3u);
}

TEST(CrashReport, IsToldOnceForAPlaceAndThenCounted)
{
    Folder folder;
    Running run(folder, {"-e",
                         "core.generate count=25 | debug.fail kind=segv :name=victim :workers=1 :max_attempts=1 "
                         ":on_error=drop | core.null",
                         "--set", "memory=32M"});
    Result result = run.finish();
    EXPECT_EQ(count_of(result.errors, "crash report: "), 1u) << result.errors;
    EXPECT_LE(count_of(result.errors, "times at the same place: fail_now ("), 2u) << result.errors; // also at the 10th
    EXPECT_NE(result.errors.find("victim: crashed 25 times at the same place"), std::string::npos) << result.errors;
}

TEST(CrashReport, IsShownWithTheDeadLetter)
{
    Folder folder;
    run_crasher(folder, "fault", 1);
    std::string command =
        std::string(MICROPIPE_PROGRAM) + " dead show " + (folder / "dead") + " >" + (folder / "shown");
    EXPECT_EQ(system(command.c_str()), 0);
    std::string shown = read_file(folder / "shown");
    EXPECT_NE(shown.find("crash       SIGSEGV, no memory is mapped there, at 0x0\n"), std::string::npos) << shown;
    EXPECT_NE(shown.find("#0 write_to_null ("), std::string::npos) << shown;
}

TEST(CrashReport, IsWholeInTheStrictSandboxAndWithoutOne)
{
    for (const char *level : {"strict", "none"}) {
        Folder folder;
        Result result = run_crasher(folder, "fault", 1, std::string(":sandbox=") + level);
        EXPECT_NE(result.errors.find("#0 write_to_null ("), std::string::npos) << level << result.errors;
    }
}

TEST(CrashReport, OfAFrameThatTookTooLongShowsWhereItHangs)
{
    Folder folder;
    Running run(folder, {"-e",
                         "core.generate count=1 | debug.fail kind=hang :name=victim :timeout=100ms :max_attempts=1 "
                         "| core.null",
                         "--set", "dead_letters=dead", "--set", "memory=32M"});
    Result result = run.finish();
    EXPECT_NE(result.errors.find("crash report: SIGABRT, as it took longer than its timeout; debug.fail"),
              std::string::npos)
        << result.errors;
    EXPECT_NE(result.errors.find("fail_now"), std::string::npos) << result.errors;
}

TEST(CrashReport, LeavesASignalToThePluginsOwnHandler)
{
    for (const char *processor : {"handled", "loaded"}) {
        Folder folder;
        Result result = run_crasher(folder, processor, 1);
        EXPECT_EQ(result.exit_code, 3) << result.errors;
        EXPECT_NE(result.errors.find("victim/0: worker exited with 3"), std::string::npos)
            << processor << result.errors;
        EXPECT_EQ(result.errors.find("crash report"), std::string::npos) << processor << result.errors;
    }
}
