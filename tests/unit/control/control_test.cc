// The control socket, with clients that are wrong: none of their requests gets as far as a pipeline, so there is none.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" // in C, a function may be named as a struct is
extern "C" {
#include "control.h"
}
#pragma GCC diagnostic pop
#include "../../support/heard_log.h"
#include "child.h"
#include "limit.h"
#include "meeting_place.h"
#include "played_run.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace
{

using testing::HasSubstr;

class Control : public MeetingPlace
{
  protected:
    Control() { control_ = control_open("pipe", log_.get()); }
    ~Control() override
    {
        for (int fd : clients_)
            close(fd);
        control_close(control_);
    }

    int Connect()
    {
        int fd = -1;
        EXPECT_EQ(Socket("pipe", connect, &fd), 0);
        clients_.push_back(fd);
        Serve();
        return fd;
    }

    // As the supervisor's loop, until nothing is left to do. False: it would go on for ever.
    bool Serve() { return Serve(control_); }
    static bool Serve(control *c, supervisor *s = nullptr)
    {
        pollfd p = {control_fd(c), POLLIN, 0};
        for (int i = 0; i < 1000; i++) {
            if (poll(&p, 1, 0) == 0)
                return true;
            control_ready(c, s);
        }
        return false;
    }

    void Say(int fd, const std::string &text)
    {
        EXPECT_EQ(send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
        Serve();
    }

    // What has come; "cut off" if nothing will.
    static std::string Heard(int fd)
    {
        char text[8192];
        ssize_t n = recv(fd, text, sizeof text, MSG_DONTWAIT);
        return n > 0 ? std::string(text, static_cast<size_t>(n)) : n == 0 || errno != EAGAIN ? "cut off" : "";
    }

    HeardLog log_;
    control *control_ = nullptr;
    std::vector<int> clients_;
};

long Lines(const std::string &text)
{
    return std::count(text.begin(), text.end(), '\n');
}

} // namespace

TEST_F(Control, SaysWhatIsWrongWithARequest)
{
    int fd = Connect();
    Say(fd, "nonsense\n");
    EXPECT_THAT(Heard(fd), HasSubstr("this is no JSON object"));
    Say(fd, "[1]\n");
    EXPECT_THAT(Heard(fd), HasSubstr("this is no JSON object"));
    Say(fd, "{}\n");
    EXPECT_THAT(Heard(fd), HasSubstr("an object with a \\\"command\\\""));
    Say(fd, "{\"command\": 3}\n");
    EXPECT_THAT(Heard(fd), HasSubstr("an object with a \\\"command\\\""));
    Say(fd, "{\"command\": \"explode\"}\n");
    EXPECT_THAT(Heard(fd), HasSubstr("there is no command 'explode'"));
    Say(fd, "{\"command\": \"a\", \"command\": \"b\"}\n");
    EXPECT_THAT(Heard(fd), HasSubstr("\"ok\":false"));
}

TEST_F(Control, AnswersEachLineWhenItIsWhole)
{
    int fd = Connect();
    Say(fd, "{}\n{}\n{");
    EXPECT_EQ(Lines(Heard(fd)), 2);
    Say(fd, "}");
    EXPECT_EQ(Heard(fd), "");
    Say(fd, "\n");
    EXPECT_EQ(Lines(Heard(fd)), 1);
}

TEST_F(Control, CutsOffALineThatIsTooLong)
{
    int fd = Connect();
    Say(fd, std::string(CONTROL_LINE - 1, ' ') + "\n");
    EXPECT_THAT(Heard(fd), HasSubstr("\"ok\":false")) << "it is not too long";
    Say(fd, std::string(CONTROL_LINE, ' '));
    EXPECT_EQ(Heard(fd), "cut off");
}

TEST_F(Control, CutsOffWhoReadsNoAnswersAndServesTheOthers)
{
    int mute = Connect(), other = Connect();
    std::string requests;
    for (int i = 0; i < 1000; i++)
        requests += "{}\n";
    bool gone = false;
    for (int i = 0; i < 4000 && !gone; i++) {
        gone = send(mute, requests.data(), requests.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EPIPE;
        Serve();
    }
    EXPECT_TRUE(gone);
    Say(other, "{}\n");
    EXPECT_EQ(Lines(Heard(other)), 1);
}

TEST_F(Control, SendsAsMuchAsAClientTakesAndTheRestLater)
{
    int fd = Connect(), small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    long heard = 0;
    for (int i = 0; i < 6; i++)
        Say(fd, [] {
            std::string requests;
            for (int n = 0; n < 1000; n++)
                requests += "{}\n";
            return requests;
        }());
    for (std::string text = "more"; !text.empty() && text != "cut off"; Serve()) {
        text = Heard(fd);
        heard += Lines(text);
    }
    EXPECT_EQ(heard, 6000);
}

TEST_F(Control, ForgetsAClientThatGoesBeforeItsAnswer)
{
    for (int i = 0; i < 2 * CONTROL_CLIENTS; i++) {
        int fd = Connect();
        EXPECT_EQ(send(fd, "{}\n", 3, MSG_NOSIGNAL), 3);
        close(fd);
        clients_.pop_back();
        Serve();
    }
    int next = Connect();
    Say(next, "{}\n");
    EXPECT_EQ(Lines(Heard(next)), 1);
}

TEST_F(Control, HasRoomForSoManyClientsAndForAnotherWhenOneHasGone)
{
    std::vector<int> crowd;
    for (int i = 0; i < CONTROL_CLIENTS; i++)
        crowd.push_back(Connect());
    EXPECT_EQ(Heard(crowd.back()), "");
    EXPECT_EQ(Heard(Connect()), "cut off");
    shutdown(crowd[3], SHUT_RDWR);
    Serve();
    int next = Connect();
    Say(next, "{}\n");
    EXPECT_EQ(Lines(Heard(next)), 1);
}

TEST_F(Control, ForgetsAClientThatGoesWithoutReadingItsAnswer)
{
    int fd = Connect(), other = Connect();
    Say(fd, "{}\n");
    send(fd, "{}\n", 3, MSG_NOSIGNAL);
    close(fd); // the host reads that the connection was reset
    clients_.erase(clients_.begin());
    EXPECT_TRUE(Serve());
    Say(other, "{}\n");
    EXPECT_EQ(Lines(Heard(other)), 1);
}

TEST_F(Control, SendsAwayWhomItHasNoDescriptorForAndServesTheOthers)
{
    int first = Connect(), next = -1;
    EXPECT_EQ(Socket("pipe", connect, &next), 0);
    clients_.push_back(next);
    {
        Limit none(RLIMIT_NOFILE, Limit::NextDescriptor());
        EXPECT_TRUE(Serve()) << "the client goes on knocking";
        EXPECT_EQ(Heard(next), "cut off");
        Say(first, "{}\n");
        EXPECT_EQ(Lines(Heard(first)), 1);
    }
    int last = Connect();
    Say(last, "{}\n");
    EXPECT_EQ(Lines(Heard(last)), 1);
}

TEST_F(Control, ThatHasTooFewDescriptorsIsDoneWithoutOrHasNoTaps)
{
    const rlim_t next = Limit::NextDescriptor();
    const PlayedRun run;
    std::vector<std::string> answers;
    for (rlim_t more = 0; answers.size() < 2; more++) {
        ASSERT_LT(more, 20u);
        control *c;
        {
            Limit few(RLIMIT_NOFILE, next + more);
            c = control_open("few", log_.get());
        }
        EXPECT_EQ(log_.Lines().empty(), c != nullptr) << more;
        if (c) {
            int fd = -1;
            const std::string tap = "{\"command\":\"tap\",\"stage\":\"work\"}\n";
            EXPECT_EQ(Socket("few", connect, &fd), 0);
            EXPECT_EQ(send(fd, tap.data(), tap.size(), MSG_NOSIGNAL), static_cast<ssize_t>(tap.size()));
            EXPECT_TRUE(Serve(c, run.get()));
            answers.push_back(Heard(fd));
            close(fd);
        }
        control_close(c);
        EXPECT_EQ(Limit::NextDescriptor(), next) << "it left one open";
    }
    EXPECT_THAT(answers[0], HasSubstr("a tap needs"));
    EXPECT_THAT(answers[1], HasSubstr("\"ok\":true"));
}

TEST_F(Control, ATapOfAClientThatIsGoneEnds)
{
    const PlayedRun run;
    for (const char *more : {"", ",\"whole\":true"}) {
        int fd = Connect();
        const std::string tap = std::string("{\"command\":\"tap\",\"stage\":\"work\"") + more + "}\n";
        EXPECT_EQ(send(fd, tap.data(), tap.size(), MSG_NOSIGNAL), static_cast<ssize_t>(tap.size()));
        EXPECT_TRUE(Serve(control_, run.get()));
        EXPECT_THAT(Heard(fd), HasSubstr("\"ok\":true"));
        EXPECT_TRUE(run.Sample("payload"));
        pollfd tick = {control_fd(control_), POLLIN, 0};
        EXPECT_EQ(poll(&tick, 1, 10000), 1);
        close(fd); // the tick comes first, and finds out
        clients_.clear();
        while (run.State() != TAP_CLOSED && poll(&tick, 1, 10000) == 1)
            control_ready(control_, run.get());
        EXPECT_EQ(run.State(), uint64_t{TAP_CLOSED}) << more;
    }
}

// The folder keeps others out; should it not, the socket still asks who it is.
TEST_F(Control, CutsOffAStranger)
{
    constexpr uid_t kStranger = 61234;
    if (geteuid() != 0)
        GTEST_SKIP() << "to be another user needs root";
    std::filesystem::permissions(runtime_, std::filesystem::perms::all);
    std::filesystem::permissions(Folder(), std::filesystem::perms::all);
    std::filesystem::permissions(Folder() + "/pipe.sock", std::filesystem::perms::all);
    Child stranger([&] {
        int fd = -1;
        char c;
        if (setuid(kStranger) != 0 || Socket("pipe", connect, &fd) != 0)
            return 1;
        send(fd, "{}\n", 3, MSG_NOSIGNAL);
        return recv(fd, &c, 1, 0) == 1 ? 2 : 0;
    });
    pollfd p = {control_fd(control_), POLLIN, 0};
    EXPECT_EQ(poll(&p, 1, 10000), 1);
    EXPECT_TRUE(Serve());
    EXPECT_EQ(stranger.Wait(), 0);
}

TEST_F(Control, ASecondOfTheNameGetsTheNumberOfItsProcess)
{
    control *second = control_open("pipe", log_.get());
    ASSERT_NE(second, nullptr);
    EXPECT_THAT(log_.Lines(), HasSubstr("this one is 'pipe-" + std::to_string(getpid()) + "'"));
    EXPECT_EQ(control_name(second), "pipe-" + std::to_string(getpid()));
    EXPECT_STREQ(control_name(control_), "pipe");
    control_close(second);
    EXPECT_TRUE(std::filesystem::exists(Folder() + "/pipe.sock")) << "the first's";
}

TEST_F(Control, TakesItsSocketWithIt)
{
    EXPECT_TRUE(std::filesystem::exists(Folder() + "/pipe.sock"));
    control_close(control_);
    control_ = nullptr;
    EXPECT_FALSE(std::filesystem::exists(Folder() + "/pipe.sock"));
}

TEST_F(Control, ThatCannotBeIsLoggedAndDoneWithout)
{
    EXPECT_EQ(control_open(std::string(90, 'n').c_str(), log_.get()), nullptr);
    EXPECT_THAT(log_.Lines(), HasSubstr("no control socket, so micropipe ctl cannot reach this pipeline"));
    EXPECT_EQ(control_open("no/folder", log_.get()), nullptr);
    EXPECT_THAT(log_.Lines(), HasSubstr("No such file or directory"));
    chmod(Folder().c_str(), 0777);
    EXPECT_EQ(control_open("other", log_.get()), nullptr);
    EXPECT_THAT(log_.Lines(), HasSubstr("its folder is not ours alone"));
    EXPECT_EQ(control_fd(nullptr), -1);
    EXPECT_EQ(control_name(nullptr), nullptr);
    control_close(nullptr);
}
