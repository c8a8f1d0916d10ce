/* The commit protocol as the code does it: a pipeline of a source, a stage of relays, and one or two sinks, in which
 * workers die. Spin looks at every order of steps, and at every place for so many deaths. In the end each frame must
 * have come to each sink exactly once, nothing may be held, and before that nobody may sleep with work left.
 *
 * docs/commit-protocol.md maps the steps to the code; configurations.txt has what is checked; check.sh runs it. */
#include "parameters.pml"
#include "bugs.pml"
#include "memory.pml"
#include "ring.pml"

/* Phases of the decision word. */
#define IDLE 0
#define CLAIMING 1
#define PROCESSING 2
#define COMMITTING 3

/* What ends a wait for input, and why a worker leaves. */
#define FRAMES_CAME 1
#define RETIRED 2
#define END 3

byte retire;       /* slots that are told to */
byte left[STAGES]; /* workers that have exited, and will have no successor */
byte dropped;      /* frames that slots say they have dropped, at their exits */
byte seen[STAGES]; /* what the sinks have decided to have: a bit a frame */

/* What a decision commits: the source's position; the frames that a sink has had, a bit each. */
typedef Copy { byte state; bool ended; byte kept_map };

/* The ring that the worker's stage reads, and that of the reader in hand. */
#define IN RING_OF(stage)
#define OUT OUT_OF(reader)
#define OUT_OF(i) RING_OF(READER(stage, i))

/* Where nobody else ever moves the tail of reader i's ring, and nothing is skipped, the tail tells what is in it. */
#define TAIL_TELLS(i) (IS_SOLE(PRODUCERS(OUT_OF(i))) && !IS_DROPPING(i))
#define PUBLISHED(i) (TAIL_TELLS(i) -> ring[OUT_OF(i)].tail - start[i] : done[i])

#define NEXT_COPY (bug == SAME_COPY -> copy : 1 - copy)

/* At the decision of a sink: what it settles has not been had before, by this or by another worker. */
inline take_note()
{
    if
    :: stage >= SINK_A ->
        assert(!(seen[stage] & state & ~copies[1 - copy].state));
        seen[stage] = seen[stage] | state;
#ifdef ORDERED
        assert(!(seen[stage] & (seen[stage] + 1))); /* in order: no bit is missing below another */
#endif
    :: else
    fi
}

#include "transaction.pml"
#include "roll_forward.pml"
#include "burial.pml"

/* One process is a slot: its worker, the host when it buries that, the successor, and so on. */
proctype slot(byte me; byte stage; byte bug)
{
    /* The journal, in shared memory. The decision word is one word in the code: no step writes half of it. */
    byte phase, settled, deciding;
    bit copy;
    Copy copies[2];
    byte claim_start, claim_n, claimed[BATCH], moved, marked_kept;
    byte n_outputs, output[OUTPUTS];
    byte kept[KEPT_ENTRIES], n_removed; /* entries that the transaction gives up, a bit each */
    byte publishing, old_tail, done_after, done[2], start[2], skipped, skipped_after;
    bool skipping;
    /* The worker's own: gone when it dies. */
    byte n_claimed, n_done, n_out, state, leaving;
    byte kept_map, removed;
    bool resumed;
    byte why, reader, n, i, at, d, frame;
    bool alone, freed, last;

born:
    if
    :: phase == COMMITTING ->
        resumed = 1; n_out = n_outputs; removed = n_removed; n_claimed = claim_n;
        goto roll_forward
    :: phase == PROCESSING -> n_claimed = claim_n
    :: else
    fi;
recovered:
    if
    :: IS_CREATOR(stage) -> atomic { free_pending(); STEP(wake_after_recovery, event_wake_all(freed_memory[stage])) }
    :: else
    fi;
    atomic {
        state = copies[copy].state;
        kept_map = copies[copy].kept_map;
        moved = 0;
        marked_kept = 0;
        if
        :: copies[copy].ended -> goto leave
        :: else
        fi
    }

transaction:
    atomic {
        if
        :: stage == SOURCE -> goto create
        :: n_claimed && !(bug == RETIRES_WITH_CLAIM && (retire & BIT(me))) -> goto process
        :: else
        fi
    }
    atomic {
        if
        :: retire & BIT(me) -> leaving = RETIRED; goto commit
        :: else
        fi
    }
    claim();
    if
    :: n > 0 -> n_claimed = n; n = 0; goto process
    :: else
    fi;
    wait_input();
    if
    :: why == FRAMES_CAME -> why = 0; goto transaction
    :: else -> leaving = why; why = 0; goto commit
    fi;

create:
    if
    :: state == FRAMES -> leaving = END; goto commit
    :: else
    fi;
    create_frame();
    if
    :: d == 0 && n_out == 0 -> wait_memory(); goto create
    :: d && n_out < BATCH -> d = 0; goto create
    :: d -> d = 0; goto commit
    :: else -> goto commit
    fi;

process:
    process_frame();
    if
    :: d == 0 && n_done == 0 -> wait_memory(); goto process
    :: d == 0 && n_done > 0 -> goto commit
    :: d && settled + n_done < n_claimed -> d = 0; goto process
    :: d -> d = 0
    fi;

commit:
    if
    :: IS_ORDERED && n_claimed -> wait_for_turn()
    :: else
    fi;
    if
    :: bug == RELEASE_BEFORE_DECISION -> deciding = n_done; release(); deciding = 0
    :: else
    fi;
    if
    :: IS_KEEPER && leaving -> emit_kept()
    :: else
    fi;
    decide();
roll_forward:
    if
    :: resumed && HAS_PUBLISHED
    :: else -> hand_over()
    fi;
    if
    :: bug == TURN_BEFORE_PUBLISH && IS_ORDERED && deciding -> pass_turn()
    :: else
    fi;
    if
    :: resumed && bug == PUBLISHES_AGAIN -> done[0] = 0; done[1] = 0; start[0] = ring[OUT_OF(0)].tail
    :: else
    fi;
    do
    :: reader < READERS(stage) && bug == BITS_AFTER_PUBLISH && reader > 0 -> add_late_bits(); publish(); reader++
    :: reader < READERS(stage) && !(bug == BITS_AFTER_PUBLISH && reader > 0) -> publish(); reader++
    :: else -> reader = 0; break
    od;
    if
    :: IS_ORDERED && deciding && bug != TURN_BEFORE_PUBLISH -> pass_turn()
    :: else
    fi;
    release();
    finish();
    if
    :: resumed -> resumed = 0; goto recovered
    :: leaving -> goto leave
    :: else -> goto transaction
    fi;

leave:
    exit_worker();
    goto gone;
dead:
    bury();
    goto born;
gone:
    skip
}

#ifdef DRAINED
/* A sink in which nothing goes wrong: a transaction is one step. */
proctype drain(byte stage)
{
    byte d;
    do
    :: atomic {
        FILL(IN) > 0 ->
        d = ring[IN].slots[ring[IN].head % CAPACITY_OF(IN)];
        assert(IS_HELD(d, BIT(stage)));
        assert(!(seen[stage] & BIT(block[BLOCK_OF(d)].frame)));
        seen[stage] = seen[stage] | BIT(block[BLOCK_OF(d)].frame);
#ifdef ORDERED
        assert(!(seen[stage] & (seen[stage] + 1)));
#endif
        block[BLOCK_OF(d)].holders = block[BLOCK_OF(d)].holders & ~BIT(stage);
        event_wake_all(freed_memory[ORIGIN]);
        ring[IN].slots[ring[IN].head % CAPACITY_OF(IN)] = 0;
        ring[IN].head++;
        if
        :: FILL(IN) <= CAPACITY_OF(IN) / 2 -> event_wake_all(ring[IN].space)
        :: else
        fi;
        d = 0
    }
    :: atomic { ring[IN].closed && FILL(IN) == 0 -> left[stage]++; break }
    od
}
#endif

#ifdef RETIRES
/* The host tells the last relay to go, when it likes. */
proctype scaler()
{
    atomic { retire = BIT(SOURCES + RELAYS - 1) };
    atomic { event_wake_slow(ring[RING_OF(RELAY)].data) }
}
#endif

/* The host ends the stream stage by stage: a ring is closed when nobody upstream will write to it. */
inline end_stream(r, upstream)
{
    if
    :: WORKERS(r + 1) > 0 ->
        atomic {
            left[upstream] == WORKERS(upstream) || (bug == CLOSES_TOO_EARLY && left[upstream]) ->
            HOST_STEP(close_ring, ring[r].closed = 1)
        }
        atomic { HOST_STEP(wake_consumers, event_wake_slow(ring[r].data)) }
    :: else
    fi
}

inline start(s, first)
{
    do
    :: at < WORKERS(s) -> run slot(first + at, s, bug); at++
    :: else -> at = 0; break
    od
}

init {
    byte at, bug;
    atomic {
        plant_bug();
#if SOURCES == 0
        do
        :: at < FRAMES ->
            SET_LIFE(at, 1, BIT(RELAY));
            block[at].frame = at;
            ring[RING_OF(RELAY)].slots[at] = DESCRIPTOR(at, 1);
            at++
        :: else -> ring[RING_OF(RELAY)].tail = FRAMES; at = 0; break
        od;
#endif
        start(SOURCE, 0);
        start(RELAY, SOURCES);
#ifdef DRAINED
        run drain(SINK_A);
        if
        :: SINKS_B > 0 -> run drain(SINK_B)
        :: else
        fi;
#else
        start(SINK_A, SOURCES + RELAYS);
        start(SINK_B, SOURCES + RELAYS + SINKS_A);
#endif
#ifdef RETIRES
        run scaler()
#endif
    }
    end_stream(RING_OF(RELAY), SOURCE);
    end_stream(RING_OF(SINK_A), (RELAYS > 0 -> RELAY : SOURCE));
    end_stream(RING_OF(SINK_B), UPSTREAM_OF_B);
    atomic {
        _nr_pr == 1 ->
#ifdef EDGE_TO_A_DROPS
        do
        :: at < ALL_FRAMES -> dropped = dropped + ((seen[SINK_A] & BIT(at)) != 0); at++
        :: else -> at = 0; break
        od;
        assert(dropped == ALL_FRAMES);
#else
        assert(seen[SINK_A] == BIT(ALL_FRAMES) - 1);
#endif
        assert(SINKS_B == 0 || seen[SINK_B] == BIT(ALL_FRAMES) - 1);
        do
        :: at < BLOCKS -> assert(block[at].holders == 0); at++
        :: else -> at = 0; break
        od;
        do
        :: at < RINGS ->
            assert(FILL(at) == 0 && ring[at].producer == 0 && ring[at].consumer == 0);
            at++
        :: else -> break
        od
    }
}
