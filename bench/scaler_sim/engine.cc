#include "engine.h"

#include <algorithm>

namespace
{

const double SWITCHING = 0.04; // what each multiple of runnable workers over cores costs

uint64_t ns(double seconds)
{
    return static_cast<uint64_t>(seconds * 1e9);
}

} // namespace

Engine::Engine(const Shape &shape, uint64_t seed) : random_(seed), cores_(shape.cores)
{
    std::vector<double> visits = shape.Visits();
    double sinks = 0;
    for (uint32_t i = 0; i < shape.stages.size(); i++) {
        stages_.emplace_back();
        stages_[i].shape = shape.stages[i];
        stages_[i].readers = shape.Readers(i);
        sinks += stages_[i].readers.empty();
    }
    for (uint32_t i = 0; i < stages_.size(); i++) {
        stages_[i].visits = visits[i];
        if (stages_[i].readers.empty())
            stages_[i].worth = 1 / (visits[i] * sinks);
    }
    for (uint32_t i = 0; i < stages_.size(); i++)
        SetWorkers(i, 1);
}

void Engine::Push(std::vector<Event> &heap, double key, uint32_t worker)
{
    heap.push_back({key, worker});
    std::push_heap(heap.begin(), heap.end());
}

uint32_t Engine::Pop(std::vector<Event> &heap)
{
    uint32_t worker = heap.front().worker;
    std::pop_heap(heap.begin(), heap.end());
    heap.pop_back();
    return worker;
}

void Engine::UpdateSpeed()
{
    double crowd = static_cast<double>(computing_.size()) / cores_;
    share_ = crowd > 1 ? 1 / crowd : 1;
    speed_ = crowd > 1 ? share_ / (1 + SWITCHING * (crowd - 1)) : 1;
}

void Engine::Advance(double t)
{
    double dt = t - now_;
    virtual_ += dt * speed_;
    cpu_clock_ += dt * share_;
    cores_seen_ += dt * cores_;
    now_ = t;
}

void Engine::RunUntil(double end)
{
    for (;;) {
        double cpu = computing_.empty() ? HUGE_VAL : now_ + (computing_.front().key - virtual_) / speed_;
        double timer = timers_.empty() ? HUGE_VAL : timers_.front().key;
        double next = std::min(cpu, timer);
        if (next > end)
            break;
        Advance(std::max(next, now_));
        if (cpu <= timer) {
            virtual_ = std::max(virtual_, computing_.front().key);
            uint32_t w = Pop(computing_);
            ComputeEnded(w);
            UpdateSpeed();
        } else {
            WaitEnded(Pop(timers_));
        }
    }
    Advance(end);
}

// Brings the integrals of sleeping and blocked workers up to now; before each change of their numbers.
void Engine::Count(Stage &s)
{
    double dt = now_ - s.counted;
    s.idle_s += dt * static_cast<double>(s.idle.size());
    s.blocked_s += dt * s.n_blocked;
    s.turn_s += dt * static_cast<double>(s.turns.size());
    s.counted = now_;
}

void Engine::Compute(uint32_t worker, double cpu_s)
{
    Push(computing_, virtual_ + cpu_s, worker);
    UpdateSpeed();
}

// At random, but never far from the mean: else the noise of a filter would hide what an allocation is worth.
uint32_t Engine::Outputs(Stage &s)
{
    s.owed += s.shape.selectivity;
    double whole = std::floor(s.shape.selectivity), more = s.owed - whole;
    uint32_t n = static_cast<uint32_t>(whole) + random_.Chance(0.5 * (more + s.shape.selectivity - whole));
    s.owed -= n;
    return n;
}

// A frame is in hand.
void Engine::Begin(uint32_t worker)
{
    Worker &w = workers_[worker];
    Stage &s = stages_[w.stage];
    double noise = random_.Noise(s.shape.noise), crowd = 1 + s.shape.crowding * std::min(1.0, s.busy / cores_);
    s.busy++;
    w.turn = s.claims++;
    w.started = now_;
    w.cpu_at_start = cpu_clock_;
    w.wait = s.shape.wait_s * s.factor * noise;
    w.state = COMPUTING;
    Compute(worker, s.shape.cpu_s * s.factor * noise * crowd);
}

// Nothing is in hand: the next frame, sleep, or the end.
void Engine::Claim(uint32_t worker)
{
    Worker &w = workers_[worker];
    Stage &s = stages_[w.stage];
    if (w.leaves) {
        Leave(worker);
        return;
    }
    if (s.shape.feeders.empty() ? source_on_ : s.queued > 0) {
        bool room = !s.shape.feeders.empty();
        s.queued -= room;
        Begin(worker);
        if (room)
            Room(w.stage);
        return;
    }
    Count(s);
    w.state = IDLE;
    s.idle.push_back(worker);
}

void Engine::ComputeEnded(uint32_t worker)
{
    Worker &w = workers_[worker];
    Stage &s = stages_[w.stage];
    if (w.state == WARMING) {
        s.warming--;
        Claim(worker);
        return;
    }
    w.cpu = cpu_clock_ - w.cpu_at_start;
    w.delay = now_ - w.started - w.cpu;
    if (w.wait == 0) {
        Finish(worker);
    } else if (s.shape.device != 0 && s.served >= s.shape.device) {
        w.state = QUEUED;
        s.device_queue.push_back(worker);
    } else {
        s.served++;
        w.state = WAITING;
        Push(timers_, now_ + w.wait, worker);
    }
}

void Engine::WaitEnded(uint32_t worker)
{
    Stage &s = stages_[workers_[worker].stage];
    s.served--;
    if (!s.device_queue.empty()) {
        uint32_t next = s.device_queue.front();
        s.device_queue.pop_front();
        s.served++;
        workers_[next].state = WAITING;
        Push(timers_, now_ + workers_[next].wait, next);
    }
    Finish(worker);
}

// The processor is done with the frame.
void Engine::Finish(uint32_t worker)
{
    Worker &w = workers_[worker];
    Stage &s = stages_[w.stage];
    s.done++;
    s.busy--;
    s.busy_s += now_ - w.started;
    s.cpu_s += w.cpu;
    s.delay_s += w.delay;
    delivered_ += s.worth;
    w.outputs = s.readers.empty() ? 0 : Outputs(s);
    if (s.shape.ordered && w.turn != s.commits) {
        Count(s);
        w.state = TURN;
        s.turns.push_back(worker);
        return;
    }
    Publish(worker);
}

// Each output goes to all readers, or waits for room in the first ring that has none.
void Engine::Publish(uint32_t worker)
{
    Worker &w = workers_[worker];
    Stage &s = stages_[w.stage];
    for (; w.outputs > 0; w.outputs--) {
        for (uint32_t reader : s.readers)
            if (stages_[reader].queued >= stages_[reader].shape.ring) {
                Count(s);
                s.n_blocked++;
                w.state = BLOCKED;
                stages_[reader].blocked.push_back(worker);
                return;
            }
        for (uint32_t reader : s.readers) {
            Stage &r = stages_[reader];
            r.arrived++;
            if (r.idle.empty()) {
                r.queued++;
                continue;
            }
            Count(r);
            uint32_t next = r.idle.back();
            r.idle.pop_back();
            Begin(next);
        }
    }
    Committed(worker);
}

void Engine::Committed(uint32_t worker)
{
    Stage &s = stages_[workers_[worker].stage];
    s.commits++;
    if (s.shape.ordered)
        for (size_t i = 0; i < s.turns.size(); i++)
            if (workers_[s.turns[i]].turn == s.commits) {
                uint32_t next = s.turns[i];
                Count(s);
                s.turns.erase(s.turns.begin() + static_cast<long>(i));
                Publish(next);
                break;
            }
    Claim(worker);
}

// A frame has left the stage's ring.
void Engine::Room(uint32_t stage)
{
    Stage &s = stages_[stage];
    for (size_t tries = s.blocked.size(); tries > 0 && s.queued < s.shape.ring && !s.blocked.empty(); tries--) {
        uint32_t worker = s.blocked.front();
        s.blocked.pop_front();
        Stage &feeder = stages_[workers_[worker].stage];
        Count(feeder);
        feeder.n_blocked--;
        Publish(worker);
    }
}

void Engine::Leave(uint32_t worker)
{
    workers_[worker].state = GONE;
    stages_[workers_[worker].stage].present--;
    free_.push_back(worker);
}

uint32_t Engine::NewWorker(uint32_t stage)
{
    uint32_t worker = static_cast<uint32_t>(workers_.size());
    if (free_.empty()) {
        workers_.emplace_back();
    } else {
        worker = free_.back();
        free_.pop_back();
        workers_[worker] = Worker();
    }
    workers_[worker].stage = stage;
    return worker;
}

void Engine::SetWorkers(uint32_t stage, uint32_t n)
{
    Stage &s = stages_[stage];
    // Those that were to leave and are still there stay after all.
    for (Worker &w : workers_)
        if (s.wanted < n && w.state != GONE && w.stage == stage && w.leaves) {
            w.leaves = false;
            s.wanted++;
        }
    for (; s.wanted < n; s.wanted++) {
        uint32_t worker = NewWorker(stage);
        workers_[worker].state = WARMING;
        s.present++;
        s.warming++;
        Compute(worker, s.shape.warm_up_s);
    }
    Count(s);
    for (; s.wanted > n && !s.idle.empty(); s.wanted--) {
        uint32_t worker = s.idle.front();
        s.idle.erase(s.idle.begin());
        Leave(worker);
    }
    for (Worker &w : workers_)
        if (s.wanted > n && w.state != GONE && w.stage == stage && !w.leaves) {
            w.leaves = true;
            s.wanted--;
        }
}

std::vector<double> Engine::Finished() const
{
    std::vector<double> finished;
    for (const Stage &s : stages_)
        finished.push_back(static_cast<double>(s.done) / s.visits);
    return finished;
}

uint64_t Engine::Bytes() const
{
    uint64_t bytes = 0;
    for (const Stage &s : stages_)
        bytes += s.present * s.shape.bytes;
    return bytes;
}

void Engine::SetCores(double cores)
{
    cores_ = cores;
    UpdateSpeed();
}

void Engine::SetSource(bool on)
{
    source_on_ = on;
    if (!on)
        return;
    Count(stages_[0]);
    std::vector<uint32_t> idle;
    idle.swap(stages_[0].idle);
    for (uint32_t worker : idle)
        Begin(worker);
}

void Engine::AddInHand(const Worker &w, stage_observation *o) const
{
    double age = now_ - w.started, cpu = w.state == COMPUTING ? cpu_clock_ - w.cpu_at_start : w.cpu;
    double delay = w.state == COMPUTING ? age - cpu : w.delay;
    o->in_hand_ns += ns(std::max(cpu, age - delay));
    o->in_hand_cpu_ns += ns(cpu);
}

void Engine::Observe(observation *o)
{
    o->cpus = now_ > seen_at_ ? cores_seen_ / (now_ - seen_at_) : cores_;
    cores_seen_ = 0;
    seen_at_ = now_;
    for (uint32_t i = 0; i < stages_.size(); i++) {
        Stage &s = stages_[i];
        Count(s);
        o->stages[i] = {s.arrived,
                        s.done,
                        s.done,
                        ns(s.busy_s),
                        ns(s.cpu_s),
                        ns(s.delay_s),
                        ns(s.idle_s),
                        ns(s.blocked_s),
                        ns(s.turn_s),
                        s.present - s.warming,
                        s.warming,
                        0,
                        0,
                        s.shape.bytes,
                        s.queued};
    }
    for (const Worker &w : workers_)
        if (w.state == COMPUTING || w.state == QUEUED || w.state == WAITING)
            AddInHand(w, &o->stages[w.stage]);
}
