// A clock that stands still: so that a worker that is stepped, and so is slow, makes the batches of one that is not.
#ifndef FROZEN_CLOCK_H
#define FROZEN_CLOCK_H

// From here on, in this process, each look at clock_gettime() finds it one nanosecond later than the look before.
void FreezeClock();

#endif
