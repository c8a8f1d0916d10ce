/* For a build that counts branches: _exit() writes the counters of its process first, as exit() does. All processes of
 * the program but the host end so, and would count for nothing.
 */
#include <stdnoreturn.h>

void __gcov_dump(void);
noreturn void __real__exit(int status);
noreturn void __real__Exit(int status);
noreturn void __wrap__exit(int status);
noreturn void __wrap__Exit(int status);

noreturn void __wrap__exit(int status)
{
    __gcov_dump();
    __real__exit(status);
}

noreturn void __wrap__Exit(int status)
{
    __gcov_dump();
    __real__Exit(status);
}
