/* SPDX-License-Identifier: Apache-2.0
 *
 * A shard while it is written: a tar file under a temporary name, "<name>.part", until it is complete.
 *
 * Each sample is one piece of the file, written at a known offset; so a shard can be cut at the end of any sample, and
 * gone on with. The bytes depend on the samples alone: owner 0, time 0, mode 0644.
 */
#ifndef SHARD_H
#define SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct shard;

enum shard_sync { SHARD_NO_SYNC, SHARD_SYNC };

/* Opens the shard that will be called `path`, with `offset` bytes of samples in it. 0: a new file, whatever was there;
 * folders are made as needed. Else the file is cut there. -ENODATA: it is not there, or shorter. 0 or -errno. */
int shard_open(const char *path, uint64_t offset, struct shard **out);
void shard_close(struct shard **s);

/* True if there is a sample of that key. */
bool shard_has(const struct shard *s, const char *key);

/* A sample: begin, its members, end. All go to the file by one pwrite(), if they are not large. After an error nothing
 * but shard_close() is allowed. 0, -errno, or -EBADMSG: tar cannot hold it, shard_reason() says why. */
int shard_add_member(struct shard *s, const char *name, const uint8_t *bytes, uint64_t size);
int shard_end_sample(struct shard *s, const char *key);

/* At most how many bytes a member takes. */
uint64_t shard_member_size(const char *name, uint64_t size);

/* Where the next sample goes. */
uint64_t shard_offset(const struct shard *s);

/* Writes the end of the archive. What is left to do is shard_publish(). 0 or -errno. */
int shard_finish(struct shard *s, enum shard_sync sync);

/* Gives a finished shard its name, replacing what had it. 0 also if that was done before. */
int shard_publish(const char *path, enum shard_sync sync);

/* The library's own words about the last -EBADMSG. */
const char *shard_reason(const struct shard *s);

#endif
