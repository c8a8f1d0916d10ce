/* The table of a summary: a line a stage, numbers to the right, as many columns as there is room for. Pure. */
#ifndef SUMMARY_TABLE_H
#define SUMMARY_TABLE_H

#include "summary.h"

void summary_table_print(const struct summary *s, size_t width, FILE *out);

#endif
