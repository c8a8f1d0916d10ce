/* micropipe doctor: what this machine offers a pipeline, what is missing, and the command that fixes it. */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stdio.h>

/* argv[0] is "doctor". Exit code: 0: a pipeline can run, if not as well as it could; 1: something that it needs is
 * missing; 2: usage. */
int doctor_run(int argc, char **argv, FILE *out, FILE *err);

#endif
