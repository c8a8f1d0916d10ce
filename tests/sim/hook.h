/* Included before each source of the layers that are compiled for the simulator: every atomic access and every compiler
 * barrier becomes a scheduling point, and what would ask the kernel asks the simulated machine. The product's own
 * objects are not touched. A macro is not expanded within itself, so the built-ins keep their names.
 */
#ifndef SIM_HOOK_H
#define SIM_HOOK_H

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

void sim_point(void);
long sim_syscall(long number, ...);
int sim_clock(clockid_t id, struct timespec *now);
_Noreturn void sim_exit(int code);
void *sim_malloc(size_t bytes);
void *sim_calloc(size_t n, size_t bytes);
void sim_free(void *at);

#define __atomic_load_n(...) (sim_point(), __atomic_load_n(__VA_ARGS__))
#define __atomic_store_n(...) (sim_point(), __atomic_store_n(__VA_ARGS__))
#define __atomic_exchange_n(...) (sim_point(), __atomic_exchange_n(__VA_ARGS__))
#define __atomic_fetch_add(...) (sim_point(), __atomic_fetch_add(__VA_ARGS__))
#define __atomic_compare_exchange_n(...) (sim_point(), __atomic_compare_exchange_n(__VA_ARGS__))
#define __atomic_signal_fence(...) (sim_point(), __atomic_signal_fence(__VA_ARGS__))

#define syscall sim_syscall
#define clock_gettime sim_clock
#define sched_yield() (sim_point(), 0)
#define _Exit sim_exit
#define malloc sim_malloc
#define calloc sim_calloc
#define free sim_free
/* Pages come at the first touch: filling them all would be most of the time of a seed. */
#define madvise(...) (0)
#define fallocate(...) (0)
/* Nobody else maps the segment; and to read a page of a file that nobody has written costs a page, of private memory
 * none. */
#define mmap(at, bytes, protection, flags, fd, offset) \
    mmap(at, bytes, protection, ((flags) & ~MAP_SHARED) | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)

#endif
