// What a user is told when a pipeline cannot be asked.
extern "C" {
#include "client.h"
#include "rendezvous.h"
}
#include "meeting_place.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <thread>

namespace
{

using testing::HasSubstr;

class Client : public MeetingPlace
{
  protected:
    Client() { mkdir(Folder().c_str(), 0700); }

    // Why there was no answer; "" if there was.
    static std::string Why(const std::string &name, json_t *request = json_pack("{ss}", "command", "status"))
    {
        char why[512] = "";
        json_t *answer = client_ask(name.c_str(), request, why, sizeof why);
        json_decref(answer);
        return answer ? "" : why;
    }

    // Asks a pipeline that takes one request, and answers so.
    std::string WhyWith(const std::string &answer)
    {
        int listener = -1;
        EXPECT_EQ(Socket("pipe", bind, &listener), 0);
        EXPECT_EQ(listen(listener, 1), 0);
        std::thread pipeline([&] {
            char request[256];
            int fd = accept(listener, nullptr, nullptr);
            EXPECT_GT(recv(fd, request, sizeof request, 0), 0);
            EXPECT_EQ(send(fd, answer.data(), answer.size(), MSG_NOSIGNAL), static_cast<ssize_t>(answer.size()));
            close(fd);
        });
        std::string why = Why("pipe");
        pipeline.join();
        close(listener);
        return why;
    }
};

} // namespace

TEST_F(Client, GetsTheAnswer)
{
    EXPECT_EQ(WhyWith("{\"ok\": true}\n"), "");
}

TEST_F(Client, OfAPipelineThatEndsInsteadOfAnsweringSaysSo)
{
    EXPECT_THAT(WhyWith(""), HasSubstr("did not answer"));
}

TEST_F(Client, OfAPipelineThatAnswersNonsenseSaysSo)
{
    EXPECT_THAT(WhyWith("nonsense\n"), HasSubstr("did not answer"));
}

TEST_F(Client, OfAPipelineThatDoesNotRunNamesThoseThatDo)
{
    int dead = -1;
    EXPECT_EQ(Why("pipe"), "no pipeline named 'pipe' runs here");
    ASSERT_EQ(Socket("dead", bind, &dead), 0);
    close(dead);
    const int alive = rendezvous_hold(Folder().c_str(), "alive");
    EXPECT_EQ(Why("pipe"), "no pipeline named 'pipe' runs here, only: alive");
    EXPECT_EQ(Why("dead"), "no pipeline named 'dead' runs here, only: alive") << "nobody listens";
    close(alive);
}

TEST_F(Client, TakesNoPathForAName)
{
    int elsewhere = -1;
    ASSERT_EQ(Socket("../pipe", bind, &elsewhere), 0);
    ASSERT_EQ(listen(elsewhere, 1), 0);
    fcntl(elsewhere, F_SETFL, O_NONBLOCK);
    EXPECT_THAT(Why("../pipe"), HasSubstr("no pipeline named '../pipe' runs here"));
    EXPECT_EQ(accept(elsewhere, nullptr, nullptr), -1) << "it went there";
    close(elsewhere);
}

TEST_F(Client, OfAPlaceThatIsNotOursAloneDoesNotGoThere)
{
    chmod(Folder().c_str(), 0777);
    EXPECT_EQ(Why("pipe"), "cannot reach pipeline 'pipe': Operation not permitted");
}

TEST_F(Client, WithoutARequestAsksNothing)
{
    EXPECT_THAT(Why("pipe", nullptr), HasSubstr("the request cannot be written"));
}
