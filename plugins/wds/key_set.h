/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of the samples in a shard.
 */
#ifndef KEY_SET_H
#define KEY_SET_H

#include <stdbool.h>
#include <stddef.h>

/* Zero it to make an empty one. */
struct key_set {
    void *root;
};

/* 0, -EEXIST or -ENOMEM. */
int key_set_add(struct key_set *s, const char *key, size_t length);
bool key_set_has(const struct key_set *s, const char *key);
void key_set_clear(struct key_set *s);

#endif
