// Links to pipelines that answer, do not, or go away; and which of them run.
extern "C" {
#include "link.h"
#include "rendezvous.h"
#include "roll.h"
}
#include "meeting_place.h"

#include <gmock/gmock.h>
#include <jansson.h>
#include <poll.h>
#include <sys/stat.h>

#include <memory>
#include <thread>
#include <vector>

namespace
{

using Answer = std::unique_ptr<json_t, void (*)(json_t *)>;

class Link : public MeetingPlace
{
  protected:
    Link() { mkdir(Folder().c_str(), 0700); }
    ~Link() override
    {
        link_close(&link_);
        for (int fd : open_)
            close(fd);
    }

    int Listen(const std::string &name)
    {
        int listener = -1;
        EXPECT_EQ(Socket(name, bind, &listener), 0);
        EXPECT_EQ(listen(listener, 4), 0);
        open_.push_back(listener);
        open_.push_back(rendezvous_hold(Folder().c_str(), name.c_str()));
        EXPECT_GE(open_.back(), 0);
        return listener;
    }

    // The pipeline's end of a new link to it.
    int Opened(const std::string &name)
    {
        char why[400];
        int listener = Listen(name);
        EXPECT_EQ(link_open(&link_, name.c_str(), why, sizeof why), 0) << why;
        open_.push_back(accept(listener, nullptr, nullptr));
        return open_.back();
    }

    static void Send(int fd, const std::string &text)
    {
        EXPECT_EQ(send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    }

    static json_t *Request() { return json_pack("{ss}", "command", "status"); }

    // What link_take() gives, once there is something to take.
    Answer Take(int *result = nullptr)
    {
        pollfd p = {link_.fd, POLLIN, 0};
        json_t *answer = nullptr;
        poll(&p, 1, 10000);
        int taken = link_take(&link_, &answer);
        if (result)
            *result = taken;
        return {answer, [](json_t *j) { json_decref(j); }};
    }

    struct link link_ = {-1, 0, nullptr, 0};
    std::vector<int> open_;
};

TEST_F(Link, TakesAnAnswerThatComesInPartsOnceItIsWhole)
{
    int pipeline = Opened("pipe");
    ASSERT_EQ(link_ask(&link_, Request()), 0);
    EXPECT_EQ(link_.asked, 1);
    Send(pipeline, "{\"ok\": ");
    EXPECT_EQ(Take().get(), nullptr);
    Send(pipeline, "true}\n{\"ok\"");
    Answer answer = Take();
    EXPECT_TRUE(json_is_true(json_object_get(answer.get(), "ok")));
    EXPECT_EQ(link_.asked, 0);
    EXPECT_EQ(link_.n, 5u) << "the next one has begun";
}

TEST_F(Link, GivesTwoAnswersThatComeAtOnceOneByOne)
{
    int pipeline = Opened("pipe");
    Send(pipeline, "{\"n\": 1}\n{\"n\": 2}\n");
    EXPECT_EQ(json_integer_value(json_object_get(Take().get(), "n")), 1);
    json_t *second = nullptr;
    EXPECT_EQ(link_take(&link_, &second), 0);
    EXPECT_EQ(json_integer_value(json_object_get(second, "n")), 2);
    json_decref(second);
}

TEST_F(Link, ClosesWhenThePipelineGoesOrTalksNonsense)
{
    int result = 0;
    close(dup(Opened("pipe")));
    shutdown(open_.back(), SHUT_RDWR);
    EXPECT_EQ(Take(&result).get(), nullptr);
    EXPECT_EQ(result, -1);
    EXPECT_EQ(link_.fd, -1);
    EXPECT_EQ(link_ask(&link_, Request()), -1);
    Send(Opened("other"), "nonsense\n");
    EXPECT_EQ(Take(&result).get(), nullptr);
    EXPECT_EQ(result, -1);
}

TEST_F(Link, WaitsForAnAnswerNoLongerThanItIsTold)
{
    Opened("pipe");
    char why[SILENCE_TEXT] = "";
    EXPECT_EQ(link_wait(&link_, Request(), 20, why), nullptr);
    EXPECT_EQ(std::string(why).find("has not answered for 0.0"), 0u) << why;
    EXPECT_EQ(link_.fd, -1) << "what comes late would be taken for the answer of another request";
}

TEST_F(Link, TheRollHasThoseThatRun)
{
    int dead = -1;
    EXPECT_EQ(Socket("dead", bind, &dead), 0);
    close(dead);
    int listener = Listen("well");
    std::thread pipeline([listener] {
        char request[256];
        int fd = accept(listener, nullptr, nullptr);
        EXPECT_GT(recv(fd, request, sizeof request, 0), 0);
        Send(fd, "{\"ok\": true, \"pid\": 7}\n");
        close(fd);
    });
    Answer roll(roll_call(10000), [](json_t *j) { json_decref(j); });
    pipeline.join();
    ASSERT_EQ(json_array_size(roll.get()), 1u);
    const json_t *well = json_array_get(roll.get(), 0);
    EXPECT_STREQ(json_string_value(json_object_get(well, "name")), "well");
    EXPECT_EQ(json_integer_value(json_object_get(json_object_get(well, "status"), "pid")), 7);
}

TEST_F(Link, TheRollSaysWhoDoesNotAnswer)
{
    Listen("hung");
    Answer roll(roll_call(20), [](json_t *j) { json_decref(j); });
    ASSERT_EQ(json_array_size(roll.get()), 1u);
    EXPECT_TRUE(json_is_null(json_object_get(json_array_get(roll.get(), 0), "status")));
}

TEST_F(Link, TheRollIsEmptyWhereNothingRuns)
{
    Answer roll(roll_call(100), [](json_t *j) { json_decref(j); });
    EXPECT_EQ(json_array_size(roll.get()), 0u);
}

} // namespace
