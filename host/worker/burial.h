/* What the host does for a dead worker, over the whole segment: settles the ends that it owned, and wakes everybody who
 * may have waited for it. Host only, after waitid() returned the worker and before its successor starts.
 */
#ifndef BURIAL_H
#define BURIAL_H

#include "segment.h"
#include "settlement.h"

void burial_settle(const struct segment *s, uint32_t stage, const struct dead_worker *dead);

#endif
