// What a plugin gets from its host's table: values of options, lines of the log, waiting.
extern "C" {
#include "clock.h"
#include "host_table.h"
#include "waiting.h"
}

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "../../support/heard_log.h"
#include "child.h"

namespace
{

int readable_after_signal;

// A stage with an option of each kind, and a worker's slot.
class HostTable : public testing::Test
{
  protected:
    HostTable()
    {
        for (size_t i = 0; i < N; i++)
            values_[i].option = &options_[i];
        values_[0].integer = 7;
        values_[1].number = 0.5;
        values_[2].text = text_;
        values_[3].items = items_;
        values_[3].n_items = 2;
        description_.options = options_;
        description_.n_options = N;
        description_.pack_dir = pack_dir_;
        stage_.name = name_;
        stage_.description = &description_;
        stage_.options = values_;
        stage_.workers_max = 3;
        size_t size = sizeof(slot) - sizeof(journal) + journal_size(0);
        slot_.reset(static_cast<slot *>(aligned_alloc(64, (size + 63) / 64 * 64)));
        memset(static_cast<void *>(slot_.get()), 0, size);
        EXPECT_EQ(pipe(ends_), 0);
        host_table_init(&worker_, &stage_, log_.get(), slot_.get(), nullptr);
        host_table_init(&server_, &stage_, log_.get(), nullptr, nullptr);
    }

    ~HostTable() override
    {
        for (int fd : {ends_[0], ends_[1]})
            close(fd);
    }

    // The level of the line that it writes.
    std::string LevelOf(int32_t level)
    {
        mpipe_log(&worker_.host, level, "a number: %d", 5);
        const std::string line = log_.Lines();
        EXPECT_NE(line.find("stage/0: a number: 5\n"), std::string::npos) << line;
        const std::string behind_time = line.substr(line.find(' ') + 1);
        return behind_time.substr(0, behind_time.find(' '));
    }

    mpipe_status Wait(int fd, int64_t timeout_ns)
    {
        return worker_.wait.readable(worker_.wait.context, fd, timeout_ns);
    }

    struct Free {
        void operator()(slot *s) const { free(s); }
    };

    static constexpr size_t N = 4;
    char name_[6] = "stage", pack_dir_[7] = "/packs", text_[6] = "value", first_[2] = "a", second_[2] = "b";
    char int_[4] = "int", float_[6] = "float", text_name_[5] = "text", list_[5] = "list";
    char *items_[2] = {first_, second_};
    option_description options_[N] = {{int_, 0, 0, nullptr, nullptr, nullptr, nullptr, nullptr, 0, nullptr},
                                      {float_, 0, 0, nullptr, nullptr, nullptr, nullptr, nullptr, 0, nullptr},
                                      {text_name_, 0, 0, nullptr, nullptr, nullptr, nullptr, nullptr, 0, nullptr},
                                      {list_, 0, 0, nullptr, nullptr, nullptr, nullptr, nullptr, 0, nullptr}};
    option_value values_[N] = {};
    processor_description description_ = {};
    stage stage_ = {};
    std::unique_ptr<slot, Free> slot_;
    int ends_[2] = {-1, -1};
    HeardLog log_{LOG_LEVEL_DEBUG, "stage/0"};
    host_table worker_ = {}, server_ = {};
};

} // namespace

TEST_F(HostTable, GivesTheValuesOfOptions)
{
    const mpipe_host *host = &worker_.host;
    EXPECT_EQ(mpipe_option_int(host, "int"), 7);
    EXPECT_EQ(mpipe_option_float(host, "float"), 0.5);
    EXPECT_STREQ(mpipe_option_text(host, "text"), "value");
    EXPECT_EQ(mpipe_option_count(host, "list"), 2u);
    EXPECT_STREQ(mpipe_option_item(host, "list", 1), "b");
}

TEST_F(HostTable, GivesNothingForAnotherNameOrBeyondTheEndOfAList)
{
    const mpipe_host *host = &worker_.host;
    for (const char *name : {"other", static_cast<const char *>(nullptr)}) {
        EXPECT_EQ(mpipe_option_int(host, name), 0);
        EXPECT_EQ(mpipe_option_float(host, name), 0.0);
        EXPECT_STREQ(mpipe_option_text(host, name), "");
        EXPECT_EQ(mpipe_option_count(host, name), 0u);
        EXPECT_STREQ(mpipe_option_item(host, name, 0), "");
    }
    EXPECT_STREQ(mpipe_option_item(host, "list", 2), "");
    EXPECT_STREQ(mpipe_option_text(host, "int"), "") << "it has no text";
}

TEST_F(HostTable, ALevelThatThereIsNotIsTheNearest)
{
    EXPECT_EQ(LevelOf(MPIPE_LOG_ERROR), "error");
    EXPECT_EQ(LevelOf(MPIPE_LOG_INFO), "info");
    EXPECT_EQ(LevelOf(-5), "error");
    EXPECT_EQ(LevelOf(99), "debug");
}

TEST_F(HostTable, HasTheExtensionForWaitingInAWorkerAlone)
{
    auto extension = [](host_table *t, const char *id) { return t->host.extension(t->host.context, id); };
    EXPECT_EQ(extension(&worker_, MPIPE_EXT_WAIT), &worker_.wait);
    EXPECT_EQ(extension(&server_, MPIPE_EXT_WAIT), nullptr);
    EXPECT_EQ(extension(&worker_, "com.acme.other/1"), nullptr);
    EXPECT_EQ(extension(&worker_, nullptr), nullptr);
    EXPECT_TRUE(host_table_has(MPIPE_EXT_WAIT));
    EXPECT_FALSE(host_table_has("mpipe.wait/2"));
}

TEST_F(HostTable, WaitingInAServerIsMisuse)
{
    EXPECT_EQ(server_.wait.readable(server_.wait.context, ends_[0], 0), MPIPE_MISUSE);
}

TEST_F(HostTable, AWaitEndsWhenThereIsSomethingToReadOrTheTimeIsOver)
{
    EXPECT_EQ(Wait(ends_[0], 0), MPIPE_TIMEOUT);
    EXPECT_EQ(Wait(-1, 1000), MPIPE_TIMEOUT);
    ASSERT_EQ(write(ends_[1], "x", 1), 1);
    EXPECT_EQ(Wait(ends_[0], -1), MPIPE_OK);
    EXPECT_EQ(Wait(ends_[0], static_cast<int64_t>(NS_PER_S)), MPIPE_OK);
}

TEST_F(HostTable, AWaitCountsAsWaitingAndTheWorkerIsBusyAfterIt)
{
    EXPECT_EQ(Wait(-1, 2000000), MPIPE_TIMEOUT);
    EXPECT_GE(au64_relaxed(&slot_->wait_input_ns), 2000000u);
    EXPECT_EQ(au32_relaxed(&slot_->state), static_cast<uint32_t>(SLOT_BUSY));
}

TEST_F(HostTable, AWorkerThatIsToldToEndDoesNotWait)
{
    ASSERT_EQ(write(ends_[1], "x", 1), 1);
    for (enum slot_command command : {SLOT_FINISH, SLOT_RETIRE}) {
        au32_store_release(&slot_->command, command);
        EXPECT_EQ(Wait(-1, -1), MPIPE_STOP);
        EXPECT_EQ(Wait(ends_[0], 0), MPIPE_STOP) << "although there is something to read";
    }
}

// The signal is pending when the wait begins, and its handler makes something readable: so a wait for ever has to look
// again to see it.
TEST_F(HostTable, AnotherCommandThanToEndInterruptsAWaitWithALimitOnly)
{
    int result = Child([&] {
                     struct sigaction sa = {};
                     sigset_t user;
                     readable_after_signal = ends_[1];
                     sa.sa_handler = [](int) {
                         if (write(readable_after_signal, "x", 1) != 1)
                             abort();
                     };
                     sigaction(SIGUSR2, &sa, nullptr);
                     sigemptyset(&user);
                     sigaddset(&user, SIGUSR2);
                     sigprocmask(SIG_BLOCK, &user, nullptr);
                     raise(SIGUSR2);
                     if (Wait(-1, 60 * static_cast<int64_t>(NS_PER_S)) != MPIPE_TIMEOUT)
                         return 1;
                     char byte;
                     if (read(ends_[0], &byte, 1) != 1)
                         return 2;
                     raise(SIGUSR2);
                     return Wait(ends_[0], -1) == MPIPE_OK ? 0 : 3;
                 }).Wait();
    EXPECT_EQ(result, 0);
}
