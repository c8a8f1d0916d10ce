/* What the host does for a dead worker before its successor starts (host/ring/settlement.c, host/worker/burial.c). The
 * dead worker's process does it, as the host: nobody can move an end that the dead one owns, nor look into its journal.
 */

/* What the kernel forgets with a process. */
inline forget()
{
    kept_map = 0; removed = 0; n_claimed = 0; n_out = 0; n_done = 0; state = 0; leaving = 0; resumed = 0; why = 0;
    reader = 0; n = 0; i = 0; at = 0; d = 0; frame = 0; alone = 0; freed = 0; last = 0
}

inline settle_producer(r)
{
    if
    :: ring[r].producer == me + 1 ->
        if
        :: publishing == reader + 1 ->
            if
            :: ring[r].tail != old_tail && bug != PRODUCER_NOT_SETTLED ->
                HOST_STEP(settle_done, done[reader] = done_after)
            :: else
            fi;
            HOST_STEP(settle_publishing, publishing = (bug == PUBLISHING_NOT_CLEARED -> publishing : 0))
        :: else
        fi;
        HOST_STEP(free_producer, ring[r].producer = (bug == PRODUCER_NOT_FREED -> me + 1 : 0))
    :: else
    fi
}

inline settle_consumer()
{
    if
    :: ring[IN].consumer == me + 1 ->
        if
        :: phase == CLAIMING && bug != CONSUMER_NOT_SETTLED ->
            HOST_STEP(settle_claim, phase = (ring[IN].head == claim_start -> IDLE : PROCESSING); settled = 0)
        :: else
        fi;
        HOST_STEP(free_consumer, ring[IN].consumer = (bug == CONSUMER_NOT_FREED -> me + 1 : 0))
    :: else
    fi
}

inline event_bury(e)
{
    e.asleep = e.asleep & ~BIT(me);
    e.fresh = e.fresh & ~BIT(me)
}

/* burial_settle(): the dead may have owed a wake to anybody. */
inline bury()
{
    atomic {
        forget();
        bury_sleeper()
    }
    do
    :: reader < READERS(stage) -> atomic { settle_producer(OUT); reader++ }
    :: else -> reader = 0; break
    od;
    if
    :: stage != SOURCE -> atomic { settle_consumer() }
    :: else
    fi;
    if
    :: bug != BURIAL_WAKES_NOBODY -> atomic { HOST_STEP(wake_after_burial, wake_everybody()) }
    :: else
    fi
}

inline bury_sleeper()
{
    do
    :: at < RINGS -> event_bury(ring[at].data); event_bury(ring[at].space); at++
    :: else -> at = 0; break
    od;
    event_bury(order);
    event_bury(freed_memory[SOURCE]);
    event_bury(freed_memory[RELAY])
}

inline wake_everybody()
{
    do
    :: at < RINGS ->
        event_wake_slow(ring[at].data);
        if
        :: at == IN || IS_READER(stage, at) -> event_wake_slow(ring[at].space)
        :: else
        fi;
        at++
    :: else -> at = 0; break
    od;
    if
    :: stage == RELAY -> event_wake_slow(order)
    :: else
    fi;
    event_wake_slow(freed_memory[SOURCE]);
    event_wake_slow(freed_memory[RELAY])
}
