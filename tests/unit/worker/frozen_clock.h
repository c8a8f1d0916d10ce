// A clock that stands still: so that a worker that is stepped, and so is slow, makes the batches of one that is not.
#ifndef FROZEN_CLOCK_H
#define FROZEN_CLOCK_H

#include <ctime>

// While one lives, each look at clock_gettime() in this process finds it one nanosecond later than the look before. It
// begins at the same time whenever it is made; within another's life it begins anew, and then the other goes on.
class FrozenClock
{
  public:
    FrozenClock();
    FrozenClock(const FrozenClock &) = delete;
    FrozenClock &operator=(const FrozenClock &) = delete;
    ~FrozenClock();

  private:
    timespec before_;
};

#endif
