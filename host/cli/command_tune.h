/* micropipe tune: runs a pipeline until the scaler has settled, and prints it with the numbers that it found. */
#ifndef COMMAND_TUNE_H
#define COMMAND_TUNE_H

#include <stdio.h>

/* argv[0] is the command's name. The pipeline goes to `out`, log and progress to stderr. Returns the exit code of the
 * run. */
int command_tune(int argc, char **argv, FILE *out, FILE *err);

#endif
