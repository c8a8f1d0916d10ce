// The spool of text.lines against real SIGKILLs: it is the part that a death in the same process cannot test.
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

extern "C" {
#include "spool.h"
}

namespace
{

constexpr uint32_t numbers = 1 << 20;

// A process that writes all numbers, then closes the pipe.
pid_t start_writer(int to, int other_end)
{
    const pid_t writer = fork();
    if (writer)
        return writer;
    close(other_end);
    std::vector<uint32_t> block(4096);
    for (uint32_t next = 0; next < numbers;) {
        for (uint32_t &number : block)
            number = next++;
        const char *from = reinterpret_cast<const char *>(block.data());
        for (size_t left = block.size() * sizeof(uint32_t); left;) {
            const ssize_t n = write(to, from, left);
            if (n < 0)
                _exit(1);
            from += n;
            left -= static_cast<size_t>(n);
        }
    }
    _exit(0);
}

// Pulls for ever, telling each time, until it is killed.
pid_t start_puller(struct spool *s, int tell, size_t size)
{
    const pid_t puller = fork();
    if (puller)
        return puller;
    for (;;) {
        const int result = spool_pull(s, size);
        if (result != -EAGAIN && write(tell, "x", 1) != 1)
            _exit(1);
        if (result == 0)
            pause();
    }
}

TEST(TextSpool, LosesAndDoublesNothingWhenWorkersAreKilledInTheMiddleOfIt)
{
    int ends[2], told[2];
    ASSERT_EQ(pipe(ends), 0);
    ASSERT_EQ(pipe(told), 0);
    const pid_t writer = start_writer(ends[1], ends[0]);
    close(ends[1]);
    struct spool *s = nullptr;
    ASSERT_EQ(spool_create(ends[0], &s), 0);
    for (int round = 0; round < 100; round++) {
        const pid_t puller = start_puller(s, told[1], 1 + static_cast<size_t>(round) * 1237 % 20000);
        char note[16];
        ASSERT_GT(read(told[0], note, sizeof note), 0);
        for (int spin = 0; spin < round * 50; spin++)
            __asm__ volatile("" ::: "memory");
        kill(puller, SIGKILL);
        waitpid(puller, nullptr, 0);
    }
    int result;
    do
        result = spool_pull(s, 1 << 16);
    while (result > 0 || result == -EAGAIN);
    ASSERT_EQ(result, 0);
    waitpid(writer, nullptr, 0);
    std::vector<uint32_t> all(numbers + 1);
    uint64_t size = 0;
    for (int64_t n = 1; n > 0; size += static_cast<uint64_t>(n))
        n = spool_read(s, size, reinterpret_cast<char *>(all.data()) + size, all.size() * sizeof(uint32_t) - size);
    ASSERT_EQ(size, numbers * sizeof(uint32_t));
    for (uint32_t i = 0; i < numbers; i++)
        ASSERT_EQ(all[i], i);
    spool_destroy(&s);
    close(ends[0]);
    close(told[0]);
    close(told[1]);
}

TEST(TextSpool, WhatIsReleasedTakesNoMemoryAndTheRestStays)
{
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    struct spool *s = nullptr;
    ASSERT_EQ(spool_create(ends[0], &s), 0);
    const std::string block(50000, 'x');
    for (int i = 0; i < 40; i++) {
        ASSERT_EQ(write(ends[1], block.data(), block.size()), 50000);
        while (spool_pull(s, 1 << 16) > 0) {
        }
    }
    spool_release(s, 1900000);
    char bytes[2];
    EXPECT_EQ(spool_read(s, 100, bytes, 2), 2);
    EXPECT_EQ(bytes[0], 0) << "a hole reads as zeros";
    EXPECT_EQ(spool_read(s, 1900000, bytes, 2), 2);
    EXPECT_EQ(bytes[0], 'x');
    EXPECT_EQ(spool_read(s, 2000000, bytes, 2), 0);
    EXPECT_EQ(spool_pull(s, 1), -EAGAIN);
    close(ends[1]);
    EXPECT_EQ(spool_pull(s, 1), 0);
    spool_destroy(&s);
    close(ends[0]);
}

} // namespace
