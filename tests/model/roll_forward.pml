/* The roll forward (host/worker/roll_forward.c). Text for the worker's process. */

#define ANY_PUBLISHED(i) (READERS(stage) > (i) && PUBLISHED(i))
#define HAS_PUBLISHED ((publishing || ANY_PUBLISHED(0) || ANY_PUBLISHED(1) || skipping) && bug != HANDS_OVER_AGAIN)

#define HANDED_BITS (bug == BITS_AFTER_PUBLISH -> BIT(READER(stage, 0)) : READER_BITS)

/* All readers' bits on all outputs, before the first is published. */
inline hand_over()
{
    do
    :: i < n_out ->
        atomic {
            do
            :: i < n_out && !IS_FORWARDED -> /* nobody else looks at a block that is PENDING */
                STEP(hand_over_created, SET_LIFE(BLOCK_OF(output[i]), GENERATION_OF(output[i]), HANDED_BITS));
                i++
            :: else -> break
            od
        }
        if
        :: i < n_out -> d = output[i]; forward(); i++
        :: else
        fi
    :: else -> i = 0; d = 0; break
    od
}

/* What BITS_AFTER_PUBLISH does. */
inline add_late_bits()
{
    do
    :: i < n_out && PUBLISHED(reader) == 0 ->
        atomic {
            block[BLOCK_OF(output[i])].holders = block[BLOCK_OF(output[i])].holders | BIT(READER(stage, reader));
            i++;
            MAY_DIE
        }
    :: else -> i = 0; break
    od
}

/* `at`: its place among the inputs that this transaction settles. */
inline find_input()
{
    at = settled;
    do
    :: at < settled + deciding && (claimed[at] != d || (marked_kept & BIT(at))) -> at++
    :: else -> break
    od
}

/* If nobody else holds it, the readers' bits take the place of ours by a plain store. */
inline forward()
{
    atomic {
        find_input();
        alone = at < settled + deciding && block[BLOCK_OF(d)].generation == GENERATION_OF(d) &&
                (block[BLOCK_OF(d)].holders == BIT(stage) || block[BLOCK_OF(d)].holders == HANDED_BITS ||
                 bug == MOVES_WHAT_IS_SHARED);
        if
        :: !alone && IS_GENERATION(d) ->
            STEP(add_holders, block[BLOCK_OF(d)].holders = block[BLOCK_OF(d)].holders | HANDED_BITS);
            moved = (bug == MARKS_WHAT_IS_SHARED -> moved | BIT(at) : moved)
        :: else
        fi
    }
    if
    :: alone ->
        atomic {
            alone = 0;
            STEP(move_holders, SET_LIFE(BLOCK_OF(d), GENERATION_OF(d), HANDED_BITS));
            STEP(mark_moved, moved = moved | BIT(at))
        }
    :: else
    fi;
    at = 0
}

/* The outputs, into the ring of reader `reader`, as there is room: it may be more than was seen. */
inline publish()
{
    if
    :: skipping && EDGE_DROPS -> skip_rest()
    :: else
    fi;
    do
    :: PUBLISHED(reader) < n_out ->
        atomic {
            end_take(ring[OUT].producer, IS_SOLE(PRODUCERS(OUT)));
            do
            :: n < ROOM(OUT) && n < n_out - PUBLISHED(reader) -> n++
            :: n > 0 || ROOM(OUT) == 0 -> break
            od;
            if
            :: n > 0 -> publish_piece()
            :: else
            fi;
            end_leave(ring[OUT].producer, IS_SOLE(PRODUCERS(OUT)))
        }
        if
        :: n > 0 -> atomic { n = 0; STEP(wake_reader, event_wake_one(ring[OUT].data)) }
        :: n == 0 && EDGE_DROPS -> skip_rest()
        :: n == 0 && !EDGE_DROPS -> wait_for_room()
        fi
    :: else -> break
    od
}

inline publish_piece()
{
    do
    :: at < n ->
        STEP(copy_outputs, ring[OUT].slots[(ring[OUT].tail + at) % CAPACITY_OF(OUT)] = output[PUBLISHED(reader) + at]);
        at++
    :: else -> at = 0; break
    od;
    if
    :: !TAIL_TELLS(reader) ->
        STEP(note_old_tail, old_tail = ring[OUT].tail);
        STEP(note_done_after, done_after = done[reader] + n);
        STEP(note_publishing, publishing = reader + 1)
    :: else
    fi;
    STEP(move_tail, ring[OUT].tail = ring[OUT].tail + n);
    if
    :: !TAIL_TELLS(reader) ->
        STEP(note_done, done[reader] = done_after);
        STEP(clear_publishing_done, publishing = 0)
    :: else
    fi
}

/* The ring is full, and its edge drops: the reader's bits go from what is not in its ring. */
inline skip_rest()
{
    if
    :: !skipping ->
        atomic {
            STEP(note_skipped_after, skipped_after = skipped + n_out - done[reader]);
            STEP(note_skipping, skipping = (bug != SKIP_NOT_NOTED))
        }
    :: else
    fi;
    i = done[reader];
    do
    :: i < n_out -> d = output[i]; drop(BIT(READER(stage, reader))); i++
    :: else -> i = 0; d = 0; break
    od;
    atomic {
        STEP(note_skipped, skipped = skipped_after);
        STEP(note_skip_done, done[reader] = n_out);
        STEP(clear_skipping, skipping = 0)
    }
    if
    :: freed -> atomic { freed = 0; event_wake_all(freed_memory[SOURCE]); MAY_DIE }
    :: else
    fi
}

inline wait_for_room()
{
    event_prepare(ring[OUT].space);
    if
    :: ROOM(OUT) > 0 -> event_leave(ring[OUT].space)
    :: else -> event_sleep(ring[OUT].space)
    fi
}

/* A successor may come to this late: others have had their turns since. */
inline pass_turn()
{
    atomic {
        if
        :: claim_start + settled + deciding > ring[IN].committed || bug == TURN_GOES_BACK ->
            STEP(pass_turn, ring[IN].committed = claim_start + settled + deciding)
        :: else
        fi
    }
    atomic { STEP(wake_turns, event_wake_all(order)) }
}

/* Our bit, on the inputs that are settled and were not moved. */
inline release()
{
    i = settled;
    do
    :: i < settled + deciding ->
        if
        :: !((moved | (bug == KEPT_IS_RELEASED -> 0 : marked_kept)) & BIT(i)) -> d = claimed[i]; drop(BIT(stage))
        :: else
        fi;
        i++
    :: else -> i = 0; d = 0; break
    od;
    do
    :: i < KEPT_ENTRIES && removed ->
        if
        :: removed & BIT(i) -> d = kept[i]; drop(BIT(stage))
        :: else
        fi;
        i++
    :: else -> i = 0; d = 0; break
    od;
    if
    :: freed && bug != FREES_WITHOUT_WAKE ->
        atomic { freed = 0; STEP(wake_memory, event_wake_all(freed_memory[ORIGIN])) }
    :: else
    fi
}
