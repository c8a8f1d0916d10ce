// The control socket, with clients that are wrong: none of their requests gets as far as a pipeline, so there is none.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" // in C, a function may be named as a struct is
extern "C" {
#include "control.h"
}
#pragma GCC diagnostic pop
#include "meeting_place.h"

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
    Control()
    {
        EXPECT_EQ(pipe2(log_ends_, O_NONBLOCK | O_CLOEXEC), 0);
        log_init(&log_, log_ends_[1], LOG_LEVEL_INFO, "test");
        control_ = control_open("pipe", &log_);
    }
    ~Control() override
    {
        for (int fd : clients_)
            close(fd);
        control_close(control_);
        close(log_ends_[0]);
        close(log_ends_[1]);
    }

    int Connect()
    {
        int fd = -1;
        EXPECT_EQ(Socket("pipe", connect, &fd), 0);
        clients_.push_back(fd);
        Serve();
        return fd;
    }

    // As the supervisor's loop, until nothing is left to do.
    void Serve()
    {
        pollfd p = {control_fd(control_), POLLIN, 0};
        while (poll(&p, 1, 0) == 1)
            control_ready(control_, nullptr);
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

    std::string Logged()
    {
        char text[1024];
        ssize_t n = read(log_ends_[0], text, sizeof text);
        return std::string(text, n > 0 ? static_cast<size_t>(n) : 0);
    }

    int log_ends_[2] = {-1, -1};
    struct log log_ = {};
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

TEST_F(Control, ASecondOfTheNameGetsTheNumberOfItsProcess)
{
    control *second = control_open("pipe", &log_);
    ASSERT_NE(second, nullptr);
    EXPECT_THAT(Logged(), HasSubstr("this one is 'pipe-" + std::to_string(getpid()) + "'"));
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
    EXPECT_EQ(control_open(std::string(90, 'n').c_str(), &log_), nullptr);
    EXPECT_THAT(Logged(), HasSubstr("no control socket, so micropipe ctl cannot reach this pipeline"));
    EXPECT_EQ(control_open("no/folder", &log_), nullptr);
    EXPECT_THAT(Logged(), HasSubstr("No such file or directory"));
    chmod(Folder().c_str(), 0777);
    EXPECT_EQ(control_open("other", &log_), nullptr);
    EXPECT_THAT(Logged(), HasSubstr("its folder is not ours alone"));
    EXPECT_EQ(control_fd(nullptr), -1);
    control_close(nullptr);
}
