/* What a worker does as it dies by a signal: it leaves registers, stack, loaded files and the frame in hand in its
 * crash area, and then dies of that signal all the same. Only async-signal-safe; names and lines are for the host
 * (autopsy.h).
 */
#ifndef CRASH_H
#define CRASH_H

#include "crash_area.h"
#include "session.h"

/* The signals that are a bug of the plugin. Ends with 0. */
extern const int crash_signals[];

/* In a worker, before it runs plugin code: installs the handler of those signals that have none (what a plugin's load()
 * has installed stays, and so does what it installs later) and its stack. Both arguments live as long as the process.
 */
void crash_watch(struct crash_area *area, const struct session *session, uint32_t epoch);

#endif
