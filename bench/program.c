#include "program.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

static pid_t start(const char *program, const char *pipeline, int *from)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(ends[1], STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
        execl(program, program, "run", "-e", pipeline, "--json", "--quiet", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    *from = ends[0];
    return pid;
}

int program_run(const char *program, const char *pipeline, struct program_run *run)
{
    int from = -1;
    int status = -1;
    uint64_t before = clock_monotonic();
    pid_t pid = start(program, pipeline, &from);
    json_t *summary = pid > 0 ? json_loadfd(from, 0, NULL) : NULL;
    if (pid > 0)
        waitpid(pid, &status, 0);
    run->wall_ms = (double)(clock_monotonic() - before) / (double)NS_PER_MS;
    if (from >= 0)
        close(from);
    int error =
        status != 0 || !summary ||
        json_unpack(summary, "{s:F, s:F}", "elapsed_s", &run->elapsed_s, "first_frame_ms", &run->first_frame_ms) != 0;
    json_decref(summary);
    if (error)
        fprintf(stderr, "%s run -e '%s': failed (wait status %d); try it by hand\n", program, pipeline, status);
    return error ? -1 : 0;
}
