// A small pipeline for tests: a segment, stages described by hand, and no plugin file. The test plays the host, and any
// stage that it likes.
#ifndef WORLD_H
#define WORLD_H

extern "C" {
#include "segment.h"
#include "transaction.h"
#include "view.h"
#include "worker.h"
}

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "sweep.h"

struct StageSpec {
    const char *name;
    const mpipe_processor *processor = nullptr; // of the stage that worker_run() is called for
    uint32_t queue = 16;                        // 0: a source
    uint32_t spans = 1;                         // its share of memory
    uint32_t workers = 1;
    uint32_t n_outputs = 1;
    bool ordered = false;
    uint32_t max_attempts = 3;
    void *shared = nullptr; // as if load() had made it
};

struct EdgeSpec {
    uint32_t from, from_port, to, to_port = 0;
    when_full full = WHEN_FULL_BLOCK;
    bool copy = false;
};

// A frame as a reader saw it.
struct Seen {
    uint64_t sequence;
    std::string bytes;
    uint64_t key;
    uint32_t port;

    bool operator==(const Seen &other) const
    {
        return sequence == other.sequence && bytes == other.bytes && key == other.key && port == other.port;
    }
};
std::ostream &operator<<(std::ostream &to, const Seen &frame);

// For the transactions of tests that refuse nothing.
void IgnoreRefusal(void *, const refusal *, const descriptor *);

class World
{
  public:
    World(const std::vector<StageSpec> &stages, const std::vector<EdgeSpec> &edges);
    World(const World &) = delete;
    World &operator=(const World &) = delete;
    ~World();

    const ::segment *segment() const { return &segment_; }
    ::segment *mutable_segment() { return &segment_; }
    ::pipeline *pipeline() { return &pipeline_; }
    ring *Ring(uint32_t stage) const { return segment_.stages[stage].ring; }
    ::slot *Slot(uint32_t stage, uint32_t worker = 0) const { return segment_slot(&segment_, stage, worker); }
    stage_memory *Memory(uint32_t stage) const { return segment_.stages[stage].memory; }

    // As the worker 0 of a source stage: one frame for each text, numbered on from the last.
    void Feed(uint32_t stage, const std::vector<std::string> &texts);

    // As the worker 0 of a reading stage: takes up to `max` frames from its ring.
    std::vector<Seen> Drain(uint32_t stage, uint32_t max = UINT32_MAX);

    // Runs a worker of the stage's processor in this process.
    int RunWorker(uint32_t stage, uint32_t worker = 0, uint32_t epoch = 1, crash_area *crash = nullptr) const;

    // What the host does once waitid() has returned a dead worker. The deaths that its frame in hand has caused.
    uint32_t Bury(uint32_t stage, uint32_t worker = 0, uint32_t epoch = 1, int signal = 9) const;

    // What the successor of a dead worker does before anything else, and no more.
    void Recover(uint32_t stage, uint32_t worker, uint32_t epoch) const;

    // True if no block is held and no span owned.
    bool AllIsFree() const;

    committed Committed(uint32_t stage, uint32_t worker = 0) const;
    std::string State(uint32_t stage, uint32_t worker = 0) const;

    // Where a pipeline that handles a few dozen frames writes: the head of the control region, the rings, the slots
    // without the far ends of their journals' arrays, and the blocks at the start of each span. Whole cache lines.
    std::vector<Region> Written() const;

  private:
    void Describe(const StageSpec &spec);

    ::pipeline pipeline_ = {};
    std::deque<processor_description> descriptions_;
    std::deque<port_description> ports_;
    std::vector<stage> stages_;
    std::vector<edge> edges_;
    std::vector<const mpipe_processor *> processors_;
    std::vector<void *> shared_;
    ::segment segment_ = {};
};

#endif
