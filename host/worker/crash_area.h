/* A crash area: what a worker that dies by a signal leaves for the report, in shared memory, one a slot.
 *
 * Written by the dying worker alone (crash.c), on pages of its own that no other worker may write to; read by the host
 * once that worker is reaped, with every number checked: a plugin may have written it instead.
 */
#ifndef CRASH_AREA_H
#define CRASH_AREA_H

#include <stdint.h>

#include "atomic.h"

enum {
    CRASH_CALLERS_MAX = 64,
    CRASH_REGISTERS_MAX = 33,
    CRASH_ATTRIBUTES_MAX = 4096, /* longer records are cut */
    CRASH_STACK_MAX = 64 * 1024,
    CRASH_MODULES_MAX = 192 * 1024
};

/* Bits of `parts`: each is set when what it says is whole, since the worker may die again while it writes the next. */
enum crash_part {
    CRASH_CPU = 1,     /* signal, address, registers */
    CRASH_FRAME = 2,   /* the frame in hand; not set: there was none */
    CRASH_CALLERS = 4, /* return addresses, as far as frame pointers lead */
    CRASH_STACK = 8,   /* the stack, from the stack pointer on */
    CRASH_MODULES = 16 /* lines of /proc/self/maps: those of files, and the stack's */
};

/* Who sent a signal that no instruction has caused. */
enum crash_sender { CRASH_SENT_BY_NOBODY, CRASH_SENT_BY_ITSELF, CRASH_SENT_BY_SERVER, CRASH_SENT_BY_OTHERS };

struct crash_area {
    au32 epoch; /* of the worker that died here; 0: none did */
    au32 parts;
    int32_t signal, code;
    uint64_t address; /* that the signal is about */
    uint64_t pc;
    uint32_t sender; /* enum crash_sender */
    uint32_t reserved;
    uint64_t registers[CRASH_REGISTERS_MAX]; /* in DWARF's order of this architecture */
    uint32_t n_registers, n_callers;
    uint64_t callers[CRASH_CALLERS_MAX];
    uint64_t sequence, size; /* of the frame */
    uint32_t attempt, attributes_size;
    uint64_t stack_at; /* address of stack[0] */
    uint32_t stack_size, modules_size;
    uint8_t attributes[CRASH_ATTRIBUTES_MAX];
    uint8_t stack[CRASH_STACK_MAX];
    char modules[CRASH_MODULES_MAX];
};

#define CRASH_AREA_SIZE ((sizeof(struct crash_area) + 4095) / 4096 * 4096)

#endif
