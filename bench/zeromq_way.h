/* ZeroMQ's way.
 */
#ifndef ZEROMQ_WAY_H
#define ZEROMQ_WAY_H

#include "duel.h"

extern const struct way way_zeromq;

#endif
