#include "idle.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

enum { SETTLE_S = 2 };

static void wait_seconds(double seconds)
{
    struct timespec t = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
}

/* Nanoseconds on a CPU so far, of a process and of all below it. */
static double cpu_of(pid_t pid, int *processes)
{
    char path[64];
    unsigned long long on_cpu = 0;
    snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return 0;
    if (fscanf(f, "%llu", &on_cpu) != 1)
        on_cpu = 0;
    fclose(f);
    double sum = (double)on_cpu;
    ++*processes;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    f = fopen(path, "r");
    for (int child; f && fscanf(f, "%d", &child) == 1;)
        sum += cpu_of(child, processes);
    if (f)
        fclose(f);
    return sum;
}

int idle_run(const char *program, const char *pipeline, double seconds, struct idle *found)
{
    pid_t pid = fork();
    int status = 0;
    if (pid == 0) {
        int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
            dup2(nowhere, fd);
        execl(program, program, "run", "-e", pipeline, "--quiet", (char *)NULL);
        _exit(127);
    }
    wait_seconds(SETTLE_S);
    uint64_t start = clock_monotonic();
    double before = cpu_of(pid, &(int){0});
    wait_seconds(seconds);
    found->processes = 0;
    double after = cpu_of(pid, &found->processes);
    found->cpu = (after - before) / (double)(clock_monotonic() - start);
    int runs = waitpid(pid, &status, WNOHANG) == 0;
    if (runs) {
        kill(pid, SIGTERM);
        waitpid(pid, &status, 0);
        return 0;
    }
    fprintf(stderr, "%s run -e '%s': ended by itself\n", program, pipeline);
    return -1;
}
