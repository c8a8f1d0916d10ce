/* A worker that is held for a debugger: it goes on once it is traced, or once the host lets it go. In the worker.
 */
#ifndef HELD_H
#define HELD_H

#include "slot.h"

/* Returns at once if the slot's workers are not held. */
void held_wait(const struct slot *slot);

#endif
