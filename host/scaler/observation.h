/* What the scaler is told: a pipeline as it is built, once, and what its workers have done so far, at each tick. Plain
 * data.
 *
 * Counters are sums over all workers that a stage has had since the start, also of those that are gone, and never
 * decrease. Times of work are counted when a frame is finished; what those in hand have taken so far is told apart.
 */
#ifndef OBSERVATION_H
#define OBSERVATION_H

#include <stdint.h>

enum { SCALER_STAGES_MAX = 39 }; /* those of a pipeline */

/* A stage, as it is built. Stages are numbered so that frames only go from lower to higher numbers. */
struct scaler_stage {
    uint64_t feeders;  /* bit i: stage i sends frames to this one; 0: a source */
    uint32_t min, max; /* workers; max = 1: serial */
    int is_ordered;    /* publishes in the order of its claims, so a worker may wait for its turn */
    uint32_t ring;     /* frames that its ring holds */
    int is_sink;       /* nobody reads what it sends */
};

struct stage_observation {
    uint64_t arrived;        /* frames put into its ring; a source: any value */
    uint64_t passed;         /* frames finished; of a source, made */
    uint64_t done;           /* of them, those that the times below are of */
    uint64_t busy_ns;        /* from claim to the last instruction of the processor, of finished frames: no waits for
                                room, memory or turn */
    uint64_t cpu_ns;         /* CPU time in busy_ns: CLOCK_PROCESS_CPUTIME_ID */
    uint64_t run_delay_ns;   /* in busy_ns, but runnable without a core: second field of /proc/PID/schedstat */
    uint64_t wait_input_ns;  /* nothing to read; waits that go on are included */
    uint64_t wait_output_ns; /* for room or memory; waits that go on are included */
    uint64_t wait_turn_ns;   /* of an ordered stage: the frame is done, but one before it is not */
    uint32_t live;           /* workers that take frames, and those that were told to leave and are still there */
    uint32_t warming;        /* workers that are forked, but not open */
    uint64_t in_hand_ns;     /* what the frames in hand have taken so far: as busy_ns, without run_delay_ns, */
    uint64_t in_hand_cpu_ns; /* and as cpu_ns */
    uint64_t worker_bytes;   /* memory that one more worker takes, as measured or guessed */
    uint32_t queued;         /* frames in its ring */
};

struct observation {
    double cpus;     /* cores that this pipeline can have now: its budget, less what others use of it */
    uint64_t memory; /* bytes that all workers may take together; UINT64_MAX: no limit */
    struct stage_observation stages[SCALER_STAGES_MAX];
};

#endif
