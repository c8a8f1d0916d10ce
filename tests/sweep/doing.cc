#include "doing.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace
{

enum : unsigned { SECONDS_TO_LIVE = 60 };

char what_now[256]; // for the handler, which is handed nothing

void Print(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        _exit(1);
}

void Died(int signal)
{
    Print(signal == SIGALRM ? "\nhangs: " : "\ndied: ");
    Print(what_now);
    Print("\n");
    struct sigaction by_default = {};
    by_default.sa_handler = SIG_DFL;
    sigaction(signal, &by_default, nullptr);
    raise(signal);
}

} // namespace

void Doing::TellOfDeath()
{
    struct sigaction action = {};
    action.sa_handler = Died;
    for (int signal : {SIGABRT, SIGALRM, SIGSEGV})
        sigaction(signal, &action, nullptr);
}

void Doing::Now(const std::string &what)
{
    snprintf(what_now, sizeof what_now, "%s", what.c_str());
    alarm(SECONDS_TO_LIVE);
}

void Doing::Nothing()
{
    alarm(0);
}

void Doing::Abort(const char *why)
{
    fprintf(stderr, "%s\n", why);
    abort();
}
