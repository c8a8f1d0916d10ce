/* What a frame of the soak holds: bytes that follow from its number and from how often it was changed, each of which is
 * compared when it is read; and how large it is, which follows from the same two numbers, so that a frame grows and
 * shrinks on its way. Any process.
 */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stdint.h>
#include <string.h>

enum { PAYLOAD_MIN = 64, PAYLOAD_MAX = 3 << 20, PAYLOAD_HOPS = 3 };

struct payload_head {
    uint64_t sequence, hop, size, check; /* check: of the three before it */
};

static inline uint64_t payload_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

/* Mostly one to some lines, now and then some pages, seldom some MiB. */
static inline uint64_t payload_size(uint64_t sequence, uint64_t hop)
{
    uint64_t r = payload_mix(sequence * PAYLOAD_HOPS + hop + 1);
    uint64_t most = r % 1024 == 0 ? PAYLOAD_MAX : r % 32 == 0 ? 64 << 10 : 64u << (r >> 10) % 7;
    return PAYLOAD_MIN + (r >> 20) % (most - PAYLOAD_MIN + 1);
}

static inline uint64_t payload_check(const struct payload_head *head)
{
    return payload_mix(head->sequence + payload_mix(head->hop + payload_mix(head->size)));
}

static inline uint64_t payload_word(uint64_t base, uint64_t k)
{
    return base + k * 0x9e3779b97f4a7c15ull;
}

/* payload_size() bytes. */
static inline void payload_write(uint8_t *to, uint64_t sequence, uint64_t hop)
{
    struct payload_head head = {sequence, hop, payload_size(sequence, hop), 0};
    uint64_t base = head.check = payload_check(&head);
    uint64_t k = sizeof head / 8;
    memcpy(to, &head, sizeof head);
    for (; k < head.size / 8; k++) {
        uint64_t word = payload_word(base, k);
        memcpy(to + k * 8, &word, 8);
    }
    uint64_t last = payload_word(base, k);
    memcpy(to + k * 8, &last, head.size % 8);
}

/* NULL, or what is wrong with the bytes. */
static inline const char *payload_wrong(const uint8_t *bytes, uint64_t size, struct payload_head *head)
{
    if (size < PAYLOAD_MIN)
        return "it is shorter than any frame";
    memcpy(head, bytes, sizeof *head);
    if (head->check != payload_check(head) || head->hop >= PAYLOAD_HOPS)
        return "its head is not one";
    if (head->size != size || size != payload_size(head->sequence, head->hop))
        return "its size is that of another frame";
    uint64_t differ = 0, k = sizeof *head / 8;
    for (; k < size / 8; k++) {
        uint64_t word;
        memcpy(&word, bytes + k * 8, 8);
        differ |= word ^ payload_word(head->check, k);
    }
    uint64_t last = payload_word(head->check, k);
    return differ || memcmp(bytes + k * 8, &last, size % 8) != 0 ? "some of its bytes are others" : NULL;
}

#endif
