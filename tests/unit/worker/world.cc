#include "world.h"

extern "C" {
#include "burial.h"
}

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ostream>
#include <stdexcept>

std::ostream &operator<<(std::ostream &to, const Seen &frame)
{
    return to << frame.sequence << ":" << frame.bytes;
}

void IgnoreRefusal(void *, const refusal *, const descriptor *) {}

namespace
{

char *Text(const char *text)
{
    return const_cast<char *>(text);
}

/* A worker's transaction, for a stage that the test plays. */
class Played
{
  public:
    Played(const segment *s, uint32_t stage, uint32_t worker, uint32_t epoch)
    {
        if (transaction_init(&t_, s, stage, worker, epoch, {IgnoreRefusal, nullptr}) != 0)
            throw std::runtime_error("transaction_init");
        transaction_recover(&t_);
    }
    Played(const Played &) = delete;
    Played &operator=(const Played &) = delete;

    ~Played()
    {
        allocator_settle(&t_.allocator, ALLOCATOR_RELEASE_ALL);
        transaction_destroy(&t_);
    }

    transaction *get() { return &t_; }

  private:
    transaction t_;
};

} // namespace

void World::Describe(const StageSpec &spec)
{
    ports_.push_back({Text("a"), Text(""), 0, 0});
    ports_.push_back({Text("b"), Text(""), 0, 0});
    processor_description d = {};
    d.pack = Text("test");
    d.name = Text(spec.name);
    d.version = Text("1.0.0");
    d.pack_dir = Text("/");
    d.inputs = d.outputs = &ports_[ports_.size() - 2];
    d.n_inputs = spec.queue ? 2 : 0;
    d.n_outputs = spec.n_outputs;
    d.state_size = spec.processor ? spec.processor->state_size : 0;
    descriptions_.push_back(d);
    stage s = {};
    s.name = Text(spec.name);
    s.processor = Text("test.processor");
    s.description = &descriptions_.back();
    s.workers_min = s.workers_max = spec.workers;
    s.max_attempts = spec.max_attempts;
    s.ordered = spec.ordered;
    s.memory = uint64_t{spec.spans} * SPAN_SIZE;
    s.queue = spec.queue;
    s.is_source = spec.queue == 0;
    s.is_sink = spec.n_outputs == 0;
    stages_.push_back(s);
    processors_.push_back(spec.processor);
    shared_.push_back(spec.shared);
}

World::World(const std::vector<StageSpec> &stages, const std::vector<EdgeSpec> &edges)
{
    uint64_t spans = 0;
    for (const StageSpec &spec : stages) {
        Describe(spec);
        spans += spec.spans;
    }
    for (const EdgeSpec &e : edges)
        edges_.push_back({e.from, e.from_port, e.to, e.to_port, e.full, e.copy});
    pipeline_.name = Text("test");
    pipeline_.huge_pages = HUGE_PAGES_OFF;
    pipeline_.stages = stages_.data();
    pipeline_.n_stages = static_cast<uint32_t>(stages_.size());
    pipeline_.edges = edges_.data();
    pipeline_.n_edges = static_cast<uint32_t>(edges_.size());
    char why[512] = "";
    for (pipeline_.memory = (spans + 1) * SPAN_SIZE; segment_create(&segment_, &pipeline_, why, sizeof why) != 0;
         pipeline_.memory += SPAN_SIZE)
        if (pipeline_.memory > (spans + 32) * SPAN_SIZE)
            throw std::runtime_error(why);
    if (segment_fill(&segment_) != 0)
        throw std::runtime_error(segment_.backing.report);
    segment_.super->patience = {}; // a clock may stand still, and each look is a step of a sweep
}

World::~World()
{
    segment_destroy(&segment_);
}

void World::Feed(uint32_t stage, const std::vector<std::string> &texts)
{
    Played played(&segment_, stage, 0, UINT32_MAX);
    transaction *t = played.get();
    for (const std::string &text : texts) {
        view v = {};
        descriptor d;
        if (allocator_take(&t->allocator, view_block_bytes(text.size(), 0, 0), &d) != 0)
            throw std::runtime_error("the source's memory is full");
        view_format(&v, &segment_.arena, &d, 0, 0);
        memcpy(const_cast<uint8_t *>(v.frame.data), text.data(), text.size());
        v.frame.size = text.size();
        v.frame.sequence = t->tally.sequence++;
        view_seal(&v, &segment_.arena);
        transaction_emit(t, &d, 0, OUTPUT_CREATED);
        t->tally.out++;
    }
    transaction_commit(t, 0);
}

std::vector<Seen> World::Drain(uint32_t stage, uint32_t max)
{
    Played played(&segment_, stage, 0, UINT32_MAX);
    transaction *t = played.get();
    std::vector<Seen> seen;
    while (seen.size() < max && transaction_claim(t, std::min<uint64_t>(max - seen.size(), CLAIM_MAX)) > 0) {
        for (uint32_t i = 0; i < t->n_claimed; i++) {
            view v = {};
            if (view_open(&v, &segment_.arena, &t->journal->claim[i], t->bit) != 0)
                throw std::runtime_error("a frame in the ring is not there");
            seen.push_back(
                {v.frame.sequence, std::string(v.frame.data, v.frame.data + v.frame.size), v.frame.key, v.frame.port});
        }
        t->tally.out += t->n_claimed;
        transaction_commit(t, t->n_claimed);
    }
    return seen;
}

int World::RunWorker(uint32_t stage, uint32_t worker, uint32_t epoch, crash_area *crash) const
{
    struct log silent;
    log_init(&silent, -1, LOG_LEVEL_ERROR, "test");
    worker_start start = {};
    start.segment = &segment_;
    start.processor = processors_[stage];
    start.shared = shared_[stage];
    start.stage = stage;
    start.worker = worker;
    start.epoch = epoch;
    start.log = &silent;
    start.crash = crash;
    return worker_run(&start);
}

uint32_t World::Bury(uint32_t stage, uint32_t worker, uint32_t epoch, int signal) const
{
    dead_worker dead = {segment_.stages[stage].first_slot + worker, epoch, signal, 0};
    journal *j = &Slot(stage, worker)->journal;
    burial_settle(&segment_, stage, &dead);
    uint64_t position = 0;
    uint32_t deaths = 0;
    if (settlement_blame(j, &dead, &position, &deaths) && deaths >= stages_[stage].max_attempts)
        j->verdict_position = position;
    return deaths;
}

void World::Recover(uint32_t stage, uint32_t worker, uint32_t epoch) const
{
    Played played(&segment_, stage, worker, epoch);
}

bool World::AllIsFree() const
{
    return arena_free_spans(&segment_.arena, {0, segment_.arena.n_spans}) == segment_.arena.n_spans;
}

committed World::Committed(uint32_t stage, uint32_t worker) const
{
    journal *j = &Slot(stage, worker)->journal;
    return *journal_committed(j, journal_decision(j).copy);
}

std::string World::State(uint32_t stage, uint32_t worker) const
{
    journal *j = &Slot(stage, worker)->journal;
    const uint8_t *state = journal_state(j, journal_decision(j).copy);
    return std::string(state, state + j->state_size);
}

std::vector<Region> World::Written() const
{
    enum : uint64_t { FEW = 64, LINE = 64, START_OF_SPAN = 16 * 1024 };
    enum : uint32_t { WINDOW = 1024, SMALL_CLASSES = 10 }; // an allocator goes on there if the first is held
    auto lines = [](void *at, uint64_t bytes) { return Region{at, (bytes + LINE - 1) / LINE * LINE}; };
    std::vector<Region> regions = {lines(segment_.super, sizeof *segment_.super),
                                   lines(segment_.arena.spans, segment_.arena.n_spans * sizeof(span))};
    for (uint32_t i = 0; i < pipeline_.n_stages; i++) {
        regions.push_back(lines(Memory(i), sizeof(stage_memory)));
        if (Ring(i))
            regions.push_back(lines(Ring(i), ring_size(Ring(i)->capacity)));
    }
    for (uint32_t i = 0; i < segment_.n_slots; i++) {
        slot *s = segment_.slots[i];
        journal &j = s->journal;
        auto head = reinterpret_cast<uint8_t *>(&j.claim[FEW]) - reinterpret_cast<uint8_t *>(s);
        regions.push_back(lines(s, static_cast<uint64_t>(head)));
        regions.push_back(lines(j.outputs, FEW * sizeof *j.outputs));
        regions.push_back(lines(j.kept, FEW * sizeof *j.kept));
        regions.push_back(lines(j.kept_position, FEW * sizeof *j.kept_position));
        regions.push_back(lines(j.removed, FEW * sizeof *j.removed));
        regions.push_back(lines(&j + 1, journal_size(j.state_size) - sizeof j));
    }
    for (uint32_t i = 0; i < segment_.arena.n_spans; i++) {
        uint8_t *at = segment_.arena.base + segment_.arena.spans_offset + uint64_t{i} * SPAN_SIZE;
        regions.push_back({at, START_OF_SPAN});
        for (uint32_t c = 0; c < SMALL_CLASSES; c++)
            for (uint64_t window = WINDOW; (window + FEW) * size_class_bytes(c) < SPAN_SIZE; window *= 2)
                regions.push_back(lines(at + window * size_class_bytes(c), FEW / 4 * size_class_bytes(c)));
    }
    return regions;
}
