// What a processor may do with frames: the calls of <micropipe/io.h>, through a worker.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "child.h"
#include "scripted.h"
#include "stages.h"
#include "world.h"

namespace
{

std::string TextOf(const mpipe_frame *frame)
{
    return std::string(frame->data, frame->data + frame->size);
}

std::string AttributeOf(const mpipe_io *io, const mpipe_frame *frame, const char *name)
{
    const void *value = nullptr;
    uint64_t size = 0;
    if (mpipe_attribute(io, frame, name, &value, &size) != MPIPE_OK)
        return "(none)";
    return std::string(static_cast<const char *>(value), size);
}

mpipe_status SetText(const mpipe_io *io, mpipe_frame **frame, const char *name, const std::string &value)
{
    return mpipe_set_attribute(io, frame, name, value.data(), value.size());
}

class Frame : public testing::Test
{
  protected:
    // Gives the frames to a worker of the filter, and returns what comes out at the sink.
    std::vector<Seen> Run(const std::vector<std::string> &frames, const mpipe_processor *processor = &scripted)
    {
        World world({{"source", nullptr, 0},
                     {"filter", processor, 16, 24, 1, 2, false, 3, &script_},
                     {"sink", nullptr, 64, 1, 1, 0}},
                    {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}});
        world.Feed(SOURCE, frames);
        ring_close(world.Ring(FILTER));
        exit_ = world.RunWorker(FILTER);
        tally_ = world.Committed(FILTER).tally;
        std::vector<Seen> seen = world.Drain(SINK);
        EXPECT_TRUE(world.AllIsFree());
        return seen;
    }

    Script script_;
    int exit_ = -1;
    tally tally_ = {};
};

TEST_F(Frame, ACreatedOneHasRoomForWhatWasAskedFor)
{
    std::vector<uint64_t> sizes = {65536, 1 << 20, (2 << 20) - 64, (2 << 20) - 63, 5 << 20};
    for (uint64_t n = 0; n <= 9000; n++)
        sizes.push_back(n);
    script_.process = [&](const mpipe_io *io, mpipe_frame *frame) {
        for (uint64_t n : sizes)
            for (const mpipe_frame *parent :
                 {static_cast<const mpipe_frame *>(nullptr), static_cast<const mpipe_frame *>(frame)}) {
                mpipe_frame *child = mpipe_create(io, n, parent);
                EXPECT_NE(child, nullptr) << n;
                if (!child)
                    return MPIPE_OK;
                EXPECT_GE(child->capacity, n);
                EXPECT_EQ(child->size, 0u);
                EXPECT_EQ(reinterpret_cast<uintptr_t>(child->data) % (n < 4096 ? 8 : 64), 0u) << n;
                mpipe_drop(io, child);
            }
        return MPIPE_OK;
    };
    Run({"x"});
    EXPECT_EQ(exit_, WORKER_DONE);
}

TEST_F(Frame, OnesThatAreFullToTheirCapacityDoNotTouchEachOther)
{
    std::vector<std::string> texts;
    for (uint64_t n : {0, 40, 41, 64, 100, 3500, 3560, 4032, 4033, 4060, 4072, 4073, 4096, 8100, 8192})
        for (int i = 0; i < 3; i++)
            texts.push_back(std::string(n, static_cast<char>('a' + texts.size() % 26)));
    script_.process = [&](const mpipe_io *io, mpipe_frame *) {
        std::vector<mpipe_frame *> frames;
        for (const std::string &text : texts)
            frames.push_back(mpipe_create(io, text.size(), nullptr));
        for (size_t i = 0; i < texts.size(); i++)
            memcpy(mpipe_writable(io, &frames[i]), texts[i].data(), texts[i].size());
        for (size_t i = 0; i < texts.size(); i++) {
            mpipe_resize(io, &frames[i], texts[i].size());
            mpipe_emit(io, 0, frames[i]);
        }
        return MPIPE_OK;
    };
    std::vector<Seen> seen = Run({"x"});
    ASSERT_EQ(seen.size(), texts.size());
    for (size_t i = 0; i < texts.size(); i++)
        EXPECT_EQ(seen[i].bytes, texts[i]);
}

TEST_F(Frame, AChildInheritsSequenceKeyTimeTypeAndAttributes)
{
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) {
        mpipe_frame *parent = mpipe_create(io, 8, frame);
        parent->key = 7;
        parent->time_ns = -5;
        parent->type = mpipe_type("com.acme.x");
        SetText(io, &parent, "path", "a/b.jpg");
        mpipe_frame *child = mpipe_create(io, 8, parent);
        EXPECT_EQ(child->sequence, frame->sequence);
        EXPECT_EQ(child->key, 7u);
        EXPECT_EQ(child->time_ns, -5);
        EXPECT_EQ(child->type, mpipe_type("com.acme.x"));
        EXPECT_EQ(AttributeOf(io, child, "path"), "a/b.jpg");
        return mpipe_emit(io, 0, child);
    };
    std::vector<Seen> seen = Run({"x", "y"});
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[1].sequence, 1u);
    EXPECT_EQ(seen[1].key, 7u);
}

TEST_F(Frame, AnInputThatIsMadeWritableIsCopiedAndTheInputStaysAsItWas)
{
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) {
        const uint8_t *before = frame->data;
        uint8_t *bytes = mpipe_writable(io, &frame);
        EXPECT_NE(bytes, before);
        EXPECT_EQ(bytes, frame->data);
        bytes[0] = 'X';
        EXPECT_EQ(before[0], 'a');
        return mpipe_emit(io, 0, frame);
    };
    EXPECT_EQ(Run({"abc"}).at(0).bytes, "Xbc");
}

TEST_F(Frame, AProcessorThatMutatesGetsAnInputInPlace)
{
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) {
        const uint8_t *before = frame->data;
        uint8_t *bytes = mpipe_writable(io, &frame);
        EXPECT_EQ(bytes, before);
        bytes[0] = 'X';
        return mpipe_emit(io, 0, frame);
    };
    EXPECT_EQ(Run({"abc"}, &scripted_mutates).at(0).bytes, "Xbc");
}

TEST_F(Frame, GrowsAndShrinksAndKeepsItsBytesAndAttributes)
{
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) {
        SetText(io, &frame, "path", "p");
        for (uint64_t size : {10u, 100u, 5000u, 3u << 20, 2u}) {
            EXPECT_EQ(mpipe_resize(io, &frame, size), MPIPE_OK) << size;
            EXPECT_EQ(frame->size, size);
            EXPECT_GE(frame->capacity, size);
            EXPECT_EQ(memcmp(frame->data, "ab", 2), 0) << size;
            EXPECT_EQ(AttributeOf(io, frame, "path"), "p") << size;
        }
        return mpipe_emit(io, 0, frame);
    };
    EXPECT_EQ(Run({"ab"}).at(0).bytes, "ab");
}

TEST_F(Frame, ItsAttributesAreSetReplacedRemovedAndListed)
{
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) {
        EXPECT_EQ(AttributeOf(io, frame, "a"), "(none)");
        EXPECT_EQ(SetText(io, &frame, "a", "one"), MPIPE_OK);
        EXPECT_EQ(SetText(io, &frame, "b", ""), MPIPE_OK);
        EXPECT_EQ(SetText(io, &frame, "c", std::string(3000, 'z')), MPIPE_OK);
        EXPECT_EQ(SetText(io, &frame, "a", "another"), MPIPE_OK);
        EXPECT_EQ(AttributeOf(io, frame, "a"), "another");
        EXPECT_EQ(AttributeOf(io, frame, "b"), "");
        EXPECT_EQ(AttributeOf(io, frame, "c"), std::string(3000, 'z'));
        EXPECT_EQ(mpipe_set_attribute(io, &frame, "c", nullptr, 0), MPIPE_OK);
        EXPECT_EQ(AttributeOf(io, frame, "c"), "(none)");
        std::string names;
        const char *name = nullptr;
        const void *value = nullptr;
        uint64_t size = 0;
        for (uint32_t i = 0; mpipe_attribute_at(io, frame, i, &name, &value, &size) == MPIPE_OK; i++)
            names += name;
        EXPECT_EQ(names, "ba");
        EXPECT_EQ(TextOf(frame), "abc");
        return mpipe_emit(io, 0, frame);
    };
    EXPECT_EQ(Run({"abc"}).at(0).bytes, "abc");
}

TEST_F(Frame, DoesNotMoveForAttributesThatItWasMadeWithRoomFor)
{
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) {
        for (uint64_t size : {1u, 64u, 3000u, 4096u, 100000u}) {
            const uint64_t room =
                MPIPE_TAIL_ROOM + mpipe_attribute_room("path", 13) + mpipe_attribute_room("seven77", 8);
            mpipe_frame *made = mpipe_create(io, size + room, nullptr);
            const uint8_t *data = made->data;
            EXPECT_EQ(SetText(io, &made, "path", "thirteen byte"), MPIPE_OK);
            EXPECT_EQ(SetText(io, &made, "seven77", "8 bytes."), MPIPE_OK);
            EXPECT_EQ(mpipe_resize(io, &made, size), MPIPE_OK);
            memset(mpipe_writable(io, &made), 'd', size);
            EXPECT_EQ(made->data, data) << size;
            EXPECT_EQ(AttributeOf(io, made, "path"), "thirteen byte") << size;
            EXPECT_EQ(AttributeOf(io, made, "seven77"), "8 bytes.") << size;
            EXPECT_EQ(mpipe_emit(io, 0, made), MPIPE_OK);
        }
        mpipe_drop(io, frame);
        return MPIPE_OK;
    };
    const std::vector<Seen> seen = Run({"abc"});
    ASSERT_EQ(seen.size(), 5u);
    EXPECT_EQ(seen.at(3).bytes, std::string(4096, 'd'));
}

TEST_F(Frame, ItsAttributesTogetherTakeAtMost64KiB)
{
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) {
        EXPECT_EQ(SetText(io, &frame, "a", std::string(60000, 'a')), MPIPE_OK);
        EXPECT_EQ(SetText(io, &frame, "b", std::string(6000, 'b')), MPIPE_MISUSE);
        EXPECT_EQ(SetText(io, &frame, "b", std::string(5000, 'b')), MPIPE_OK);
        EXPECT_EQ(SetText(io, &frame, "c", std::string(65537, 'c')), MPIPE_MISUSE);
        EXPECT_EQ(SetText(io, &frame, "", "v"), MPIPE_MISUSE);
        EXPECT_EQ(SetText(io, &frame, std::string(256, 'n').c_str(), "v"), MPIPE_MISUSE);
        EXPECT_EQ(AttributeOf(io, frame, "a").size(), 60000u);
        return mpipe_emit(io, 0, frame);
    };
    EXPECT_EQ(Run({"abc"}).size(), 1u);
}

TEST_F(Frame, OnceItWasGivenAwayEveryCallRefusesIt)
{
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) {
        mpipe_frame *created = mpipe_create(io, 8, nullptr);
        EXPECT_EQ(mpipe_emit(io, 0, created), MPIPE_OK);
        EXPECT_EQ(mpipe_emit(io, 0, frame), MPIPE_OK);
        for (mpipe_frame *gone :
             {created, frame, static_cast<mpipe_frame *>(nullptr), reinterpret_cast<mpipe_frame *>(64)}) {
            EXPECT_EQ(mpipe_emit(io, 0, gone), MPIPE_MISUSE);
            EXPECT_EQ(mpipe_writable(io, &gone), nullptr);
            EXPECT_EQ(mpipe_resize(io, &gone, 1), MPIPE_MISUSE);
            EXPECT_EQ(mpipe_keep(io, gone), MPIPE_MISUSE);
            mpipe_drop(io, gone);
        }
        return MPIPE_OK;
    };
    EXPECT_EQ(Run({"abc"}).size(), 2u);
    EXPECT_EQ(tally_.emitted, 2u);
}

TEST_F(Frame, CallsForAnotherStyleOrPortAreMisuse)
{
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) {
        mpipe_frame *next = nullptr;
        EXPECT_EQ(mpipe_get(io, MPIPE_ANY_PORT, &next), MPIPE_MISUSE);
        EXPECT_EQ(mpipe_flush_out(io, 0), MPIPE_MISUSE);
        EXPECT_EQ(mpipe_emit(io, 2, frame), MPIPE_MISUSE);
        EXPECT_EQ(mpipe_emit(io, UINT32_MAX, frame), MPIPE_MISUSE);
        return mpipe_emit(io, 0, frame);
    };
    EXPECT_EQ(Run({"abc"}).size(), 1u);
}

TEST_F(Frame, EmittedToAPortThatNobodyReadsIsDropped)
{
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) {
        EXPECT_EQ(mpipe_emit(io, 1, mpipe_create(io, 8, frame)), MPIPE_OK);
        return mpipe_emit(io, 1, frame);
    };
    EXPECT_EQ(Run({"abc"}).size(), 0u);
    EXPECT_EQ(exit_, WORKER_DONE);
    EXPECT_EQ(tally_.dropped, 1u);
    EXPECT_EQ(tally_.emitted, 0u);
}

TEST_F(Frame, ACallThatRefusesItsInputLeavesNothingOfWhatItDid)
{
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) {
        mpipe_emit(io, 0, mpipe_create(io, 8, frame));
        mpipe_create(io, 8, frame);
        if (TextOf(frame) == "kept")
            mpipe_keep(io, frame);
        else
            mpipe_writable(io, &frame);
        return MPIPE_BAD_FRAME;
    };
    EXPECT_EQ(Run({"kept", "written"}).size(), 0u);
    EXPECT_EQ(exit_, WORKER_DONE);
    EXPECT_EQ(tally_.dead, 2u);
    EXPECT_EQ(tally_.emitted, 0u);
}

TEST_F(Frame, MoreOutputsThanAJournalHoldsAreAllEmitted)
{
    enum { MANY = 2 * OUTPUTS_MAX + 10 };
    World world({{"source", nullptr, 0},
                 {"filter", &scripted, 16, 2, 1, 1, false, 3, &script_},
                 {"sink", nullptr, 16384, 1, 1, 0}},
                {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}});
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) {
        for (int i = 0; i < MANY; i++)
            if (mpipe_emit(io, 0, mpipe_create(io, 8, frame)) != MPIPE_OK)
                return MPIPE_FATAL;
        return MPIPE_OK;
    };
    world.Feed(SOURCE, {"x"});
    ring_close(world.Ring(FILTER));
    EXPECT_EQ(world.RunWorker(FILTER), WORKER_DONE);
    EXPECT_EQ(world.Drain(SINK).size(), size_t{MANY});
    EXPECT_EQ(world.Committed(FILTER).tally.repeated, 1u) << "one frame, in three parts";
}

TEST_F(Frame, AFrameThatIsGivenAgainAfterAPartCountsOnce)
{
    enum { MANY = OUTPUTS_MAX + 10 };
    World world({{"source", nullptr, 0},
                 {"filter", &scripted, 16, 2, 1, 1, false, 3, &script_},
                 {"sink", nullptr, 32768, 1, 1, 0}},
                {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}});
    bool dies = true;
    script_.process = [&](const mpipe_io *io, mpipe_frame *frame) {
        for (int i = 0; i < MANY; i++)
            if (mpipe_emit(io, 0, mpipe_create(io, 8, frame)) != MPIPE_OK)
                return MPIPE_FATAL;
        return TextOf(frame) == "second" && std::exchange(dies, false) ? MPIPE_FATAL : MPIPE_OK;
    };
    world.Feed(SOURCE, {"first", "second", "third"});
    ring_close(world.Ring(FILTER));
    EXPECT_EQ(world.RunWorker(FILTER), WORKER_FATAL);
    world.Bury(FILTER);
    EXPECT_EQ(world.RunWorker(FILTER, 0, 2), WORKER_DONE);
    EXPECT_EQ(world.Drain(SINK).size(), size_t{3 * MANY + OUTPUTS_MAX});
    EXPECT_EQ(world.Committed(FILTER).tally.repeated, 3u);
}

void ExpectOwnViews(const mpipe_io *io, mpipe_frame *frame)
{
    std::set<mpipe_frame *> frames = {frame};
    for (uint64_t i = 0; i < 100 + frame->sequence; i++) // more each time than there were
        EXPECT_TRUE(frames.insert(mpipe_create(io, 8, nullptr)).second) << "two frames have one view";
}

// What a worker left behind that died while it kept frames.
class FrameKept : public Frame
{
  protected:
    // A worker keeps all frames and dies; its successor runs in this process.
    std::vector<Seen> RunSuccessor(const std::vector<std::string> &frames)
    {
        World world({{"source", nullptr, 0},
                     {"filter", &scripted, 16, 2, 1, 1, false, 3, &script_},
                     {"sink", nullptr, 64, 1, 1, 0}},
                    {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}});
        world.Feed(SOURCE, frames);
        Child first([&] {
            script_.process = [](const mpipe_io *io, mpipe_frame *frame) { return mpipe_keep(io, frame); };
            return world.RunWorker(FILTER);
        });
        EXPECT_TRUE(first.Asleep());
        first.Kill();
        world.Bury(FILTER);
        ring_close(world.Ring(FILTER));
        exit_ = world.RunWorker(FILTER, 0, 2);
        tally_ = world.Committed(FILTER).tally;
        std::vector<Seen> seen = world.Drain(SINK);
        EXPECT_TRUE(world.AllIsFree());
        return seen;
    }
};

// The predecessor had kept the frame, and died before that was committed.
TEST_F(Frame, OneThatWasKeptInACallThatNeverEndedIsAnInputLikeAnyOther)
{
    World world({{"source", nullptr, 0},
                 {"filter", &scripted, 16, 2, 1, 1, false, 3, &script_},
                 {"sink", nullptr, 64, 1, 1, 0}},
                {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}});
    world.Feed(SOURCE, {"x"});
    Child first([&] {
        script_.process = [](const mpipe_io *io, mpipe_frame *frame) {
            mpipe_keep(io, frame);
            return pause();
        };
        return world.RunWorker(FILTER);
    });
    ASSERT_TRUE(first.Asleep());
    first.Kill();
    world.Bury(FILTER);
    ring_close(world.Ring(FILTER));
    script_.process = [](const mpipe_io *, mpipe_frame *frame) {
        EXPECT_EQ(frame->flags, 0u);
        EXPECT_EQ(frame->attempt, 2u);
        return MPIPE_OK;
    };
    EXPECT_EQ(world.RunWorker(FILTER, 0, 2), WORKER_DONE);
    EXPECT_EQ(world.Committed(FILTER).tally.dropped, 1u);
    EXPECT_TRUE(world.AllIsFree());
}

TEST_F(FrameKept, IsGivenAgainOldestFirstAndFlagged)
{
    std::string given;
    script_.process = [&](const mpipe_io *io, mpipe_frame *frame) {
        EXPECT_EQ(frame->flags, uint32_t{MPIPE_FRAME_KEPT});
        given += TextOf(frame);
        return mpipe_emit(io, 0, frame);
    };
    EXPECT_EQ(RunSuccessor({"a", "b", "c"}).size(), 3u);
    EXPECT_EQ(given, "abc");
    EXPECT_EQ(tally_.out, 3u);
}

TEST_F(FrameKept, CanBeMadeWritableAndEmitted)
{
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) {
        mpipe_writable(io, &frame)[0] = 'X';
        ExpectOwnViews(io, frame);
        return mpipe_emit(io, 0, frame);
    };
    std::vector<Seen> seen = RunSuccessor({"a1", "b2", "c3"});
    ASSERT_EQ(seen.size(), 3u);
    EXPECT_EQ(seen[2].bytes, "X3");
    EXPECT_EQ(exit_, WORKER_DONE);
    EXPECT_EQ(tally_.out, 3u);
}

TEST_F(FrameKept, CanBeMadeWritableAndThenLeft)
{
    script_.process = [](const mpipe_io *io, mpipe_frame *frame) {
        mpipe_writable(io, &frame)[0] = 'X';
        ExpectOwnViews(io, frame);
        return MPIPE_OK;
    };
    EXPECT_EQ(RunSuccessor({"a", "b", "c"}).size(), 0u);
    EXPECT_EQ(exit_, WORKER_DONE);
    EXPECT_EQ(tally_.dropped, 3u);
}

// A batch that is sent before its worker has all frames again that its predecessor kept: because time is over, say.
TEST_F(Frame, AKeptOneThatWasDroppedIsNotGivenAgainBeforeTheNextCommit)
{
    World world({{"source", nullptr, 0},
                 {"filter", &scripted_pull, 16, 2, 1, 1, false, 3, &script_},
                 {"sink", nullptr, 64, 1, 1, 0}},
                {{SOURCE, 0, FILTER}, {FILTER, 0, SINK}});
    world.Feed(SOURCE, {"a", "b", "c"});
    Child first([&] {
        script_.run = [](const mpipe_io *io) {
            mpipe_frame *frame;
            while (mpipe_get_sync(io, MPIPE_ANY_PORT, MPIPE_FOREVER, &frame) == MPIPE_OK)
                mpipe_keep(io, frame);
            return MPIPE_OK;
        };
        return world.RunWorker(FILTER);
    });
    ASSERT_TRUE(first.Asleep());
    first.Kill();
    world.Bury(FILTER);
    ring_close(world.Ring(FILTER));
    std::string given;
    script_.run = [&given](const mpipe_io *io) {
        mpipe_frame *frame;
        while (mpipe_get_sync(io, MPIPE_ANY_PORT, MPIPE_FOREVER, &frame) == MPIPE_OK && given.size() < 9) {
            given += TextOf(frame);
            mpipe_drop(io, frame);
        }
        return MPIPE_OK;
    };
    EXPECT_EQ(world.RunWorker(FILTER, 0, 2), WORKER_DONE);
    EXPECT_EQ(given, "abc");
    EXPECT_EQ(world.Committed(FILTER).tally.dropped, 3u);
    EXPECT_TRUE(world.AllIsFree());
}

} // namespace
