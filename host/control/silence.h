/* The silence of a pipeline that was asked: how long to bear it, and what it means. Any process of its owner; blocks.
 */
#ifndef SILENCE_H
#define SILENCE_H

#include <stddef.h>

/* Nobody who is stopped answers, and few go on by themselves: nobody waits for one longer than that. */
enum { SILENCE_STOPPED_MS = 1000, SILENCE_TEXT = 128 };

/* Waits until there is something to read from a connection to a control socket, or its end: 0. -1: there was neither in
 * that time, or its process is stopped; then `why` goes on after the pipeline's name: "does not answer: ...". */
int silence_bear(int fd, int patience_ms, char why[SILENCE_TEXT]);

#endif
