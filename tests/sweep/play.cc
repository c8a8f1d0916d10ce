#include "play.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "frozen_clock.h"

namespace
{

enum : uint32_t { SIBLING = 1 }; // slot of the stage
enum : uint32_t { FIRST_FRAMES_OF_SIBLING = 1 };
enum : size_t { PAGE = 4096 };

bool IsJson(const std::filesystem::path &path)
{
    return path.extension() == ".json";
}

} // namespace

Play::Letters::Letters()
{
    char path[] = "/tmp/micropipe-letters-XXXXXX";
    path_ = mkdtemp(path);
}

Play::Letters::~Letters()
{
    std::filesystem::remove_all(path_);
}

Files Play::Letters::All() const
{
    Files files;
    for (const auto &entry : std::filesystem::directory_iterator(path_)) {
        std::ifstream file(entry.path());
        std::string bytes(std::istreambuf_iterator<char>(file), {});
        if (IsJson(entry.path()))
            bytes = bytes.empty() || bytes.back() != '}' ? "part" : "whole";
        files[entry.path().filename()] = bytes;
    }
    return files;
}

void Play::Letters::PutBack(const Files &files) const
{
    for (const auto &entry : std::filesystem::directory_iterator(path_))
        if (files.count(entry.path().filename()) == 0)
            std::filesystem::remove(entry.path());
    for (const auto &[name, bytes] : files) {
        std::filesystem::path path = std::filesystem::path(path_) / name;
        std::ofstream file(path);
        file << (IsJson(path) && bytes == "whole" ? "{}" : bytes);
    }
}

std::vector<StageSpec> Play::Stages(const Scenario &s, MixerSetup *setup)
{
    const mpipe_processor *processor = s.role == Role::SOURCE ? &generator
                                       : s.role == Role::PULL ? &mixer_pull
                                                              : &mixer;
    uint32_t queue = s.role == Role::SOURCE ? 0 : 64;
    uint32_t workers = s.sibling == Sibling::NONE ? 1 : 2;
    uint32_t outputs = s.role == Role::SINK ? 0 : 2;
    return {{"source", nullptr, 0},
            {"mixer", processor, queue, s.spans, workers, outputs, s.ordered, 3, setup},
            {"left", nullptr, s.left_queue, 1, 1, 0},
            {"right", nullptr, s.right_queue, 1, 1, 0}};
}

std::vector<EdgeSpec> Play::Edges(const Scenario &s)
{
    std::vector<EdgeSpec> edges;
    if (s.role != Role::SOURCE)
        edges.push_back({SOURCE, 0, MIXER});
    if (s.role != Role::SINK) {
        edges.push_back({MIXER, 0, LEFT});
        if (s.ports_meet)
            edges.push_back({MIXER, 1, LEFT, 1});
        edges.push_back({MIXER, s.right_port, RIGHT, 0, s.right_full});
    }
    return edges;
}

Play::Play(const Scenario &scenario) : scenario_(scenario), world_(Stages(scenario, &setup_), Edges(scenario))
{
    setup_.room = scenario.room;
    setup_.asked = [this] { au32_store_relaxed(&world_.Slot(MIXER)->command, SLOT_RETIRE); };
    if (scenario.dead_letters)
        world_.pipeline()->dead_letters = letters_.path();
    if (scenario.traced && trace_create(world_.segment()->n_slots, &world_.mutable_segment()->trace) != 0)
        throw std::runtime_error("no memory for trace rings");
    world_.segment()->super->run_id = 1; // part of the letters' names
    if (scenario.role != Role::SOURCE)
        world_.Feed(SOURCE, scenario.frames);
    PlaceSibling();
    Region memory = {world_.segment()->backing.base, world_.segment()->backing.size};
    rest_ = std::make_unique<PageStash>(memory, Pages());
}

Play::~Play()
{
    trace_destroy(&world_.mutable_segment()->trace);
}

void Play::PlaceSibling()
{
    const stage_place *place = &world_.segment()->stages[MIXER];
    if (end *held = HeldEnd())
        end_lock(held, owner_word(place->first_slot + SIBLING, 1));
    if (scenario_.sibling != Sibling::HAS_A_TURN)
        return;
    transaction t;
    transaction_init(&t, world_.segment(), MIXER, SIBLING, 1, {IgnoreRefusal, nullptr});
    transaction_recover(&t);
    transaction_claim(&t, FIRST_FRAMES_OF_SIBLING);
    transaction_destroy(&t);
}

end *Play::HeldEnd() const
{
    switch (scenario_.sibling) {
    case Sibling::HOLDS_INPUT:
        return &world_.Ring(MIXER)->consumer;
    case Sibling::HOLDS_OUTPUT:
        return &world_.Ring(LEFT)->producer;
    default:
        return nullptr;
    }
}

// It lets go of what it holds, or dies and has a successor that does the frame of its turn.
void Play::SiblingActs()
{
    uint32_t slot = world_.segment()->stages[MIXER].first_slot + SIBLING;
    end *held = HeldEnd();
    if (held && end_is_owned_by(held, owner_word(slot, 1)))
        end_unlock(held);
    if (scenario_.sibling == Sibling::HAS_A_TURN &&
        journal_decision(&world_.Slot(MIXER, SIBLING)->journal).phase == PHASE_PROCESSING) {
        world_.Bury(MIXER, SIBLING, 1);
        au32_store_relaxed(&world_.Slot(MIXER, SIBLING)->command, SLOT_RETIRE);
        RunSibling(2);
    }
}

void Play::RunSibling(uint32_t epoch)
{
    auto opened = std::move(setup_.opened);
    setup_.opened = [] {};
    FrozenClock clock;
    KernelWatch watch({[this] { Help(); }, {}});
    if (world_.RunWorker(MIXER, SIBLING, epoch) != WORKER_DONE)
        problem_ = "the sibling did not come to its end";
    setup_.opened = std::move(opened);
}

int Play::Run(uint32_t epoch, const std::function<void()> &opened)
{
    setup_.opened = opened;
    auto file_changed = [this] {
        if (watcher_)
            watcher_->file_changed();
    };
    FrozenClock clock;
    KernelWatch watch({[this] { Help(); }, scenario_.dead_letters ? file_changed : std::function<void()>()});
    int code = world_.RunWorker(MIXER, 0, epoch);
    setup_.opened = [] {};
    return code;
}

int Play::RunAlone(uint32_t epoch, const std::function<void()> &opened)
{
    setup_.opened = opened;
    rest_->LetGo();
    FrozenClock clock;
    return world_.RunWorker(MIXER, 0, epoch);
}

int Play::RunSiblingAlone() const
{
    rest_->LetGo();
    FrozenClock clock;
    return world_.RunWorker(MIXER, SIBLING, 1);
}

bool Play::SomebodyWaitsForAnEnd() const
{
    bool waits = false;
    for (uint32_t i : {MIXER, LEFT, RIGHT})
        for (const end *e : {&world_.Ring(i)->producer, &world_.Ring(i)->consumer})
            waits |= (au64_relaxed(&e->owner) & OWNER_WAITERS) != 0;
    return waits;
}

void Play::CloseInput() const
{
    ring_close(world_.Ring(MIXER));
}

bool Play::IsOverHalf(uint32_t stage) const
{
    const ring *r = world_.Ring(stage);
    return ring_fill(r) > r->capacity / 2;
}

void Play::SinksTake(uint32_t max)
{
    for (auto [stage, seen] : {std::pair{LEFT, &outside_.left}, std::pair{RIGHT, &outside_.right}}) {
        if (ring_fill(world_.Ring(stage)) == 0)
            continue;
        std::vector<Seen> all = **seen;
        for (const Seen &frame : world_.Drain(stage, max))
            all.push_back(frame);
        *seen = std::make_shared<std::vector<Seen>>(std::move(all));
    }
}

// A few frames each, and on until a worker that waits for room is woken.
void Play::SinksTakeSome()
{
    do
        SinksTake(scenario_.taken_at_once);
    while (IsOverHalf(LEFT) || IsOverHalf(RIGHT));
}

void Play::Help()
{
    const Watcher *watcher = watcher_;
    watcher_ = nullptr;
    if (watcher)
        watcher->pause();
    SiblingActs();
    SinksTakeSome();
    ring *input = world_.Ring(MIXER);
    if (input && ring_fill(input) == 0 && au32_relaxed(&input->closed) == 0)
        CloseInput();
    if (watcher)
        watcher->resume();
    watcher_ = watcher;
}

void Play::Bury(uint32_t epoch) const
{
    world_.Bury(MIXER, 0, epoch);
}

phase Play::PhaseOfWorker() const
{
    return journal_decision(&world_.Slot(MIXER)->journal).phase;
}

std::vector<std::string> Play::More(const Scenario &scenario)
{
    if (scenario.role == Role::SINK)
        return {"d90", "d91"};
    return {"f90", "f91"};
}

bool Play::MayFeedMore() const
{
    return world_.Ring(MIXER) && au32_relaxed(&world_.Ring(MIXER)->closed) == 0;
}

Outcome Play::Finish(uint32_t dead_epoch, Meanwhile meanwhile)
{
    if (meanwhile != Meanwhile::NOTHING)
        SinksTake(UINT32_MAX);
    if (meanwhile == Meanwhile::SOURCE_FEEDS_MORE)
        world_.Feed(SOURCE, More(scenario_));
    Bury(dead_epoch);
    int code = Run(dead_epoch + 1);
    Outcome result = FinishAlive();
    if (code != WORKER_DONE)
        result.problems.push_back("the successor exits with " + std::to_string(code));
    return result;
}

Outcome Play::FinishAlive()
{
    SiblingActs();
    if (scenario_.sibling == Sibling::TAKES_OVER)
        RunSibling(1);
    SinksTake(UINT32_MAX);
    return Result();
}

Outcome Play::Result()
{
    Outcome result;
    result.left = *outside_.left;
    result.right = *outside_.right;
    result.letters = scenario_.dead_letters ? letters_.All() : Files();
    for (uint32_t w = 0; w < world_.segment()->stages[MIXER].n_slots; w++) {
        tally t = world_.Committed(MIXER, w).tally;
        auto *sum = reinterpret_cast<uint64_t *>(&result.figures), *part = reinterpret_cast<uint64_t *>(&t);
        for (size_t i = 0; i < sizeof t / sizeof *part; i++)
            sum[i] += part[i];
        std::string state = world_.State(MIXER, w);
        const auto *words = reinterpret_cast<const uint64_t *>(state.data());
        result.taken += words[0];
        result.bytes += words[1];
        result.skipped += au64_relaxed(&world_.Slot(MIXER, w)->journal.skipped);
    }
    LookForLeaks(&result.leaks);
    if (!problem_.empty())
        result.problems.push_back(problem_);
    return result;
}

void Play::LookForLeaks(std::vector<std::string> *leaks) const
{
    if (!world_.AllIsFree())
        leaks->push_back("a block is held, or a span owned");
    for (uint32_t i = SOURCE; i <= RIGHT; i++) {
        const ring *r = world_.Ring(i);
        if (au64_relaxed(&world_.Memory(i)->token.owner) != 0)
            leaks->push_back("a token is held");
        if (!r)
            continue;
        if (au64_relaxed(&r->producer.owner) != 0 || au64_relaxed(&r->consumer.owner) != 0)
            leaks->push_back("the end of a ring is owned");
        if (ring_fill(r) != 0)
            leaks->push_back("a ring is not empty");
    }
    if (scenario_.ordered && au64_relaxed(&world_.Ring(MIXER)->committed) != au64_relaxed(&world_.Ring(MIXER)->head))
        leaks->push_back("a turn is not passed on");
    for (uint32_t w = 0; w < world_.segment()->stages[MIXER].n_slots; w++) {
        const journal *j = &world_.Slot(MIXER, w)->journal;
        if (journal_decision(j).phase != PHASE_IDLE || au32_relaxed(&j->publishing) != 0)
            leaks->push_back("a transaction is open");
    }
}

std::vector<Region> Play::Written() const
{
    enum : uint64_t { EDGE = 4096 };
    std::vector<Region> regions = world_.Written();
    const ::segment *s = world_.segment();
    uint64_t bytes = view_block_bytes(scenario_.room, 0, 1);
    uint64_t step = bytes > BLOCK_MAX ? uint64_t{SPAN_SIZE} : size_class_bytes(size_class_of(bytes));
    if (scenario_.room == 0)
        return regions;
    arena_range range = s->stages[MIXER].range;
    for (uint32_t i = range.first; i < range.first + range.n; i++)
        for (uint64_t at = step; at <= SPAN_SIZE; at += step) {
            uint8_t *end = s->arena.base + s->arena.spans_offset + uint64_t{i} * SPAN_SIZE + at;
            regions.push_back({end - EDGE, EDGE});
            if (at < SPAN_SIZE)
                regions.push_back({end, EDGE});
        }
    return regions;
}

std::vector<Region> Play::Pages() const
{
    std::vector<bool> written(world_.segment()->backing.size / PAGE, false);
    uint8_t *base = world_.segment()->backing.base;
    for (const Region &r : Written()) {
        auto first = static_cast<size_t>(static_cast<uint8_t *>(r.at) - base);
        for (size_t page = first / PAGE; page <= (first + r.bytes - 1) / PAGE; page++)
            written[page] = true;
    }
    std::vector<Region> runs;
    for (size_t page = 0; page < written.size(); page++) {
        if (!written[page])
            continue;
        if (page > 0 && written[page - 1])
            runs.back().bytes += PAGE;
        else
            runs.push_back({base + page * PAGE, PAGE});
    }
    return runs;
}

bool Play::WroteWhereExpected() const
{
    return rest_->NothingChanged();
}

Outside Play::Look() const
{
    Outside seen = outside_;
    if (scenario_.dead_letters)
        seen.letters = letters_.All();
    return seen;
}

void Play::GoBackTo(const Outside &outside)
{
    outside_ = outside;
    rest_->PutBack();
    problem_.clear();
    if (scenario_.dead_letters)
        letters_.PutBack(outside.letters);
}
