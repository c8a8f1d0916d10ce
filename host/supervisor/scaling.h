/* Scaling: tells the scaler what the workers have done, and has the crews become what it decides. Host process.
 *
 * The scaler itself (host/scaler) is pure; what is here reads the slots, /proc and the clock that it is handed, forks,
 * retires and logs. Stages with a fixed number of workers take part in the model, but are never changed; nor is one
 * that was given a number while it ran, until it is let go again.
 */
#ifndef SCALING_H
#define SCALING_H

#include "cores.h"
#include "crew.h"
#include "scaler.h"
#include "snapshot.h"
#include "usage.h"

/* What was read of a worker at the last tick. */
struct worker_usage {
    pid_t pid;
    uint64_t at_ns, cpu_ns, delay_ns, sleep_delay_ns;
    uint64_t since_ns;         /* the last frame that is counted was finished */
    uint64_t waited_core_ns;   /* while it was at work, since it is there; */
    uint64_t counted_delay_ns; /* of that, in frames that are finished */
};

struct scaling {
    struct scaler scaler;
    struct scaler_state state; /* as of the last tick */
    struct cores cores;
    uint64_t next_ns; /* when to tick; 0: never, nothing can be scaled */
    uint64_t pinned;  /* bit a stage: an operator has said how many */
    uint64_t cpu_ns;  /* of all workers, since the start */
    uint64_t delay_ns[PIPELINE_STAGES_MAX];
    uint64_t worker_bytes[PIPELINE_STAGES_MAX];
    uint64_t memory_at;       /* when to look at the workers' memory again */
    struct scaler_state told; /* the limit that was last logged, with its newest figures, */
    uint64_t limit_since;     /* and since when the present one holds */
    uint64_t began_ns;
    uint32_t n_decisions; /* as in a snapshot */
    struct scaling_decision decisions[DECISIONS_KEPT];
    struct worker_usage usage[PIPELINE_STAGES_MAX][STAGE_WORKERS_MAX];
};

/* Binds the process to its cores. Before the first fork. */
void scaling_begin(struct scaling *s, const struct pipeline *p, uint64_t now_ns);

/* Looks, decides and acts, if it is time to. Returns when to be called again; UINT64_MAX: never. */
uint64_t scaling_tick(struct scaling *s, struct segment *segment, struct crew *crews, const struct log *log,
                      uint64_t now_ns);

/* An operator says how many workers a stage shall have; 0: as many as the scaler finds. What the stage may have at most
 * was fixed at the start: returns the number that it gets. */
uint32_t scaling_pin(struct scaling *s, struct segment *segment, struct crew *crew, const struct log *log,
                     uint32_t workers, uint64_t now_ns);

/* What the pipeline is limited by, if it was so for some seconds: "cpu 99 % used by the stages", "stage write
 * (1 worker, max = 1, busy 100 %)", "memory 97 %", "source ..."; else "". */
void scaling_describe_limit(const struct scaling *s, const struct pipeline *p, char *text, size_t size);

#endif
