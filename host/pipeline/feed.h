/* The part of a pipeline behind some of its stages, fed by other sources. Host process. */
#ifndef FEED_H
#define FEED_H

#include <stddef.h>

#include "pipeline.h"

/* A source that takes the place of all that a stage reads from, for one of its input ports. */
struct feed {
    const struct stage *source;
    uint32_t stage, port;
};

/* The stages that are fed, and all that can be reached from them, with the edges between them; each of the n sources
 * comes with the name that it has. What reads from a stage that is left out reads from it no more. *out points into `p`
 * and the sources, which must outlive it. 0; -E2BIG: too many stages, or inputs. */
int pipeline_feed(const struct pipeline *p, const struct feed *feeds, uint32_t n, struct pipeline **out);

#endif
