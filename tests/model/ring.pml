/* Rings, their ends, and events to sleep on (host/ring/ring.h, host/base/event.h). How an end is slept on is in
 * end.pml; how an event keeps its promise without a fence is in event.pml. */

/* What sleepers and wakers share. The sequence is not counted: what matters of it is whether a wake has come since a
 * sleeper looked at it. */
typedef Event {
    bool armed;
    byte fresh;  /* slots that have prepared, and no wake has come since */
    byte asleep; /* slots */
};

typedef Ring {
    byte slots[LARGEST_CAPACITY];
    byte head;
    byte tail;
    byte producer; /* owner words: slot + 1, 0: nobody */
    byte consumer;
    bool closed;
    byte committed; /* an ordered stage: claims below it are published */
    Event data;
    Event space
};
Ring ring[RINGS];
Event order;         /* of the relays' ring */
Event freed_memory[2]; /* of the source's and the relays' memory */

#define FILL(r) (ring[r].tail - ring[r].head)
#define ROOM(r) (CAPACITY_OF(r) - FILL(r))

inline event_prepare(e)
{
    atomic {
        STEP(announce_sleeper, e.fresh = e.fresh | BIT(me); e.armed = 1)
    }
}

/* The condition holds after all, or a wake has come. */
inline event_leave(e)
{
    e.fresh = e.fresh & ~BIT(me)
}

inline event_sleep(e)
{
    atomic {
        if
        :: e.fresh & BIT(me) -> e.asleep = e.asleep | BIT(me)
        :: else
        fi
    }
    atomic {
        !(e.asleep & BIT(me)) -> STEP(awake, event_leave(e)) /* and if we die, the wake is lost with us */
    }
}

inline wake_slot(e, slot)
{
    e.asleep = e.asleep & ~BIT(slot)
}

inline event_wake_slow(e)
{
    e.armed = 0;
    e.fresh = 0;
    e.asleep = 0
}

inline event_wake_all(e)
{
    if
    :: e.armed -> event_wake_slow(e)
    :: else
    fi
}

/* One of those who sleep; the flag stays up, as there may be more. */
inline event_wake_one(e)
{
    if
    :: e.armed ->
        e.fresh = 0;
        if
        :: e.asleep == 0 -> e.armed = 0
        :: e.asleep & BIT(0) -> wake_slot(e, 0)
        :: e.asleep & BIT(1) -> wake_slot(e, 1)
        :: e.asleep & BIT(2) -> wake_slot(e, 2)
        :: e.asleep & BIT(3) -> wake_slot(e, 3)
        :: e.asleep & BIT(4) -> wake_slot(e, 4)
        fi
    :: else
    fi
}

/* end_take(): waits for whoever has it. Sole: it is taken once, and kept. What is done in between is one atomic
 * sequence with both: to take a lock later, and to leave it sooner, makes no difference to others but that they need
 * not wait. */
inline end_take(owner, sole)
{
    if
    :: sole && owner == me + 1
    :: owner == 0 -> STEP(take_end, owner = me + 1)
    fi
}

inline end_leave(owner, sole)
{
    if
    :: sole
    :: else -> STEP(leave_end, owner = 0)
    fi
}
