/* micropipe top on a terminal: draws, asks the pipeline, does what keys say, until the user leaves. */
#ifndef LIVE_H
#define LIVE_H

/* A look each interval. "" for a name: the user chooses one of those that run. 0; -ENOTTY: this terminal cannot be
 * drawn on, and nothing has been written to it. */
int live_run(const char *name, int interval_ms);

#endif
