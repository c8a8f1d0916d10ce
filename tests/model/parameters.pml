/* What a run of the model is like: how many frames and workers, how large rings and batches, how many deaths. Each has
 * a default here; configurations.txt sets others.
 *
 * Switches. RELAY_CREATES: relays make a new frame of each that they get, and do not pass it on itself. RELAY_KEEPS:
 * they keep every other frame until the next, or until they leave. ORDERED: their stage is ordered. RETIRES: the last
 * of them is told to retire, at any time. SHARED_ENDS: stages of one worker may get more, so all ends of rings are taken
 * for each batch. EDGE_TO_A_DROPS: what finds no room in that sink's ring is dropped. DRAINED:
 * nothing goes wrong in the sinks, and each of their transactions is one step. */
#ifndef SOURCES
#define SOURCES 1 /* workers; 0: the frames are in the relays' ring from the start */
#endif
#ifndef RELAYS
#define RELAYS 1 /* workers of the stage in the middle; 0: the source publishes to the sinks */
#endif
#ifndef SINKS_A
#define SINKS_A 1
#endif
#ifndef SINKS_B
#define SINKS_B 0 /* not 0: each frame goes to two sinks; FORK: to the second by the source, past the relays */
#endif
#ifndef FRAMES
#define FRAMES 2 /* of each source */
#endif
#ifndef BATCH
#define BATCH 1 /* frames of a transaction, at most */
#endif
#ifndef CAPACITY
#define CAPACITY 2 /* of the sinks' rings */
#endif
#ifndef INPUT_CAPACITY
#define INPUT_CAPACITY CAPACITY /* of the relays' ring */
#endif
#ifndef BLOCKS_EACH
#define BLOCKS_EACH 2 /* blocks of a worker that creates frames */
#endif
#ifndef DEATHS
#define DEATHS 1 /* in the whole run, wherever they fall, also in a recovery */
#endif

/* Stages, their rings and their slots: sources, relays, sinks A, sinks B. */
#define SOURCE 0
#define RELAY 1
#define SINK_A 2
#define SINK_B 3
#define STAGES 4
#define RING_OF(s) ((s) - 1)
#define RINGS 3
#define WORKERS(s) ((s) == SOURCE -> SOURCES : ((s) == RELAY -> RELAYS : ((s) == SINK_A -> SINKS_A : SINKS_B)))

/* A stage's readers, in order. */
#if RELAYS == 0
#define READERS(s) ((s) == SOURCE -> 1 + (SINKS_B > 0) : 0)
#define READER(s, i) (SINK_A + (i))
#define UPSTREAM_OF_B SOURCE
#elif defined(FORK)
#define READERS(s) ((s) == SOURCE -> 2 : ((s) == RELAY -> 1 : 0))
#define READER(s, i) ((s) == SOURCE -> RELAY + 2 * (i) : SINK_A)
#define UPSTREAM_OF_B SOURCE
#else
#define READERS(s) ((s) == SOURCE -> 1 : ((s) == RELAY -> 1 + (SINKS_B > 0) : 0))
#define READER(s, i) ((s) == SOURCE -> RELAY : SINK_A + (i))
#define UPSTREAM_OF_B RELAY
#endif
#define READER_BITS (BIT(READER(stage, 0)) | (READERS(stage) > 1 -> BIT(READER(stage, 1)) : 0))
#define IS_NTH_READER(s, i, r) (READERS(s) > (i) && RING_OF(READER(s, i)) == (r))
#define IS_READER(s, r) (IS_NTH_READER(s, 0, r) || IS_NTH_READER(s, 1, r))
#define CAPACITY_OF(r) ((r) == RING_OF(RELAY) -> INPUT_CAPACITY : CAPACITY)
#define FROM_SOURCE(r) (RELAYS == 0 || (r) == RING_OF(RELAY) || ((r) == RING_OF(SINK_B) && UPSTREAM_OF_B == SOURCE))
#define PRODUCERS(r) (FROM_SOURCE(r) -> SOURCES : RELAYS)
#define CONSUMERS(r) WORKERS((r) + 1)
#if CAPACITY > INPUT_CAPACITY
#define LARGEST_CAPACITY CAPACITY
#else
#define LARGEST_CAPACITY INPUT_CAPACITY
#endif

#if SOURCES == 0
#define ALL_FRAMES FRAMES
#define CREATORS 0
#elif defined(RELAY_CREATES)
#define ALL_FRAMES (SOURCES * FRAMES)
#define CREATORS (SOURCES + RELAYS)
#else
#define ALL_FRAMES (SOURCES * FRAMES)
#define CREATORS SOURCES
#endif
#if CREATORS == 0
#define BLOCKS FRAMES
#else
#define BLOCKS (CREATORS * BLOCKS_EACH)
#endif

#ifdef RELAY_CREATES
#define IS_CREATOR(s) ((s) == SOURCE || (s) == RELAY)
#define IS_FORWARDED false
#define ORIGIN (stage == RELAY -> SOURCE : RELAY) /* of what a stage releases */
#else
#define IS_CREATOR(s) ((s) == SOURCE)
#define IS_FORWARDED (stage == RELAY)
#define ORIGIN SOURCE
#endif
#ifdef ORDERED
#define IS_ORDERED (stage == RELAY)
#else
#define IS_ORDERED false
#endif

#ifdef RELAY_KEEPS
#define IS_KEEPER (stage == RELAY)
#define OUTPUTS (BATCH + 2)
#else
#define IS_KEEPER false
#define OUTPUTS BATCH
#endif
#define KEPT_ENTRIES 2
#ifdef EDGE_TO_A_DROPS
#define IS_DROPPING(i) (READER(stage, i) == SINK_A)
#else
#define IS_DROPPING(i) false
#endif
#define EDGE_DROPS IS_DROPPING(reader)
#ifdef SHARED_ENDS
#define IS_SOLE(workers) false
#else
#define IS_SOLE(workers) ((workers) == 1)
#endif

#define BIT(n) (1 << (n))

/* A step of the code: one store that others, or a successor, can see. The process may be killed after each. The name is
 * in a comment where the code does it, and in the table of docs/commit-protocol.md; steps.sh compares them.
 *
 * What others cannot see commutes with all that they do. So steps that only the slot's own journal knows of stand in
 * one atomic sequence with the next that others see: the deaths between them are all there, the interleavings that make
 * no difference are not. */
#define STEP(name, ...)                                                                                                \
    __VA_ARGS__;                                                                                                       \
    MAY_DIE

#define MAY_DIE                                                                                                        \
    if                                                                                                                 \
    :: deaths < DEATHS -> deaths++; goto dead                                                                          \
    :: true                                                                                                            \
    fi
byte deaths;

/* One of the host, which does not die. */
#define HOST_STEP(name, ...) __VA_ARGS__
