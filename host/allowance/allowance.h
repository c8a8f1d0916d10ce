/* An allowance: the memory of its own that a process of a pipeline may take, beside the frames. The host holds it by
 * RLIMIT_DATA, which it alone sets; a process that has used it up asks for more, and sleeps until it is answered.
 *
 * The allowances of all processes are in one mapping that they share. Who asks writes `asked`; the host, which trusts
 * no number in it, answers.
 */
#ifndef ALLOWANCE_H
#define ALLOWANCE_H

#include "event.h"

enum allowance_answer {
    ALLOWANCE_GRANTED = 1, /* try again */
    ALLOWANCE_REFUSED,     /* there is no more, and will be none */
    ALLOWANCE_LEAVE        /* there is more for fewer workers: this one makes room, and nobody is to blame */
};

struct allowance {
    au64 asked; /* by the process: bytes that it waits for; 0: it waits for none */
    au64
        refused; /* by the process: the last request that it was refused; 0: none. By the host: 0, before a successor */
    au64 before; /* by the host, before a successor: what its predecessor was refused */
    au32 answer; /* by the host, before it sets `asked` to 0: enum allowance_answer */
    struct event answered;
    au32 tidy; /* by the host, 1: others need memory, so what is free in the process's heap is not to stay there; by the
                  process, 0: done */
    au32 taken; /* by the process, 1: it has what it was granted; by the host, 0: not yet */
    uint8_t pad[20];
};

struct allowances {
    struct allowance *each;
    uint32_t n;
    int bell; /* eventfd, non-blocking: whoever asks rings it */
};

/* Host, before the first fork. 0 or -errno. */
int allowances_create(struct allowances *a, uint32_t n);
void allowances_destroy(struct allowances *a);

/* In the process: asks for so many bytes, at least 1, on top of what it has, and waits. `bell` -1: it may have no more,
 * which is remembered. A host that does not answer has refused. */
enum allowance_answer allowance_ask(struct allowance *a, int bell, uint64_t bytes);

/* In the process: it has what it asked for, or gives up. Until then the host counts it for used. */
void allowance_took(struct allowance *a);

/* Host: what it waits for, 0: nothing; answers it. */
uint64_t allowance_asked(const struct allowance *a);
void allowance_give(struct allowance *a, enum allowance_answer answer);

/* 1 if the kernel keeps a process from having more data than RLIMIT_DATA says, as seen by trying. Host, before it has
 * threads. */
int allowance_holds(void);

/* The process's own limit, before it is confined; the host sets it afterwards. */
void allowance_limit(uint64_t bytes);

#endif
