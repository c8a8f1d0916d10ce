/* The standard output of the program: a reader that goes away, as `head` does, is no error; a full disk is one. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdio.h>

/* At the very start. No file that is opened later takes the place of a standard one that was closed, and a write to a
 * closed pipe fails instead of ending the program. */
void output_prepare(void);

/* At the very end: `result`, the exit code so far, or 1 after a message to `err` if something could not be written.
 * What could not is given up, so that a second call says nothing. */
int output_finish(int result, FILE *err);

/* The same where a command had to flush and failed with `error`: the C library then drops what it had buffered, so that
 * the end would not find out why. */
int output_give_up(FILE *out, int error, int result, FILE *err);

#endif
