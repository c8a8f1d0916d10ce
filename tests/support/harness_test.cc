#include "harness.h"

#include <cstring>
#include <stdexcept>

#include <gtest/gtest.h>

namespace
{

// Pairs: keeps a frame until the next one comes, then emits both as one. Counts the pairs in its state.
struct Pairs {
    mpipe_frame *first = nullptr;
    uint64_t *count = nullptr;
};

mpipe_status pairs_open(const mpipe_host *host, void *, void **self)
{
    auto *pairs = new Pairs;
    pairs->count = static_cast<uint64_t *>(host->state);
    *self = pairs;
    return MPIPE_OK;
}

void pairs_close(void *self)
{
    delete static_cast<Pairs *>(self);
}

mpipe_status pairs_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    auto *pairs = static_cast<Pairs *>(self);
    if (frame->size == 3 && !std::memcmp(frame->data, "bad", 3))
        return mpipe_fail(io, MPIPE_BAD_FRAME, "it says so itself");
    if (!pairs->first) {
        const mpipe_status kept = mpipe_keep(io, frame);
        pairs->first = kept == MPIPE_OK ? frame : nullptr;
        return kept;
    }
    mpipe_frame *both = mpipe_create(io, pairs->first->size + frame->size, pairs->first);
    if (!both)
        return MPIPE_NO_MEMORY;
    mpipe_resize(io, &both, both->capacity);
    uint8_t *to = mpipe_writable(io, &both);
    std::memcpy(to, pairs->first->data, pairs->first->size);
    std::memcpy(to + pairs->first->size, frame->data, frame->size);
    ++*pairs->count;
    mpipe_drop(io, pairs->first);
    pairs->first = nullptr;
    return mpipe_emit(io, 0, both);
}

mpipe_status pairs_flush(void *self, const mpipe_io *io)
{
    auto *pairs = static_cast<Pairs *>(self);
    return pairs->first ? mpipe_emit(io, 0, std::exchange(pairs->first, nullptr)) : MPIPE_OK;
}

mpipe_processor make_pairs()
{
    mpipe_processor p{};
    p.struct_size = sizeof p;
    p.name = "pairs";
    p.state_size = sizeof(uint64_t);
    p.open = pairs_open;
    p.process = pairs_process;
    p.flush = pairs_flush;
    p.close = pairs_close;
    return p;
}

// The same, pull style.
mpipe_status pairs_run(void *self, const mpipe_io *io)
{
    auto *pairs = static_cast<Pairs *>(self);
    for (;;) {
        mpipe_frame *frame = nullptr;
        mpipe_status status = mpipe_get_sync(io, MPIPE_ANY_PORT, 1000, &frame);
        if (status == MPIPE_END || status == MPIPE_STOP || status == MPIPE_EMPTY)
            if (pairs_flush(self, io) != MPIPE_OK || status != MPIPE_EMPTY)
                return MPIPE_OK;
        if (status == MPIPE_OK)
            status = pairs_process(pairs, io, frame);
        if (status < 0)
            return status;
    }
}

const std::vector<std::string> three = {"ab", "cd", "e"};

void five_letters(harness::Host *host)
{
    for (const char *letter : {"a", "b", "c", "d", "e"})
        host->give_bytes(letter);
}

TEST(Harness, GivesKeptFramesAgainAfterADeathAtAnyPoint)
{
    const mpipe_processor p = make_pairs();
    for (uint64_t n = 1, died = 1; died; n++) {
        harness::Host host(&p);
        five_letters(&host);
        host.die_at(n).commit_every(1 + n % 3);
        ASSERT_EQ(host.drive(), MPIPE_OK);
        EXPECT_EQ(host.output_bytes(), three) << "death at point " << n;
        EXPECT_EQ(host.state<uint64_t>(), 2u) << "death at point " << n;
        died = host.deaths();
    }
}

TEST(Harness, GivesKeptFramesAgainAfterADeathAtAnyPointInRun)
{
    mpipe_processor p = make_pairs();
    p.process = nullptr;
    p.flush = nullptr;
    p.run = pairs_run;
    for (uint64_t n = 1, died = 1; died; n++) {
        harness::Host host(&p);
        five_letters(&host);
        host.die_at(n).commit_every(1 + n % 4);
        ASSERT_EQ(host.drive(), MPIPE_OK);
        EXPECT_EQ(host.output_bytes(), three) << "death at point " << n;
        EXPECT_EQ(host.state<uint64_t>(), 2u) << "death at point " << n;
        died = host.deaths();
    }
}

TEST(Harness, CallsAgainAfterAFailedCreate)
{
    const mpipe_processor p = make_pairs();
    harness::Host host(&p);
    host.give_bytes("a").give_bytes("b").fail_create_at(1);
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.creates(), 2u);
    EXPECT_EQ(host.output_bytes(), std::vector<std::string>{"ab"});
}

TEST(Harness, FlushesUnderPressureAndTakesRefusedFramesAside)
{
    const mpipe_processor p = make_pairs();
    harness::Host host(&p);
    host.give_bytes("a").pressure().give_bytes("bad").give_bytes("c").give_bytes("d");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    EXPECT_EQ(host.output_bytes(), (std::vector<std::string>{"a", "cd"}));
    ASSERT_EQ(host.dead_letters().size(), 1u);
    EXPECT_EQ(host.dead_letters()[0].reason, "it says so itself");
}

TEST(Harness, RefusesAFrameThatCanNeverFit)
{
    const mpipe_processor p = make_pairs();
    harness::Host host(&p);
    host.max_frame(3).give_bytes("ab").give_bytes("cd").give_bytes("e");
    ASSERT_EQ(host.drive(), MPIPE_OK);
    ASSERT_EQ(host.dead_letters().size(), 1u);
    EXPECT_EQ(host.dead_letters()[0].frame.bytes, "cd");
    EXPECT_EQ(host.output_bytes(), std::vector<std::string>{"abe"});
}

// A source of 0, 1, 2 ... 5; refuses 2 and 4.
mpipe_status digits_process(void *self, const mpipe_io *io, mpipe_frame *)
{
    auto *next = static_cast<uint64_t *>(self);
    if (*next == 6)
        return MPIPE_END;
    mpipe_frame *frame = mpipe_create(io, 1, nullptr);
    if (!frame)
        return MPIPE_NO_MEMORY;
    mpipe_resize(io, &frame, 1);
    *mpipe_writable(io, &frame) = static_cast<uint8_t>('0' + *next);
    const mpipe_status status = mpipe_emit(io, 0, frame);
    *next += 1;
    return *next == 3 || *next == 5 ? mpipe_fail(io, MPIPE_BAD_FRAME, "even") : status;
}

TEST(Harness, ASourcesRefusalTakesItsOutputsBackButKeepsItsState)
{
    mpipe_processor p{};
    p.struct_size = sizeof p;
    p.name = "digits";
    p.flags = MPIPE_SOURCE;
    p.state_size = sizeof(uint64_t);
    p.open = [](const mpipe_host *host, void *, void **self) -> mpipe_status {
        *self = host->state;
        return MPIPE_OK;
    };
    p.process = digits_process;
    for (uint64_t n = 1, died = 1; died; n++) {
        harness::Host host(&p);
        host.die_at(n).commit_every(1 + n % 3);
        ASSERT_EQ(host.drive(), MPIPE_OK);
        EXPECT_EQ(host.output_bytes(), (std::vector<std::string>{"0", "1", "3", "5"})) << "death at point " << n;
        EXPECT_EQ(host.dead_letters().size(), 2u) << "death at point " << n;
        died = host.deaths();
    }
}

TEST(OptionValues, ConvertsByTheTableAndChecksIt)
{
    const char *const colours[] = {"red", "green", nullptr};
    const mpipe_option size = {"size", MPIPE_SIZE, 0, "64K", "1", "1G", "bytes", nullptr, "A size."};
    const mpipe_option wait = {"wait", MPIPE_TIME, 0, "250ms", nullptr, nullptr, nullptr, nullptr, "A time."};
    const mpipe_option colour = {"colour", MPIPE_CHOICE, 0, nullptr, nullptr, nullptr, nullptr, colours, "A colour."};
    const mpipe_option names = {"names", MPIPE_STRING | MPIPE_LIST, 0, "a,b", nullptr, nullptr, nullptr, nullptr,
                                "Names."};
    const mpipe_option *const table[] = {&size, &wait, &colour, &names, nullptr};
    harness::OptionValues values(table);
    EXPECT_EQ(values.find("size")->integer, 65536);
    EXPECT_EQ(values.find("wait")->integer, 250000000);
    EXPECT_EQ(values.find("colour")->text, "red");
    EXPECT_EQ(values.find("names")->items, (std::vector<std::string>{"a", "b"}));
    values.set("colour", "green");
    EXPECT_EQ(values.find("colour")->integer, 1);
    values.set("wait", "2");
    EXPECT_EQ(values.find("wait")->integer, 2000000000);
    EXPECT_THROW(values.set("size", "2G"), std::invalid_argument);
    EXPECT_THROW(values.set("size", "0"), std::invalid_argument);
    EXPECT_THROW(values.set("colour", "blue"), std::invalid_argument);
    EXPECT_THROW(values.set("siez", "1"), std::invalid_argument);
}

} // namespace
