/* How an end of a ring is taken, slept for and freed from the dead (host/ring/ring.c): one owner at a time, and nobody
 * sleeps for an end that is free, whoever dies.
 *
 * The futex is the lower half of the owner word: slot and waiters, without the epoch. So to who sleeps a successor's
 * word looks like its predecessor's. */
#include "bugs.pml"

#ifndef SLOTS
#define SLOTS 3
#endif
#ifndef TURNS
#define TURNS 1 /* times that each takes the end */
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#define BIT(n) (1 << (n))

#define WAITERS BIT(7) /* in the owner word, beside slot + 1 */
byte owner;
byte asleep;
byte deaths;

#define MAY_DIE                                                                                                        \
    if                                                                                                                 \
    :: deaths < DEATHS -> deaths++; goto dead                                                                          \
    :: true                                                                                                            \
    fi

inline wake_one()
{
    if
    :: asleep == 0
    :: asleep & BIT(0) -> asleep = asleep & ~BIT(0)
    :: asleep & BIT(1) -> asleep = asleep & ~BIT(1)
    :: asleep & BIT(2) -> asleep = asleep & ~BIT(2)
    fi
}

proctype slot(byte me; byte bug)
{
    byte turns, seen;
born:
    do
    :: turns == TURNS -> break
    :: else ->
        /* end_lock(): at once, or with the waiters' bit once it has slept */
        atomic {
            if
            :: owner == 0 -> owner = me + 1; MAY_DIE; goto mine
            :: else
            fi
        }
        do
        :: atomic {
            seen = owner;
            if
            :: seen == 0 ->
                owner = (bug == SLEEPER_FORGETS_OTHERS -> me + 1 : (me + 1) | WAITERS);
                MAY_DIE;
                goto mine
            :: else
            fi
        }
            if
            :: seen & WAITERS
            :: else ->
                atomic {
                    if
                    :: owner == seen -> owner = seen | WAITERS; MAY_DIE
                    :: else -> goto again
                    fi
                }
            fi;
            atomic {
                if
                :: owner == (seen | WAITERS) -> asleep = asleep | BIT(me)
                :: else
                fi
            }
            atomic { !(asleep & BIT(me)); MAY_DIE }
again:
            skip
        od;
mine:
        assert((owner & ~WAITERS) == me + 1);
        atomic { seen = owner; owner = 0; turns++; MAY_DIE }
        if
        :: seen & WAITERS -> atomic { wake_one(); MAY_DIE }
        :: else
        fi;
        seen = 0
    od;
    goto gone;
dead:
    /* end_free(), by the host */
    atomic {
        asleep = asleep & ~BIT(me);
        seen = (owner & ~WAITERS) == me + 1;
        owner = (seen -> 0 : owner)
    }
    atomic {
        if
        :: bug == FREE_END_NOT_WOKEN && !seen
        :: else -> asleep = 0
        fi;
        seen = 0;
        goto born
    }
gone:
    skip
}

init {
    byte i, bug;
    atomic {
        plant_bug();
        do
        :: i < SLOTS -> run slot(i, bug); i++
        :: else -> i = 0; break
        od
    }
    atomic { _nr_pr == 1 -> assert(owner == 0) }
}
