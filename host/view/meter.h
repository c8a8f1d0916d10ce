/* A bar of what workers do with their time: work, wait for room behind them, wait for input; pure.
 *
 *     ######==....      busy, blocked, starved
 */
#ifndef METER_H
#define METER_H

#include "table.h"

void meter_draw(const struct meter *m, struct canvas *c, size_t row, size_t column, size_t width);

/* What the characters mean, from `column` on; returns the column behind it. */
size_t meter_legend(struct canvas *c, size_t row, size_t column);

#endif
