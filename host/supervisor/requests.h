/* Requests for memory: what workers that have used up their grants are answered. Host process; for rationing.c.
 */
#ifndef REQUESTS_H
#define REQUESTS_H

#include "rationing.h"

/* Answers all that can be answered now. Returns how many wait on. */
uint32_t requests_answer(struct rationing *r, struct crew *crews, const struct log *log, uint64_t now_ns);

/* One worker less, not the one in slot `except`: of this stage if it can do without, else of the one that can best. */
void requests_spare_one(struct rationing *r, struct crew *crews, uint32_t stage, uint32_t except);

#endif
