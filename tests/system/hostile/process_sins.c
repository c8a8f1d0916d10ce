/* Sins against other processes, and against its own. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sins.h"

#define SIN(name) static mpipe_status name(const mpipe_host *host, const mpipe_io *io, mpipe_frame *frame)
#define UNUSED (void)host, (void)io, (void)frame

/* What a forked child would do: go on for ever, in nobody's sight. */
static void haunt(void)
{
    for (;;)
        pause();
}

SIN(fork_orphan)
{
    UNUSED;
    if (fork() == 0)
        haunt();
    return MPIPE_OK;
}

SIN(fork_twice)
{
    UNUSED;
    if (fork() == 0) {
        setsid();
        if (fork() == 0)
            haunt();
        _exit(0);
    }
    return MPIPE_OK;
}

SIN(run_program)
{
    UNUSED;
    return system("sleep 1000 &") == 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(spawn_program)
{
    UNUSED;
    char name[] = "sleep", time[] = "1000";
    char *argv[] = {name, time, NULL};
    pid_t pid;
    return posix_spawnp(&pid, "sleep", NULL, NULL, argv, NULL) == 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(become_program)
{
    UNUSED;
    execl("/bin/true", "true", (char *)NULL);
    return MPIPE_OK;
}

/* The process whose name is that, as ps shows it. */
static pid_t find_process(const char *name)
{
    char path[300], comm[32];
    DIR *d = opendir("/proc");
    pid_t found = 0;
    for (struct dirent *e = d ? readdir(d) : NULL; e && !found; e = readdir(d)) {
        snprintf(path, sizeof path, "/proc/%s/comm", e->d_name);
        FILE *f = fopen(path, "r");
        if (f && fgets(comm, sizeof comm, f) && strncmp(comm, name, strlen(name)) == 0)
            found = (pid_t)atoi(e->d_name);
        if (f)
            fclose(f);
    }
    if (d)
        closedir(d);
    return found ? found : getppid(); /* it may have ended */
}

static pid_t parent_of(pid_t pid)
{
    char path[64];
    int parent = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (f && fscanf(f, "%*d %*s %*c %d", &parent) != 1)
        parent = 0;
    if (f)
        fclose(f);
    return parent;
}

SIN(kill_server)
{
    UNUSED;
    return kill(getppid(), SIGKILL) == 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(kill_host)
{
    UNUSED;
    pid_t victim = parent_of(getppid());
    return victim > 1 && kill(victim, SIGKILL) == 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(kill_group)
{
    UNUSED;
    return kill(0, SIGKILL) == 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(kill_again_and_again)
{
    UNUSED;
    for (int i = 0; i < 30; i++)
        if (kill(getppid(), SIGKILL) == 0)
            return MPIPE_FATAL;
    return MPIPE_OK;
}

SIN(queue_signal)
{
    UNUSED;
    union sigval v = {0};
    return sigqueue(getppid(), SIGSEGV, v) == 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(pidfd_kill)
{
    UNUSED;
    int fd = (int)syscall(SYS_pidfd_open, getppid(), 0);
    return syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(stop_neighbour)
{
    UNUSED;
    pid_t victim = find_process("neighbour/0");
    return kill(victim, SIGSTOP) == 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(trace_neighbour)
{
    UNUSED;
    return ptrace(PTRACE_ATTACH, find_process("neighbour/0"), NULL, NULL) == 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(write_into_neighbour)
{
    UNUSED;
    char byte = 0;
    struct iovec own = {&byte, 1}, other = {&byte, 1};
    return process_vm_writev(find_process("neighbour/0"), &own, 1, &other, 1, 0) > 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(limit_neighbour)
{
    UNUSED;
    struct rlimit r = {1, 1};
    return prlimit(find_process("neighbour/0"), RLIMIT_NOFILE, &r, NULL) == 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(outlive_parent)
{
    UNUSED;
    return prctl(PR_SET_PDEATHSIG, 0) == 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(adopt)
{
    UNUSED;
    return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(io_uring)
{
    UNUSED;
    char parameters[256] = {0};
    return syscall(SYS_io_uring_setup, 1, parameters) >= 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(load_bpf)
{
    UNUSED;
    char attributes[128] = {0};
    return syscall(SYS_bpf, BPF_MAP_CREATE, attributes, sizeof attributes) >= 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(fault_handler)
{
    UNUSED;
    return syscall(SYS_userfaultfd, O_CLOEXEC) >= 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(mount_over)
{
    UNUSED;
    return mount("none", "/tmp", "tmpfs", MS_RDONLY, NULL) == 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(new_namespace)
{
    UNUSED;
    return unshare(CLONE_NEWNS) == 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(write_file)
{
    UNUSED;
    return open("written", O_WRONLY | O_CREAT, 0600) >= 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(open_socket)
{
    UNUSED;
    return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? MPIPE_FATAL : MPIPE_OK;
}

SIN(stop_itself)
{
    UNUSED;
    raise(SIGSTOP);
    return MPIPE_OK;
}

SIN(hang)
{
    UNUSED;
    haunt();
    return MPIPE_OK;
}

/* The successor finds the file, and goes on. */
SIN(hang_once)
{
    UNUSED;
    int fd = open("hung", O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return MPIPE_OK;
    close(fd);
    haunt();
    return MPIPE_OK;
}

SIN(call_exit)
{
    UNUSED;
    exit(0);
}

SIN(call_exit_now)
{
    UNUSED;
    _exit(0);
}

SIN(call_abort)
{
    UNUSED;
    abort();
}

static jmp_buf place;

static void remember(void)
{
    if (setjmp(place) != 0)
        abort();
}

/* Into a function that has returned. */
SIN(jump_out)
{
    UNUSED;
    remember();
    longjmp(place, 1);
}

SIN(end_thread)
{
    UNUSED;
    pthread_exit(NULL);
}

const struct sin process_sins[] = {{"fork", fork_orphan},
                                   {"fork_twice", fork_twice},
                                   {"system", run_program},
                                   {"spawn", spawn_program},
                                   {"exec", become_program},
                                   {"kill_server", kill_server},
                                   {"kill_host", kill_host},
                                   {"kill_group", kill_group},
                                   {"kill_again_and_again", kill_again_and_again},
                                   {"queue_signal", queue_signal},
                                   {"pidfd_kill", pidfd_kill},
                                   {"stop_neighbour", stop_neighbour},
                                   {"trace_neighbour", trace_neighbour},
                                   {"write_into_neighbour", write_into_neighbour},
                                   {"limit_neighbour", limit_neighbour},
                                   {"outlive_parent", outlive_parent},
                                   {"adopt", adopt},
                                   {"io_uring", io_uring},
                                   {"bpf", load_bpf},
                                   {"userfaultfd", fault_handler},
                                   {"mount", mount_over},
                                   {"unshare", new_namespace},
                                   {"write_file", write_file},
                                   {"socket", open_socket},
                                   {"stop_itself", stop_itself},
                                   {"hang", hang},
                                   {"hang_once", hang_once},
                                   {"exit", call_exit},
                                   {"exit_now", call_exit_now},
                                   {"abort", call_abort},
                                   {"longjmp", jump_out},
                                   {"end_thread", end_thread},
                                   {NULL, NULL}};
