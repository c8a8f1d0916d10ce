/* From text to a checked pipeline: a libconfig file, or a one-line pipeline, with overrides. Host process only.
 *
 * Finds all mistakes, not the first. Starts no worker, and writes nothing.
 */
#ifndef PARSE_H
#define PARSE_H

#include <stddef.h>
#include <stdio.h>

#include "catalogue.h"
#include "pipeline.h"

/* One mistake. */
struct complaint {
    char *file;         /* NULL for a one-line pipeline or an override: then `source` is that text, line is 0 */
    int line, column;   /* from 1; column 0: unknown */
    char *message;      /* "stage 'resize': unknown option 'widht' (did you mean 'width'?)" */
    char *source;       /* the line of the file */
};

struct complaints {
    struct complaint *list;
    size_t n;
};

void complaints_clear(struct complaints *c);

/* Prints each as "file:line:column: message", the source line and a caret. */
void complaints_print(const struct complaints *c, FILE *to);

/* `overrides`: n texts "stages.decode.workers=4", "memory=1G", "stages.resize.options.width=300", a libconfig value or a bare word to the right.
 * 0: *out is the pipeline. -EINVAL: *out untouched, `complaints` says why. The catalogue must outlive the pipeline. */
int pipeline_parse_file(struct catalogue *c, const char *file, const char *const *overrides, size_t n,
                        struct pipeline **out, struct complaints *complaints);

/* 'files.read path=photos | image.decode | image.resize shorter=256 | files.write path=out'. Words as in a shell: quotes, backslash.
 * An option is name=value; a word with a colon before the name sets the stage: :workers=4 :name=small :ordered=true. */
int pipeline_parse_line(struct catalogue *c, const char *line, const char *const *overrides, size_t n,
                        struct pipeline **out, struct complaints *complaints);

/* Writes the pipeline as a libconfig file that gives the same pipeline again. With defaults: every option and setting that
 * was not set as well, each with its doc as a comment. */
enum print_defaults { PRINT_AS_SET, PRINT_ALL };
void pipeline_print(const struct pipeline *p, enum print_defaults which, FILE *to);

#endif
