#include "hauler.h"

#include <sched.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

extern "C" {
#include "clock.h"
}

namespace
{

enum : uint64_t { RARE = 64, STALL_YIELDS = 200, SHORT_SLEEP_NS = 20000, NUMBER_BITS = 32 };

// Whole words. Follows from the sequence number, so that whoever gets the frame knows it, too.
uint64_t SizeOf(const Traffic &traffic, uint64_t sequence)
{
    Dice dice(traffic.seed ^ Dice::Mix(sequence));
    uint64_t most = dice.OneIn(RARE) ? traffic.size : std::min<uint64_t>(traffic.size, 64);
    return 8 * dice.Between(1, most / 8);
}

uint64_t FirstWord(const Traffic &traffic, uint64_t sequence)
{
    return Dice::Mix(sequence + traffic.seed);
}

} // namespace

Hauler::Hauler(const World &world, const Traffic &traffic, uint32_t stage, uint32_t number, Account *account,
               uint8_t *seen)
    : traffic_(traffic), number_(number), account_(account), seen_(seen),
      dice_(Dice::Mix(traffic.seed) + stage * 1000 + number)
{
    if (transaction_init(&t_, world.segment(), stage, number, 1, {IgnoreRefusal, nullptr}) != 0)
        throw std::runtime_error("transaction_init");
    transaction_recover(&t_);
}

Hauler::~Hauler()
{
    if (allocator_settle(&t_.allocator, ALLOCATOR_RELEASE_ALL) > 0)
        event_wake_all(Freed());
    transaction_destroy(&t_);
}

void Hauler::Commit(uint32_t settle)
{
    account_->operations += t_.n_outputs * t_.n_readers;
    transaction_commit(&t_, settle);
    bool wanted = event_wanted(Freed());
    if (allocator_settle(&t_.allocator, wanted ? ALLOCATOR_RELEASE_ALL : ALLOCATOR_KEEP_OPEN) > 0)
        event_wake_all(Freed());
}

// Stands still, for a moment or until the neighbours have run into a full or an empty ring and sleep.
void Hauler::Stall()
{
    if (traffic_.stall_each == 0 || !dice_.OneIn(traffic_.stall_each))
        return;
    const ring *r = t_.stage == SOURCE ? t_.readers[0].ring : t_.input;
    uint64_t until = t_.stage == SOURCE ? 0 : r->capacity;
    for (uint64_t yields = dice_.Between(1, STALL_YIELDS); yields > 0 && ring_fill(r) != until; yields--)
        sched_yield();
}

// Waits for frames. False: the ring is closed and empty.
bool Hauler::Claim()
{
    auto most = static_cast<uint32_t>(dice_.Between(1, std::min<uint32_t>(traffic_.batch, CLAIM_MAX)));
    while (transaction_claim(&t_, most) == 0) {
        for (uint32_t spins = traffic_.spins; spins > 0 && ring_fill(t_.input) == 0; spins--)
            cpu_relax();
        uint32_t sequence = event_prepare(&t_.input->data);
        uint32_t closed = au32_acquire(&t_.input->closed);
        if (ring_fill(t_.input) > 0)
            continue;
        if (closed)
            return false;
        account_->sleeps++;
        bool for_long = traffic_.stall_each == 0 || dice_.Below(4) > 0;
        event_sleep(&t_.input->data, sequence, for_long ? EVENT_FOREVER : clock_monotonic() + SHORT_SLEEP_NS);
    }
    account_->operations += t_.n_claimed;
    return true;
}

// Waits for memory with nothing in hand.
void Hauler::TakeBlock(uint64_t bytes, descriptor *d)
{
    while (allocator_take(&t_.allocator, bytes, d) != 0) {
        uint32_t sequence = event_prepare(Freed());
        if (t_.n_outputs > 0)
            Commit(0);
        else if (allocator_settle(&t_.allocator, ALLOCATOR_RELEASE_ALL) + !!allocator_gave_back(&t_.allocator) > 0)
            event_wake_all(Freed());
        else if (allocator_take(&t_.allocator, bytes, d) == 0)
            return;
        else
            event_sleep(Freed(), sequence, EVENT_FOREVER);
    }
}

void Hauler::Create(uint64_t sequence)
{
    uint64_t size = SizeOf(traffic_, sequence);
    uint64_t bytes = view_block_bytes(size, 0, 0);
    descriptor d;
    TakeBlock(bytes, &d);
    auto *b = reinterpret_cast<block *>(t_.segment->arena.base + d.block);
    b->sequence = sequence;
    b->size_type_flags = block_word(size, 0, bytes >= BLOCK_WIDE_FROM ? BLOCK_IS_WIDE : 0);
    auto *words = reinterpret_cast<uint64_t *>(block_payload(b));
    for (uint64_t k = 0, first = FirstWord(traffic_, sequence); k < size / 8; k++)
        words[k] = first + k;
    transaction_emit(&t_, &d, 0, OUTPUT_CREATED);
}

void Hauler::Source()
{
    for (uint32_t n = 0; n < traffic_.frames;) {
        for (uint64_t batch = dice_.Between(1, traffic_.batch); batch > 0 && n < traffic_.frames; batch--, n++)
            Create(uint64_t{number_} << NUMBER_BITS | n);
        Stall();
        Commit(0);
        Stall();
    }
}

void Hauler::Filter()
{
    while (Claim()) {
        Stall();
        while (transaction_claimed(&t_) > 0) {
            bool in_part = dice_.OneIn(8);
            auto settle =
                static_cast<uint32_t>(in_part ? dice_.Between(1, transaction_claimed(&t_)) : transaction_claimed(&t_));
            for (uint32_t i = t_.now.settled; i < t_.now.settled + settle; i++)
                transaction_emit(&t_, &t_.journal->claim[i], 0, OUTPUT_FORWARDED);
            Commit(settle);
        }
        Stall();
    }
}

// `last`: of each source, the last frame seen, plus 1.
void Hauler::Check(const descriptor &d, uint64_t *last)
{
    block *b = arena_block(&t_.segment->arena, &d, t_.bit);
    uint64_t source = b ? b->sequence >> NUMBER_BITS : traffic_.sources;
    uint64_t n = b ? b->sequence & UINT32_MAX : 0;
    if (source >= traffic_.sources || n >= traffic_.frames || block_size(b) != SizeOf(traffic_, b->sequence)) {
        account_->not_whole++;
        return;
    }
    const auto *words = reinterpret_cast<const uint64_t *>(block_payload(b));
    uint64_t wrong = 0;
    for (uint64_t k = 0, first = FirstWord(traffic_, b->sequence); k < block_size(b) / 8; k++)
        wrong |= words[k] ^ (first + k);
    account_->not_whole += wrong != 0;
    account_->disorder += n < last[source];
    last[source] = n + 1;
    uint64_t bit = source * traffic_.frames + n;
    seen_[bit / 8] = static_cast<uint8_t>(seen_[bit / 8] | 1u << bit % 8);
}

void Hauler::Sink()
{
    std::vector<uint64_t> last(traffic_.sources);
    while (Claim()) {
        Stall();
        for (uint32_t i = 0; i < t_.n_claimed; i++) {
            transaction_prefetch(&t_, i + CLAIM_AHEAD);
            Check(t_.journal->claim[i], last.data());
        }
        account_->frames += t_.n_claimed;
        Commit(t_.n_claimed);
        Stall();
    }
}
