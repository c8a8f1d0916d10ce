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
#include <sys/wait.h>
#include <unistd.h>

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

TEST(Evidence, OfAWorkerWhoseServerIsGoneTooHasNoFiles)
{
    auto area = Area(0x11100);
    au32_store_relaxed(&area->parts, CRASH_CPU);
    pid_t gone = fork();
    if (gone == 0)
        _exit(0);
    waitpid(gone, nullptr, 0);
    for (pid_t server : {gone, 0}) {
        Evidence e(evidence_take(area.get(), EPOCH, server), free);
        ASSERT_TRUE(e);
        EXPECT_STREQ(e->modules, "");
    }
}

TEST(Evidence, PlaceIsWhereThePluginWas)
{
    EXPECT_EQ(Place(Area(0x11100).get()), 0x11100u);
    EXPECT_EQ(Place(Area(0x20100, {5, 0x10500, 0x11200, 0x11300}).get()), 0x11200u); // the C library's abort()
    EXPECT_EQ(Place(Area(0x20100, {5}).get()), 0x20100u);
}

TEST(Evidence, PlaceIsFoundByTheLastPartOfThePath)
{
    EXPECT_EQ(evidence_place(Take(Area(0x20100, {0x11200}).get()).get(), "image.so"), 0x11200u);
    EXPECT_EQ(evidence_place(Take(Area(0x20100, {0x11200}).get()).get(), "age.so"), 0x20100u);
    EXPECT_EQ(evidence_place(Take(Area(0x20100, {0x11200}).get()).get(), "no.so"), 0x20100u);
}

// A plugin may have written them.
TEST(Evidence, PlaceIsNotLookedForInLinesThatAreNone)
{
    for (const char *lines : {"/image.so\n", "x\n", "\n/image.so\n", "11000 r-xp /image.so\n", "11000-\n/image.so\n",
                              "11000-12000/image.so\n", "11000-12000 /image.so\n", "11000-12000 r-xp /image.so"}) {
        auto area = Area(0x20100, {0x11200});
        snprintf(area->modules, sizeof area->modules, "%s", lines);
        area->modules_size = static_cast<uint32_t>(strlen(lines));
        EXPECT_EQ(Place(area.get()), 0x20100u) << lines;
    }
}

TEST(Evidence, PlaceIsFoundInTheFirstPartsOfAFileThatIsMappedInVeryMany)
{
    auto area = Area(0x20100, {0x11200});
    std::string lines;
    for (int i = 0; i < 100; i++)
        lines += "11000-12000 r-xp 00000000 08:01 1 /image.so\n";
    snprintf(area->modules, sizeof area->modules, "%s", lines.c_str());
    area->modules_size = static_cast<uint32_t>(lines.size());
    EXPECT_EQ(Place(area.get()), 0x11200u);
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
    const struct {
        int signal, code;
        uint32_t sender;
        const char *words;
    } cases[] = {
        {SIGSEGV, SEGV_MAPERR, CRASH_SENT_BY_NOBODY, "SIGSEGV, no memory is mapped there, at 0x10"},
        {SIGSEGV, SEGV_ACCERR, CRASH_SENT_BY_NOBODY, "SIGSEGV, that memory is protected, at 0x10"},
        {SIGSEGV, SI_KERNEL, CRASH_SENT_BY_NOBODY, "SIGSEGV, not an address, at 0x10"},
        {SIGBUS, BUS_ADRALN, CRASH_SENT_BY_NOBODY, "SIGBUS, not aligned, at 0x10"},
        {SIGBUS, BUS_ADRERR, CRASH_SENT_BY_NOBODY, "SIGBUS, beyond the end of a mapped file, or the like, at 0x10"},
        {SIGFPE, FPE_INTDIV, CRASH_SENT_BY_NOBODY, "SIGFPE, a division by zero, at 0x10"},
        {SIGFPE, FPE_FLTDIV, CRASH_SENT_BY_NOBODY, "SIGFPE, arithmetic, at 0x10"},
        {SIGILL, ILL_ILLOPN, CRASH_SENT_BY_NOBODY, "SIGILL, not an instruction, or a trap of the compiler's, at 0x10"},
        {SIGTRAP, TRAP_BRKPT, CRASH_SENT_BY_NOBODY, "SIGTRAP, unexpected, at 0x10"},
        {SIGABRT, SI_TKILL, CRASH_SENT_BY_ITSELF, "SIGABRT, by abort(), or a failed assertion"},
        {SIGABRT, SI_TKILL, CRASH_SENT_BY_SERVER, "SIGABRT, as it took longer than its timeout"},
        {SIGFPE, SI_TKILL, CRASH_SENT_BY_ITSELF, "SIGFPE, raised by the plugin itself"},
        {SIGSEGV, SI_USER, CRASH_SENT_BY_OTHERS, "SIGSEGV, sent by another process"},
        {12345, SI_USER, CRASH_SENT_BY_OTHERS, "SIG?, sent by another process"},
    };
    auto area = Area(0x11100);
    area->address = 0x10;
    for (const auto &c : cases) {
        char text[128];
        area->signal = c.signal;
        area->code = c.code;
        area->sender = c.sender;
        evidence_describe(area.get(), text, sizeof text);
        EXPECT_STREQ(text, c.words);
    }
}

TEST(Evidence, OfAnOverflowIsDescribedAsThat)
{
    char text[128];
    auto area = Area(0x11100, std::vector<uint64_t>(CRASH_STACK_MAX / 8));
    area->code = SEGV_MAPERR;
    area->address = 0x6ff8;
    evidence_describe(area.get(), text, sizeof text);
    EXPECT_STREQ(text, "SIGSEGV, an overflow of the stack, at 0x6ff8");
    area->stack_at = 0x700000;
    EXPECT_FALSE(evidence_is_overflow(area.get())) << "that is a mebibyte below";
    area->stack_at = 0x7000;
    area->address = 0x8000;
    EXPECT_FALSE(evidence_is_overflow(area.get())) << "that is above";
}

TEST(Evidence, ADescriptionThatDoesNotFitIsCut)
{
    char text[8];
    auto area = Area(0x11100);
    area->code = SEGV_MAPERR;
    evidence_describe(area.get(), text, sizeof text);
    EXPECT_STREQ(text, "SIGSEGV");
}
