/* micropipe status and micropipe ps: the pipelines that run on this machine, and all that one of them has counted. */
#ifndef COMMAND_STATUS_H
#define COMMAND_STATUS_H

#include <stdio.h>

/* argv[0] is the command's name. Return the exit code. */
int command_status(int argc, char **argv, FILE *out, FILE *err);
int command_ps(int argc, char **argv, FILE *out, FILE *err);

#endif
