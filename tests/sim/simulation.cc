#include "simulation.h"

extern "C" {
#include "burial.h"
#include "restart.h"
}

#include <cstdio>
#include <deque>
#include <map>
#include <set>

#include "machine.h"
#include "plan.h"
#include "processor.h"
#include "world.h"

namespace
{

constexpr uint64_t MS = 1000000;
constexpr uint64_t VIRTUAL_MAX = 600000 * MS;
// While a worker that has its turn stands still for seconds, siblings give their memory back again and again.
constexpr uint64_t POINTS_MAX = 200000000;
constexpr int SEGMENT_FAULT = -11;

enum class Berth { ALIVE, DEAD, WAITING, ENDED };

// The host's book of one slot.
struct Worker {
    uint32_t stage, number, epoch = 0;
    Berth berth = Berth::WAITING;
    uint64_t due = 0; // of the burial, or the next start
    uint64_t transactions = 0;
    bool hung = false;
    restart_history history = {};
    Process process;
};

class Simulation
{
  public:
    Simulation(uint64_t seed, Plant plant, bool trace)
        : plan_(seed), machine_(seed, plan_.mean_run), plant_(plant), trace_(trace)
    {
        if (plant == Plant::LOSE_WAKES)
            machine_.LoseWakes(20);
        MakeWorld();
    }

    Outcome Run();

  private:
    void MakeWorld();
    void Start(Worker *w);
    void Left(Worker *w);
    void Bury(Worker *w);
    bool Due();
    bool AllEnded(uint32_t stage) const;
    void CloseRings();
    void Retire();
    uint64_t NextTime() const;
    void ShowState() const;
    void Check();
    void CheckFrames();
    void CheckWords();
    void Wrong(const std::string &what) { wrong_ += what + "; "; }
    void Say(const Worker *w, const char *what) const;

    Plan plan_;
    Machine machine_;
    Plant plant_;
    bool trace_;
    std::deque<std::vector<Hands>> hands_;
    std::unique_ptr<World> world_;
    std::deque<Worker> workers_;
    std::map<uint32_t, std::set<uint64_t>> verdicts_; // positions of the frames that a stage may refuse
    std::string wrong_;
    uint32_t deaths_left_ = 0, pauses_left_ = 0, retires_left_ = 0;
    Outcome out_;
};

void Simulation::Say(const Worker *w, const char *what) const
{
    if (trace_)
        printf("%12.6f ms  s%u/%u epoch %u  %s (%llu points)\n",
               static_cast<double>(machine_.now()) / static_cast<double>(MS), w->stage, w->number, w->epoch, what,
               static_cast<unsigned long long>(machine_.points()));
}

void Simulation::MakeWorld()
{
    std::vector<StageSpec> specs;
    for (Part &part : plan_.parts) {
        hands_.emplace_back(part.spec.workers, Hands{&part, plan_.frames, nullptr, 0, {}});
        part.spec.processor = part.role == Role::SOURCE ? &sim_source : &sim_filter;
        part.spec.shared = hands_.back().data();
        specs.push_back(part.spec);
    }
    world_ = std::make_unique<World>(specs, plan_.edges);
    for (uint32_t stage = 0; stage < specs.size(); stage++)
        for (uint32_t n = 0; n < specs[stage].workers; n++) {
            workers_.emplace_back();
            workers_.back().stage = stage;
            workers_.back().number = n;
            machine_.Add(&workers_.back().process);
        }
    deaths_left_ = plan_.deaths;
    pauses_left_ = plan_.pauses;
    retires_left_ = plan_.retires;
}

void Simulation::Start(Worker *w)
{
    Dice &dice = machine_.dice();
    w->epoch++;
    w->berth = Berth::ALIVE;
    w->hung = false;
    au32_store_release(&world_->Slot(w->stage, w->number)->command, SLOT_RUN);
    w->process.Start(w->stage * 8 + w->number, [this, w] { return world_->RunWorker(w->stage, w->number, w->epoch); });
    if (deaths_left_ > 0 && dice.OneIn(2)) {
        deaths_left_--;
        w->process.die_in = 1 + dice.Below(UINT64_C(1) << dice.Below(13));
    }
    if (pauses_left_ > 0 && dice.OneIn(3)) {
        pauses_left_--;
        w->process.pause_in = 1 + dice.Below(UINT64_C(1) << dice.Below(13));
        w->process.pause_ns = 1 + dice.Below(UINT64_C(1) << dice.Below(32));
        w->hung = w->process.dies_after_pause = dice.OneIn(3);
    }
    out_.restarts += w->epoch > 1;
    Say(w, "starts");
}

// What waitid() would say, some time later.
void Simulation::Left(Worker *w)
{
    slot *s = world_->Slot(w->stage, w->number);
    if (w->process.fate == Fate::EXITED && w->process.code == WORKER_DONE) {
        bool ended = au32_relaxed(&s->state) == SLOT_ENDED;
        w->berth = ended ? Berth::ENDED : Berth::WAITING;
        w->due = machine_.now() + machine_.dice().Below(MS);
        Say(w, ended ? "has ended" : "has retired");
        return;
    }
    w->berth = Berth::DEAD;
    w->due = machine_.now() + machine_.dice().Below(UINT64_C(1) << machine_.dice().Below(20));
    Say(w, w->process.fate == Fate::KILLED ? "is killed" : "exits");
}

// As crew_worker_died().
void Simulation::Bury(Worker *w)
{
    const bool killed = w->process.fate == Fate::KILLED;
    const bool yields = !killed && w->process.code == WORKER_ROLLBACK;
    slot *s = world_->Slot(w->stage, w->number);
    dead_worker dead = {world_->segment()->stages[w->stage].first_slot + w->number, w->epoch,
                        killed                             ? 9
                        : w->process.code == SEGMENT_FAULT ? 11
                                                           : 0,
                        0};
    dead.from_outside = killed && !w->hung && machine_.dice().OneIn(2); // else the kernel's, for want of memory
    if (plant_ != Plant::SKIP_SETTLEMENT)
        burial_settle(world_->segment(), w->stage, &dead);
    uint64_t transactions = au64_relaxed(&s->transactions);
    bool progress = transactions != w->transactions;
    w->transactions = transactions;
    uint64_t position = 0;
    uint32_t deaths = 0;
    death_cause cause = yields ? DEATH_TO_YIELD : dead.from_outside ? DEATH_FROM_OUTSIDE : DEATH_BY_KILL;
    if (!yields && settlement_blame(&s->journal, &dead, &position, &deaths)) {
        cause = DEATH_BY_FRAME;
        if (deaths >= world_->pipeline()->stages[w->stage].max_attempts) {
            s->journal.verdict_position = position;
            verdicts_[w->stage].insert(position);
        }
    }
    restart_decision d = restart_decide(&w->history, cause, progress, machine_.now());
    if (d.give_up)
        Wrong("a stage was given up");
    out_.deaths += !yields;
    w->berth = Berth::WAITING;
    w->due = machine_.now() + d.after_ns + machine_.dice().Below(MS);
    Say(w, "is settled");
}

// The host's work whose time has come. True: there was some.
bool Simulation::Due()
{
    bool some = false;
    for (Worker &w : workers_) {
        if (w.berth == Berth::ALIVE && w.process.fate != Fate::RUNNING)
            Left(&w);
        else if (w.berth == Berth::DEAD && w.due <= machine_.now())
            Bury(&w);
        else if (w.berth == Berth::WAITING && w.due <= machine_.now())
            Start(&w);
        else
            continue;
        some = true;
    }
    if (some)
        CloseRings();
    return some;
}

bool Simulation::AllEnded(uint32_t stage) const
{
    for (const Worker &w : workers_)
        if (w.stage == stage && w.berth != Berth::ENDED)
            return false;
    return true;
}

void Simulation::CloseRings()
{
    for (uint32_t stage = 0; stage < plan_.parts.size(); stage++) {
        ring *r = world_->Ring(stage);
        if (!r || au32_relaxed(&r->closed))
            continue;
        bool all = true;
        for (const EdgeSpec &e : plan_.edges)
            all = all && (e.to != stage || AllEnded(e.from));
        if (all)
            ring_close(r);
    }
}

void Simulation::Retire()
{
    if (retires_left_ == 0 || !machine_.dice().OneIn(200))
        return;
    Worker *w = &workers_[machine_.dice().Below(workers_.size())];
    ring *r = world_->Ring(w->stage);
    if (!r || w->berth != Berth::ALIVE)
        return;
    retires_left_--;
    au32_store_release(&world_->Slot(w->stage, w->number)->command, SLOT_RETIRE);
    event_wake_slow(&r->data, INT32_MAX);
    Say(w, "is told to retire");
}

uint64_t Simulation::NextTime() const
{
    uint64_t next = machine_.NextTime();
    for (const Worker &w : workers_)
        if ((w.berth == Berth::DEAD || w.berth == Berth::WAITING) && w.due < next)
            next = w.due;
    return next;
}

// Who was where at the end.
void Simulation::ShowState() const
{
    fputs(plan_.Text().c_str(), stdout);
    for (const Worker &w : workers_) {
        const slot *s = world_->Slot(w.stage, w.number);
        printf("s%u/%u: state %u, command %u, %s, phase %u\n", w.stage, w.number, au32_relaxed(&s->state),
               au32_relaxed(&s->command), w.process.waits_on ? "asleep" : "awake",
               static_cast<unsigned>(journal_decision(&s->journal).phase));
    }
    for (uint32_t i = 0; i < plan_.parts.size(); i++)
        if (const ring *r = world_->Ring(i))
            printf("ring of s%u: head %llu, tail %llu, committed %llu, closed %u, owners %llx %llx\n", i,
                   static_cast<unsigned long long>(au64_relaxed(&r->head)),
                   static_cast<unsigned long long>(au64_relaxed(&r->tail)),
                   static_cast<unsigned long long>(au64_relaxed(&r->committed)), au32_relaxed(&r->closed),
                   static_cast<unsigned long long>(au64_relaxed(&r->producer.owner)),
                   static_cast<unsigned long long>(au64_relaxed(&r->consumer.owner)));
}

Outcome Simulation::Run()
{
    bool ended = false;
    while (!ended && wrong_.empty()) {
        while (Due())
            ;
        ended = true;
        for (const Worker &w : workers_)
            ended = ended && w.berth == Berth::ENDED;
        if (ended)
            break;
        Retire();
        if (machine_.Step()) {
            machine_.Advance(machine_.now());
        } else {
            uint64_t next = NextTime();
            bool left = false;
            for (const Worker &w : workers_)
                left = left || (w.berth == Berth::ALIVE && w.process.fate != Fate::RUNNING);
            if (next == UINT64_MAX && !left)
                Wrong("everybody sleeps, and there is work left");
            else if (!left)
                machine_.Advance(next);
        }
        if (machine_.now() > VIRTUAL_MAX || machine_.points() > POINTS_MAX)
            Wrong("it does not come to an end");
    }
    if (wrong_.empty())
        Check();
    if (trace_)
        ShowState();
    out_.wrong = wrong_;
    out_.digest = machine_.digest();
    out_.points = machine_.points();
    out_.virtual_ns = machine_.now();
    out_.frames = plan_.frames * plan_.n_sources;
    return out_;
}

void Simulation::Check()
{
    CheckFrames();
    CheckWords();
}

void Simulation::CheckFrames()
{
    uint64_t lost = 0;
    uint64_t accounted = 0;
    for (uint32_t stage = 0; stage < plan_.parts.size(); stage++) {
        const Part &part = plan_.parts[stage];
        uint64_t seen[FRAMES_MAX] = {};
        uint64_t dead = 0;
        for (uint32_t n = 0; n < part.spec.workers; n++) {
            const journal *j = &world_->Slot(stage, n)->journal;
            committed c = world_->Committed(stage, n);
            dead += c.tally.dead;
            accounted += au64_relaxed(&j->skipped) + c.tally.dead * part.paths_to_sinks;
            std::string state = world_->State(stage, n);
            const auto *counts = reinterpret_cast<const Counts *>(state.data());
            for (uint32_t i = 0; i < FRAMES_MAX; i++)
                seen[i] += counts->seen[i];
            if (part.role == Role::SINK && plan_.keeps_order && counts->out_of_order)
                Wrong("a sink saw frames out of order");
        }
        if (dead != verdicts_[stage].size())
            Wrong(std::to_string(dead) + " frames were refused, " + std::to_string(verdicts_[stage].size()) +
                  " were to be");
        if (part.role != Role::SINK)
            continue;
        uint64_t paths = 0;
        for (const EdgeSpec &e : plan_.edges)
            paths += e.to == stage;
        for (uint32_t i = 0; i < FRAMES_MAX; i++) {
            uint64_t expected = i < plan_.frames * plan_.n_sources ? paths : 0;
            if (seen[i] > expected)
                Wrong("frame " + std::to_string(i) + " came twice");
            else
                lost += expected - seen[i];
        }
    }
    if (lost != accounted)
        Wrong(std::to_string(lost) + " frames did not come, and " + std::to_string(accounted) + " are accounted for");
}

void Simulation::CheckWords()
{
    if (!world_->AllIsFree())
        Wrong("a block is held, or a span is owned");
    for (uint32_t stage = 0; stage < plan_.parts.size(); stage++) {
        const ring *r = world_->Ring(stage);
        if (au64_relaxed(&world_->Memory(stage)->token.owner) != 0)
            Wrong("a token is owned");
        if (r && (au64_relaxed(&r->producer.owner) != 0 || au64_relaxed(&r->consumer.owner) != 0))
            Wrong("a ring's end is owned");
        if (r && ring_fill(r) != 0)
            Wrong("a ring is not empty");
    }
}

} // namespace

Outcome Simulate(uint64_t seed, Plant plant, bool trace)
{
    Simulation simulation(seed, plant, trace);
    return simulation.Run();
}
