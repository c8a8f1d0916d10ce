#include "mirror.h"

#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <stdexcept>
#include <sys/mman.h>
#include <unistd.h>

namespace soak
{

Mirror::Mirror(const std::string &file, const std::string &packs)
{
    complaints wrong = {};
    const char *small_pages = "huge_pages=off";
    char why[512] = "";
    if (catalogue_create(packs.c_str(), &catalogue_) != 0)
        throw std::runtime_error("no memory for the catalogue");
    if (pipeline_parse_file(catalogue_, file.c_str(), &small_pages, 1, &pipeline_, &wrong) != 0) {
        complaints_print(&wrong, stderr);
        complaints_clear(&wrong);
        throw std::runtime_error(file + " is wrong");
    }
    complaints_clear(&wrong);
    if (segment_create(&segment_, pipeline_, why, sizeof why) != 0)
        throw std::runtime_error(why);
    // Ours is never filled: plain pages take the place of what it reserved.
    if (mmap(segment_.backing.base, segment_.backing.size, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED)
        throw std::runtime_error("no memory for the mirror");
}

Mirror::~Mirror()
{
    if (memory_ >= 0)
        close(memory_);
    segment_destroy(&segment_);
    pipeline_destroy(&pipeline_);
    catalogue_destroy(&catalogue_);
}

bool Mirror::attach(pid_t host)
{
    std::string proc = "/proc/" + std::to_string(host);
    std::ifstream maps(proc + "/maps");
    for (std::string line; theirs_ == 0 && std::getline(maps, line);)
        if (line.find("memfd:micropipe") != std::string::npos)
            theirs_ = std::stoull(line, nullptr, 16);
    if (theirs_ == 0)
        return false;
    if (memory_ < 0)
        memory_ = open((proc + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
    superblock super = {};
    return memory_ >= 0 && pread(memory_, &super, sizeof super, static_cast<off_t>(theirs_)) == sizeof super &&
           super.magic == SEGMENT_MAGIC && super.size == segment_.backing.size;
}

void Mirror::copy(uint64_t offset, uint64_t size) const
{
    while (size > 0) {
        ssize_t n = pread(memory_, segment_.backing.base + offset, size, static_cast<off_t>(theirs_ + offset));
        if (n <= 0)
            throw std::runtime_error("the host's memory cannot be read");
        offset += static_cast<uint64_t>(n);
        size -= static_cast<uint64_t>(n);
    }
}

bool Mirror::read_control()
{
    try {
        copy(0, segment_.arena.spans_offset);
    } catch (const std::runtime_error &) {
        return false;
    }
    return true;
}

uint32_t Mirror::stage(const std::string &name) const
{
    int found = pipeline_stage(pipeline_, name.c_str());
    if (found < 0)
        throw std::runtime_error("there is no stage " + name);
    return static_cast<uint32_t>(found);
}

const slot *Mirror::slot_of(const std::string &name, uint32_t worker) const
{
    return segment_slot(&segment_, stage(name), worker);
}

void Mirror::read_slot(const std::string &name, uint32_t worker)
{
    auto at = reinterpret_cast<const uint8_t *>(slot_of(name, worker));
    copy(static_cast<uint64_t>(at - segment_.backing.base), offsetof(slot, reason));
}

uint64_t Mirror::transactions(const std::string &name, uint32_t worker) const
{
    return au64_relaxed(&slot_of(name, worker)->transactions);
}

bool Mirror::is_empty() const
{
    for (uint32_t i = 0; i < pipeline_->n_stages; i++)
        if (segment_.stages[i].ring && ring_fill(segment_.stages[i].ring) > 0)
            return false;
    for (uint32_t i = 0; i < segment_.n_slots; i++)
        if (journal_decision(&segment_.slots[i]->journal).phase != PHASE_IDLE)
            return false;
    return true;
}

bool Mirror::is_idle() const
{
    for (uint32_t i = 0; i < segment_.n_slots; i++) {
        const slot *s = segment_.slots[i];
        // A successor that has not run yet has left all as it was.
        if (au32_relaxed(&s->state) != SLOT_WAIT_INPUT || au64_relaxed(&s->started) < au64_relaxed(&s->asked))
            return false;
    }
    return true;
}

uint64_t Mirror::kept() const
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < segment_.n_slots; i++) {
        slot_figures figures;
        segment_figures(&segment_, i, &figures);
        n += figures.kept;
    }
    return n;
}

uint64_t Mirror::made() const
{
    slot_figures figures;
    segment_figures(&segment_, segment_.stages[stage("source")].first_slot, &figures);
    return figures.tally.out;
}

const ledger *Mirror::books(const std::string &name) const
{
    journal *j = &segment_slot(&segment_, stage(name), 0)->journal;
    return reinterpret_cast<const ledger *>(journal_state(j, journal_decision(j).copy));
}

void Mirror::count_blocks(uint32_t number, Holdings &found) const
{
    const arena &a = segment_.arena;
    uint64_t start = a.spans_offset + uint64_t{number} * SPAN_SIZE;
    uint32_t kind = au32_acquire(&a.spans[number].kind);
    if (kind == SPAN_EMPTY || kind == SPAN_TAIL)
        return;
    uint32_t step = kind == SPAN_RUN ? uint32_t{SPAN_SIZE} : size_class_bytes(kind - 1);
    copy(start, SPAN_SIZE);
    bool used = false;
    for (uint64_t at = 0; at + step <= SPAN_SIZE; at += step) {
        const block *b = reinterpret_cast<const block *>(a.base + start + at);
        uint64_t holders = au64_relaxed(&b->life) & HOLDERS_MASK;
        found.held += holders != 0;
        found.pending += (holders & HOLDER_PENDING) != 0;
        used = used || holders != 0;
    }
    found.spans_in_use += used;
}

Holdings Mirror::holdings() const
{
    Holdings found;
    for (uint32_t i = 0; i < segment_.arena.n_spans; i++) {
        found.spans_owned += au32_acquire(&segment_.arena.spans[i].owner) != 0;
        count_blocks(i, found);
    }
    return found;
}

} // namespace soak
