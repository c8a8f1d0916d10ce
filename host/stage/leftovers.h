/* Processes that a dead worker leaves behind: what its plugin forked comes to the stage server, which is a subreaper.
 */
#ifndef LEFTOVERS_H
#define LEFTOVERS_H

#include <stdint.h>
#include <sys/types.h>

/* Opens the kernel's list of this process's children, for the calls below: once, while there are descriptors, since a
 * death that was seen cannot wait until there are some again. The descriptor, or -errno. */
int leftovers_open(void);

/* Kills and reaps every child of this process that is not in `keep` (n pids, 0 ignored), until there is none. A
 * leftover could go on writing to the shared memory, so a slot is not given to a successor before. */
void leftovers_kill(int children, const pid_t *keep, uint32_t n);

/* Lists up to `max` children that this process has. What a shell started before it became this process by exec is no
 * leftover: it goes into `keep`. Returns how many. */
uint32_t leftovers_list(int children, pid_t *pids, uint32_t max);

#endif
