// Workers come and go as the crew should have them.
extern "C" {
#include "clock.h"
#include "staffing.h"
}

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace
{

// A stage of `slots` slots, a reader of nothing, with a server that says nothing.
class Staffing : public testing::Test
{
  protected:
    static constexpr uint32_t SLOTS = 8;

    Staffing()
    {
        stages_[0].workers_max = SLOTS;
        pipeline_.stages = stages_.data();
        pipeline_.n_stages = 1;
        place_.n_slots = SLOTS;
        for (uint32_t w = 0; w < SLOTS; w++) {
            size_t size = sizeof(slot) - sizeof(journal) + journal_size(0);
            slots_.push_back(static_cast<slot *>(aligned_alloc(64, (size + 63) / 64 * 64)));
            memset(static_cast<void *>(slots_.back()), 0, size);
            journal_init(&slots_.back()->journal, 0);
        }
        segment_.pipeline = &pipeline_;
        segment_.super = &super_;
        segment_.stages = &place_;
        segment_.slots = slots_.data();
        segment_.n_slots = SLOTS;
        crew_.socket = -1;
    }
    ~Staffing() override
    {
        for (slot *s : slots_)
            free(s);
    }

    void Set(uint32_t workers) { staffing_set(&crew_, &segment_, workers, 1); }
    void Live(uint32_t worker, slot_state state)
    {
        crew_.berths[worker].state = BERTH_ALIVE;
        au32_store_relaxed(&slots_[worker]->state, state);
    }
    slot_command Command(uint32_t worker) { return static_cast<slot_command>(au32_relaxed(&slots_[worker]->command)); }
    uint32_t Retiring()
    {
        uint32_t n = 0;
        for (uint32_t w = 0; w < SLOTS; w++)
            n += Command(w) == SLOT_RETIRE;
        return n;
    }

    std::vector<stage> stages_ = std::vector<stage>(1);
    pipeline pipeline_ = {};
    superblock super_ = {};
    stage_place place_ = {};
    segment segment_ = {};
    crew crew_ = {};
    std::vector<slot *> slots_; // with room for what follows a journal
};

// A server that has stopped reading: its socket takes nothing more.
class DeafServer : public Staffing
{
  protected:
    DeafServer()
    {
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_);
        crew_.socket = ends_[0];
        crew_.loaded = 1;
        server_message nothing = {};
        nothing.type = UINT32_MAX;
        while (send(ends_[0], &nothing, sizeof nothing, 0) > 0)
            ;
    }
    ~DeafServer() override
    {
        close(ends_[0]);
        close(ends_[1]);
    }
    uint64_t Start(uint64_t now) { return crew_start_due(&crew_, &segment_, nullptr, now); }

    // What it finds once it reads again, and how many such there are.
    uint32_t Heard(server_message_type type)
    {
        server_message m;
        uint32_t n = 0;
        for (int fd; server_hear(ends_[1], &m, &fd);)
            n += m.type == type && (type != SERVER_SPAWN || m.epoch == 1);
        return n;
    }

    int ends_[2] = {-1, -1};
};

} // namespace

TEST_F(DeafServer, IsAskedForAWorkerAgainOnceItHears)
{
    Set(2);
    uint64_t again = Start(1000);
    EXPECT_EQ(crew_.berths[0].state, BERTH_WAITING) << "it would never be started";
    ASSERT_GT(again, 1000u);
    ASSERT_NE(again, UINT64_MAX) << "nobody would look again";
    Heard(SERVER_SPAWN);
    EXPECT_EQ(Start(again), UINT64_MAX);
    EXPECT_EQ(crew_.berths[0].state, BERTH_STARTING);
    EXPECT_EQ(Heard(SERVER_SPAWN), 2u);
}

TEST_F(DeafServer, IsSentNoSignalForAWorkerThatIsNotThere)
{
    Set(2);
    Live(0, SLOT_BUSY);
    Heard(SERVER_SIGNAL);
    crew_signal(&crew_, 0, SIGUSR2);
    crew_signal(&crew_, 1, SIGUSR2);
    EXPECT_EQ(Heard(SERVER_SIGNAL), 1u);
}

TEST_F(Staffing, ARaiseMansEmptyBerths)
{
    Set(3);
    EXPECT_EQ(staffing_strength(&crew_, &segment_), 3u);
    EXPECT_EQ(crew_.berths[2].state, BERTH_WAITING);
    EXPECT_EQ(crew_.berths[3].state, BERTH_EMPTY);
    EXPECT_EQ(au32_relaxed(&super_.workers[0]), 3u) << "a claim's batch goes by it";
}

TEST_F(Staffing, NoMoreThanThereAreSlotsAndNeverNone)
{
    Set(SLOTS + 5);
    EXPECT_EQ(staffing_strength(&crew_, &segment_), SLOTS);
    Set(0);
    EXPECT_EQ(staffing_strength(&crew_, &segment_), 1u);
}

TEST_F(Staffing, ThoseWhoSleepAreRetiredFirst)
{
    Set(4);
    for (uint32_t w : {0u, 1u, 3u})
        Live(w, SLOT_BUSY);
    Live(2, SLOT_WAIT_INPUT);
    Set(3);
    EXPECT_EQ(Command(2), SLOT_RETIRE);
    EXPECT_EQ(Retiring(), 1u);
}

TEST_F(Staffing, ARetirementIsToldOnce)
{
    Set(4);
    for (uint32_t w = 0; w < 4; w++)
        Live(w, SLOT_BUSY);
    Set(2);
    Set(2);
    EXPECT_EQ(Retiring(), 2u);
    EXPECT_EQ(staffing_strength(&crew_, &segment_), 2u);
}

TEST_F(Staffing, ARaiseWhileOthersLeaveTakesOtherBerths)
{
    Set(3);
    for (uint32_t w = 0; w < 3; w++)
        Live(w, SLOT_BUSY);
    Set(1);
    Set(3);
    EXPECT_EQ(staffing_strength(&crew_, &segment_), 3u);
    EXPECT_EQ(Retiring(), 2u) << "who was told to leave does so";
}

TEST_F(Staffing, ABerthIsUsedAgainAfterARetirement)
{
    Set(2);
    Live(0, SLOT_BUSY);
    Live(1, SLOT_BUSY);
    Set(1);
    ASSERT_EQ(Command(1), SLOT_RETIRE);
    EXPECT_EQ(staffing_left(&crew_, &segment_, 1, 2), 0);
    EXPECT_EQ(crew_.berths[1].state, BERTH_EMPTY);
    Set(2);
    EXPECT_EQ(crew_.berths[1].state, BERTH_WAITING);
    EXPECT_EQ(Command(1), SLOT_RUN);
}

TEST_F(Staffing, WhoKeepsFramesIsManned)
{
    Set(2);
    Live(0, SLOT_BUSY);
    Live(1, SLOT_BUSY);
    Set(1);
    journal *j = &slots_[1]->journal;
    journal_committed(j, journal_decision(j).copy)->kept_map[0] = 1;
    EXPECT_EQ(staffing_left(&crew_, &segment_, 1, 2), 1) << "its frames would never come again";
    EXPECT_EQ(crew_.berths[1].state, BERTH_WAITING);
    EXPECT_EQ(Command(1), SLOT_RUN);
    EXPECT_EQ(crew_.wanted, 2u);
    EXPECT_EQ(Retiring(), 0u) << "nor is another sent away in its place";
}

TEST_F(Staffing, NobodyIsAddedOnceTheStreamHasEnded)
{
    Set(2);
    crew_.berths[0].state = BERTH_ENDED;
    Live(1, SLOT_BUSY);
    Set(4);
    EXPECT_EQ(staffing_strength(&crew_, &segment_), 1u);
}
