/* nng's way.
 */
#ifndef NNG_WAY_H
#define NNG_WAY_H

#include "duel.h"

extern const struct way way_nng;

#endif
