/* How an event keeps its promise (host/base/event.c): a waker who looks at the flag without a fence misses no sleeper,
 * as the sleeper makes everybody pass a fence between its announcement and its look.
 *
 * A waker's plain store stays in a buffer of its core's for a while, where others do not see it; a locked instruction
 * empties its own core's buffer, membarrier() those of all. Each waker gives one frame, each sleeper waits for one:
 * nobody may be left asleep. */
#include "bugs.pml"

#ifndef PAIRS
#define PAIRS 2 /* sleepers, and as many wakers */
#endif
#define BIT(n) (1 << (n))

byte frames;   /* the condition, as others see it */
byte sequence; /* the futex word */
bool armed;
byte asleep; /* sleepers that the kernel knows of */

/* What a waker's buffer holds. */
#define A_FRAME 1
#define FLAG_DOWN 2
byte buffered[PAIRS];

inline empty_buffer(w)
{
    if
    :: buffered[w] == A_FRAME -> frames++
    :: buffered[w] == FLAG_DOWN -> armed = 0
    :: else
    fi;
    buffered[w] = 0
}

/* A core empties its buffer when it likes. */
proctype core(byte w)
{
end:
    do
    :: atomic { buffered[w] -> empty_buffer(w) }
    od
}

/* wake(): a locked instruction, then the system call. `woken`: how many. */
inline wake_one(w)
{
    atomic { empty_buffer(w); sequence++ }
    atomic {
        if
        :: asleep == 0 -> woken = 0
        :: asleep & BIT(0) -> asleep = asleep & ~BIT(0); woken = 1
        :: asleep & BIT(1) -> asleep = asleep & ~BIT(1); woken = 1
        :: asleep & BIT(2) -> asleep = asleep & ~BIT(2); woken = 1
        fi
    }
}

inline wake_all(w)
{
    atomic { empty_buffer(w); sequence++ }
    asleep = 0
}

proctype waker(byte me; byte bug)
{
    bool woken;
    buffered[me] = A_FRAME;
    /* event_wanted(): loads may be made before the store is out. */
    if
    :: !armed -> goto done
    :: else
    fi;
    /* event_wake_slow() */
    wake_one(me);
    if
    :: woken -> goto done
    :: else
    fi;
    if
    :: bug != FLAG_DOWN_AFTER_WAKE -> atomic { buffered[me] == 0 -> buffered[me] = FLAG_DOWN }
    :: else
    fi;
    wake_all(me);
    if
    :: bug == FLAG_DOWN_AFTER_WAKE -> atomic { buffered[me] == 0 -> buffered[me] = FLAG_DOWN }
    :: else
    fi;
done:
    skip
}

inline take_frame()
{
    if
    :: atomic { frames -> frames-- } goto done
    :: atomic { frames == 0 -> skip }
    fi
}

proctype sleeper(byte me; byte bug)
{
    byte seen, w;
    do
    :: true ->
        take_frame();
        if
        :: bug != SEQUENCE_AFTER_LOOK -> seen = sequence
        :: else
        fi;
        armed = 1;
        if
        :: bug != NO_MEMBARRIER ->
            atomic {
                do
                :: w < PAIRS -> empty_buffer(w); w++
                :: else -> w = 0; break
                od
            }
        :: else
        fi;
        take_frame();
        if
        :: bug == SEQUENCE_AFTER_LOOK -> seen = sequence
        :: else
        fi;
        atomic {
            if
            :: sequence == seen -> asleep = asleep | BIT(me)
            :: else
            fi
        }
        !(asleep & BIT(me))
    od;
done:
    skip
}

init {
    byte i, bug;
    atomic {
        plant_bug();
        do
        :: i < PAIRS -> run core(i); run waker(i, bug); run sleeper(i, bug); i++
        :: else -> break
        od
    }
}
