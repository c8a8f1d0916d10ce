/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of the shards: a path with one number in it, as "out/photos-%06d.tar".
 */
#ifndef SHARD_PATTERN_H
#define SHARD_PATTERN_H

#include <stddef.h>
#include <stdint.h>

struct shard_pattern;

/* %d, %6d or %06d, exactly once; %% is a percent sign. 0, -ENOMEM, or -EINVAL: *why says in a few words what is wrong.
 */
int shard_pattern_create(const char *text, struct shard_pattern **out, const char **why);
void shard_pattern_destroy(struct shard_pattern **p);

/* The path of a shard. 0 or -ENAMETOOLONG. */
int shard_pattern_path(const struct shard_pattern *p, uint64_t number, char *path, size_t size);

#endif
