// A forked child that runs one instruction at a time, so that it can be killed between any two.
#ifndef STEPPED_H
#define STEPPED_H

#include <sys/types.h>

#include <cstdint>
#include <functional>

class Stepped
{
  public:
    // Forks the child under ptrace, and lets it run up to the first call of Mark() in `body`.
    explicit Stepped(const std::function<int()> &body);
    Stepped(const Stepped &) = delete;
    Stepped &operator=(const Stepped &) = delete;
    ~Stepped();

    // In the child: where stepping begins.
    static void Mark();

    // False where a process may not trace its child, on a machine whose instructions this file does not know, and where
    // branches are counted: a child that is stepped takes none that no other does, and writing its counts takes it
    // minutes.
    static bool Works();

    // One instruction. False: the child has ended.
    bool Step();
    bool ended() const { return ended_; }

    // Its exit code or -signal, once it has ended.
    int result() const { return result_; }

    // True if the next instruction is the system call futex() with one of the waiting operations: then Step() returns
    // only when it is woken.
    bool AboutToSleep() const;
    bool AboutToCall() const; // as above, any system call

    // A copy of the process, made by fork() between two instructions: it holds the same shared memory, and has the same
    // instruction before it. It stands still, and dies with Kill(). 0: that failed.
    pid_t Twin();
    static void KillTwin(pid_t twin);

    int Continue(); // to its end; the result
    int Kill();     // and reaps it

    // What others may do between any two instructions of a process: in round n, `before` sets the stage, `body` runs in
    // a child and stands still n * `stride` instructions after its Mark(), `moment` does what the others do, and the
    // child goes on to its end; `after` gets its result. The last round is the one in which it ends before its moment.
    struct Round {
        std::function<void()> before;
        std::function<int()> body;
        std::function<void()> moment;
        std::function<void(int result)> after;
    };
    static void AtEachInstruction(const Round &round, int stride = 1);

  private:
    void Reap();

    pid_t pid_;
    bool ended_ = false;
    int result_ = 0;
};

#endif
