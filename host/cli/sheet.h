/* A sheet: a page of host/view as lines of text on a file, as wide as it is fit for. */
#ifndef SHEET_H
#define SHEET_H

#include <stdio.h>

#include "page.h"

/* A canvas for a file: as wide as a terminal; elsewhere as wide as $COLUMNS says, or as nobody minds. Its rows are as
 * many as any page has; those that stay empty are not printed. To be freed. */
void sheet_init(struct canvas *c, int fd);

/* What micropipe top shows of the stages, and what micropipe status and ctl tell. */
void sheet_print_stages(const json_t *status, const char *name, FILE *out);
void sheet_print_totals(const json_t *status, const char *name, FILE *out);
void sheet_print_roll(const json_t *roll, FILE *out);

#endif
