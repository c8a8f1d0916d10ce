// A scenario on the stage: a pipeline of which one worker is under test, and the test plays everybody else.
//
// The worker runs in this process, or in a forked child; where it would sleep, Help() does what its neighbours would do
// in time. Time stands still for it, so it does the same again whenever it starts from the same memory.
#ifndef PLAY_H
#define PLAY_H

#include <filesystem>
#include <functional>

#include "kernel_watch.h"
#include "mixer.h"
#include "outside.h"
#include "page_stash.h"
#include "scenario.h"
#include "world.h"

// What came of it all.
struct Outcome {
    std::vector<Seen> left, right;
    Files letters;                            // a .json is only "whole" or "part": attempts are counted in it
    tally figures = {};                       // of all slots of the stage
    uint64_t taken = 0, bytes = 0;            // the processors' states
    uint64_t skipped = 0;                     // copies that a drop edge did not take
    std::vector<std::string> leaks, problems; // held blocks, owned spans and ends; else
};

// What the neighbours do between the death of the worker and the start of its successor.
enum class Meanwhile {
    NOTHING,
    SINKS_TAKE_ALL,    // as far as the dead had published
    SOURCE_FEEDS_MORE, // after that: two frames, in blocks that the dead had released
};
enum : unsigned { MEANWHILES = 3 };

class Play
{
  public:
    explicit Play(const Scenario &scenario);
    Play(const Play &) = delete;
    Play &operator=(const Play &) = delete;
    ~Play();

    const Scenario &scenario() const { return scenario_; }
    const World &world() const { return world_; }

    // The worker, in this process; it calls `opened` once its processor is open. Returns how it exits.
    int Run(
        uint32_t epoch, const std::function<void()> &opened = [] {});

    // The same in a forked child, for whose parent the neighbours act.
    int RunAlone(uint32_t epoch, const std::function<void()> &opened);
    int RunSiblingAlone() const;
    bool SomebodyWaitsForAnEnd() const;

    // Somebody watches the run. Calls that the worker's own stores are not looked for while others act.
    struct Watcher {
        std::function<void()> pause = [] {}, resume = [] {}, file_changed = [] {};
    };
    void Watch(const Watcher *watcher) { watcher_ = watcher; }

    // The worker would sleep: its neighbours go on.
    void Help();

    // The host does what it does for a dead worker. Then a successor, and whoever else is needed, to the end.
    Outcome Finish(uint32_t dead_epoch, Meanwhile meanwhile);
    Outcome FinishAlive(); // nobody died: the rest

    // What the source feeds more, and whether it may: not once the stream has ended.
    static std::vector<std::string> More(const Scenario &scenario);
    bool MayFeedMore() const;

    void Bury(uint32_t epoch) const;
    phase PhaseOfWorker() const;
    void CloseInput() const;
    std::vector<Region> Written() const; // where the stages may store
    std::vector<Region> Pages() const;   // in which that is
    bool WroteWhereExpected() const;     // nothing has changed elsewhere since the start

    Outside Look() const;
    void GoBackTo(const Outside &outside);

  private:
    enum : uint32_t { SOURCE, MIXER, LEFT, RIGHT };

    // A folder for dead letters, gone with the play.
    class Letters
    {
      public:
        Letters();
        ~Letters();
        char *path() { return path_.data(); }
        Files All() const;
        void PutBack(const Files &files) const;

      private:
        std::string path_;
    };

    static std::vector<StageSpec> Stages(const Scenario &scenario, MixerSetup *setup);
    static std::vector<EdgeSpec> Edges(const Scenario &scenario);

    void PlaceSibling();
    void SiblingActs();
    void RunSibling(uint32_t epoch);
    void SinksTake(uint32_t max);
    void SinksTakeSome();
    bool IsOverHalf(uint32_t stage) const;
    end *HeldEnd() const;
    Outcome Result();
    void LookForLeaks(std::vector<std::string> *leaks) const;

    Scenario scenario_;
    MixerSetup setup_;
    Letters letters_;
    World world_;
    Outside outside_;     // but for the letters
    std::string problem_; // of a sibling
    const Watcher *watcher_ = nullptr;
    std::unique_ptr<PageStash> rest_; // of the memory
};

#endif
