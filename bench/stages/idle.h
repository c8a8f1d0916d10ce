/* What a pipeline costs in which nothing moves.
 */
#ifndef IDLE_H
#define IDLE_H

struct idle {
    double cpu; /* of all processes of the program, as a share of one CPU */
    int processes;
};

/* Starts the program, waits until it has come to rest, and watches it for so long. 0, or -1: said on stderr. */
int idle_run(const char *program, const char *pipeline, double seconds, struct idle *found);

#endif
