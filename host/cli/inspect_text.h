/* The pages of micropipe inspect, for people: 80 columns. */
#ifndef INSPECT_TEXT_H
#define INSPECT_TEXT_H

#include <stddef.h>
#include <stdio.h>

#include "catalogue.h"

void inspect_text_processor(const struct processor_description *d, FILE *out);

/* n processors of one pack, at least one. */
void inspect_text_pack(struct processor_description *const *list, size_t n, FILE *out);

/* After catalogue_scan_all(), as the next one. */
void inspect_text_all(const struct catalogue *c, FILE *out);
void inspect_text_problems(const struct catalogue *c, FILE *out);

#endif
