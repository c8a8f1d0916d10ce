/* Which running pipeline a command is about, if it was not told. */
#ifndef WHICH_PIPELINE_H
#define WHICH_PIPELINE_H

#include "arguments.h"

enum { PIPELINE_NAME_SIZE = 128 };

/* The operand; without one the only pipeline that runs. EXIT_OK, or another exit code after complaining: there is none,
 * or there are several, which are named. */
int which_pipeline(const struct command *command, const struct arguments *a, char name[PIPELINE_NAME_SIZE], FILE *err);

#endif
