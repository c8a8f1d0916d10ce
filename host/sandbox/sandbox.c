#include "sandbox.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "filter.h"
#include "landlock.h"

enum { FILES_MAX = 1024 };

static void limit(__rlimit_resource_t resource, rlim_t most)
{
    struct rlimit r;
    if (getrlimit(resource, &r) != 0 || r.rlim_max <= most)
        return;
    r.rlim_max = most;
    r.rlim_cur = r.rlim_cur < most ? r.rlim_cur : most;
    setrlimit(resource, &r);
}

/* Half of the machine's memory for one process's own: beyond that the kernel would begin to kill others. */
static void set_limits(void)
{
    limit(RLIMIT_NOFILE, FILES_MAX);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* these map terabytes */
    limit(RLIMIT_DATA, (rlim_t)sysconf(_SC_PHYS_PAGES) / 2 * (rlim_t)sysconf(_SC_PAGESIZE));
#endif
}

void sandbox_enter(struct sandbox *s, enum sandbox_listen listen)
{
    s->listener = -1;
    s->filter = s->landlock = 0;
    if (s->level == SANDBOX_NONE)
        return;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    set_limits();
    s->landlock = landlock_enter(s);
    s->filter = filter_install(s->level, s->writable == NULL, listen, &s->listener);
}

void sandbox_narrow(const struct sandbox *s)
{
    const struct sandbox own = {.level = SANDBOX_IO};
    if (s->level != SANDBOX_NONE)
        landlock_enter(&own);
}

const char *sandbox_level_name(enum sandbox_level level)
{
    static const char *const names[] = {[SANDBOX_STRICT] = "strict", [SANDBOX_IO] = "io", [SANDBOX_NONE] = "none"};
    return names[level];
}

void sandbox_describe(const struct sandbox *s, char *text, size_t size)
{
    if (s->level == SANDBOX_NONE) {
        snprintf(text, size, "none: the plugin may do whatever the user may");
        return;
    }
    int used = snprintf(text, size, "%s: ", sandbox_level_name(s->level));
    if (s->filter)
        used += snprintf(text + used, size - (size_t)used, "system calls NOT filtered (%s)", strerror(-s->filter));
    else
        used += snprintf(text + used, size - (size_t)used, "system calls filtered");
    if (s->landlock)
        snprintf(text + used, size - (size_t)used, ", Landlock ABI %d", s->landlock);
    else
        snprintf(text + used, size - (size_t)used, ", no Landlock%s",
                 s->level == SANDBOX_STRICT && s->writable ? ": files can be written" : "");
}
