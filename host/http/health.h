/* Health: whether a pipeline is there to work, out of a status object. Pure. */
#ifndef HEALTH_H
#define HEALTH_H

#include <jansson.h>
#include <stddef.h>

/* 1 if every stage has what it needs and nothing is being drained; `text` says so, or what is missing, a line each. */
int health_ready(const json_t *status, char *text, size_t size);

#endif
