#include "two_stages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

enum { CONTROL = 16 * 1024 * 1024 };

/* A stage's share: what may be on its way and in all hands, and a span for each worker to go on to. */
static uint64_t share(const struct load *load, uint32_t workers)
{
    uint64_t bytes = view_block_bytes(load->payload, 0, 0);
    uint32_t size_class = size_class_of(bytes);
    uint64_t a_span = size_class < SIZE_CLASSES ? SPAN_SIZE / size_class_bytes(size_class) : 1;
    uint64_t spans_a_run = size_class < SIZE_CLASSES ? 1 : (bytes + SPAN_SIZE - 1) / SPAN_SIZE;
    uint64_t in_hand = load_most(load) < load->queue ? load_most(load) : load->queue;
    uint64_t frames = load->queue + (load->senders + load->receivers) * in_hand;
    return ((frames + a_span - 1) / a_span * spans_a_run + workers) * SPAN_SIZE;
}

static void describe(struct two_stages *p, const struct load *load)
{
    const uint32_t workers[STAGES] = {load->senders, load->receivers};
    memcpy(p->name, "bench", sizeof "bench");
    p->port = (struct port_description){.name = p->name, .doc = p->name};
    for (uint32_t i = 0; i < STAGES; i++) {
        int sends = i == SENDER || load->is_rally, receives = i == RECEIVER || load->is_rally;
        p->descriptions[i] = (struct processor_description){.version = p->name, .pack_dir = p->name};
        p->descriptions[i].outputs = p->descriptions[i].inputs = &p->port;
        p->descriptions[i].n_outputs = (uint32_t)sends;
        p->descriptions[i].n_inputs = (uint32_t)receives;
        p->stages[i] = (struct stage){.name = p->name,
                                      .processor = p->name,
                                      .description = &p->descriptions[i],
                                      .workers_min = workers[i],
                                      .workers_max = workers[i],
                                      .memory = sends ? share(load, workers[i]) : SPAN_SIZE,
                                      .queue = load->queue,
                                      .max_attempts = 3};
        p->edges[i] = (struct edge){.from = i, .to = !i};
    }
    p->stages[SENDER].is_source = !load->is_rally;
    p->stages[RECEIVER].is_sink = !load->is_rally;
    p->pipeline = (struct pipeline){.name = p->name,
                                    .memory = CONTROL + p->stages[SENDER].memory + p->stages[RECEIVER].memory,
                                    .stages = p->stages,
                                    .n_stages = STAGES,
                                    .edges = p->edges,
                                    .n_edges = load->is_rally ? 2 : 1};
}

struct two_stages *two_stages_open(const struct load *load)
{
    struct two_stages *p = calloc(1, sizeof *p);
    char why[512] = "no memory";
    if (!p)
        return NULL;
    describe(p, load);
    if (shared_open(&p->end, sizeof(uint64_t), load->senders) == 0) {
        if (segment_create(&p->segment, &p->pipeline, why, sizeof why) == 0) {
            if (segment_fill(&p->segment) == 0)
                return p;
            segment_destroy(&p->segment);
        }
        shared_close(&p->end);
    }
    fprintf(stderr, "no pipeline for a benchmark: %s\n", why);
    free(p);
    return NULL;
}

void two_stages_close(struct two_stages *p)
{
    segment_destroy(&p->segment);
    shared_close(&p->end);
    free(p);
}

void two_stages_end(struct two_stages *p)
{
    if (shared_end(&p->end))
        ring_close(p->segment.stages[RECEIVER].ring);
}
