/* A figure of the kernel's: one number of a file that has a line for each, "KEY: N" or "KEY N", as /proc/meminfo,
 * /proc/vmstat and /proc/PID/status are. Any process.
 */
#ifndef KERNEL_FIGURE_H
#define KERNEL_FIGURE_H

#include <stdint.h>

/* 1, and *n, if that line is the key's. */
int kernel_figure_in(const char *line, const char *key, uint64_t *n);

/* The figure in a file, `otherwise` if the file or the key is not there. */
uint64_t kernel_figure(const char *path, const char *key, uint64_t otherwise);

#endif
