/* A worker's transaction up to its decision: claim, process, commit (host/worker/transaction.c, push.c, session.c).
 *
 * Text for the worker's process (pipeline.pml), whose variables it uses. */

/* transaction_claim(). `n`: how many frames it got. How many it wants, 1 to BATCH, follows from times that are not in
 * the model; it may also see an older tail than there is, which comes to the same. */
inline claim()
{
    n = 0;
    if
    :: FILL(IN) == 0
    :: else ->
        atomic {
            end_take(ring[IN].consumer, IS_SOLE(CONSUMERS(IN)));
            do
            :: n < BATCH && n < FILL(IN) -> n++
            :: n > 0 || FILL(IN) == 0 -> break
            od;
            if
            :: n > 0 ->
                do
                :: at < n ->
                    STEP(copy_claim, claimed[at] = ring[IN].slots[(ring[IN].head + at) % CAPACITY_OF(IN)]);
                    at++
                :: else -> at = 0; break
                od;
                STEP(note_claim, claim_start = ring[IN].head; claim_n = n; moved = 0; marked_kept = 0);
                if
                :: bug == HEAD_BEFORE_PHASE -> ring[IN].head = ring[IN].head + n; MAY_DIE
                :: else
                fi;
                STEP(decide_claiming, phase = CLAIMING; settled = 0; deciding = 0);
                if
                :: bug != HEAD_BEFORE_PHASE -> STEP(move_head, ring[IN].head = ring[IN].head + n; forget_slots())
                :: else
                fi;
                STEP(decide_processing, phase = PROCESSING)
            :: else
            fi;
            end_leave(ring[IN].consumer, IS_SOLE(CONSUMERS(IN)))
        }
    fi;
    if
    :: n > 0 -> wake_after_claim()
    :: else
    fi
}

inline wake_after_claim()
{
    atomic { /* ring_wake_producers() */
        if
        :: FILL(IN) <= CAPACITY_OF(IN) / 2 -> STEP(wake_producers, event_wake_all(ring[IN].space))
        :: else
        fi
    }
    if
    :: !IS_SOLE(CONSUMERS(IN)) -> /* a sibling, for what we leave */
        atomic {
            if
            :: FILL(IN) > 0 -> STEP(wake_sibling, event_wake_one(ring[IN].data))
            :: else
            fi
        }
    :: else
    fi
}

/* session_wait_input(): `why` is FRAMES, RETIRED or END. */
inline look()
{
    why = 0;
    atomic {
        if
        :: retire & BIT(me) -> why = RETIRED
        :: else
        fi;
        last = (bug == CLOSED_AFTER_LOOK -> FILL(IN) == 0 : ring[IN].closed)
    }
    atomic {
        if
        :: why -> skip
        :: else ->
            if
            :: bug == CLOSED_AFTER_LOOK -> why = (!last -> FRAMES_CAME : (ring[IN].closed -> END : 0))
            :: FILL(IN) > 0 -> why = FRAMES_CAME
            :: else -> why = (last -> END : 0)
            fi
        fi;
        last = 0
    }
}

inline wait_input()
{
    look();
    do
    :: why == 0 ->
        event_prepare(ring[IN].data);
        if
        :: bug != SLEEPS_WITHOUT_LOOK -> look()
        :: else
        fi;
        if
        :: why == 0 ->
            event_sleep(ring[IN].data);
            look()
        :: else -> event_leave(ring[IN].data)
        fi
    :: else -> break
    od
}

/* transaction_keep(), into an entry that the committed map does not have. */
inline keep()
{
    do
    :: kept_map & BIT(at) -> at++
    :: else -> break
    od;
    assert(at < KEPT_ENTRIES);
    STEP(keep, kept[at] = d);
    STEP(mark_kept, marked_kept = marked_kept | BIT(settled + n_done));
    kept_map = kept_map | BIT(at);
    at = 0
}

/* What is kept, and not given up yet: one frame at most, as the relay emits it with the next. */
inline emit_kept()
{
    atomic {
        do
        :: at < KEPT_ENTRIES && (kept_map & ~removed & BIT(at)) ->
            STEP(list_output, output[n_out] = kept[at]);
            n_out++;
            removed = removed | BIT(at);
            at++
        :: at < KEPT_ENTRIES && !(kept_map & ~removed & BIT(at)) -> at++
        :: else -> at = 0; break
        od
    }
}

/* A claimed frame, in hand: what process() may rely on. Nobody reads an output before the decision, and a successor
 * begins anew, so a frame is one step. */
inline process_frame()
{
    atomic {
        d = claimed[settled + n_done];
        assert(IS_HELD(d, BIT(stage)));
        frame = block[BLOCK_OF(d)].frame;
        if
        :: IS_KEEPER && (kept_map & ~removed) == 0 -> keep()
        :: IS_KEEPER && (kept_map & ~removed) -> emit_kept(); STEP(list_output, output[n_out] = d); n_out++
        :: stage == RELAY && !IS_KEEPER ->
#ifdef RELAY_CREATES
            take_block();
            if
            :: d -> block[BLOCK_OF(d)].frame = frame
            :: else
            fi;
#endif
            if
            :: d ->
                STEP(list_output, output[n_out] = d);
                n_out++
            :: else
            fi
        :: stage >= SINK_A -> state = state | BIT(frame)
        fi;
        frame = 0;
        if
        :: d -> n_done++
        :: else
        fi
    }
}

/* A source's frame. `d` 0: there is no room. */
inline create_frame()
{
    atomic {
        take_block();
        if
        :: d ->
            block[BLOCK_OF(d)].frame = me * FRAMES + state;
            state++;
            STEP(list_output, output[n_out] = d);
            n_out++
        :: else
        fi
    }
}

/* sleep_for_memory(): until a block may be free. */
inline wait_memory()
{
    event_prepare(freed_memory[stage]);
    atomic {
        do
        :: at < BLOCKS_EACH && block[me * BLOCKS_EACH + at].holders -> at++
        :: else -> last = (at < BLOCKS_EACH); at = 0; break
        od
    }
    if
    :: last -> last = 0; event_leave(freed_memory[stage])
    :: else -> event_sleep(freed_memory[stage])
    fi
}

#define IS_MY_TURN (ring[IN].committed == claim_start + settled)

inline wait_for_turn()
{
    do
    :: IS_MY_TURN -> break
    :: else ->
        event_prepare(order);
        if
        :: IS_MY_TURN -> event_leave(order); break
        :: else -> event_sleep(order)
        fi
    od
}

/* write_next_copy() and the decision. */
inline decide()
{
    atomic {
        STEP(write_copy, copies[NEXT_COPY].state = state; copies[NEXT_COPY].ended = (leaving == END);
             copies[NEXT_COPY].kept_map = (bug == KEPT_STAYS_IN_MAP -> kept_map : kept_map & ~removed));
        if
        :: bug != COUNTS_AFTER_DECISION -> STEP(write_counts, n_outputs = n_out; n_removed = removed)
        :: else
        fi;
        STEP(clear_publishing, publishing = 0);
        if
        :: n_claimed == 0 && bug != CLAIM_NOT_CLEARED -> STEP(clear_claim, claim_n = 0)
        :: else
        fi;
        do
        :: at < READERS(stage) && TAIL_TELLS(at) ->
            if
            :: bug != START_NOT_NOTED -> STEP(note_start, start[at] = ring[OUT_OF(at)].tail)
            :: else
            fi;
            at++
        :: at < READERS(stage) && !TAIL_TELLS(at) -> STEP(clear_done, done[at] = 0; skipping = 0); at++
        :: else -> at = 0; break
        od;
        STEP(decide_committing, phase = COMMITTING; copy = NEXT_COPY; deciding = n_done; take_note());
        n_outputs = n_out;
        n_removed = removed
    }
}

/* Nobody reads these before they are written again. The code leaves them as they are; the model does not tell states
 * apart that differ in nothing else. 0 is no descriptor, so to read one would show. */
inline forget_claim()
{
    claim_start = 0; moved = 0; marked_kept = 0;
    do
    :: at < BATCH -> claimed[at] = 0; at++
    :: else -> at = 0; break
    od
}

inline forget_outputs()
{
    n_outputs = 0; n_removed = 0; old_tail = 0; done_after = 0; skipped_after = 0; done[0] = 0; done[1] = 0;
    start[0] = 0; start[1] = 0;
    do
    :: at < OUTPUTS -> output[at] = 0; at++
    :: else -> at = 0; break
    od
}

inline forget_slots()
{
    do
    :: at < n -> at++; ring[IN].slots[(ring[IN].head - at) % CAPACITY_OF(IN)] = 0
    :: else -> at = 0; break
    od
}

/* The last step of a transaction. */
inline finish()
{
    atomic {
        if
        :: settled + deciding < n_claimed ->
            STEP(decide_rest, phase = PROCESSING; settled = settled + deciding; deciding = 0)
        :: else ->
            n_claimed = 0;
            STEP(decide_idle, phase = IDLE; settled = 0; deciding = 0);
            forget_claim()
        fi;
        do
        :: removed && at < KEPT_ENTRIES -> kept[at] = (removed & BIT(at) -> 0 : kept[at]); at++
        :: else -> at = 0; break
        od;
        kept_map = kept_map & ~removed;
        removed = 0;
        forget_outputs();
        n_out = 0;
        n_done = 0
    }
}

/* worker_run(), once the processor is done: what was for us may be for others. */
inline exit_worker()
{
    if
    :: stage != SOURCE ->
        atomic { STEP(wake_before_exit, event_wake_one(ring[IN].data)) }
    :: else
    fi;
    do
    :: reader < READERS(stage) ->
        atomic {
            if
            :: ring[OUT].producer == me + 1 -> STEP(give_up_end, ring[OUT].producer = 0)
            :: else
            fi;
            reader++
        }
    :: else -> reader = 0; break
    od;
    atomic {
        if
        :: stage != SOURCE && ring[IN].consumer == me + 1 -> STEP(give_up_end, ring[IN].consumer = 0)
        :: else
        fi
    }
    atomic { assert(phase == IDLE); left[stage]++; dropped = dropped + skipped }
}
