/* The control socket of a running pipeline: a Unix socket for its owner, JSON lines. Host process, from within the
 * supervisor's loop; never blocks.
 *
 * A request is one line of at most CONTROL_LINE bytes, {"command": "scale", "stage": "decode", "workers": 4}; the
 * answer one line, {"ok": true, ...} or {"ok": false, "error": "..."}. docs/control.md has all of them. A client may
 * send as many as it likes over one connection; one that sends too much, or does not read its answers, is cut off.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "log.h"
#include "operator.h"

enum { CONTROL_LINE = 4096, CONTROL_CLIENTS = 32 };

struct control;

/* Opens the socket of the pipeline `name`; NAME-PID if another of that name runs. NULL: it cannot be, which is logged;
 * the pipeline runs without. */
struct control *control_open(const char *name, const struct log *log);
void control_close(struct control *c);

/* What it is called: NAME, or NAME-PID. NULL: there is none. */
const char *control_name(const struct control *c);

/* To be watched for reading, and what to call then: the hooks of the supervisor. */
int control_fd(const struct control *c);
void control_ready(void *control, struct supervisor *s);

#endif
