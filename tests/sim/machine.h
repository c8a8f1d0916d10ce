// The simulated machine: processes that are coroutines, a clock that goes only as they run, and futexes. One seed
// decides who runs next and for how long, so a run repeats exactly. Single-threaded.
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include <csetjmp>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

#include <ucontext.h>

#include "dice.h"

enum class Fate { RUNNING, EXITED, KILLED };

class Process
{
  public:
    Process();
    Process(const Process &) = delete;
    Process &operator=(const Process &) = delete;
    ~Process();

    // Starts anew, on the same stack.
    void Start(uint32_t id, std::function<int()> body);

    uint32_t id = 0;
    Fate fate = Fate::EXITED;
    int code = 0;
    uint64_t die_in = 0;   // scheduling points that it has left; 0: no end
    uint64_t pause_in = 0; // the same, until it stands still for pause_ns
    uint64_t pause_ns = 0;
    bool dies_after_pause = false;
    uint64_t paused_until = 0; // virtual ns
    const void *waits_on = nullptr;
    uint64_t deadline = UINT64_MAX;
    bool timed_out = false;
    uint64_t points = 0;

  private:
    friend class Machine;
    static void Enter();
    void Release();

    std::function<int()> body_;
    std::unordered_set<void *> memory_; // what its process would take along at its end
    ucontext_t start_ = {};
    jmp_buf here_ = {};
    bool begun_ = false;
    std::unique_ptr<char[]> stack_;
};

class Machine
{
  public:
    explicit Machine(uint64_t seed, uint64_t mean_run);
    Machine(const Machine &) = delete;
    Machine &operator=(const Machine &) = delete;
    ~Machine();

    static Machine *Running(); // the one that the layers' calls go to
    Dice &dice() { return dice_; }
    uint64_t now() const { return now_; }
    void Add(Process *p) { processes_.push_back(p); }
    uint64_t points() const { return points_; }
    uint64_t digest() const { return digest_; }
    void Note(uint64_t what); // into the digest of the run

    bool Step();               // runs one process for a while; false: none can run
    uint64_t NextTime() const; // when the first sleeper's or paused process's time comes; UINT64_MAX: never
    void Advance(uint64_t to); // lets the time pass
    void LoseWakes(uint64_t one_in) { lose_one_in_ = one_in; } // a planted bug

    // The layers' calls.
    void Point();
    long Wait(const void *word, uint32_t expected, uint64_t deadline);
    long Wake(const void *word, uint64_t how_many);
    void Tick() { now_ += 50; }
    [[noreturn]] void Exit(int code);
    Process *current() { return current_; }
    void Keep(void *memory);
    bool Forget(void *memory);

  private:
    friend class Process;
    void SwitchOut();
    bool CanRun(const Process *p) const;

    Dice dice_;
    uint64_t mean_run_;
    uint64_t quantum_ = 1;
    uint64_t now_ = 1000000000;
    uint64_t points_ = 0;
    uint64_t digest_ = 1469598103934665603u;
    uint64_t lose_one_in_ = 0;
    std::vector<Process *> processes_;
    std::vector<Process *> able_; // to run, at this step
    Process *current_ = nullptr;
    jmp_buf scheduler_ = {};
};

#endif
