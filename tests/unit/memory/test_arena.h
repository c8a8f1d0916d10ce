// An arena in memory that the test shares with its children.
#ifndef TEST_ARENA_H
#define TEST_ARENA_H

extern "C" {
#include "arena.h"
}

#include <vector>

#include "shared.h"

class TestArena
{
  public:
    explicit TestArena(uint32_t n_spans)
        : table_(n_spans),
          memory_(Shared<uint8_t>::WithBytes((n_spans + size_t{1}) * SPAN_SIZE)), arena_{memory_.get(), SPAN_SIZE,
                                                                                         table_.get(), n_spans}
    {
    }

    const arena *get() const { return &arena_; }
    const arena *operator->() const { return &arena_; }

    arena_range All() const { return {0, arena_.n_spans}; }
    span *Table() const { return table_.get(); }
    uint8_t *Span(uint32_t i) const { return arena_.base + arena_.spans_offset + uint64_t{i} * SPAN_SIZE; }
    block *Block(const descriptor &d) const { return reinterpret_cast<block *>(arena_.base + d.block); }
    uint32_t SpanOf(const descriptor &d) const { return arena_span_of(&arena_, Block(d)); }
    uint32_t FreeSpans() const { return arena_free_spans(&arena_, All()); }

    // What the worker and then a reader do with a block that was allocated.
    void Publish(const descriptor &d, uint64_t readers) const { block_hand_over(Block(d), d.generation, readers); }
    bool Drop(const descriptor &d, uint64_t bits) const { return block_drop(Block(d), d.generation, bits) == 1; }

  private:
    Shared<span> table_;
    Shared<uint8_t> memory_;
    arena arena_;
};

// A slot's allocator over a part of an arena.
class TestAllocator
{
  public:
    TestAllocator(const TestArena &a, arena_range range, uint32_t slot)
    {
        allocator_init(&allocator_, a.get(), range, slot);
    }
    TestAllocator(const TestAllocator &) = delete;
    TestAllocator &operator=(const TestAllocator &) = delete;
    ~TestAllocator() { allocator_destroy(&allocator_); }

    allocator *get() { return &allocator_; }
    allocator *operator->() { return &allocator_; }

    int Take(uint64_t bytes, descriptor *d) { return allocator_take(&allocator_, bytes, d); }

    // Blocks of that many bytes until there is no room.
    std::vector<descriptor> TakeAll(uint64_t bytes)
    {
        std::vector<descriptor> taken;
        descriptor d;
        while (Take(bytes, &d) == 0)
            taken.push_back(d);
        return taken;
    }

  private:
    allocator allocator_;
};

enum : uint64_t { READER_A = 1u << 5, READER_B = 1u << 6 };

#endif
