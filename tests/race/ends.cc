#include "ends.h"

#include <algorithm>
#include <ostream>
#include <thread>
#include <vector>

#include "dice.h"
#include "shared.h"

extern "C" {
#include "ring.h"
}

namespace
{

enum : uint32_t { CONSUMER_SLOT = 100, STALL_EACH = 256, LOOKS = 200 };

// What came of one producer. The sum is of numbers as good as random, one for each descriptor, so that what is lost and
// what is doubled cannot make up for each other.
struct Arrived {
    uint64_t n = 0, sum = 0, next = 0, disorder = 0;
};

class Course
{
  public:
    explicit Course(const Ends &ends) : ends_(ends), ring_(Shared<ring>::WithBytes(ring_size(ends.capacity)))
    {
        ring_init(ring_.get(), ends.capacity);
    }

    void Produce(uint32_t number)
    {
        const end_hold hold = ends_.producers == 1 ? END_SOLE : END_SHARED;
        const uint64_t me = owner_word(number, 1);
        Dice dice(number);
        for (uint64_t sent = 0; sent < ends_.each;) {
            uint64_t want = std::min(dice.Between(1, ends_.batch), ends_.each - sent);
            end_take(&ring_->producer, me, hold);
            uint64_t tail = au64_relaxed(&ring_->tail);
            uint64_t n = std::min(want, ends_.capacity - (tail - au64_acquire(&ring_->head)));
            for (uint64_t i = 0; i < n; i++)
                *ring_slot(ring_.get(), tail + i) = {sent + i, number, 0, 0};
            if (n > 0)
                au64_store_release(&ring_->tail, tail + n);
            end_leave(&ring_->producer, hold);
            sent += n;
            if (n > 0)
                event_wake_one(&ring_->data);
            else
                WaitForRoom();
            Stall(&dice);
        }
        if (hold == END_SOLE)
            end_unlock(&ring_->producer);
    }

    void Consume(uint32_t number, std::vector<Arrived> *arrived)
    {
        const end_hold hold = ends_.consumers == 1 ? END_SOLE : END_SHARED;
        const uint64_t me = owner_word(CONSUMER_SLOT + number, 1);
        Dice dice(CONSUMER_SLOT + number);
        do {
            uint64_t want = dice.Between(1, ends_.batch);
            end_take(&ring_->consumer, me, hold);
            uint64_t head = au64_relaxed(&ring_->head);
            uint64_t there = au64_acquire(&ring_->tail) - head;
            uint64_t n = std::min(want, there);
            Take(head, n, arrived);
            au64_store_release(&ring_->head, head + n);
            end_leave(&ring_->consumer, hold);
            ring_wake_producers(ring_.get());
            if (there > n && hold == END_SHARED)
                event_wake_one(&ring_->data);
            Stall(&dice);
        } while (ring_fill(ring_.get()) > 0 || WaitForFrames());
        if (hold == END_SOLE)
            end_unlock(&ring_->consumer);
    }

    void Close() { ring_close(ring_.get()); }

    bool IsFree() const
    {
        return ring_fill(ring_.get()) == 0 && au64_relaxed(&ring_->producer.owner) == 0 &&
               au64_relaxed(&ring_->consumer.owner) == 0;
    }

  private:
    // Descriptors of one producer come in runs, which are counted in registers.
    void Take(uint64_t head, uint64_t n, std::vector<Arrived> *arrived)
    {
        for (uint64_t i = 0; i < n;) {
            const uint32_t producer = ring_slot(ring_.get(), head + i)->generation;
            Arrived from = arrived->at(producer);
            for (; i < n; i++) {
                const descriptor *d = ring_slot(ring_.get(), head + i);
                if (d->generation != producer)
                    break;
                from.n++;
                from.sum += Dice::Mix(d->block);
                from.disorder += d->block < from.next;
                from.next = d->block + 1;
            }
            (*arrived)[producer] = from;
        }
    }

    // Now and then, so that the other side finds the ring empty or full and sleeps.
    static void Stall(Dice *dice)
    {
        if (dice->OneIn(STALL_EACH))
            std::this_thread::yield();
    }

    void WaitForRoom()
    {
        for (uint32_t looks = LOOKS; looks > 0; looks--)
            if (ring_fill(ring_.get()) < ends_.capacity)
                return;
        uint32_t sequence = event_prepare(&ring_->space);
        if (ring_fill(ring_.get()) == ends_.capacity)
            event_sleep(&ring_->space, sequence, EVENT_FOREVER);
    }

    // False: none will come.
    bool WaitForFrames()
    {
        for (uint32_t looks = LOOKS; looks > 0; looks--)
            if (ring_fill(ring_.get()) > 0)
                return true;
        uint32_t sequence = event_prepare(&ring_->data);
        uint32_t closed = au32_acquire(&ring_->closed);
        if (ring_fill(ring_.get()) == 0 && !closed)
            event_sleep(&ring_->data, sequence, EVENT_FOREVER);
        return ring_fill(ring_.get()) > 0 || !closed;
    }

    const Ends ends_;
    Shared<ring> ring_;
};

std::string Verdict(const Ends &ends, const std::vector<std::vector<Arrived>> &arrived)
{
    uint64_t expected = 0;
    for (uint64_t i = 0; i < ends.each; i++)
        expected += Dice::Mix(i);
    for (uint32_t producer = 0; producer < ends.producers; producer++) {
        Arrived all;
        for (const std::vector<Arrived> &at : arrived) {
            all.n += at[producer].n;
            all.sum += at[producer].sum;
            all.disorder += at[producer].disorder;
        }
        std::string whose = " of producer " + std::to_string(producer);
        if (all.n != ends.each)
            return std::to_string(all.n) + " descriptors" + whose + " arrived, of " + std::to_string(ends.each);
        if (all.sum != expected)
            return "descriptors" + whose + " were lost, and others doubled";
        if (all.disorder > 0)
            return std::to_string(all.disorder) + " descriptors" + whose + " were out of order";
    }
    return "";
}

} // namespace

std::ostream &operator<<(std::ostream &to, const Ends &ends)
{
    return to << ends.producers << " producers, a ring of " << ends.capacity << ", " << ends.consumers
              << " consumers, batches to " << ends.batch;
}

std::string RunEnds(const Ends &ends)
{
    Course course(ends);
    std::vector<std::vector<Arrived>> arrived(ends.consumers, std::vector<Arrived>(ends.producers));
    std::vector<std::thread> producers, consumers;
    for (uint32_t i = 0; i < ends.consumers; i++)
        consumers.emplace_back([i, &course, &arrived] {
            std::vector<Arrived> mine(arrived[i].size()); // in lines of its own
            course.Consume(i, &mine);
            arrived[i] = mine;
        });
    for (uint32_t i = 0; i < ends.producers; i++)
        producers.emplace_back([i, &course] { course.Produce(i); });
    for (std::thread &thread : producers)
        thread.join();
    course.Close();
    for (std::thread &thread : consumers)
        thread.join();
    std::string wrong = Verdict(ends, arrived);
    return wrong.empty() && !course.IsFree() ? "an end is still owned, or the ring is not empty" : wrong;
}
