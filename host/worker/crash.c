#include "crash.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { HANDLER_STACK = 64 * 1024, PAGE = 4096, LINE_MAX_BYTES = 4096 + 128, OVERFLOW_PAGES = 256 };

const int crash_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP, 0};

/* The one thing that a handler can get at. */
struct watch {
    struct crash_area *area;
    const struct session *session;
    uint32_t epoch;
    au64 taken; /* 1: a thread is at it */
};

/* Written once, before the handler is there. */
static struct watch watch; /* NOLINT(cppcoreguidelines-avoid-non-const-global-variables): signals carry no context */

/* What is read here belongs to others: a sanitizer knows better than to let anybody read it. */
#define READS_ANYTHING __attribute__((no_sanitize("address", "thread", "undefined")))

/* Asks the kernel, which says EFAULT where we would fault; it refuses the rest of the call, as there is no such `how`.
 */
static int is_readable(uintptr_t at)
{
    errno = 0;
    syscall(SYS_rt_sigprocmask, ~0, at, NULL, sizeof(uint64_t));
    return errno == EINVAL;
}

/* Copies as far as it can be read, eight bytes at a time. Returns how many bytes that was. */
READS_ANYTHING static uint32_t copy_guarded(void *to, uintptr_t from, uint32_t size)
{
    uint64_t *word = to;
    uint32_t done = 0;
    for (; done + sizeof *word <= size; done += sizeof *word) {
        const uint64_t *at = (const uint64_t *)(from + done);
        if ((done == 0 || (from + done) % PAGE < sizeof *word) && !is_readable(from + done))
            break;
        __atomic_store_n(word++, __atomic_load_n(at, __ATOMIC_RELAXED), __ATOMIC_RELAXED); /* no memcpy() out of it */
    }
    return done;
}

static void seal(struct crash_area *a, enum crash_part part)
{
    au32_store_release(&a->parts, au32_relaxed(&a->parts) | part);
}

struct place {
    uint64_t pc, sp, fp;
};

#if defined(__x86_64__)
static struct place read_registers(struct crash_area *a, const ucontext_t *context)
{
    static const int order[] = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
                                REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
    const greg_t *registers = context->uc_mcontext.gregs;
    for (a->n_registers = 0; a->n_registers < sizeof order / sizeof *order; a->n_registers++)
        a->registers[a->n_registers] = (uint64_t)registers[order[a->n_registers]];
    return (struct place){(uint64_t)registers[REG_RIP], (uint64_t)registers[REG_RSP], (uint64_t)registers[REG_RBP]};
}
#elif defined(__aarch64__)
static struct place read_registers(struct crash_area *a, const ucontext_t *context)
{
    const mcontext_t *m = &context->uc_mcontext;
    for (a->n_registers = 0; a->n_registers < 31; a->n_registers++)
        a->registers[a->n_registers] = m->regs[a->n_registers];
    a->registers[a->n_registers++] = m->sp;
    return (struct place){m->pc, m->sp, m->regs[29]};
}
#else
static struct place read_registers(struct crash_area *a, const ucontext_t *context)
{
    (void)context;
    a->n_registers = 0;
    return (struct place){0, 0, 0};
}
#endif

static enum crash_sender sender_of(const siginfo_t *info)
{
    if (info->si_code > 0)
        return CRASH_SENT_BY_NOBODY;
    return info->si_pid == getpid()    ? CRASH_SENT_BY_ITSELF
           : info->si_pid == getppid() ? CRASH_SENT_BY_SERVER
                                       : CRASH_SENT_BY_OTHERS;
}

static struct place record_cpu(struct crash_area *a, int signal, const siginfo_t *info, const ucontext_t *context)
{
    au32_store_release(&a->parts, 0); /* what is there is of a predecessor */
    a->signal = signal;
    a->code = info->si_code;
    a->sender = sender_of(info);
    a->address = info->si_code > 0 ? (uint64_t)(uintptr_t)info->si_addr : 0;
    struct place place = read_registers(a, context);
    a->pc = place.pc;
    au32_store_release(&a->epoch, watch.epoch);
    seal(a, CRASH_CPU);
    return place;
}

/* The frame in hand: the call's, or if the plugin gave that away, the claimed one that it was. */
static void record_frame(struct crash_area *a, const struct session *s)
{
    const struct journal *j = s->t.journal;
    const struct view *v = s->in_hand;
    struct view claimed = {0};
    uint32_t cursor = j ? au32_relaxed(&j->cursor) : CURSOR_NONE;
    if (!v && cursor < CLAIM_MAX && cursor < s->t.n_claimed &&
        view_open(&claimed, &s->t.segment->arena, &j->claim[cursor], s->t.bit) == 0) {
        claimed.frame.attempt += au32_relaxed(&j->retried) ? j->attempts[cursor] : 0;
        v = &claimed;
    }
    if (!v || !is_readable((uintptr_t)v))
        return;
    a->sequence = v->frame.sequence;
    a->size = v->frame.size;
    a->attempt = v->frame.attempt;
    a->attributes_size = 0;
    if (v->attributes) {
        uint32_t size = v->attributes < CRASH_ATTRIBUTES_MAX ? v->attributes : CRASH_ATTRIBUTES_MAX;
        a->attributes_size = copy_guarded(a->attributes, (uintptr_t)view_attributes(v, &s->t.segment->arena), size);
    }
    seal(a, CRASH_FRAME);
}

/* Up the frame pointers, while they look like ones: for code without unwinding tables. */
static void record_callers(struct crash_area *a, const struct place *place)
{
    uint64_t at = place->fp;
    uint64_t before = place->sp;
    a->n_callers = 0;
    while (a->n_callers < CRASH_CALLERS_MAX && at % sizeof at == 0 && at >= before) {
        uint64_t words[2]; /* the caller's frame pointer, the return address */
        if (copy_guarded(words, at, sizeof words) != sizeof words || words[1] == 0)
            break;
        a->callers[a->n_callers++] = words[1];
        before = at + sizeof words;
        at = words[0];
    }
    seal(a, CRASH_CALLERS);
}

/* If the stack has overflowed, the first pages are not there. */
static void record_stack(struct crash_area *a, uint64_t sp)
{
    a->stack_at = sp / sizeof sp * sizeof sp;
    for (int i = 0; i < OVERFLOW_PAGES && !is_readable(a->stack_at); i++)
        a->stack_at = (a->stack_at / PAGE + 1) * PAGE;
    a->stack_size = copy_guarded(a->stack, a->stack_at, CRASH_STACK_MAX);
    seal(a, CRASH_STACK);
}

/* A line of /proc/self/maps ends with the file's path, if it is of one. */
static int is_wanted(const char *line, size_t size)
{
    return memchr(line, '/', size) != NULL || memmem(line, size, "[stack]", 7) != NULL;
}

static void record_modules(struct crash_area *a)
{
    char line[LINE_MAX_BYTES];
    size_t used = 0;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    a->modules_size = 0;
    for (ssize_t got = fd < 0 ? 0 : 1; got > 0;) {
        got = read(fd, line + used, sizeof line - used);
        used += got > 0 ? (size_t)got : 0;
        for (const char *end; (end = memchr(line, '\n', used)) != NULL;) {
            size_t size = (size_t)(end - line) + 1;
            if (is_wanted(line, size) && a->modules_size + size <= CRASH_MODULES_MAX) {
                memcpy(a->modules + a->modules_size, line, size);
                a->modules_size += (uint32_t)size;
            }
            memmove(line, line + size, used - size);
            used -= size;
        }
    }
    if (fd >= 0)
        close(fd);
    if (a->modules_size)
        seal(a, CRASH_MODULES);
}

/* 1: the instruction that was at fault is still to be executed, and faults again. */
static int comes_again(int signal, int code)
{
    if (signal == SIGBUS && code == BUS_MCEERR_AO)
        return 0;
    return code > 0 && (signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL);
}

/* All these signals are blocked here: a second fault in this thread is the kernel's, and ends the process at once with
 * what was written so far. */
static void on_crash(int signal, siginfo_t *info, void *context)
{
    uint64_t free = 0;
    if (!au64_swap_if(&watch.taken, &free, 1))
        for (;;)
            pause(); /* another thread is at it, and ends the process */
    struct crash_area *a = watch.area;
    struct place place = record_cpu(a, signal, info, context);
    record_frame(a, watch.session);
    record_callers(a, &place);
    record_stack(a, place.sp);
    record_modules(a);
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(signal, &standard, NULL);
    if (!comes_again(signal, info->si_code) && raise(signal) != 0) /* it comes when this returns */
        _exit(128 + signal);
}

/* With a page below that nobody may write to. */
static void make_stack(void)
{
    uint8_t *memory =
        mmap(NULL, PAGE + HANDLER_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return; /* all is reported but an overflow of the stack */
    mprotect(memory, PAGE, PROT_NONE);
    stack_t stack = {.ss_sp = memory + PAGE, .ss_size = HANDLER_STACK};
    sigaltstack(&stack, NULL);
}

void crash_watch(struct crash_area *area, const struct session *session, uint32_t epoch)
{
    struct sigaction sa = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    watch = (struct watch){.area = area, .session = session, .epoch = epoch};
    make_stack();
    sigemptyset(&sa.sa_mask);
    for (const int *signal = crash_signals; *signal; signal++)
        sigaddset(&sa.sa_mask, *signal);
    for (const int *signal = crash_signals; *signal; signal++) {
        struct sigaction now;
        if (sigaction(*signal, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL)
            sigaction(*signal, &sa, NULL);
    }
}
