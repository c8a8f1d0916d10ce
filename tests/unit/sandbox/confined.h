// Runs a function in a process that has entered a sandbox.
#ifndef CONFINED_H
#define CONFINED_H

extern "C" {
#include "sandbox.h"
}

#include <cerrno>
#include <functional>

#include "child.h"

// What `body` returns there; 200: this kernel took no filter.
inline int Confined(sandbox s, const std::function<int()> &body)
{
    return Child([&] {
               sandbox_enter(&s, SANDBOX_UNSEEN);
               return s.filter == 0 ? body() : 200;
           })
        .Wait();
}

// The errno of a call that returned -1; 0: it did not.
inline int ErrorOf(long result)
{
    return result == -1 ? errno : 0;
}

#endif
