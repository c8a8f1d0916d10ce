/* A raster: the cells of a terminal, with lines that join where they meet and texts. Lines belong to a net: those of
 * one net join, those of two cross.
 */
#ifndef RASTER_H
#define RASTER_H

#include <stdint.h>
#include <stdio.h>

#include "drawing.h"

/* What leaves a cell. */
enum { ARM_UP = 1, ARM_DOWN = 2, ARM_LEFT = 4, ARM_RIGHT = 8 };

enum raster_style { STYLE_LINE, STYLE_DASHED, STYLE_DOUBLE };

struct raster_pen {
    uint32_t net; /* not 0 */
    enum raster_style style;
    enum drawing_shade shade;
};

struct raster_cell {
    uint32_t glyph;        /* of a text; 0: none */
    uint32_t across, down; /* nets of the lines here; 0: none */
    uint8_t arms;
    uint8_t across_style, down_style;
    uint8_t shade, is_bold;
};

struct raster {
    uint32_t columns, rows;
    uint32_t conflicts; /* times that a line was drawn along one of another net */
    struct raster_cell *cells;
};

/* 0 or -ENOMEM. */
int raster_create(struct raster *c, uint32_t columns, uint32_t rows);
void raster_destroy(struct raster *c);

/* From one cell to another of the same row or column, both included; with `arms` those of the ends beside. */
void raster_across(struct raster *c, const struct raster_pen *pen, uint32_t row, uint32_t from, uint32_t to);
void raster_down(struct raster *c, const struct raster_pen *pen, uint32_t column, uint32_t from, uint32_t to);

/* Adds arms to a cell that has a line already. */
void raster_join(struct raster *c, uint32_t row, uint32_t column, uint8_t arms);

/* An arrow head that points down. */
void raster_head(struct raster *c, const struct raster_pen *pen, uint32_t row, uint32_t column);

/* Any bytes; what is no printable UTF-8 is a '?'. */
enum raster_weight { WEIGHT_PLAIN, WEIGHT_BOLD };
void raster_text(struct raster *c, uint32_t row, uint32_t column, const char *text, enum drawing_shade shade,
                 enum raster_weight weight);

/* Columns that raster_text() takes. */
uint32_t raster_width(const char *text);

void raster_print(const struct raster *c, unsigned abilities, FILE *out);

#endif
