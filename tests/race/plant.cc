// Which bug is planted is in the environment: RACES_PLANT=lost-wakes, no-owners, or the word whose release is missing,
// as
// "&r->tail".
#include <cstdlib>
#include <cstring>

extern "C" {
#include "ring.h"

int plant_relaxes(const char *text);

// The functions of the layers, behind ours.
void planted_event_wake_slow(event *e, int how_many);
void planted_end_lock(end *e, uint64_t me);
void planted_end_unlock(end *e);
}

namespace
{

enum : uint32_t { LOST_EACH = 20 };

bool Is(const char *bug)
{
    static const char *const planted = getenv("RACES_PLANT");
    return planted && strcmp(planted, bug) == 0;
}

} // namespace

int plant_relaxes(const char *text)
{
    return Is(text);
}

// A wake that is lost takes the sleeper's announcement down, but does not wake it.
void event_wake_slow(event *e, int how_many)
{
    static thread_local uint32_t wakes = 0;
    if (Is("lost-wakes") && ++wakes % LOST_EACH == 0)
        au32_store_relaxed(&e->armed, au32_relaxed(&e->armed) & EVENT_FENCED);
    else
        planted_event_wake_slow(e, how_many);
}

void end_lock(end *e, uint64_t me)
{
    if (!Is("no-owners"))
        planted_end_lock(e, me);
}

void end_unlock(end *e)
{
    if (!Is("no-owners"))
        planted_end_unlock(e);
}
