/* SPDX-License-Identifier: Apache-2.0
 *
 * What a processor gets once: who it is, its options, its state, the log.
 */
#ifndef MICROPIPE_HOST_H
#define MICROPIPE_HOST_H

#include <stdint.h>

/* Levels of the log. */
enum { MPIPE_LOG_ERROR = 0, MPIPE_LOG_WARNING = 1, MPIPE_LOG_INFO = 2, MPIPE_LOG_DEBUG = 3 };

/* Given to load() (valid during the call, worker = 0, state = NULL) and to open() (valid until close() returned).
 * Made by the host alone, so it only grows: look at struct_size before you use what a later minor appended.
 * Context of its calls: [stage server, in load] and [worker, from open to close]. */
typedef struct mpipe_host {
    uint32_t struct_size;
    uint32_t abi_minor;   /* the newest minor that this host knows */
    const char *stage;    /* name of the stage */
    const char *pack_dir; /* folder that the pack was loaded from */
    uint32_t worker;      /* 0-based number of this worker in its stage; a successor has the same */
    uint32_t workers_max; /* workers that the stage may have at most */

    /* state_size bytes of the processor, zero at first. Write to it as you like: it commits together with the outputs
     * of the same transaction, and a successor finds it as it was last committed. 16-byte aligned. */
    void *state;

    void *context; /* first argument of the calls below */

    /* A table that this host may or may not have; NULL if not. Ids: "mpipe.name/1", "com.acme.name/1". Lives until
     * close(). */
    const void *(*extension)(void *context, const char *id);

    /* One line for the log; the host adds stage, worker and frame. Thread-safe. Never waits. */
    void (*log)(void *context, int32_t level, const char *format, ...) __attribute__((format(printf, 3, 4)));

    /* Options. Checked, and defaults filled in, before any worker started: so these cannot fail for a name in the
     * processor's table; for another name they return 0, 0.0, "" or 0. Texts live until close(). */
    int64_t (*option_int)(void *context,
                          const char *name); /* bool, int, size in bytes, time in ns, index of a choice */
    double (*option_float)(void *context, const char *name);
    const char *(*option_text)(void *context, const char *name);
    uint32_t (*option_count)(void *context, const char *name); /* length of a list */
    const char *(*option_item)(void *context, const char *name, uint32_t index);

    uint64_t max_frame; /* bytes: the largest frame that this stage can ever create; raise it with the stage's memory */
} mpipe_host;

/* Short names for the calls above. */
static inline int64_t mpipe_option_int(const mpipe_host *host, const char *name)
{
    return host->option_int(host->context, name);
}

static inline double mpipe_option_float(const mpipe_host *host, const char *name)
{
    return host->option_float(host->context, name);
}

static inline const char *mpipe_option_text(const mpipe_host *host, const char *name)
{
    return host->option_text(host->context, name);
}

static inline uint32_t mpipe_option_count(const mpipe_host *host, const char *name)
{
    return host->option_count(host->context, name);
}

static inline const char *mpipe_option_item(const mpipe_host *host, const char *name, uint32_t index)
{
    return host->option_item(host->context, name, index);
}

#define mpipe_log(host, ...) ((host)->log((host)->context, __VA_ARGS__))

#endif
