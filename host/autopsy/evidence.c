#include "evidence.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

enum { STACK_REACH = 1024 * 1024, PAGE = 4096, RANGES_MAX = 32 };

static uint32_t at_most(uint32_t n, uint32_t most)
{
    return n < most ? n : most;
}

/* What the dying worker could not say, in the words of its stage server. */
static void ask_server(struct crash_area *e, pid_t server)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)server);
    AUTO_FD int fd = server > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t got = fd < 0 ? 0 : 1;
    for (e->modules_size = 0; got > 0 && e->modules_size < CRASH_MODULES_MAX - 1;) {
        got = read(fd, e->modules + e->modules_size, CRASH_MODULES_MAX - 1 - e->modules_size);
        e->modules_size += got > 0 ? (uint32_t)got : 0;
    }
}

struct crash_area *evidence_take(const struct crash_area *area, uint32_t epoch, pid_t server)
{
    if (!area || au32_acquire(&area->epoch) != epoch || !(au32_acquire(&area->parts) & CRASH_CPU))
        return NULL;
    struct crash_area *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    memcpy(e, area, offsetof(struct crash_area, stack));
    uint32_t parts = au32_relaxed(&e->parts);
    e->n_registers = at_most(e->n_registers, CRASH_REGISTERS_MAX);
    e->n_callers = parts & CRASH_CALLERS ? at_most(e->n_callers, CRASH_CALLERS_MAX) : 0;
    e->attributes_size = parts & CRASH_FRAME ? at_most(e->attributes_size, CRASH_ATTRIBUTES_MAX) : 0;
    e->stack_size = parts & CRASH_STACK ? at_most(e->stack_size, CRASH_STACK_MAX) / 8 * 8 : 0;
    e->modules_size = parts & CRASH_MODULES ? at_most(e->modules_size, CRASH_MODULES_MAX - 1) : 0;
    memcpy(e->stack, area->stack, e->stack_size);
    memcpy(e->modules, area->modules, e->modules_size);
    if (e->modules_size == 0)
        ask_server(e, server);
    e->modules[e->modules_size] = 0;
    return e;
}

struct range {
    uint64_t from, to;
};

static int is_in(uint64_t address, const struct range *ranges, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (address >= ranges[i].from && address < ranges[i].to)
            return 1;
    return 0;
}

/* "11000-12000 r-xp ...": 1 if that is code. */
static int read_range(const char *line, struct range *r)
{
    char *at;
    r->from = strtoull(line, &at, 16);
    if (*at != '-')
        return 0;
    r->to = strtoull(at + 1, &at, 16);
    return *at == ' ' && at[1] && at[2] && at[3] == 'x';
}

/* Where the code of a file is. The kernel's path of it has no symbolic links in it, so the last part has to do. */
static uint32_t find_code(const struct crash_area *e, const char *file, struct range *ranges)
{
    const char *slash = strrchr(file, '/');
    const char *name = slash ? slash + 1 : file;
    size_t length = strlen(name);
    uint32_t n = 0;
    for (const char *line = e->modules, *end; n < RANGES_MAX && (end = strchr(line, '\n')) != NULL; line = end + 1) {
        struct range r;
        if ((size_t)(end - line) > length && end[-(ptrdiff_t)length - 1] == '/' &&
            memcmp(end - length, name, length) == 0 && read_range(line, &r))
            ranges[n++] = r;
    }
    return n;
}

uint64_t evidence_place(const struct crash_area *e, const char *file)
{
    struct range code[RANGES_MAX];
    uint32_t n = find_code(e, file, code);
    if (is_in(e->pc, code, n) && !evidence_is_overflow(e)) /* there it may be any instruction */
        return e->pc;
    for (uint32_t at = 0; at + sizeof(uint64_t) <= e->stack_size; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, e->stack + at, sizeof word);
        if (is_in(word, code, n))
            return word;
    }
    return e->pc;
}

/* The stack ends right above the address, or a little below it, and so do the calls that could be copied. */
int evidence_is_overflow(const struct crash_area *e)
{
    return e->signal == SIGSEGV && e->code > 0 && e->stack_size == CRASH_STACK_MAX && e->address < e->stack_at + PAGE &&
           e->address + STACK_REACH >= e->stack_at;
}

static const char *meaning(const struct crash_area *e)
{
    if (evidence_is_overflow(e))
        return "an overflow of the stack";
    if (e->code <= 0)
        return e->sender == CRASH_SENT_BY_SERVER   ? "as it took longer than its timeout"
               : e->sender != CRASH_SENT_BY_ITSELF ? "sent by another process"
               : e->signal == SIGABRT              ? "by abort(), or a failed assertion"
                                                   : "raised by the plugin itself";
    switch (e->signal) {
    case SIGSEGV:
        return e->code == SEGV_MAPERR   ? "no memory is mapped there"
               : e->code == SEGV_ACCERR ? "that memory is protected"
                                        : "not an address";
    case SIGBUS:
        return e->code == BUS_ADRALN ? "not aligned" : "beyond the end of a mapped file, or the like";
    case SIGFPE:
        return e->code == FPE_INTDIV ? "a division by zero" : "arithmetic";
    case SIGILL:
        return "not an instruction, or a trap of the compiler's";
    default:
        return "unexpected";
    }
}

void evidence_describe(const struct crash_area *e, char *text, size_t size)
{
    const char *name = sigabbrev_np(e->signal);
    int n = snprintf(text, size, "SIG%s, %s", name ? name : "?", meaning(e));
    if (e->code > 0 && n > 0 && (size_t)n < size)
        snprintf(text + n, size - (size_t)n, ", at 0x%" PRIx64, e->address);
}
