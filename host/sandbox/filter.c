#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Refused at every level but none, whatever the arguments. What is left out is harmless, or needs one of these. */
static const int refused[] = {SCMP_SYS(fork),
                              SCMP_SYS(vfork),
                              SCMP_SYS(execve),
                              SCMP_SYS(execveat), /* other processes */
                              SCMP_SYS(ptrace),
                              SCMP_SYS(process_vm_readv),
                              SCMP_SYS(process_vm_writev),
                              SCMP_SYS(process_madvise),
                              SCMP_SYS(process_mrelease),
                              SCMP_SYS(kcmp),
                              SCMP_SYS(pidfd_getfd),
                              SCMP_SYS(pidfd_send_signal),
                              SCMP_SYS(io_uring_setup),
                              SCMP_SYS(io_uring_enter),
                              SCMP_SYS(io_uring_register), /* ways round this filter */
                              SCMP_SYS(userfaultfd),
                              SCMP_SYS(bpf),
                              SCMP_SYS(perf_event_open),
                              SCMP_SYS(personality),
                              SCMP_SYS(seccomp),
                              SCMP_SYS(unshare),
                              SCMP_SYS(setns),
                              SCMP_SYS(mount),
                              SCMP_SYS(umount2),
                              SCMP_SYS(pivot_root),
                              SCMP_SYS(chroot),
                              SCMP_SYS(fsopen),
                              SCMP_SYS(fsmount),
                              SCMP_SYS(fsconfig),
                              SCMP_SYS(fspick),
                              SCMP_SYS(move_mount),
                              SCMP_SYS(open_tree),
                              SCMP_SYS(mount_setattr),
                              SCMP_SYS(open_by_handle_at),
                              SCMP_SYS(mknod),
                              SCMP_SYS(mknodat),
                              SCMP_SYS(add_key),
                              SCMP_SYS(request_key),
                              SCMP_SYS(keyctl), /* the machine itself */
                              SCMP_SYS(init_module),
                              SCMP_SYS(finit_module),
                              SCMP_SYS(delete_module),
                              SCMP_SYS(kexec_load),
                              SCMP_SYS(kexec_file_load),
                              SCMP_SYS(reboot),
                              SCMP_SYS(swapon),
                              SCMP_SYS(swapoff),
                              SCMP_SYS(syslog),
                              SCMP_SYS(acct),
                              SCMP_SYS(quotactl),
                              SCMP_SYS(settimeofday),
                              SCMP_SYS(clock_settime),
                              SCMP_SYS(adjtimex),
                              SCMP_SYS(clock_adjtime),
                              SCMP_SYS(sethostname),
                              SCMP_SYS(setdomainname),
                              SCMP_SYS(iopl),
                              SCMP_SYS(ioperm),
                              SCMP_SYS(vhangup)};

/* To send a signal: refused unless it is to the caller itself. */
static const int signals[] = {SCMP_SYS(kill), SCMP_SYS(tgkill), SCMP_SYS(tkill), SCMP_SYS(rt_sigqueueinfo),
                              SCMP_SYS(rt_tgsigqueueinfo)};

/* Refused when the masked argument has that value; several rows of one call are alternatives. */
struct row {
    int call;
    struct scmp_arg_cmp argument;
};

#define MASKED(index, mask, value)             \
    {                                          \
        index, SCMP_CMP_MASKED_EQ, mask, value \
    }
#define EQUAL(index, value)          \
    {                                \
        index, SCMP_CMP_EQ, value, 0 \
    }
#define NOT(index, value)            \
    {                                \
        index, SCMP_CMP_NE, value, 0 \
    }

static const struct row by_argument[] = {
    {SCMP_SYS(clone), MASKED(0, CLONE_THREAD, 0)},
    {SCMP_SYS(madvise), EQUAL(2, MADV_REMOVE)},
    {SCMP_SYS(madvise), EQUAL(2, MADV_HWPOISON)},
    {SCMP_SYS(madvise), EQUAL(2, 101)}, /* MADV_SOFT_OFFLINE */
    {SCMP_SYS(prctl), EQUAL(0, PR_SET_CHILD_SUBREAPER)},
    {SCMP_SYS(prctl), EQUAL(0, PR_SET_PTRACER)},
    {SCMP_SYS(prctl), EQUAL(0, PR_SET_DUMPABLE)},
    {SCMP_SYS(prctl), EQUAL(0, PR_SET_MM)},
    {SCMP_SYS(prlimit64), NOT(0, 0)},
    {SCMP_SYS(ioctl), EQUAL(1, 0x5412)}, /* TIOCSTI: types into the terminal */
};

/* strict */
static const int refused_sockets[] = {SCMP_SYS(socket), SCMP_SYS(bind), SCMP_SYS(connect), SCMP_SYS(listen)};

static const int refused_changes[] = {
    SCMP_SYS(creat),     SCMP_SYS(truncate), SCMP_SYS(mkdir),     SCMP_SYS(mkdirat),    SCMP_SYS(rmdir),
    SCMP_SYS(unlink),    SCMP_SYS(unlinkat), SCMP_SYS(rename),    SCMP_SYS(renameat),   SCMP_SYS(renameat2),
    SCMP_SYS(link),      SCMP_SYS(linkat),   SCMP_SYS(symlink),   SCMP_SYS(symlinkat),  SCMP_SYS(chmod),
    SCMP_SYS(fchmodat),  SCMP_SYS(chown),    SCMP_SYS(lchown),    SCMP_SYS(fchownat),   SCMP_SYS(utime),
    SCMP_SYS(utimensat), SCMP_SYS(setxattr), SCMP_SYS(lsetxattr), SCMP_SYS(removexattr)};

static const struct row opens_to_write[] = {
    {SCMP_SYS(open), MASKED(1, O_WRONLY, O_WRONLY)},   {SCMP_SYS(open), MASKED(1, O_RDWR, O_RDWR)},
    {SCMP_SYS(open), MASKED(1, O_CREAT, O_CREAT)},     {SCMP_SYS(open), MASKED(1, O_TRUNC, O_TRUNC)},
    {SCMP_SYS(openat), MASKED(2, O_WRONLY, O_WRONLY)}, {SCMP_SYS(openat), MASKED(2, O_RDWR, O_RDWR)},
    {SCMP_SYS(openat), MASKED(2, O_CREAT, O_CREAT)},   {SCMP_SYS(openat), MASKED(2, O_TRUNC, O_TRUNC)},
};

#define N(table) (sizeof(table) / sizeof(table)[0])

static int refuse_calls(scmp_filter_ctx f, uint32_t action, const int *calls, size_t n)
{
    int error = 0;
    for (size_t i = 0; i < n && !error; i++)
        error = seccomp_rule_add_array(f, action, calls[i], 0, NULL);
    return error;
}

static int refuse_rows(scmp_filter_ctx f, uint32_t action, const struct row *rows, size_t n)
{
    int error = 0;
    for (size_t i = 0; i < n && !error; i++)
        error = seccomp_rule_add_array(f, action, rows[i].call, 1, &rows[i].argument);
    return error;
}

/* With a listener the host tells who the caller is, as that may be a worker. Without, it is this process. */
static int refuse_signals(scmp_filter_ctx f, uint32_t action, enum sandbox_listen listen)
{
    const struct row others = {0, NOT(0, (scmp_datum_t)getpid())};
    int error = 0;
    for (size_t i = 0; i < N(signals) && !error; i++)
        error = seccomp_rule_add_array(f, action, signals[i], listen == SANDBOX_UNSEEN ? 1 : 0, &others.argument);
    return error;
}

static int fill(scmp_filter_ctx f, enum sandbox_level level, int files, uint32_t action)
{
    /* Anything but SIGKILL for the death of the parent would let this process outlive it. */
    const struct scmp_arg_cmp death[] = {EQUAL(0, PR_SET_PDEATHSIG), NOT(1, SIGKILL)};
    int error = refuse_calls(f, action, refused, N(refused));
    if (!error)
        error = refuse_rows(f, action, by_argument, N(by_argument));
    if (!error)
        error = seccomp_rule_add_array(f, action, SCMP_SYS(prctl), 2, death);
    /* The limit of its data is the host's to set, which holds a budget by it. */
    const struct scmp_arg_cmp data[] = {EQUAL(1, RLIMIT_DATA), NOT(2, 0)};
    if (!error)
        error = seccomp_rule_add_array(f, action, SCMP_SYS(prlimit64), 2, data);
    if (!error)
        error = seccomp_rule_add_array(f, action, SCMP_SYS(setrlimit), 1,
                                       &(const struct scmp_arg_cmp)EQUAL(0, RLIMIT_DATA));
    /* Their flags lie behind a pointer: whoever calls falls back to clone and openat. */
    if (!error)
        error = seccomp_rule_add_array(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL);
    if (level != SANDBOX_STRICT || error)
        return error;
    error = refuse_calls(f, action, refused_sockets, N(refused_sockets));
    if (!error && files)
        error = refuse_calls(f, action, refused_changes, N(refused_changes));
    if (!error && files)
        error = refuse_rows(f, action, opens_to_write, N(opens_to_write));
    if (!error && files)
        error = seccomp_rule_add_array(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(openat2), 0, NULL);
    return error;
}

int filter_install(enum sandbox_level level, int files, enum sandbox_listen listen, int *listener)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
    if (!f)
        return -ENOMEM;
    seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a binary tree */
    uint32_t action = listen == SANDBOX_LISTEN ? SCMP_ACT_NOTIFY : SCMP_ACT_ERRNO(EPERM);
    int error = fill(f, level, files, action);
    if (!error)
        error = refuse_signals(f, action, listen);
    if (!error)
        error = seccomp_load(f);
    if (!error && listen == SANDBOX_LISTEN)
        *listener = seccomp_notify_fd(f);
    seccomp_release(f); /* it leaves the listener open */
    return error;
}
