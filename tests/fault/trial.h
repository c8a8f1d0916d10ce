// One run of the program in which one call fails, and what came of it.
//
// System calls fail by seccomp's user notification: the test decides about each one of the chosen calls, in whichever
// process of the program it is made, and answers with an error instead of the call. Nothing in the program changes, no
// signal or wait is disturbed (as a debugger would). Allocations fail by allocfault.so, which is preloaded.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace fault
{

enum class Role { Host, Scanner, Server, Worker };

const char *role_name(Role role);

// Which calls fail, where, and how.
struct Plan {
    std::vector<int> calls;   // numbers of system calls that count; empty: allocations
    int error = 0;            // errno of the call that fails
    Role role = Role::Host;   // whose calls count
    uint64_t n = 0;           // which fails, from 1; 0: none
    bool sticky = false;      // and all after it
    int descriptor = -1;      // only calls whose first argument is this descriptor; -1: all
    std::vector<long> limits; // pairs of a resource and its limit, set before the program starts
    uid_t user = 0;           // whose process it is, 0: ours; RLIMIT_NPROC counts a user's, and does not hold for root
};

struct Outcome {
    int exit_code = -1; // -1: died of `signal`
    int signal = 0;
    bool hung = false;       // it had to be killed
    bool killed_all = false; // it called kill(-1), and was kept from it
    bool failed = false;     // the call that was to fail was made
    uint64_t count = 0;      // calls that counted
    std::string output, errors;
    std::vector<std::string> leftovers; // processes that outlived the program

    // The program could not even be started, as that user.
    bool not_started() const { return exit_code >= kNotStarted && exit_code < kNotStarted + 4; }
    static constexpr int kNotStarted = 120;
};

// Runs the program with these arguments in a folder.
Outcome run_trial(const std::string &folder, const std::vector<std::string> &arguments, const Plan &plan);

// All that is known of an outcome, for a message.
std::string describe(const Outcome &outcome);

} // namespace fault
