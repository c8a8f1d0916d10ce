#include "throttle.h"

void throttle_begin(struct throttle *b, uint64_t share_permille, uint64_t most_ns, uint64_t rest_ns, uint64_t now_ns)
{
    *b = (struct throttle){share_permille, rest_ns, most_ns, (int64_t)most_ns, now_ns};
}

uint64_t throttle_spend(struct throttle *b, uint64_t used_ns, uint64_t now_ns)
{
    uint64_t earned = (now_ns - b->at_ns) / 1000 * b->share_permille;
    b->at_ns = now_ns;
    b->left_ns += (int64_t)earned - (int64_t)used_ns;
    if (b->left_ns > (int64_t)b->most_ns)
        b->left_ns = (int64_t)b->most_ns;
    return b->left_ns >= 0 ? now_ns : now_ns + ((uint64_t)-b->left_ns + b->rest_ns) * 1000 / b->share_permille;
}
