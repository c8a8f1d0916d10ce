#include "program.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

enum { ARGUMENTS_MAX = 16 };

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static pid_t start(const char *program, const char *const *arguments, int *from)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(ends[1], STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
        char *words[ARGUMENTS_MAX + 5] = {NULL};
        const char *first[] = {program, "run", "--json", "--quiet"};
        memcpy(words, first, sizeof first);
        for (int i = 0; i < ARGUMENTS_MAX && arguments[i]; i++)
            memcpy(&words[i + 4], &arguments[i], sizeof *arguments);
        execv(program, words);
        _exit(127);
    }
    close(ends[1]);
    *from = ends[0];
    return pid;
}

int program_run(const char *program, const char *pipeline, struct program_run *run)
{
    return program_run_with(program, (const char *const[]){"-e", pipeline, NULL}, run);
}

int program_run_with(const char *program, const char *const *arguments, struct program_run *run)
{
    int from = -1;
    int status = -1;
    struct rusage usage = {0};
    uint64_t before = clock_monotonic();
    pid_t pid = start(program, arguments, &from);
    json_t *summary = pid > 0 ? json_loadfd(from, 0, NULL) : NULL;
    if (pid > 0)
        wait4(pid, &status, 0, &usage);
    run->wall_ms = (double)(clock_monotonic() - before) / (double)NS_PER_MS;
    run->cpu_s = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    if (from >= 0)
        close(from);
    int error =
        status != 0 || !summary ||
        json_unpack(summary, "{s:F, s:F}", "elapsed_s", &run->elapsed_s, "first_frame_ms", &run->first_frame_ms) != 0;
    json_decref(summary);
    if (error)
        fprintf(stderr, "%s run %s '%s': failed (wait status %d); try it by hand\n", program, arguments[0],
                arguments[1], status);
    return error ? -1 : 0;
}
