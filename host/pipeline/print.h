/* A pipeline as a configuration again. */
#ifndef PRINT_H
#define PRINT_H

#include <stdio.h>

#include "pipeline.h"

/* Writes the pipeline as a libconfig file that gives the same pipeline again, secret options apart. PRINT_ALL: every
 * option and setting that was not set as well, each with its doc as a comment. */
enum print_defaults { PRINT_AS_SET, PRINT_ALL };
void pipeline_print(const struct pipeline *p, enum print_defaults which, FILE *to);

#endif
