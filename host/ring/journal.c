#include "journal.h"

static uint64_t copy_size(uint32_t state_size)
{
    return sizeof(struct committed) + ((uint64_t)state_size + 63) / 64 * 64;
}

uint64_t journal_size(uint32_t state_size)
{
    return sizeof(struct journal) + 2 * copy_size(state_size);
}

void journal_init(struct journal *j, uint32_t state_size)
{
    j->state_size = state_size;
    j->verdict_position = UINT64_MAX;
    au32_store_relaxed(&j->cursor, CURSOR_NONE);
}

struct committed *journal_committed(struct journal *j, uint32_t copy)
{
    return (struct committed *)(void *)((uint8_t *)(j + 1) + (copy & 1) * copy_size(j->state_size));
}

uint8_t *journal_state(struct journal *j, uint32_t copy)
{
    return (uint8_t *)(journal_committed(j, copy) + 1);
}
