/* The roll: which pipelines of this user run on this machine, by the sockets in the rendezvous folder. */
#ifndef ROLL_H
#define ROLL_H

#include <jansson.h>

/* An array, sorted by name, of {"name": what micropipe ctl calls it, "status": its answer, null if it has not answered
 * in time}. The sockets of dead pipelines are left out. NULL: no memory. Waits for at most `patience_ms` a pipeline. */
json_t *roll_call(int patience_ms);

#endif
