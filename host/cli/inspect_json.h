/* The output of micropipe inspect --json: one object each. Exit code: 0; 1: no memory. */
#ifndef INSPECT_JSON_H
#define INSPECT_JSON_H

#include <stddef.h>
#include <stdio.h>

#include "catalogue.h"

/* The processor. */
int inspect_json_processor(const struct processor_description *d, FILE *out);

/* {"processors": [...]} */
int inspect_json_pack(struct processor_description *const *list, size_t n, FILE *out);

/* {"processors": [...], "problems": [{"file": ..., "reason": ...}]} */
int inspect_json_all(const struct catalogue *c, FILE *out);

/* {"problems": [...]} */
int inspect_json_problems(const struct catalogue *c, FILE *out);

#endif
