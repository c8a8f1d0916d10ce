/* The warden: answers the system calls that a stage's filter holds, and names who made the ones that are refused. */
#ifndef WARDEN_H
#define WARDEN_H

#include "crew.h"

/* WARDEN_NOBODY_LEFT: everyone under the filter is gone, and the listener may be closed. */
enum warden_result { WARDEN_GOES_ON, WARDEN_NOBODY_LEFT };

/* The crew's listener has a call: lets it through or refuses it, and says so in the log. */
enum warden_result warden_judge(struct crew *c, const struct segment *s, const struct log *log);

#endif
