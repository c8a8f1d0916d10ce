/* A spool: what was read from a pipe, terminal or socket, kept until the frames that were made of it are committed.
 *
 * Such an input gives its bytes once: read() by a worker that is then killed loses them. So they go from the pipe into
 * a memfd with splice(), inside one system call: the kernel moves the file's position by exactly what left the pipe,
 * and a kill takes effect before that call or after it. The position is of the open file, which the stage server made
 * in load() and every worker inherits: a successor reads again what its predecessor had not committed. Only the death
 * of the stage server itself loses what is in the spool.
 *
 * Bytes are numbered from the start of the input; what lies before the released offset takes no memory.
 */
#ifndef SPOOL_H
#define SPOOL_H

#include <stddef.h>
#include <stdint.h>

struct spool;

/* [stage server, in load] `input` stays the caller's, and open. 0 or -errno. */
int spool_create(int input, struct spool **out);
void spool_destroy(struct spool **s);

/* Random; tells one spool from the next. */
uint64_t spool_id(const struct spool *s);

/* The descriptor to wait on when there is nothing. */
int spool_input(const struct spool *s);

/* Moves what the input has into the spool, about `size` bytes at most. Above 0: there is more. 0: the input has ended.
 * -EAGAIN: it has nothing now. */
int spool_pull(struct spool *s, size_t size);

/* Reads bytes that are in the spool. Returns how many, 0 if there are none from `offset` on, or -errno. */
int64_t spool_read(const struct spool *s, uint64_t offset, void *to, size_t size);

/* Bytes before `offset` are committed, and never read again. */
void spool_release(struct spool *s, uint64_t offset);

#endif
