#include "segment.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attributes.h"
#include "clock.h"
#include "graph.h"

enum { SPIN_LOOKS = 2000, YIELD_NS = 50000, FIGURES_TRIES = 8, PAGE = 4096 };

/* Hands out offsets in the control region, each on a cache line of its own. */
static uint64_t carve(uint64_t *used, uint64_t size)
{
    uint64_t at = *used;
    *used = (at + size + 63) / 64 * 64;
    return at;
}

/* On pages of its own, so that a worker can be kept from it (protection.h). */
static uint64_t carve_pages(uint64_t *used, uint64_t size)
{
    *used = (*used + PAGE - 1) / PAGE * PAGE;
    return carve(used, (size + PAGE - 1) / PAGE * PAGE);
}

struct layout {
    uint64_t stages, spans, rings[PIPELINE_STAGES_MAX], slots[PIPELINE_STAGES_MAX], control;
    uint64_t slot_size[PIPELINE_STAGES_MAX];
    uint32_t n_spans, n_slots;
};

static void lay_out(const struct pipeline *p, struct layout *l)
{
    uint64_t used = 0;
    carve(&used, sizeof(struct superblock));
    l->stages = carve(&used, p->n_stages * sizeof(struct stage_memory));
    l->spans = carve(&used, (p->memory / SPAN_SIZE + 1) * sizeof(struct span));
    l->n_slots = 0;
    for (uint32_t i = 0; i < p->n_stages; i++)
        l->rings[i] = p->stages[i].is_source ? 0 : carve_pages(&used, ring_size(p->stages[i].queue));
    for (uint32_t i = 0; i < p->n_stages; i++) {
        uint32_t state = (uint32_t)p->stages[i].description->state_size;
        l->slot_size[i] = (sizeof(struct slot) - sizeof(struct journal) + journal_size(state) + PAGE - 1) / PAGE * PAGE;
        l->slots[i] = carve_pages(&used, l->slot_size[i] * p->stages[i].workers_max);
        l->n_slots += p->stages[i].workers_max;
    }
    l->control = (used + SPAN_SIZE - 1) / SPAN_SIZE * SPAN_SIZE;
    l->n_spans = p->memory > l->control ? (uint32_t)((p->memory - l->control) / SPAN_SIZE) : 0;
}

/* Cuts the spans into the stages' shares: what a stage asks for, then equal parts of the rest. A sink sends nothing, so
 * by default it gets one span, to write to. */
static int share(struct segment *s, const struct layout *l, char *why, size_t why_size)
{
    const struct pipeline *p = s->pipeline;
    uint64_t asked = 0;
    uint32_t equal = 0;
    for (uint32_t i = 0; i < p->n_stages; i++) {
        const struct stage *stage = &p->stages[i];
        uint64_t spans = (stage->memory + SPAN_SIZE - 1) / SPAN_SIZE;
        asked += stage->memory ? spans : (uint64_t)(stage->is_sink != 0);
        equal += !stage->memory && !stage->is_sink;
    }
    if (asked + equal > l->n_spans) {
        snprintf(why, why_size,
                 "memory = %" PRIu64 "M is too small: rings and journals of %" PRIu32 " workers take %" PRIu64
                 " MiB, and the stages need %" PRIu64 " MiB at least; set memory to %" PRIu64
                 "M or more, or fewer workers, or smaller stages.*.memory",
                 p->memory >> 20, l->n_slots, l->control >> 20, (asked + equal) * SPAN_SIZE >> 20,
                 (l->control + (asked + equal) * SPAN_SIZE) >> 20);
        return -EINVAL;
    }
    uint32_t rest = l->n_spans - (uint32_t)asked;
    uint32_t first = 0;
    for (uint32_t i = 0; i < p->n_stages; i++) {
        const struct stage *stage = &p->stages[i];
        uint32_t n = stage->memory ? (uint32_t)((stage->memory + SPAN_SIZE - 1) / SPAN_SIZE) : stage->is_sink ? 1 : 0;
        if (n == 0 && equal > 0) {
            n = rest / equal;
            rest -= n;
            equal--;
        }
        s->stages[i].range = (struct arena_range){first, n};
        first += n;
    }
    return 0;
}

/* Whether one edge of one slot is all that ever writes into a ring: a slot whose two ports lead there moves the tail
 * twice, and may not take it for where this edge left it. */
static enum end_hold producer_hold(const struct pipeline *p, uint32_t to)
{
    uint32_t writers = 0;
    for (uint32_t i = 0; i < p->n_edges; i++)
        if (p->edges[i].to == to)
            writers += p->stages[p->edges[i].from].workers_max;
    return writers == 1 ? END_SOLE : END_SHARED;
}

static void place(struct segment *s, const struct layout *l)
{
    const struct pipeline *p = s->pipeline;
    uint8_t *base = s->backing.base;
    uint32_t slot = 0;
    uint32_t edge = 0;
    s->super = (struct superblock *)(void *)base;
    s->arena = (struct arena){base, l->control, (struct span *)(void *)(base + l->spans), l->n_spans};
    for (uint32_t i = 0; i < p->n_stages; i++) {
        struct stage_place *at = &s->stages[i];
        at->ring = p->stages[i].is_source ? NULL : (struct ring *)(void *)(base + l->rings[i]);
        at->memory = (struct stage_memory *)(void *)(base + l->stages) + i;
        at->first_slot = slot;
        at->n_slots = p->stages[i].workers_max;
        for (uint32_t w = 0; w < at->n_slots; w++)
            s->slots[slot++] = (struct slot *)(void *)(base + l->slots[i] + w * l->slot_size[i]);
        at->first_edge = edge;
        while (edge < p->n_edges && p->edges[edge].from == i)
            edge++;
        at->n_edges = edge - at->first_edge;
        at->producers = producer_hold(p, i);
    }
}

static uint64_t usable_cpus(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (uint64_t)CPU_COUNT(&set) : 1;
}

/* -EINVAL and why, if a stage publishes into more rings than a journal keeps books of. */
static int count_readers(const struct pipeline *p, char *why, size_t why_size)
{
    for (uint32_t i = 0; i < p->n_stages; i++) {
        uint32_t n = 0;
        for (uint32_t e = 0; e < p->n_edges; e++)
            n += p->edges[e].from == i;
        if (n > READERS_MAX) {
            snprintf(why, why_size,
                     "stage \"%s\" has %" PRIu32 " readers, an output port and a stage each; %d are the most",
                     p->stages[i].name, n, READERS_MAX);
            return -EINVAL;
        }
    }
    return 0;
}

/* Apart from the rest: a few hundred KiB a slot, of which none exists before a worker crashes. A run can do without. */
static void map_crashes(struct segment *s)
{
    void *at = mmap(NULL, s->n_slots * CRASH_AREA_SIZE, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    s->crashes = at == MAP_FAILED ? NULL : at;
}

/* The largest frame that a stage can hand on: its own, or one of a stage before it. */
static uint64_t largest_output(const struct segment *s, uint32_t stage)
{
    const struct pipeline *p = s->pipeline;
    uint64_t most = segment_max_frame(s, stage), upstream = graph_upstream(p->edges, p->n_edges, stage);
    for (uint32_t i = 0; i < p->n_stages; i++)
        if (upstream >> i & 1 && segment_max_frame(s, i) > most)
            most = segment_max_frame(s, i);
    return most;
}

/* Apart from the rest, too; the word that workers look at and the copy each on pages of their own. A sink has none. */
static void map_taps(struct segment *s)
{
    const struct pipeline *p = s->pipeline;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), used = 0;
    for (uint32_t i = 0; i < p->n_stages; i++)
        if (!p->stages[i].is_sink)
            s->taps_size += (page + ATTRIBUTES_MAX + largest_output(s, i) + page - 1) / page * page;
    void *at = s->taps_size
                   ? mmap(NULL, s->taps_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                   : MAP_FAILED;
    s->taps = at == MAP_FAILED ? NULL : at;
    if (s->taps)
        madvise(s->taps, s->taps_size, MADV_DONTDUMP);
    for (uint32_t i = 0; i < p->n_stages && s->taps; i++) {
        if (p->stages[i].is_sink)
            continue;
        struct tap_place *tap = &s->stages[i].tap;
        tap->tap = (struct tap *)(void *)(s->taps + used);
        tap->attributes = s->taps + used + page;
        tap->payload = tap->attributes + ATTRIBUTES_MAX;
        tap->payload_max = largest_output(s, i);
        used += (page + ATTRIBUTES_MAX + tap->payload_max + page - 1) / page * page;
    }
}

int segment_create(struct segment *s, const struct pipeline *p, char *why, size_t why_size)
{
    struct layout l = {0};
    memset(s, 0, sizeof *s);
    s->backing.fd = -1;
    s->pipeline = p;
    s->cpus = usable_cpus();
    lay_out(p, &l);
    s->n_slots = l.n_slots;
    s->stages = calloc(p->n_stages, sizeof *s->stages);
    s->slots = calloc(l.n_slots, sizeof(struct slot *));
    int error = s->stages && s->slots ? count_readers(p, why, why_size) : -ENOMEM;
    if (!error)
        error = share(s, &l, why, why_size);
    if (!error) {
        static const enum backing_want want[] = {[HUGE_PAGES_TRY] = BACKING_TRY_HUGE,
                                                 [HUGE_PAGES_REQUIRE] = BACKING_REQUIRE_HUGE,
                                                 [HUGE_PAGES_OFF] = BACKING_NO_HUGE};
        error = backing_create(&s->backing, l.control + (uint64_t)l.n_spans * SPAN_SIZE, want[p->huge_pages]);
        if (error)
            snprintf(why, why_size, "%s", s->backing.report);
    }
    if (error) {
        segment_destroy(s);
        return error;
    }
    place(s, &l);
    map_crashes(s);
    map_taps(s);
    return 0;
}

int segment_fill(struct segment *s)
{
    const struct pipeline *p = s->pipeline;
    int error = backing_fill(&s->backing);
    if (error)
        return error;
    *s->super = (struct superblock){.magic = SEGMENT_MAGIC,
                                    .version = SEGMENT_VERSION,
                                    .size = s->backing.size,
                                    .run_id = clock_now(CLOCK_REALTIME) / NS_PER_US};
    for (uint32_t i = 0; i < p->n_stages; i++) {
        event_init(&s->stages[i].memory->freed);
        if (s->stages[i].ring && ring_init(s->stages[i].ring, p->stages[i].queue) != 0)
            return -EINVAL;
        for (uint32_t w = 0; w < s->stages[i].n_slots; w++)
            journal_init(&segment_slot(s, i, w)->journal, (uint32_t)p->stages[i].description->state_size);
    }
    au32_store_relaxed(&s->super->patience.yield_ns, YIELD_NS);
    for (uint32_t i = 0; i < p->n_stages; i++)
        segment_set_workers(s, i, p->stages[i].workers_min);
    return 0;
}

void segment_set_workers(const struct segment *s, uint32_t stage, uint32_t workers)
{
    uint64_t all = 0;
    au32_store_relaxed(&s->super->workers[stage], workers);
    for (uint32_t i = 0; i < s->pipeline->n_stages; i++)
        all += au32_relaxed(&s->super->workers[i]);
    au32_store_relaxed(&s->super->patience.spins, all <= s->cpus ? SPIN_LOOKS : 0);
}

void segment_destroy(struct segment *s)
{
    backing_destroy(&s->backing);
    if (s->crashes)
        munmap(s->crashes, s->n_slots * CRASH_AREA_SIZE);
    s->crashes = NULL;
    if (s->taps)
        munmap(s->taps, s->taps_size);
    s->taps = NULL;
    free(s->stages);
    free(s->slots);
    s->stages = NULL;
    s->slots = NULL;
}

uint64_t segment_max_frame(const struct segment *s, uint32_t stage)
{
    return (uint64_t)s->stages[stage].range.n * SPAN_SIZE - BLOCK_WIDE_HEADER - BLOCK_TAIL - ATTRIBUTES_MAX;
}

uint32_t segment_stage_of(const struct segment *s, uint32_t slot)
{
    uint32_t stage = 0;
    while (stage + 1 < s->pipeline->n_stages && slot >= s->stages[stage + 1].first_slot)
        stage++;
    return stage;
}

void segment_figures(const struct segment *s, uint32_t slot, struct slot_figures *out)
{
    struct journal *j = &s->slots[slot]->journal;
    uint64_t before;
    int tries = FIGURES_TRIES;
    struct decision d;
    do { /* the copy that the word names is not written to before a whole transaction has passed */
        before = au64_acquire(&s->slots[slot]->transactions);
        d = journal_decision(j);
        const struct committed *c = journal_committed(j, d.copy);
        memcpy(&out->tally, &c->tally, sizeof out->tally);
        out->kept = 0;
        for (uint32_t i = 0; i < KEPT_MAX / 64; i++)
            out->kept += (uint64_t)__builtin_popcountll(c->kept_map[i]);
        uint32_t n = au32_relaxed(&j->claim_n);
        out->claimed = 0;
        if ((d.phase == PHASE_PROCESSING || d.phase == PHASE_COMMITTING) && n <= CLAIM_MAX &&
            d.settled + d.deciding <= n)
            out->claimed = n - d.settled - (d.phase == PHASE_COMMITTING ? d.deciding : 0);
        out->skipped = au64_relaxed(&j->skipped);
        full_fence();
    } while (au64_relaxed(&s->slots[slot]->transactions) != before && --tries > 0);
}

uint64_t segment_unpublished(const struct segment *s, uint32_t slot)
{
    const struct journal *j = &s->slots[slot]->journal;
    const struct stage_place *place = &s->stages[segment_stage_of(s, slot)];
    uint64_t n = 0;
    if (journal_decision(j).phase != PHASE_COMMITTING)
        return 0;
    for (uint32_t e = 0; e < place->n_edges; e++) {
        const struct edge *edge = &s->pipeline->edges[place->first_edge + e];
        uint64_t total = 0;
        for (uint32_t i = 0; i < au32_relaxed(&j->n_outputs) && i < OUTPUTS_MAX; i++)
            total += j->outputs[i].mark != OUTPUT_REFUSED && j->outputs[i].port == edge->from_port;
        uint64_t done = segment_tail_tells(s, edge)
                            ? au64_acquire(&s->stages[edge->to].ring->tail) - au64_relaxed(&j->publish[e].start)
                            : au32_relaxed(&j->publish[e].done);
        n += total > done ? total - done : 0;
    }
    return n;
}
