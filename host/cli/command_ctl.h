/* micropipe ctl: asks a running pipeline over its control socket (host/control). */
#ifndef COMMAND_CTL_H
#define COMMAND_CTL_H

#include <stdio.h>

/* argv[0] is the command's name. Returns the exit code: 1 if the pipeline cannot be reached, 2 if it refuses. */
int command_ctl(int argc, char **argv, FILE *out, FILE *err);

#endif
