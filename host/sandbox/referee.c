#include "referee.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int referee_hear(int listener, struct held_call *call)
{
    struct seccomp_notif *request = NULL;
    int error = seccomp_notify_alloc(&request, NULL);
    if (error)
        return error;
    memset(request, 0, sizeof *request); /* the kernel insists */
    error = seccomp_notify_receive(listener, request);
    if (!error)
        *call = (struct held_call){
            request->id, (pid_t)request->pid, request->data.nr, {request->data.args[0], request->data.args[1]}};
    seccomp_notify_free(request, NULL);
    return error ? -ENOENT : 0;
}

static int is_signal(const struct held_call *call)
{
    return call->number == SCMP_SYS(kill) || call->number == SCMP_SYS(tgkill) || call->number == SCMP_SYS(tkill) ||
           call->number == SCMP_SYS(rt_sigqueueinfo) || call->number == SCMP_SYS(rt_tgsigqueueinfo);
}

int referee_is_own(const struct held_call *call)
{
    char path[64];
    int target = (int)call->arguments[0];
    if (!is_signal(call) || target <= 0)
        return 0;
    if (target == call->caller)
        return 1;
    snprintf(path, sizeof path, "/proc/%d/task/%d", target, (int)call->caller);
    return access(path, F_OK) == 0; /* another thread of the same process */
}

int referee_is_servers(const struct held_call *call)
{
    return call->number == SCMP_SYS(clone) || call->number == SCMP_SYS(fork) || call->number == SCMP_SYS(kill);
}

void referee_answer(int listener, const struct held_call *call, enum referee_answer answer)
{
    struct seccomp_notif_resp response = {.id = call->id};
    if (answer == REFEREE_LET)
        response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    else
        response.error = -EPERM;
    seccomp_notify_respond(listener, &response); /* fails if the caller is gone: nobody is left to be answered */
}

char *referee_name(const struct held_call *call)
{
    return seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call->number);
}
