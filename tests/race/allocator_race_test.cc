// Allocators of one stage against each other, and against the readers that free what they took.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <deque>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "test_arena.h"

namespace
{

enum { TAKEN_EACH = 8000, ALLOCATORS = 2, READERS = 2 };

// What was published and is still to be dropped by a reader.
class Published
{
  public:
    void Put(const descriptor &d)
    {
        std::lock_guard<std::mutex> guard(lock_);
        list_.push_back(d);
    }

    bool Get(descriptor *d)
    {
        std::lock_guard<std::mutex> guard(lock_);
        if (list_.empty())
            return false;
        *d = list_.front();
        list_.pop_front();
        return true;
    }

  private:
    std::mutex lock_;
    std::deque<descriptor> list_;
};

class AllocatorRace : public testing::Test
{
  protected:
    // Takes blocks of random sizes, writes its mark over each, and publishes it to all readers.
    void Allocate(uint32_t slot)
    {
        TestAllocator a(arena_, arena_.All(), slot);
        std::mt19937 random(slot);
        for (int taken = 0; taken < TAKEN_EACH;) {
            descriptor d;
            uint64_t bytes = 64u << random() % 12;
            if (random() % 500 == 0)
                bytes = SPAN_SIZE * (1 + random() % 3);
            if (a.Take(bytes, &d) == 0) {
                block *b = arena_.Block(d);
                b->sequence = (uint64_t{slot} << 32) + static_cast<uint64_t>(taken);
                b->size_type_flags = block_word(bytes - BLOCK_HEADER, 0, 0);
                memset(b + 1, static_cast<int>(slot + 1), 40);
                arena_.Publish(d, READER_A | READER_B);
                to_[0].Put(d);
                to_[1].Put(d);
                taken++;
            } else {
                allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
                std::this_thread::yield();
            }
            if (random() % 64 == 0)
                allocator_settle(a.get(), random() % 2 ? ALLOCATOR_KEEP_OPEN : ALLOCATOR_RELEASE_ALL);
        }
        allocator_settle(a.get(), ALLOCATOR_RELEASE_ALL);
    }

    // Looks whether each block is still what its allocator wrote, and drops it.
    void Read(uint32_t reader)
    {
        const uint64_t bit = reader == 0 ? READER_A : READER_B;
        for (int n = 0; n < ALLOCATORS * TAKEN_EACH;) {
            descriptor d;
            if (!to_[reader].Get(&d)) {
                std::this_thread::yield();
                continue;
            }
            const block *b = arena_block(arena_.get(), &d, bit);
            uint8_t expected[40];
            memset(expected, b ? static_cast<int>(b->sequence >> 32) + 1 : 0, sizeof expected);
            if (!b || memcmp(b + 1, expected, sizeof expected) != 0)
                broken_++;
            arena_.Drop(d, bit);
            arena_.Drop(d, bit); // as a successor may
            n++;
        }
    }

    TestArena arena_{8};
    Published to_[READERS];
    std::atomic<int> broken_{0};
};

TEST_F(AllocatorRace, NoBlockIsGivenTwiceOrFreedUnderAReader)
{
    std::vector<std::thread> threads;
    for (uint32_t slot = 0; slot < ALLOCATORS; slot++)
        threads.emplace_back([this, slot] { Allocate(slot); });
    for (uint32_t reader = 0; reader < READERS; reader++)
        threads.emplace_back([this, reader] { Read(reader); });
    for (std::thread &thread : threads)
        thread.join();
    EXPECT_EQ(broken_, 0);
    EXPECT_EQ(arena_.FreeSpans(), 8u);
}

} // namespace
