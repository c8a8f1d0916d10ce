// A tap on a pipeline whose workers are killed: the pipeline loses nothing by it, and it shows no frame that was not
// handed on.
#include "running.h"

#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <jansson.h>
#include <thread>
#include <unistd.h>

using namespace crash;
using namespace std::chrono_literals;

namespace
{

// The sequences of the frames that `micropipe tap pipe STAGE` shows until the pipeline ends; -1: it was no whole frame.
class Tapping
{
  public:
    Tapping(const Folder &folder, const std::string &stage)
        : thread_([this, line = "XDG_RUNTIME_DIR=" + folder.path() + " " + MICROPIPE_PROGRAM + " tap pipe " + stage +
                                " -n 0 --bytes 8 --json 2>>" + (folder / "tap.err")] { Read(line); })
    {
    }
    Tapping(const Tapping &) = delete;
    Tapping &operator=(const Tapping &) = delete;
    ~Tapping() { thread_.join(); }

    const std::vector<long long> &Join()
    {
        thread_.join();
        thread_ = std::thread([] {});
        return seen_;
    }

  private:
    void Read(const std::string &line)
    {
        FILE *tap = popen(line.c_str(), "r");
        char *text = nullptr;
        size_t room = 0;
        while (tap && getline(&text, &room, tap) > 0) {
            json_t *frame = json_loads(text, 0, nullptr);
            long long sequence = json_integer_value(json_object_get(frame, "sequence"));
            const char *payload = json_string_value(json_object_get(frame, "payload"));
            seen_.push_back(payload && payload == Words(sequence) ? sequence : -1);
            json_decref(frame);
        }
        free(text);
        if (tap)
            pclose(tap);
    }

    // The first word of a frame of core.generate, in base 64.
    static std::string Words(long long sequence)
    {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        std::string text;
        uint8_t bytes[9] = {};
        for (int i = 0; i < 8; i++)
            bytes[i] = static_cast<uint8_t>(sequence >> 8 * i);
        for (int i = 0; i < 9; i += 3) {
            unsigned word = static_cast<unsigned>(bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2]);
            for (int shift = 18; shift >= 0; shift -= 6)
                text += digits[word >> shift & 63];
        }
        text.back() = '=';
        return text;
    }

    std::vector<long long> seen_;
    std::thread thread_;
};

std::string made(long long count)
{
    return "core.generate count=" + std::to_string(count) + " rate=" + std::to_string(count) + " size=64 | ";
}

} // namespace

TEST(Tap, OfAPipelineThatIsKilledShowsWholeFramesAndChangesNoDigest)
{
    Folder calm, rough;
    setenv("XDG_RUNTIME_DIR", rough.path().c_str(), 1);
    const std::string rest = "lab.copy :name=mid :workers=3 | debug.checksum keys=true path=sum";
    Running undisturbed(calm, {"-e", made(scaled(1000000LL)) + rest});
    ASSERT_EQ(undisturbed.finish().exit_code, 0);
    Running run(rough, {"--set", "name=pipe", "-e", made(scaled(1000000LL)) + rest});
    ASSERT_TRUE(run.wait_until([&] { return access((rough / "micropipe/pipe.sock").c_str(), F_OK) == 0; }));
    Tapping tap(rough, "mid"), source(rough, "generate");
    EXPECT_GT(run.kill_workers(scaled(20ms), 11, anybody), 0);
    Result result = run.finish();
    unsetenv("XDG_RUNTIME_DIR");
    EXPECT_EQ(result.exit_code, 0) << result.reason << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    EXPECT_EQ(unordered_digest(rough / "sum"), unordered_digest(calm / "sum"));
    for (Tapping *t : {&tap, &source}) {
        const std::vector<long long> &seen = t->Join();
        EXPECT_GT(seen.size(), 1u) << read_file(rough / "tap.err");
        for (long long sequence : seen)
            EXPECT_GE(sequence, 0) << "a frame that is not whole";
    }
}

TEST(Tap, ShowsNoFrameThatWasRefused)
{
    Folder folder;
    setenv("XDG_RUNTIME_DIR", folder.path().c_str(), 1);
    Running run(folder, {"--set", "name=pipe", "--set", "dead_letters=dead", "-e",
                         made(2000) + "debug.fail :name=mid :workers=2 kind=segv attempts=1 rate=0.02 | debug.fail "
                                      ":name=more rate=0.5 | core.null"});
    ASSERT_TRUE(run.wait_until([&] { return access((folder / "micropipe/pipe.sock").c_str(), F_OK) == 0; }));
    Tapping tap(folder, "more");
    Result result = run.finish();
    unsetenv("XDG_RUNTIME_DIR");
    EXPECT_EQ(result.exit_code, 3) << result.reason << result.errors;
    EXPECT_EQ(broken_identity(result), "");
    const std::vector<long long> &seen = tap.Join();
    EXPECT_GT(seen.size(), 1u) << read_file(folder / "tap.err");
    std::set<long long> dead;
    FILE *letters = popen((std::string(MICROPIPE_PROGRAM) + " dead list --json " + (folder / "dead")).c_str(), "r");
    json_t *all = json_loadf(letters, 0, nullptr), *letter;
    pclose(letters);
    size_t i;
    json_array_foreach(all, i, letter) dead.insert(json_integer_value(json_object_get(letter, "sequence")));
    json_decref(all);
    EXPECT_GT(dead.size(), 500u);
    for (long long sequence : seen)
        EXPECT_EQ(dead.count(sequence), 0u) << sequence << " was refused";
}
