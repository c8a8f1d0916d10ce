// The file: whole after each write, and no larger than it may be.
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <jansson.h>

#include <csignal>
#include <memory>
#include <string>

extern "C" {
#include "trace_file.h"
}

#include "../../support/temp_folder.h"
#include "../control/limit.h"

namespace
{

class TraceFile : public testing::Test
{
  protected:
    ~TraceFile() override
    {
        if (file_->fd >= 0)
            trace_file_close(file_.get());
    }

    void Open(uint64_t limit) { ASSERT_EQ(trace_file_open(file_.get(), path_.c_str(), limit), 0); }

    int Add(const std::string &object, trace_share share = TRACE_OF_SPANS, uint64_t owes = 0)
    {
        return trace_file_add(file_.get(), share, object.data(), object.size(), owes);
    }

    // How many objects are in it now; -1: it is no JSON array.
    int Objects() const
    {
        std::unique_ptr<json_t, void (*)(json_t *)> array(json_load_file(path_.c_str(), 0, nullptr), json_decref);
        return json_is_array(array.get()) ? static_cast<int>(json_array_size(array.get())) : -1;
    }

    uint64_t Size() const
    {
        struct stat s = {};
        stat(path_.c_str(), &s);
        return static_cast<uint64_t>(s.st_size);
    }

    harness::TempFolder folder_;
    std::string path_ = folder_ / "trace.json";
    std::unique_ptr<trace_file> file_ = std::make_unique<trace_file>();
};

const std::string object = R"({"ph":"i","name":"some mark","ts":1})";

} // namespace

TEST_F(TraceFile, IsAJsonArrayAfterEachWrite)
{
    Open(1 << 20);
    EXPECT_EQ(Objects(), 0);
    for (int i = 1; i <= 5; i++) {
        EXPECT_EQ(Add(object), 1);
        EXPECT_EQ(trace_file_flush(file_.get()), 0);
        EXPECT_EQ(Objects(), i);
    }
    EXPECT_EQ(trace_file_close(file_.get()), 0);
    EXPECT_EQ(Objects(), 5);
}

TEST_F(TraceFile, WritesByItselfBeforeItsBufferIsFull)
{
    Open(1 << 20);
    for (int i = 0; i < 10000; i++)
        EXPECT_EQ(Add(object), 1);
    EXPECT_GT(Objects(), 5000);
}

TEST_F(TraceFile, IsNeverLargerThanItMayBeAndCountsWhatItDrops)
{
    Open(TRACE_FILE_LEAST);
    uint64_t added = 0, tried = 0;
    for (; tried < 10000; tried++)
        added += static_cast<uint64_t>(Add(object));
    EXPECT_EQ(trace_file_flush(file_.get()), 0);
    EXPECT_LE(Size(), uint64_t{TRACE_FILE_LEAST});
    EXPECT_GT(Size(), uint64_t{TRACE_FILE_LEAST} * 9 / 10);
    EXPECT_EQ(Objects(), static_cast<int>(added));
    EXPECT_EQ(file_->dropped[TRACE_OF_SPANS], tried - added);
}

TEST_F(TraceFile, HasRoomForMarksWhenTheRestIsFull)
{
    Open(TRACE_FILE_LEAST);
    while (Add(object))
        ;
    EXPECT_EQ(Add(object, TRACE_OF_MARKS), 1);
    EXPECT_EQ(file_->dropped[TRACE_OF_MARKS], 0u);
}

TEST_F(TraceFile, TakesNoMoreSpansOnceOneWasDroppedSoThatTheyHaveNoHoles)
{
    Open(TRACE_FILE_LEAST);
    EXPECT_FALSE(trace_file_refuses(file_.get()));
    while (Add(object))
        ;
    EXPECT_TRUE(trace_file_refuses(file_.get()));
    EXPECT_EQ(file_->dropped[TRACE_OF_SPANS], 2u) << "the one that had no room, and the one that was not made";
}

TEST_F(TraceFile, KeepsRoomForWhatItOwes)
{
    Open(TRACE_FILE_LEAST);
    int owed = 0;
    while (Add(object, TRACE_OF_MARKS, object.size()))
        owed++;
    while (Add("{}", TRACE_OF_MARKS))
        ;
    for (int i = 0; i < owed; i++)
        trace_file_pay(file_.get(), object.data(), object.size(), object.size());
    EXPECT_EQ(trace_file_close(file_.get()), 0);
    EXPECT_LE(Size(), uint64_t{TRACE_FILE_LEAST});
    EXPECT_GE(Objects(), 2 * owed);
}

TEST_F(TraceFile, TakesThePlaceOfWhatWasThere)
{
    folder_.file("trace.json", std::string(100000, 'x'));
    Open(1 << 20);
    EXPECT_EQ(Objects(), 0);
}

TEST_F(TraceFile, IsRefusedWhereItCannotBeWrittenTo)
{
    EXPECT_EQ(trace_file_open(file_.get(), (folder_ / "none/trace.json").c_str(), 1 << 20), -ENOENT);
    ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
    EXPECT_NE(trace_file_open(file_.get(), path_.c_str(), 1 << 20), 0) << "a pipe cannot be written to twice";
    EXPECT_EQ(file_->fd, -1);
}

// The last object that fits is cut somewhere else each time.
TEST_F(TraceFile, EndsBehindTheLastWholeObjectWhenNoMoreCanBeWritten)
{
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    for (rlim_t room = 20000; room < 20050; room++) {
        Open(1 << 20);
        EXPECT_EQ(Add(object), 1);
        EXPECT_EQ(trace_file_flush(file_.get()), 0);
        for (int i = 0; i < 600; i++)
            EXPECT_EQ(Add(object), 1);
        {
            Limit most(RLIMIT_FSIZE, room);
            EXPECT_EQ(trace_file_flush(file_.get()), -EFBIG);
        }
        EXPECT_GT(Objects(), 500) << room;
        EXPECT_LT(Objects(), 600) << room;
        EXPECT_EQ(trace_file_close(file_.get()), -EFBIG);
        EXPECT_GT(Objects(), 500) << room;
    }
    signal(SIGXFSZ, before);
}

TEST_F(TraceFile, StaysAsItWasWhenNothingMoreCanBeWritten)
{
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    for (rlim_t more = 0; more < 8; more++) {
        Open(1 << 20);
        EXPECT_EQ(Add(object), 1);
        EXPECT_EQ(trace_file_flush(file_.get()), 0);
        EXPECT_EQ(Add(object), 1);
        Limit most(RLIMIT_FSIZE, Size() + more);
        EXPECT_EQ(trace_file_close(file_.get()), -EFBIG);
        EXPECT_EQ(Objects(), 1) << more;
    }
    signal(SIGXFSZ, before);
}

TEST_F(TraceFile, GoesOnWithoutHarmWhenTheDiskIsFull)
{
    if (trace_file_open(file_.get(), "/dev/full", 1 << 20) == 0) {
        EXPECT_EQ(Add(object), 1);
        EXPECT_EQ(trace_file_flush(file_.get()), -ENOSPC);
    }
    for (int i = 0; i < 10000; i++)
        EXPECT_EQ(Add(object), 0);
    EXPECT_EQ(trace_file_flush(file_.get()), -ENOSPC);
}
