#include "backtrace.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

enum { THREAD = 1 }; /* libdw wants a number */

/* With fewer, libdw takes for the others what is in its memory. */
#if defined(__x86_64__)
enum { REGISTERS_NEEDED = 17 };
#elif defined(__aarch64__)
enum { REGISTERS_NEEDED = 32 };
#else
enum { REGISTERS_NEEDED = CRASH_REGISTERS_MAX };
#endif

struct walk {
    const struct crash_area *evidence;
    struct backtrace *out;
    uint64_t registers[CRASH_REGISTERS_MAX];
    uint64_t pc;
    int is_call; /* 1: pc is where a call returns to, not where the fault was */
};

/* Paths come from the plugin's process: regular files only, and no waiting for a writer. */
static int find_file(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, char **path, Elf **elf)
{
    (void)module, (void)data, (void)base, (void)elf;
    struct stat status = {0};
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    fstat(fd, &status); /* of none, it leaves that as it is */
    if (S_ISREG(status.st_mode)) {
        *path = strdup(name);
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

static const Dwfl_Callbacks callbacks = {.find_elf = find_file, .find_debuginfo = dwfl_standard_find_debuginfo};

Dwfl *backtrace_files(const struct crash_area *e)
{
    AUTO_FILE FILE *maps = e->modules_size ? fmemopen((void *)(uintptr_t)e->modules, e->modules_size, "r") : NULL;
    Dwfl *files = maps ? dwfl_begin(&callbacks) : NULL;
    if (!files)
        return NULL;
    dwfl_report_begin(files);
    int error = dwfl_linux_proc_maps_report(files, maps);
    dwfl_report_end(files, NULL, NULL);
    if (error) {
        dwfl_end(files);
        return NULL;
    }
    return files;
}

static bool read_stack(Dwfl *files, Dwarf_Addr address, Dwarf_Word *result, void *argument)
{
    (void)files;
    const struct crash_area *e = ((const struct walk *)argument)->evidence;
    uint64_t from = address - e->stack_at; /* far too large if it lies before */
    if (from >= e->stack_size || e->stack_size - from < sizeof *result)
        return false;
    memcpy(result, e->stack + from, sizeof *result);
    return true;
}

/* libdw wants it, but does not call it where there is get_thread(). */
static pid_t next_thread(Dwfl *files, void *argument, void **thread)
{
    (void)files, (void)argument, (void)thread;
    return 0;
}

static bool get_thread(Dwfl *files, pid_t thread_id, void *argument, void **thread)
{
    (void)files, (void)thread_id;
    *thread = argument;
    return true;
}

static bool set_registers(Dwfl_Thread *thread, void *argument)
{
    const struct walk *w = argument;
    if (!dwfl_thread_state_registers(thread, 0, w->evidence->n_registers, w->registers))
        return false;
#if !defined(__x86_64__) /* there it is one of them */
    dwfl_thread_state_register_pc(thread, w->pc);
#endif
    return true;
}

static const Dwfl_Thread_Callbacks thread_callbacks = {.next_thread = next_thread,
                                                       .get_thread = get_thread,
                                                       .memory_read = read_stack,
                                                       .set_initial_registers = set_registers};

static void add(struct backtrace *b, uint64_t at)
{
    if (b->n < BACKTRACE_MAX)
        b->at[b->n++] = at;
}

static int on_frame(Dwfl_Frame *frame, void *argument)
{
    struct walk *w = argument;
    Dwarf_Addr pc = 0;
    bool is_exact = false;
    dwfl_frame_pc(frame, &pc, &is_exact);
    if (pc == 0)
        return DWARF_CB_ABORT;
    add(w->out, is_exact && !w->is_call ? pc : pc - 1);
    w->is_call = 0;
    return w->out->n < BACKTRACE_MAX ? DWARF_CB_OK : DWARF_CB_ABORT;
}

/* A call of what is no code leaves nothing to be unwound, but the return address is where the call has put it. */
static void step_out_of_nowhere(struct walk *w)
{
    add(w->out, w->pc);
    w->is_call = 1;
#if defined(__x86_64__)
    enum { RSP = 7, RIP = 16 };
    if (w->evidence->stack_size < sizeof w->pc)
        return;
    memcpy(&w->pc, w->evidence->stack, sizeof w->pc);
    w->registers[RIP] = w->pc;
    w->registers[RSP] += sizeof w->pc;
#elif defined(__aarch64__)
    w->pc = w->registers[30];
#endif
}

void backtrace_walk(Dwfl *files, const struct crash_area *e, struct backtrace *out)
{
    struct walk w = {.evidence = e, .out = out, .pc = e->pc};
    memcpy(w.registers, e->registers, sizeof w.registers);
    out->n = 0;
    if (!dwfl_addrmodule(files, e->pc))
        step_out_of_nowhere(&w);
    if (e->n_registers >= REGISTERS_NEEDED && dwfl_attach_state(files, NULL, THREAD, &thread_callbacks, &w))
        dwfl_getthread_frames(files, THREAD, on_frame, &w);
    if (out->n > 1)
        return;
    out->n = 0; /* there are no tables for it */
    add(out, e->pc);
    for (uint32_t i = 0; i < e->n_callers; i++)
        add(out, e->callers[i] - 1);
}
