/* The warden: answers the system calls that a stage's filter holds, and names who made the ones that are refused. */
#ifndef WARDEN_H
#define WARDEN_H

#include "crew.h"

/* The crew's listener has a call: lets it through or refuses it, and says so in the log. */
void warden_judge(struct crew *c, const struct segment *s, const struct log *log);

#endif
