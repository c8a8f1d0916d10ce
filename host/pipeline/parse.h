/* From text to a checked pipeline: a libconfig file, or a one-line pipeline, with overrides. Host process only.
 *
 * Finds all mistakes, not the first. Starts no worker, and writes nothing.
 */
#ifndef PARSE_H
#define PARSE_H

#include <stddef.h>

#include "catalogue.h"
#include "complaint.h"
#include "pipeline.h"
#include "print.h"

/* `overrides`: n texts "stages.decode.workers=4", "memory=1G", "stages.resize.options.width=300"; to the right a bare
 * word, or a libconfig value that begins with one of " { [ ( 0: *out is the pipeline. -EINVAL: *out untouched,
 * `complaints` says why, sorted by place, and whether the machine lacked something. The catalogue must outlive the
 * pipeline. */
int pipeline_parse_file(struct catalogue *c, const char *file, const char *const *overrides, size_t n,
                        struct pipeline **out, struct complaints *complaints);

/* 'files.read path=photos | image.decode | image.resize shorter=256 | files.write path=out'. Words as in a shell:
 * quotes, backslash. An option is name=value, a list has commas; a word with a colon before the name sets the stage:
 * :workers=4 :workers=1-4 :name=small :ordered=true :inputs=a,b.port. */
int pipeline_parse_line(struct catalogue *c, const char *line, const char *const *overrides, size_t n,
                        struct pipeline **out, struct complaints *complaints);

/* The plugin_path that a configuration sets, which is wanted before there is a catalogue: *out is to free(), and NULL
 * if there is none, or if the file cannot be parsed, which pipeline_parse_file() will complain of. `file` NULL: only
 * the overrides are asked. 0, or -errno: the machine lacked something to read the file with, *out untouched. */
int pipeline_plugin_path(const char *file, const char *const *overrides, size_t n, char **out);

#endif
