extern "C" {
#include "ring.h"
}

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <iterator>

#include "child.h"
#include "shared.h"

namespace
{

class Ring : public testing::Test
{
  protected:
    void Make(uint32_t capacity) { ASSERT_EQ(ring_init(ring_.get(), capacity), 0); }

    void SetPosition(uint64_t position)
    {
        au64_store_relaxed(&ring_->head, position);
        au64_store_relaxed(&ring_->tail, position);
    }

    void Put(uint64_t block)
    {
        uint64_t tail = au64_relaxed(&ring_->tail);
        *ring_slot(ring_.get(), tail) = {block, 1, 0, 0};
        au64_store_release(&ring_->tail, tail + 1);
    }

    uint64_t Take()
    {
        uint64_t head = au64_relaxed(&ring_->head);
        uint64_t block = ring_slot(ring_.get(), head)->block;
        au64_store_release(&ring_->head, head + 1);
        return block;
    }

    Shared<ring> ring_ = Shared<ring>::WithBytes(ring_size(RING_CAPACITY_MAX));
};

TEST_F(Ring, ItsCapacityIsAPowerOfTwo)
{
    for (uint32_t capacity : {0u, 3u, 6u, 1000u, 65535u, 131072u, UINT32_MAX})
        EXPECT_EQ(ring_init(ring_.get(), capacity), -EINVAL) << capacity;
    for (uint32_t capacity = 1; capacity <= RING_CAPACITY_MAX; capacity *= 2) {
        EXPECT_EQ(ring_init(ring_.get(), capacity), 0) << capacity;
        EXPECT_EQ(ring_->capacity, capacity);
    }
    EXPECT_EQ(ring_->magic, uint32_t{RING_MAGIC});
}

#if defined(__x86_64__)
// From here on the kernel has no membarrier(2).
bool ForbidMembarrier()
{
    sock_filter filter[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
                            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    sock_fprog program = {static_cast<unsigned short>(std::size(filter)), filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST_F(Ring, WakersFenceOnEachOfItsEventsWhereTheKernelCannotDoItForThem)
{
    Child child([this] { return ForbidMembarrier() ? ring_init(ring_.get(), 4) : 1; });
    ASSERT_EQ(child.Wait(), 0);
    for (const event *e : {&ring_->data, &ring_->space, &ring_->order})
        EXPECT_EQ(au32_relaxed(&e->armed), uint32_t{EVENT_FENCED});
}
#endif

TEST_F(Ring, ItsSizeHoldsAllItsDescriptors)
{
    Make(64);
    const auto *begin = reinterpret_cast<const uint8_t *>(ring_.get());
    const auto *end = reinterpret_cast<const uint8_t *>(ring_slot(ring_.get(), 63) + 1);
    EXPECT_EQ(ring_size(64), static_cast<uint64_t>(end - begin));
}

TEST_F(Ring, IsEmptyAtFirstAndFullAtItsCapacity)
{
    for (uint32_t capacity : {1u, 2u, 64u}) {
        Make(capacity);
        SetPosition(0);
        EXPECT_EQ(ring_fill(ring_.get()), 0u);
        for (uint32_t i = 0; i < capacity; i++)
            Put(i);
        EXPECT_EQ(ring_fill(ring_.get()), capacity);
    }
}

TEST_F(Ring, GivesInTheOrderOfPuttingThroughTheEndOfItsPositions)
{
    for (uint32_t capacity : {1u, 4u, 4096u}) {
        Make(capacity);
        SetPosition(UINT64_MAX - capacity - 1);
        for (uint64_t round = 0; round < 4; round++) {
            for (uint64_t i = 0; i < capacity; i++)
                Put(round * capacity + i);
            EXPECT_EQ(ring_fill(ring_.get()), capacity);
            for (uint64_t i = 0; i < capacity; i++)
                ASSERT_EQ(Take(), round * capacity + i);
            EXPECT_EQ(ring_fill(ring_.get()), 0u);
        }
        EXPECT_LT(au64_relaxed(&ring_->head), uint64_t{4} * capacity) << "the positions have wrapped";
    }
}

TEST_F(Ring, AProducerIsWokenWhenItIsHalfEmptyAndNotBefore)
{
    Make(4);
    for (int i = 0; i < 4; i++)
        Put(0);
    Child producer([this] { return event_sleep(&ring_->space, event_prepare(&ring_->space), EVENT_FOREVER) ? 0 : 1; });
    ASSERT_TRUE(producer.Asleep());
    Take();
    ring_wake_producers(ring_.get());
    EXPECT_TRUE(producer.Asleep());
    Take();
    ring_wake_producers(ring_.get());
    EXPECT_EQ(producer.Wait(), 0);
}

TEST_F(Ring, AProducerToARingOfOneIsWokenWhenItIsEmpty)
{
    Make(1);
    Put(0);
    Child producer([this] { return event_sleep(&ring_->space, event_prepare(&ring_->space), EVENT_FOREVER) ? 0 : 1; });
    ASSERT_TRUE(producer.Asleep());
    Take();
    ring_wake_producers(ring_.get());
    EXPECT_EQ(producer.Wait(), 0);
}

TEST_F(Ring, ClosingItWakesItsConsumers)
{
    Make(4);
    Child consumer([this] {
        while (!au32_acquire(&ring_->closed)) {
            uint32_t sequence = event_prepare(&ring_->data);
            if (!au32_acquire(&ring_->closed))
                event_sleep(&ring_->data, sequence, EVENT_FOREVER);
        }
        return 0;
    });
    ASSERT_TRUE(consumer.Asleep());
    ring_close(ring_.get());
    EXPECT_EQ(consumer.Wait(), 0);
}

TEST_F(Ring, AfterADeathEverybodyWhoSleepsOnItIsWoken)
{
    Make(4);
    for (event *e : {&ring_->data, &ring_->space, &ring_->order}) {
        Child sleeper([e] { return event_sleep(e, event_prepare(e), EVENT_FOREVER) ? 0 : 1; });
        ASSERT_TRUE(sleeper.Asleep());
        au32_store_relaxed(&e->armed, 0); // even if the dead had taken the flag down already
        ring_wake_all(ring_.get());
        EXPECT_EQ(sleeper.Wait(), 0);
    }
}

} // namespace
