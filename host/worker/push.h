/* The loop around process(): for sources and for processors with an input.
 */
#ifndef PUSH_H
#define PUSH_H

#include "session.h"

/* Until the stream ends, the host says stop, or the processor fails for good. A worker_exit. */
int push_run(struct session *s);

/* The last transaction of a worker: all that is left, and, at the end of the stream, that it has ended. Push and pull.
 */
void push_finish_transaction(struct session *s, int end);

#endif
