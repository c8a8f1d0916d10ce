/* A run of the program, and what its summary says.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

struct program_run {
    double elapsed_s;      /* from the start of the workers to the end, as the summary says */
    double first_frame_ms; /* from the start of the program to the first frame in the sink */
    double wall_ms;        /* from fork to exit, as seen from outside */
    double cpu_s;          /* of all its processes */
};

/* micropipe run -e PIPELINE --json --quiet. 0 and *run; -1: it could not be run or failed, which is said on stderr. */
int program_run(const char *program, const char *pipeline, struct program_run *run);

/* The same with other words after "run": at least two, 16 at most, and NULL. */
int program_run_with(const char *program, const char *const *arguments, struct program_run *run);

#endif
