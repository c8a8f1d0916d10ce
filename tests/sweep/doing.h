// What the test is about to do, for a message if the worker under test takes the whole test down.
#ifndef DOING_H
#define DOING_H

#include <string>

namespace Doing
{

// If the process dies of SIGABRT, SIGSEGV or SIGALRM from here on, it says what it was doing: a worker that runs in the
// test's own process aborts, crashes or hangs there.
void TellOfDeath();

// Remembered until the next; it may take a minute, until Nothing() is done.
void Now(const std::string &what);
void Nothing();

[[noreturn]] void Abort(const char *why);

} // namespace Doing

#endif
