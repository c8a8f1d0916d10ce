// The two ends of a ring, with their locks and events, and no transaction.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

#include "shared.h"

extern "C" {
#include "ring.h"
}

namespace
{

struct Shape {
    uint32_t capacity;
    uint32_t producers, consumers;
};

std::ostream &operator<<(std::ostream &to, const Shape &shape)
{
    return to << shape.producers << " producers, a ring of " << shape.capacity << ", " << shape.consumers
              << " consumers";
}

enum : uint64_t { EACH = 6000 };

class RingRace : public testing::TestWithParam<Shape>
{
  protected:
    RingRace() { ring_init(ring_.get(), GetParam().capacity); }

    // Now and then a stall, so that the other side finds the ring empty or full and sleeps.
    static void Stall(std::mt19937 &random)
    {
        if (random() % 256 == 0)
            std::this_thread::yield();
    }

    void Produce(uint32_t number)
    {
        std::mt19937 random(number);
        for (uint64_t sent = 0; sent < EACH;) {
            uint64_t want = std::min<uint64_t>(1 + random() % 64, EACH - sent);
            end_lock(&ring_->producer, owner_word(number, 1));
            uint64_t tail = au64_relaxed(&ring_->tail);
            uint64_t n = std::min(want, ring_->capacity - (tail - au64_acquire(&ring_->head)));
            for (uint64_t i = 0; i < n; i++)
                *ring_slot(ring_.get(), tail + i) = {sent + i, number, 0, 0};
            if (n > 0)
                au64_store_release(&ring_->tail, tail + n);
            end_unlock(&ring_->producer);
            sent += n;
            if (n > 0) {
                event_wake_one(&ring_->data);
            } else {
                uint32_t sequence = event_prepare(&ring_->space);
                if (ring_fill(ring_.get()) == ring_->capacity)
                    event_sleep(&ring_->space, sequence, EVENT_FOREVER);
            }
            Stall(random);
        }
    }

    // All that it got, in the order of getting it.
    void Consume(uint32_t number, std::vector<descriptor> *got)
    {
        std::mt19937 random(100 + number);
        for (;;) {
            uint64_t want = 1 + random() % 64;
            end_lock(&ring_->consumer, owner_word(100 + number, 1));
            uint64_t head = au64_relaxed(&ring_->head);
            uint64_t there = au64_acquire(&ring_->tail) - head;
            uint64_t n = std::min(want, there);
            for (uint64_t i = 0; i < n; i++)
                got->push_back(*ring_slot(ring_.get(), head + i));
            au64_store_release(&ring_->head, head + n);
            end_unlock(&ring_->consumer);
            ring_wake_producers(ring_.get());
            if (there > n)
                event_wake_one(&ring_->data);
            if (n == 0) {
                uint32_t sequence = event_prepare(&ring_->data);
                uint32_t closed = au32_acquire(&ring_->closed);
                if (ring_fill(ring_.get()) == 0 && closed)
                    return;
                if (ring_fill(ring_.get()) == 0)
                    event_sleep(&ring_->data, sequence, EVENT_FOREVER);
            }
            Stall(random);
        }
    }

    Shared<ring> ring_ = Shared<ring>::WithBytes(ring_size(4096));
};

TEST_P(RingRace, EachDescriptorIsTakenOnceAndEachProducersInOrder)
{
    const Shape shape = GetParam();
    std::vector<std::thread> producers, consumers;
    std::vector<std::vector<descriptor>> got(shape.consumers);
    for (uint32_t i = 0; i < shape.consumers; i++)
        consumers.emplace_back([this, i, &got] { Consume(i, &got[i]); });
    for (uint32_t i = 0; i < shape.producers; i++)
        producers.emplace_back([this, i] { Produce(i); });
    for (std::thread &thread : producers)
        thread.join();
    ring_close(ring_.get());
    for (std::thread &thread : consumers)
        thread.join();
    std::vector<std::vector<bool>> seen(shape.producers, std::vector<bool>(EACH));
    for (const std::vector<descriptor> &list : got) {
        std::vector<int64_t> last(shape.producers, -1);
        for (const descriptor &d : list) {
            ASSERT_FALSE(seen[d.generation][d.block]) << "twice";
            seen[d.generation][d.block] = true;
            ASSERT_GT(static_cast<int64_t>(d.block), last[d.generation]) << "out of order";
            last[d.generation] = static_cast<int64_t>(d.block);
        }
    }
    for (const std::vector<bool> &all : seen)
        EXPECT_EQ(std::count(all.begin(), all.end(), true), static_cast<long>(EACH));
}

INSTANTIATE_TEST_SUITE_P(Shapes, RingRace,
                         testing::Values(Shape{1, 1, 1}, Shape{2, 1, 1}, Shape{64, 1, 1}, Shape{4096, 1, 1},
                                         Shape{1, 2, 2}, Shape{8, 3, 1}, Shape{8, 1, 3}, Shape{64, 3, 3},
                                         Shape{4096, 2, 2}));

} // namespace
