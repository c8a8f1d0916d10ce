/* micropipe top: a running pipeline, looked at again and again (host/view). */
#ifndef COMMAND_TOP_H
#define COMMAND_TOP_H

#include <stdio.h>

/* argv[0] is the command's name. Returns the exit code: 1 if the pipeline cannot be reached. */
int command_top(int argc, char **argv, FILE *out, FILE *err);

#endif
