// micropipe ctl: what an operator may do to a pipeline while it runs, and what nobody may.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <jansson.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "operated.h"

namespace
{

using testing::HasSubstr;

using Ctl = Operated;

// What comes until the other side closes, or `lines` lines are there.
std::string Read(int fd, size_t lines)
{
    std::string all;
    char c;
    while (lines > 0 && read(fd, &c, 1) == 1) {
        all += c;
        lines -= c == '\n';
    }
    return all;
}

void Say(int fd, const std::string &text)
{
    EXPECT_EQ(send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

} // namespace

TEST_F(Ctl, StatusShowsTheStages)
{
    Start();
    ASSERT_TRUE(Becomes([](json_t *s) { return Figure(s, 2, "out") > 0; }));
    const Outcome o = Ask("pipe");
    EXPECT_EQ(o.status, 0);
    EXPECT_THAT(o.output,
                testing::ContainsRegex("pipe: running for [0-9.]+ s, process " + std::to_string(runs_->pid())));
    EXPECT_THAT(o.output, testing::ContainsRegex("work +[0-9]+ +scaler"));
    EXPECT_THAT(o.output, testing::ContainsRegex("generate +1 +configuration"));
}

TEST_F(Ctl, StatusTellsOfTheLastSecondAndOfWorkersIfAsked)
{
    Start();
    ASSERT_TRUE(Becomes([](json_t *s) { return Figure(s, 2, "out") > 0; }));
    int fd = Connect();
    Json answer{nullptr, [](json_t *j) { json_decref(j); }};
    json_t *work = nullptr, *worker = nullptr, *frame = nullptr;
    // Between two frames a worker has none in hand: asked then, it is asked again.
    for (int asked = 0; asked < 2000 && !json_is_integer(frame); asked++) {
        Say(fd, "{\"command\": \"status\", \"workers\": true, \"histograms\": true}\n");
        answer.reset(json_loads(Read(fd, 1).c_str(), 0, nullptr));
        work = json_array_get(json_object_get(answer.get(), "stages"), 1);
        worker = json_array_get(json_object_get(work, "worker_list"), 0);
        frame = json_object_get(worker, "frame");
    }
    close(fd);
    EXPECT_GT(json_number_value(json_object_get(work, "out_rate")), 0);
    EXPECT_GE(json_number_value(json_object_get(json_object_get(work, "process_s"), "p50")), 0.001) << "it waits 1 ms";
    EXPECT_EQ(kill(static_cast<pid_t>(json_integer_value(json_object_get(worker, "pid"))), 0), 0);
    EXPECT_TRUE(json_is_integer(frame)) << "which it has in hand for the millisecond that it waits";
    EXPECT_GT(json_integer_value(json_object_get(json_object_get(work, "process_histogram"), "count")), 0);
    EXPECT_EQ(json_array_size(json_object_get(answer.get(), "edges")), 2u);
}

TEST_F(Ctl, ScaleGivesAStageSoManyWorkersAndTakesThemAway)
{
    Start();
    EXPECT_EQ(Ask("pipe scale work 7").output, "7 workers\n");
    EXPECT_TRUE(HasWorkers(7));
    EXPECT_EQ(Ask("pipe scale work 2").output, "2 workers\n");
    EXPECT_TRUE(HasWorkers(2));
    EXPECT_THAT(Ask("pipe").output, HasSubstr("work: 7 -> 2 workers: by hand"));
    EXPECT_EQ(Ask("pipe scale work auto").status, 0);
    EXPECT_TRUE(HasWorkers(8)) << "which is of use, as the stage waits";
}

TEST_F(Ctl, ScaleSaysWhenThereIsRoomForFewer)
{
    Start();
    const Outcome o = Ask("pipe scale work 20");
    EXPECT_EQ(o.status, 0);
    EXPECT_THAT(o.output, HasSubstr("8 workers\n"));
    EXPECT_THAT(o.output, HasSubstr("workers = { max = 20; }"));
}

TEST_F(Ctl, WhatCannotBeScaledIsRefusedWithTheReason)
{
    Start();
    EXPECT_EQ(Ask("pipe scale generate 2").status, 2);
    EXPECT_THAT(Ask("pipe scale generate 2").output, HasSubstr("'generate' is a source"));
    EXPECT_THAT(Ask("pipe scale wrok 2").output, HasSubstr("there is no stage 'wrok' (did you mean 'work'?)"));
    EXPECT_THAT(Ask("pipe scale work 0").output, HasSubstr("a number from 1 to 64"));
    EXPECT_THAT(Ask("pipe scale work many").output, HasSubstr("a number from 1 to 64"));
}

TEST_F(Ctl, ARequestToScaleHasToSayWhatAndHowFar)
{
    Start();
    int fd = Connect();
    Say(fd, "{\"command\": \"scale\"}\n");
    EXPECT_THAT(Read(fd, 1), HasSubstr("there is no stage ''"));
    for (const char *workers : {"", ", \"workers\": \"all\"", ", \"workers\": 1.5", ", \"workers\": 65"}) {
        Say(fd, std::string("{\"command\": \"scale\", \"stage\": \"work\"") + workers + "}\n");
        EXPECT_THAT(Read(fd, 1), HasSubstr("a number from 1 to 64")) << workers;
    }
    close(fd);
}

TEST_F(Ctl, WhatIsDrainedCannotBePaused)
{
    Start("core.generate size=16 | debug.work wait=1s | core.null");
    ASSERT_TRUE(Becomes([](json_t *s) { return Figure(s, 1, "in") > 100; })) << "else it is drained in an instant";
    EXPECT_EQ(Ask("pipe drain").status, 0);
    EXPECT_EQ(Ask("pipe pause").status, 2);
    EXPECT_THAT(Ask("pipe resume").output, HasSubstr("the sources have stopped for good"));
}

TEST_F(Ctl, PausedSourcesMakeNothingUntilTheyAreResumed)
{
    Start();
    ASSERT_TRUE(Becomes([](json_t *s) { return Figure(s, 0, "out") > 0; }));
    EXPECT_EQ(Ask("pipe pause").status, 0);
    ASSERT_TRUE(Becomes([](json_t *s) { return Figure(s, 2, "out") == Figure(s, 0, "out"); }))
        << "what was under way goes through";
    const json_int_t then = Figure(Status().get(), 0, "out");
    EXPECT_EQ(Figure(Status().get(), 0, "out"), then);
    EXPECT_THAT(Ask("pipe").output, HasSubstr("pipe: paused for"));
    EXPECT_EQ(Ask("pipe resume").status, 0);
    EXPECT_TRUE(Becomes([then](json_t *s) { return Figure(s, 2, "out") > then; }));
}

TEST_F(Ctl, APausedPullSourceMakesNothingEither)
{
    std::string text;
    for (int i = 0; i < 100000; i++)
        text += "a line\n";
    folder_.write("lines", text);
    Start("text.lines path=" + folder_.path().string() + "/lines | debug.work wait=1ms :workers=1-8 | core.null");
    EXPECT_EQ(Ask("pipe pause").status, 0);
    ASSERT_TRUE(Becomes([](json_t *s) { return Figure(s, 2, "out") == Figure(s, 0, "out"); }));
    EXPECT_EQ(Ask("pipe resume").status, 0);
    EXPECT_EQ(Ask("pipe drain").status, 0);
    EXPECT_EQ(runs_->Wait(), 0);
}

TEST_F(Ctl, DrainEndsWellAndStopDoesNot)
{
    Start();
    EXPECT_EQ(Ask("pipe drain").status, 0);
    runs_->WaitFor("stopped by micropipe ctl, and drained");
    EXPECT_EQ(runs_->Wait(), 0);
    Start();
    EXPECT_EQ(Ask("pipe stop").status, 0);
    runs_->WaitFor("stopped by micropipe ctl stop");
    EXPECT_EQ(runs_->Wait(), 1);
}

TEST_F(Ctl, APausedPipelineCanBeDrained)
{
    Start();
    EXPECT_EQ(Ask("pipe pause").status, 0);
    EXPECT_EQ(Ask("pipe drain").status, 0);
    EXPECT_EQ(runs_->Wait(), 0);
}

TEST_F(Ctl, APipelineThatDoesNotRunIsNamedWithThoseThatDo)
{
    EXPECT_EQ(Ask("pipe").status, 1);
    EXPECT_THAT(Ask("pipe").output, HasSubstr("no pipeline named 'pipe' runs here\n"));
    Start();
    EXPECT_THAT(Ask("pip").output, HasSubstr("no pipeline named 'pip' runs here, only: pipe"));
    EXPECT_EQ(Ask("pipe sttaus").status, 2);
    EXPECT_THAT(Ask("pipe sttaus").output, HasSubstr("did you mean 'status'?"));
}

// Each in its own time: nobody waits for the one before.
TEST_F(Ctl, NobodyWaitsLongForAPipelineThatIsStopped)
{
    Start();
    runs_->Signal(SIGSTOP);
    std::string pid = std::to_string(runs_->pid());
    std::string expected =
        " does not answer: its process " + pid + " is stopped, and goes on after 'kill -CONT " + pid + "'";
    Outcome all =
        folder_.run("(micropipe ctl pipe pause; echo 1=$?) >a 2>&1 & (micropipe top pipe --once; echo 2=$?) >b 2>&1 &"
                    "(micropipe top pipe --json; echo 3=$?) >c 2>&1 & (micropipe tap pipe work; echo 4=$?) >d 2>&1 &"
                    "wait; cat a b c d");
    EXPECT_EQ(all.output, "micropipe ctl: pipeline 'pipe'" + expected + "; it obeys once it goes on\n1=1\n" +
                              "micropipe top: pipe" + expected + "\n2=1\n" + "micropipe top: pipe" + expected +
                              "\n3=1\n" + "micropipe tap: the pipeline" + expected + "\n4=1\n");
    runs_->Signal(SIGCONT);
    EXPECT_TRUE(Becomes([](json_t *s) {
        return std::string(json_string_value(json_object_get(s, "state"))) == "paused";
    })) << "what it was asked is what it does";
}

// Its log is a pipe that is full before it starts.
TEST_F(Ctl, APipelineWhoseLogNobodyReadsGoesOn)
{
    const std::string path = (folder_.path() / "log").string();
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    const int log = open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    while (write(log, "full", 4) > 0)
        ;
    folder_.run("(timeout 60 micropipe run --set name=pipe --set drain_timeout=50s -e 'core.generate rate=1000 | "
                "debug.fail rate=0.5 :on_error=drop | core.null' 2>log;"
                " echo $? >code) >out 2>&1 &");
    Outcome answer = {1, ""};
    while (answer.status != 0 && answer.output.find("has not answered") == std::string::npos)
        answer = Ask("pipe");
    ASSERT_EQ(answer.status, 0) << answer.output;
    EXPECT_TRUE(Becomes([](json_t *s) { return Figure(s, 1, "dropped") > 50; })) << "the worker logs each of them";
    EXPECT_EQ(Ask("pipe drain").status, 0);
    std::string said;
    for (bool ended = false, left = true; !ended || left;) {
        char text[4096];
        ended = !folder_.read("code").empty();
        const ssize_t n = read(log, text, sizeof text);
        left = n > 0;
        if (left)
            said.append(text, static_cast<size_t>(n));
    }
    close(log);
    EXPECT_EQ(folder_.read("code"), "0\n");
    EXPECT_NE(said.find(" lost here: nobody read the log\n"), std::string::npos) << said.substr(said.rfind("full") + 4);
}

TEST_F(Ctl, ASecondPipelineOfTheNameIsReachedByItsProcess)
{
    Start();
    Running second({"run", "--set", "name=pipe", "--set", "drain_timeout=50s", "-e", ENDLESS});
    second.WaitFor("info micropipe: memory");
    std::string name = "pipe-" + std::to_string(second.pid());
    EXPECT_THAT(second.said(), HasSubstr("for micropipe ctl this one is '" + name + "'"));
    EXPECT_EQ(Ask(name + " drain").status, 0);
    EXPECT_EQ(second.Wait(), 0);
    EXPECT_EQ(Ask("pipe").status, 0) << "the first goes on";
}

TEST_F(Ctl, TheSocketIsForItsOwnerAndGoesWithThePipeline)
{
    Start();
    struct stat status;
    ASSERT_EQ(stat(Socket().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    ASSERT_EQ(stat((folder_.path().string() + "/micropipe").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
    EXPECT_EQ(Ask("pipe stop").status, 0);
    runs_->Wait();
    EXPECT_NE(stat(Socket().c_str(), &status), 0);
}

TEST_F(Ctl, TheSocketOfADeadPipelineIsInNobodysWay)
{
    Start();
    runs_->Signal(SIGKILL);
    runs_->Wait();
    EXPECT_THAT(Ask("pipe").output, HasSubstr("no pipeline named 'pipe' runs here"));
    Start();
    EXPECT_EQ(Ask("pipe").status, 0);
}

TEST_F(Ctl, AFolderThatOthersMayWriteToIsNotTrusted)
{
    mkdir((folder_.path().string() + "/micropipe").c_str(), 0700);
    chmod((folder_.path().string() + "/micropipe").c_str(), 0777);
    Start();
    EXPECT_THAT(runs_->said(), HasSubstr("no control socket, so micropipe ctl cannot reach this pipeline"));
    EXPECT_EQ(Ask("pipe").status, 1);
}

TEST_F(Ctl, HostileClientsChangeNothing)
{
    Start();
    int garbage = Connect(), endless = Connect(), half = Connect(), mute = Connect();
    Say(garbage, "{\n[1]\n{\"command\": 3}\n{\"command\": \"explode\"}\n\xff\xfe\n");
    EXPECT_THAT(Read(garbage, 5), HasSubstr("there is no command 'explode'"));
    Say(endless, std::string(8192, '['));
    EXPECT_EQ(Read(endless, 1), "") << "it is cut off";
    Say(half, "{\"command\": ");
    for (int i = 0; i < 400; i++) // a mebibyte of answers that nobody reads
        if (send(mute, "{\"command\": \"status\"}\n", 22, MSG_NOSIGNAL) < 0)
            break;
    std::vector<int> crowd;
    for (int i = 0; i < 60; i++)
        crowd.push_back(Connect());
    for (int fd : crowd)
        close(fd);
    EXPECT_TRUE(Becomes([](json_t *s) { return Figure(s, 2, "out") > 0; }));
    Say(half, "\"status\"}\n");
    EXPECT_THAT(Read(half, 1), HasSubstr("\"ok\":true"));
    for (int fd : {garbage, endless, half, mute})
        close(fd);
}
