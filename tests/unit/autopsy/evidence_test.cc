// What the host takes of a crash area, which a plugin may have written itself.
extern "C" {
#include "evidence.h"
}

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace
{

enum { EPOCH = 3, ALL = CRASH_CPU | CRASH_FRAME | CRASH_CALLERS | CRASH_STACK | CRASH_MODULES };

using Evidence = std::unique_ptr<crash_area, void (*)(void *)>;

const char maps[] = "10000-11000 r--p 00000000 08:01 1 /opt/packs/image/image.so\n"
                    "11000-12000 r-xp 00001000 08:01 1 /opt/packs/image/image.so\n"
                    "20000-21000 r-xp 00000000 08:01 2 /usr/lib/libc.so.6\n";

// An area as a worker leaves it that died at `pc`.
std::unique_ptr<crash_area> Area(uint64_t pc, const std::vector<uint64_t> &stack = {})
{
    auto a = std::make_unique<crash_area>();
    au32_store_relaxed(&a->epoch, EPOCH);
    au32_store_relaxed(&a->parts, ALL);
    a->signal = SIGSEGV;
    a->pc = pc;
    a->stack_at = 0x7000;
    a->stack_size = static_cast<uint32_t>(stack.size() * sizeof(uint64_t));
    if (!stack.empty())
        memcpy(a->stack, stack.data(), a->stack_size);
    a->modules_size = sizeof maps - 1;
    memcpy(a->modules, maps, sizeof maps);
    return a;
}

Evidence Take(const crash_area *area, uint32_t epoch = EPOCH)
{
    return {evidence_take(area, epoch, 0), free};
}

uint64_t Place(const crash_area *area)
{
    return evidence_place(Take(area).get(), "./packs/image/image.so");
}

} // namespace

TEST(Evidence, IsOfTheWorkerThatDiedAndNoOther)
{
    auto area = Area(0x11100);
    EXPECT_TRUE(Take(area.get()));
    EXPECT_FALSE(Take(area.get(), EPOCH + 1));
    EXPECT_FALSE(Take(nullptr));
    au32_store_relaxed(&area->parts, 0); // it died again before it could say anything
    EXPECT_FALSE(Take(area.get()));
}

TEST(Evidence, HasNoSizeThatGoesBeyondItsRoom)
{
    auto area = Area(0x11100);
    area->n_registers = area->n_callers = area->attributes_size = area->stack_size = area->modules_size = UINT32_MAX;
    memset(area->modules, '/', sizeof area->modules);
    Evidence e = Take(area.get());
    ASSERT_TRUE(e);
    EXPECT_LE(e->n_registers, static_cast<uint32_t>(CRASH_REGISTERS_MAX));
    EXPECT_LE(e->n_callers, static_cast<uint32_t>(CRASH_CALLERS_MAX));
    EXPECT_LE(e->attributes_size, static_cast<uint32_t>(CRASH_ATTRIBUTES_MAX));
    EXPECT_LE(e->stack_size, static_cast<uint32_t>(CRASH_STACK_MAX));
    EXPECT_LT(strlen(e->modules), sizeof e->modules);
    evidence_place(e.get(), "image.so");
}

TEST(Evidence, HasNothingOfAPartThatWasNotFinished)
{
    auto area = Area(0x11100, {1, 2, 3});
    area->n_callers = area->attributes_size = 1;
    au32_store_relaxed(&area->parts, CRASH_CPU);
    Evidence e = Take(area.get());
    ASSERT_TRUE(e);
    EXPECT_EQ(e->n_callers + e->attributes_size + e->stack_size + e->modules_size, 0u);
}

TEST(Evidence, OfAWorkerThatCouldNotSayHasTheFilesOfItsServer)
{
    auto area = Area(0x11100);
    au32_store_relaxed(&area->parts, CRASH_CPU);
    Evidence e(evidence_take(area.get(), EPOCH, getpid()), free);
    ASSERT_TRUE(e);
    EXPECT_NE(std::string(e->modules).find("/autopsy_test\n"), std::string::npos);
}

TEST(Evidence, PlaceIsWhereThePluginWas)
{
    EXPECT_EQ(Place(Area(0x11100).get()), 0x11100u);
    EXPECT_EQ(Place(Area(0x20100, {5, 0x10500, 0x11200, 0x11300}).get()), 0x11200u); // the C library's abort()
    EXPECT_EQ(Place(Area(0x20100, {5}).get()), 0x20100u);
}

TEST(Evidence, PlaceOfAnOverflowIsTheCallAndNotTheInstruction)
{
    auto area = Area(0x11100, std::vector<uint64_t>(CRASH_STACK_MAX / 8, 0x11200));
    area->code = SEGV_MAPERR;
    area->address = 0x7000 - 8;
    EXPECT_TRUE(evidence_is_overflow(Take(area.get()).get()));
    EXPECT_EQ(Place(area.get()), 0x11200u);
    area->address = 0x10;
    area->stack_at = 0x7fff00000000;
    EXPECT_FALSE(evidence_is_overflow(Take(area.get()).get()));
}

TEST(Evidence, IsDescribedInWords)
{
    char text[128];
    auto area = Area(0x11100);
    area->code = SEGV_MAPERR;
    area->address = 0x10;
    evidence_describe(area.get(), text, sizeof text);
    EXPECT_STREQ(text, "SIGSEGV, no memory is mapped there, at 0x10");
    area->signal = SIGABRT;
    area->code = SI_TKILL;
    area->sender = CRASH_SENT_BY_ITSELF;
    evidence_describe(area.get(), text, sizeof text);
    EXPECT_STREQ(text, "SIGABRT, by abort(), or a failed assertion");
    area->sender = CRASH_SENT_BY_SERVER;
    evidence_describe(area.get(), text, sizeof text);
    EXPECT_STREQ(text, "SIGABRT, as it took longer than its timeout");
}
