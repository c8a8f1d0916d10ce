#include "host_table.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include <micropipe/status.h>

#include "clock.h"
#include "tracing.h"
#include "waiting.h"

static const struct option_value *option(void *context, const char *name)
{
    const struct host_table *t = context;
    return name ? stage_option(t->stage, name) : NULL;
}

static int64_t option_int(void *context, const char *name)
{
    const struct option_value *v = option(context, name);
    return v ? v->integer : 0;
}

static double option_float(void *context, const char *name)
{
    const struct option_value *v = option(context, name);
    return v ? v->number : 0.0;
}

static const char *option_text(void *context, const char *name)
{
    const struct option_value *v = option(context, name);
    return v && v->text ? v->text : "";
}

static uint32_t option_count(void *context, const char *name)
{
    const struct option_value *v = option(context, name);
    return v ? v->n_items : 0;
}

static const char *option_item(void *context, const char *name, uint32_t index)
{
    const struct option_value *v = option(context, name);
    return v && index < v->n_items ? v->items[index] : "";
}

static void plugin_log(void *context, int32_t level, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void plugin_log(void *context, int32_t level, const char *format, ...)
{
    const struct host_table *t = context;
    va_list args;
    va_start(args, format);
    log_writev(t->log,
               level < 0                 ? LOG_LEVEL_ERROR
               : level > MPIPE_LOG_DEBUG ? LOG_LEVEL_DEBUG
                                         : (enum log_level)level,
               format, args);
    va_end(args);
}

/* The host sets the command, then sends SIGUSR2, which is blocked but for this ppoll(): so a command is never missed.
 */
static mpipe_status wait_readable(void *context, int32_t fd, int64_t timeout_ns)
{
    const struct host_table *t = context;
    uint64_t start = clock_monotonic();
    struct pollfd p = {.fd = fd, .events = POLLIN};
    struct timespec limit = {timeout_ns / (int64_t)NS_PER_S, timeout_ns % (int64_t)NS_PER_S};
    sigset_t mask;
    int n;
    if (!t->slot)
        return MPIPE_MISUSE;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    sigdelset(&mask, SIGUSR2);
    slot_enter(t->slot, SLOT_WAIT_INPUT);
    tracing_wait(t->slot, SLOT_WAIT_INPUT, start);
    do
        n = !slot_must_end(t->slot) ? ppoll(&p, 1, timeout_ns < 0 ? NULL : &limit, &mask) : -1;
    while (n < 0 && errno == EINTR && timeout_ns < 0 && !slot_must_end(t->slot));
    tracing_note(t->slot, TRACE_WAITED, 0, 0);
    slot_waited(t->slot, SLOT_WAIT_INPUT, clock_monotonic() - start);
    slot_enter(t->slot, SLOT_BUSY);
    if (slot_must_end(t->slot))
        return MPIPE_STOP;
    return n > 0 ? MPIPE_OK : MPIPE_TIMEOUT;
}

int host_table_has(const char *id)
{
    return strcmp(id, MPIPE_EXT_WAIT) == 0;
}

static const void *extension(void *context, const char *id)
{
    const struct host_table *t = context;
    return id && t->slot && strcmp(id, MPIPE_EXT_WAIT) == 0 ? &t->wait : NULL;
}

void host_table_init(struct host_table *t, const struct stage *stage, const struct log *log, struct slot *slot,
                     void *state)
{
    memset(t, 0, sizeof *t);
    t->stage = stage;
    t->log = log;
    t->slot = slot;
    t->wait = (mpipe_ext_wait){.struct_size = (uint32_t)sizeof t->wait, .context = t, .readable = wait_readable};
    t->host = (mpipe_host){.struct_size = (uint32_t)sizeof t->host,
                           .abi_minor = 0,
                           .stage = stage->name,
                           .pack_dir = stage->description->pack_dir,
                           .workers_max = stage->workers_max,
                           .state = state,
                           .context = t,
                           .extension = extension,
                           .log = plugin_log,
                           .option_int = option_int,
                           .option_float = option_float,
                           .option_text = option_text,
                           .option_count = option_count,
                           .option_item = option_item};
}
