#define XXH_INLINE_ALL
#include "digest.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <xxhash.h>

struct digest128 digest_of(const void *data, uint64_t size)
{
    XXH128_hash_t hash = XXH3_128bits(data, size);
    return (struct digest128){hash.low64, hash.high64};
}

void digest_chain(struct digest128 *chain, struct digest128 next)
{
    const uint64_t both[4] = {htole64(chain->low), htole64(chain->high), htole64(next.low), htole64(next.high)};
    *chain = digest_of(both, sizeof both);
}

void digest_add(struct digest128 *sum, struct digest128 next)
{
    sum->low += next.low;
    sum->high += next.high + (sum->low < next.low);
}

void digest_text(struct digest128 digest, char text[DIGEST_TEXT_SIZE])
{
    snprintf(text, DIGEST_TEXT_SIZE, "%016" PRIx64 "%016" PRIx64, digest.high, digest.low);
}
