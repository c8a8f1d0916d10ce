/* What a frame carries in a benchmark: word k of frame i is i + k. The reader adds up all words, and the sum is
 * checked: nobody wins by not carrying the bytes.
 */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stdint.h>

/* The small sizes are known to the compiler, as they would be to a program that has one kind of frame. */
#define PAYLOAD_FOR_EACH_SIZE(bytes, act) \
    do {                                  \
        if ((bytes) == 40)                \
            act(40);                      \
        else if ((bytes) == 64)           \
            act(64);                      \
        else                              \
            act(bytes);                   \
    } while (0)

static inline void payload_write(void *to, uint64_t bytes, uint64_t number)
{
    uint64_t *words = __builtin_assume_aligned(to, 8);
#define PAYLOAD_WRITE(size)                   \
    for (uint64_t k = 0; k < (size) / 8; k++) \
    words[k] = number + k
    PAYLOAD_FOR_EACH_SIZE(bytes, PAYLOAD_WRITE);
#undef PAYLOAD_WRITE
}

static inline uint64_t payload_sum(const void *from, uint64_t bytes)
{
    const uint64_t *words = __builtin_assume_aligned(from, 8);
    uint64_t sum = 0;
#define PAYLOAD_ADD(size)                     \
    for (uint64_t k = 0; k < (size) / 8; k++) \
    sum += words[k]
    PAYLOAD_FOR_EACH_SIZE(bytes, PAYLOAD_ADD);
#undef PAYLOAD_ADD
    return sum;
}

/* The sum of frames 0 to n - 1, modulo 2 to the 64th. */
static inline uint64_t payload_sum_of_frames(uint64_t n, uint64_t bytes)
{
    uint64_t words = bytes / 8;
    uint64_t numbers = n % 2 ? n * ((n - 1) / 2) : n / 2 * (n - 1);
    return words * numbers + n * (words % 2 ? words * ((words - 1) / 2) : words / 2 * (words - 1));
}

#endif
