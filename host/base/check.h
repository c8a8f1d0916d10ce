/* CHECK: an assertion on ourselves that stays in release builds. A worker that fails one dies and is replaced.
 *
 * Never for data that another process, a file or a plugin may have written: test that, and return.
 */
#ifndef CHECK_H
#define CHECK_H

#define CHECK(condition)                                  \
    do {                                                  \
        if (!(condition))                                 \
            check_failed(#condition, __FILE__, __LINE__); \
    } while (0)

/* Writes one line to stderr and aborts. */
__attribute__((noreturn)) void check_failed(const char *condition, const char *file, int line);

#endif
