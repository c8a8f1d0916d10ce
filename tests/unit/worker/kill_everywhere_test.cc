// Kills a worker after every store that it makes to shared memory, and compares what comes of it with an undisturbed
// run.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "child.h"
#include "frozen_clock.h"
#include "mixer.h"
#include "stepped.h"
#include "sweep.h"
#include "world.h"

namespace
{

enum : uint32_t { SOURCE, MIXER, LEFT, RIGHT };

struct Scenario {
    std::vector<std::string> frames;
    uint32_t left_queue = 64, right_queue = 64;
    uint32_t right_port = 1; // 0: both sinks read port 0
    when_full right_full = WHEN_FULL_BLOCK;
    uint32_t taken_at_once = 2; // by each sink, whenever the mixer would sleep
    bool dead_letters = false;  // in a folder; else they are only counted
};

struct Outcome {
    std::vector<Seen> left, right;
    std::map<std::string, std::string> letters; // payloads by the name of their file
    committed mixer = {};
    std::string state;
    uint64_t skipped = 0;
    bool all_free = false;
};

// A folder for dead letters, gone with the test.
class Folder
{
  public:
    Folder()
    {
        char path[] = "/tmp/micropipe-letters-XXXXXX";
        path_ = mkdtemp(path);
    }
    Folder(const Folder &) = delete;
    Folder &operator=(const Folder &) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }

    char *path() { return path_.data(); }

    // The bytes of each file by its name; none of a .json, as attempts are counted there.
    std::map<std::string, std::string> Files() const
    {
        std::map<std::string, std::string> files;
        for (const auto &entry : std::filesystem::directory_iterator(path_)) {
            std::ifstream file(entry.path());
            std::string bytes(std::istreambuf_iterator<char>(file), {});
            files[entry.path().filename()] = entry.path().extension() == ".json" ? "" : bytes;
        }
        return files;
    }

    // Removes what is not among them.
    void GoBackTo(const std::map<std::string, std::string> &files) const
    {
        for (const auto &entry : std::filesystem::directory_iterator(path_))
            if (files.count(entry.path().filename()) == 0)
                std::filesystem::remove(entry.path());
    }

  private:
    std::string path_;
};

class Play
{
  public:
    explicit Play(const Scenario &scenario)
        : scenario_(scenario),
          world_({{"source", nullptr, 0},
                  {"mixer", &mixer, 64, 2, 1, 2, false, 3, &opened_},
                  {"left", nullptr, scenario.left_queue, 1, 1, 0},
                  {"right", nullptr, scenario.right_queue, 1, 1, 0}},
                 {{SOURCE, 0, MIXER}, {MIXER, 0, LEFT}, {MIXER, scenario.right_port, RIGHT, 0, scenario.right_full}})
    {
        if (scenario.dead_letters)
            world_.pipeline()->dead_letters = letters_.path();
        world_.segment()->super->run_id = 1; // part of the letters' names
        world_.Feed(SOURCE, scenario.frames);
        ring_close(world_.Ring(MIXER));
    }

    World &world() { return world_; }

    // The sinks take what is there, up to a few each.
    void SinksTake(uint32_t max)
    {
        for (auto [stage, seen] : {std::pair{LEFT, &seen_.left}, std::pair{RIGHT, &seen_.right}})
            for (const Seen &frame : world_.Drain(stage, max))
                seen->push_back(frame);
    }

    // A few frames each, and on until a mixer that waits for room is woken.
    void SinksTakeSome()
    {
        do
            SinksTake(scenario_.taken_at_once);
        while (IsOverHalf(LEFT) || IsOverHalf(RIGHT));
    }

    int Worker(uint32_t epoch) const
    {
        FreezeClock();
        return world_.RunWorker(MIXER, 0, epoch);
    }

    // To be stepped from where it has opened its processor.
    int FirstWorker()
    {
        opened_ = Stepped::Mark;
        return Worker(1);
    }

    // A worker to the end of the stream, while the sinks take something whenever it sleeps. Its exit code.
    int Finish(uint32_t epoch)
    {
        Child worker([this, epoch] { return Worker(epoch); });
        while (worker.Asleep())
            SinksTakeSome();
        int code = worker.Wait();
        SinksTake(UINT32_MAX);
        return code;
    }

    Outcome Result() const
    {
        Outcome result = seen_;
        result.mixer = world_.Committed(MIXER);
        result.state = world_.State(MIXER);
        result.skipped = au64_relaxed(&world_.Slot(MIXER)->journal.skipped);
        result.all_free = world_.AllIsFree();
        result.letters = letters_.Files();
        return result;
    }

    // What the world outside of the pipeline's memory has seen of it.
    Outcome Outside() const
    {
        Outcome seen = seen_;
        seen.letters = letters_.Files();
        return seen;
    }
    void GoBackTo(const Outcome &seen)
    {
        seen_ = seen;
        letters_.GoBackTo(seen.letters);
    }

  private:
    static void DoNothing() {}

    bool IsOverHalf(uint32_t stage) const
    {
        const ring *r = world_.Ring(stage);
        return ring_fill(r) > r->capacity / 2;
    }

    Scenario scenario_;
    MixerOpened opened_ = DoNothing;
    Folder letters_;
    World world_;
    Outcome seen_; // left and right only
};

class KillEverywhere : public testing::Test
{
  protected:
    void SetUp() override
    {
        if (!Stepped::Works())
            GTEST_SKIP() << "no ptrace";
    }

    void Run(const Scenario &scenario)
    {
        {
            Play undisturbed(scenario);
            ASSERT_EQ(undisturbed.Finish(1), WORKER_DONE);
            expected_ = undisturbed.Result();
            ASSERT_TRUE(expected_.all_free);
        }
        Play play(scenario);
        SweepHooks hooks;
        hooks.state = [&](uint64_t step) { KillHere(play, scenario, step); };
        hooks.before_sleep = [&] { play.SinksTakeSome(); };
        SweepResult result = Sweep(
            play.world().Watched(MIXER), play.world().Written(), [&play] { return play.FirstWorker(); }, hooks);
        ASSERT_EQ(result.exit_code, WORKER_DONE);
        play.SinksTake(UINT32_MAX);
        Compare(play.Result(), scenario, "not killed");
        RecordProperty("instructions", static_cast<int>(result.steps));
        RecordProperty("kills", static_cast<int>(result.states));
        EXPECT_GT(result.states, 50u);
    }

    Outcome expected_;

  private:
    // The mixer is killed; what the host does; a successor to the end. Every twentieth time the successor is killed
    // too.
    void KillHere(Play &play, const Scenario &scenario, uint64_t step)
    {
        if (HasFailure())
            return;
        Outcome before = play.Outside();
        play.world().Bury(MIXER, 0, 1);
        uint32_t epoch = 2;
        if (++kills_ % 20 == 0) {
            KillSuccessor(play);
            epoch = 3;
        }
        int code = play.Finish(epoch);
        std::string when = "killed after " + std::to_string(step) + " instructions";
        EXPECT_EQ(code, WORKER_DONE) << when;
        Compare(play.Result(), scenario, when);
        play.GoBackTo(before);
    }

    void KillSuccessor(Play &play)
    {
        Stepped successor([&play] {
            Stepped::Mark();
            return play.Worker(2);
        });
        uint64_t steps = Random() % 6000;
        for (uint64_t i = 0; i < steps && !successor.ended(); i++) {
            if (successor.AboutToSleep())
                play.SinksTakeSome();
            successor.Step();
        }
        successor.Kill();
        play.world().Bury(MIXER, 0, 2);
    }

    uint64_t Random() { return (random_ = random_ * 6364136223846793005u + 1442695040888963407u) >> 33; }

    void Compare(const Outcome &got, const Scenario &scenario, const std::string &when)
    {
        EXPECT_EQ(got.left, expected_.left) << when;
        if (scenario.right_full == WHEN_FULL_BLOCK)
            EXPECT_EQ(got.right, expected_.right) << when;
        else
            CheckDropped(got, when);
        EXPECT_EQ(memcmp(&got.mixer, &expected_.mixer, sizeof got.mixer), 0) << when;
        EXPECT_EQ(got.state, expected_.state) << when;
        EXPECT_EQ(got.letters, expected_.letters) << when;
        EXPECT_TRUE(got.all_free) << when;
        const tally &t = got.mixer.tally;
        EXPECT_EQ(t.out + t.dropped + t.dead, scenario.frames.size()) << when;
    }

    // A ring that drops: what is dropped depends on when it was full, but each frame is in it once, in order, or
    // counted.
    void CheckDropped(const Outcome &got, const std::string &when)
    {
        auto next = expected_.left.begin();
        for (const Seen &frame : got.right) {
            next = std::find(next, expected_.left.end(), frame);
            ASSERT_NE(next, expected_.left.end()) << frame << " is not of this stream, or comes twice; " << when;
            ++next;
        }
        EXPECT_EQ(got.right.size() + got.skipped, expected_.left.size()) << when;
    }

    uint64_t kills_ = 0, random_ = 1;
};

TEST_F(KillEverywhere, ForwardedFramesArriveOnce)
{
    Run({{"f1", "f2", "f3", "f4"}});
}

TEST_F(KillEverywhere, CreatedFramesArriveOnceAndTheStateIsTheirs)
{
    Run({{"c1", "s2", "x3", "w4", "d5", "c6"}});
}

TEST_F(KillEverywhere, BothPortsGetTheirFramesOnce)
{
    Run({{"f1", "F2", "C3", "f4", "C5"}});
}

TEST_F(KillEverywhere, TwoReadersOfOnePortGetEachFrameOnce)
{
    Scenario scenario = {{"f1", "c2", "w3", "f4"}};
    scenario.right_port = 0;
    Run(scenario);
}

TEST_F(KillEverywhere, KeptFramesAreNeitherLostNorDoubled)
{
    Run({{"k1", "k2", "f3", "g4", "k5", "b6", "k7", "e8", "k9"}});
}

TEST_F(KillEverywhere, RefusedFramesAreCountedOnce)
{
    Run({{"f1", "r2", "c3", "r4", "k5", "r6"}});
}

TEST_F(KillEverywhere, ARefusedFrameIsInTheDeadLettersOnce)
{
    Scenario scenario = {{"f1", "r2"}};
    scenario.dead_letters = true;
    Run(scenario);
    EXPECT_EQ(expected_.letters.size(), 2u);
    EXPECT_EQ(expected_.letters.begin()->second, "r2");
}

TEST_F(KillEverywhere, FullRingsLoseNothing)
{
    Scenario scenario = {{"s1", "f2", "s3", "c4", "f5"}};
    scenario.left_queue = 2;
    scenario.right_queue = 1;
    scenario.right_port = 0;
    Run(scenario);
}

TEST_F(KillEverywhere, ARingThatDropsGetsEachFrameOnceOrCountsIt)
{
    Scenario scenario = {{"s1", "f2", "c3", "f4", "s5"}};
    scenario.left_queue = 4;
    scenario.right_queue = 2;
    scenario.right_port = 0;
    scenario.right_full = WHEN_FULL_DROP;
    scenario.taken_at_once = 1;
    Run(scenario);
}

} // namespace
