// The engine: a pipeline in virtual time, event by event.
//
// Cores are shared evenly by all runnable workers, and more runnable workers than cores cost 4 % for each multiple.
// Rings are bounded, and a worker whose reader's ring is full waits with the frame in hand. A frame takes its CPU time,
// then its wait: alone, or in a queue for a device that serves only so many.
#ifndef ENGINE_H
#define ENGINE_H

#include <deque>
#include <vector>

#include "shape.h"

extern "C" {
#include "observation.h"
}

class Engine
{
  public:
    Engine(const Shape &shape, uint64_t seed);

    void RunUntil(double t);
    double Now() const { return now_; }

    // From now on. Raising starts workers, which take CPU to warm up; lowering takes sleeping workers first, and others
    // after the frame in hand. Memory: false, and nothing is done, if all would not fit.
    void SetWorkers(uint32_t stage, uint32_t n);
    // All that are there, warm or not, or about to leave.
    uint32_t Present(uint32_t stage) const { return stages_[stage].present; }
    uint64_t Bytes() const;

    void SetCores(double cores);
    void SetCostFactor(uint32_t stage, double factor) { stages_[stage].factor = factor; }
    void SetSource(bool on);

    // Frames of sinks finished so far, in frames of the source that they stand for.
    double Delivered() const { return delivered_; }
    // Frames finished by each stage so far, in frames of the source.
    std::vector<double> Finished() const;
    // Counters as the host sees them.
    void Observe(observation *o);

  private:
    enum State { GONE, WARMING, IDLE, COMPUTING, QUEUED, WAITING, TURN, BLOCKED };
    struct Worker {
        State state = GONE;
        bool leaves = false;
        uint32_t stage = 0, outputs = 0;
        double started = 0, cpu_at_start = 0, cpu = 0, delay = 0, wait = 0;
        uint64_t turn = 0;
    };
    struct Stage {
        StageShape shape;
        std::vector<uint32_t> readers;
        double factor = 1, worth = 0, owed = 0, visits = 0;
        uint32_t queued = 0, present = 0, wanted = 0, warming = 0, busy = 0, served = 0;
        std::vector<uint32_t> idle;        // workers; the last is woken first
        std::deque<uint32_t> blocked;      // workers of feeders that wait for room
        std::deque<uint32_t> device_queue; // workers
        std::vector<uint32_t> turns;       // workers that wait for their turn
        uint64_t claims = 0, commits = 0, done = 0, arrived = 0;
        double busy_s = 0, cpu_s = 0, delay_s = 0, idle_s = 0, blocked_s = 0, turn_s = 0, counted = 0;
        uint32_t n_blocked = 0;
    };
    struct Event {
        double key; // of virtual CPU time, or of time
        uint32_t worker;
        bool operator<(const Event &other) const { return key > other.key; }
    };

    void Advance(double t);
    void Count(Stage &s);
    void Push(std::vector<Event> &heap, double key, uint32_t worker);
    uint32_t Pop(std::vector<Event> &heap);
    void UpdateSpeed();
    void Compute(uint32_t worker, double cpu_s);
    void Begin(uint32_t worker);
    void Claim(uint32_t worker);
    void ComputeEnded(uint32_t worker);
    void WaitEnded(uint32_t worker);
    void Finish(uint32_t worker);
    void Publish(uint32_t worker);
    void Committed(uint32_t worker);
    void Room(uint32_t stage);
    void Leave(uint32_t worker);
    uint32_t NewWorker(uint32_t stage);
    uint32_t Outputs(Stage &s);
    void AddInHand(const Worker &w, stage_observation *o) const;

    Random random_;
    double cores_, now_ = 0;
    double virtual_ = 0, cpu_clock_ = 0; // integrals of the speed, and of the share of a core, of a runnable worker
    double speed_ = 1, share_ = 1;
    double cores_seen_ = 0, seen_at_ = 0; // the integral of the cores since the last observation
    bool source_on_ = true;
    double delivered_ = 0;
    std::vector<Stage> stages_;
    std::vector<Worker> workers_;
    std::vector<uint32_t> free_;
    std::vector<Event> computing_, timers_;
};

#endif
