#include "stack.h"

#include <inttypes.h>
#include <sys/resource.h>

#include "arguments.h"

int stack_check(const char *command, FILE *err)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_STACK, &r) != 0 || r.rlim_cur >= STACK_LEAST)
        return EXIT_OK;
    fprintf(err,
            "micropipe %s: the stack is limited to %" PRIu64 " KiB, and needs %d: ulimit -s %d; see micropipe doctor\n",
            command, (uint64_t)r.rlim_cur >> 10, STACK_LEAST >> 10, STACK_LEAST >> 10);
    return EXIT_SYSTEM;
}
