// Kills workers of a stage at any time while its neighbours go on.
#include <gtest/gtest.h>

#include <sched.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "child.h"
#include "mixer.h"
#include "world.h"

namespace
{

enum : uint32_t { SOURCE, MIXER, LEFT, RIGHT };
enum : uint32_t { WORKERS = 3, KILLS = 200, FRAMES = 64 };

struct Variant {
    bool ordered;
    uint32_t queue;
    const char *actions; // what frame n does: letter n modulo their number, see mixer.h
};

std::ostream &operator<<(std::ostream &to, const Variant &v)
{
    return to << v.actions << (v.ordered ? ", ordered" : "") << ", queues of " << v.queue;
}

class KillLive : public testing::TestWithParam<Variant>
{
  protected:
    KillLive() : epochs_(WORKERS, 0), workers_(WORKERS)
    {
        for (uint32_t w = 0; w < WORKERS; w++)
            Start(w);
    }

    void Start(uint32_t w)
    {
        uint32_t epoch = ++epochs_[w];
        workers_[w] = std::make_unique<Child>([this, w, epoch] { return world_.RunWorker(MIXER, w, epoch); });
    }

    void Replace(uint32_t w)
    {
        workers_[w]->Kill();
        world_.Bury(MIXER, w, epochs_[w]);
        Start(w);
    }

    // Goes on with the neighbours of the stage for some turns.
    void Turn(uint32_t turns)
    {
        for (; turns > 0; turns--) {
            if (ring_fill(world_.Ring(MIXER)) + 4 <= world_.Ring(MIXER)->capacity) {
                std::vector<std::string> texts;
                for (int i = 0; i < 4; i++, fed_++)
                    texts.push_back(GetParam().actions[fed_ % strlen(GetParam().actions)] + std::to_string(fed_));
                world_.Feed(SOURCE, texts);
            }
            Take();
            sched_yield();
        }
    }

    bool Take()
    {
        size_t before = left_.size() + right_.size();
        for (const Seen &frame : world_.Drain(LEFT))
            left_.push_back(frame.sequence);
        for (const Seen &frame : world_.Drain(RIGHT))
            right_.push_back(frame.sequence);
        return left_.size() + right_.size() > before;
    }

    // To the end of the stream. A worker that gives its memory back for another's sake is started again.
    void Finish()
    {
        ring_close(world_.Ring(MIXER));
        for (uint32_t w = 0, done = 0; done < WORKERS; w = (w + 1) % WORKERS) {
            Take();
            if (!workers_[w] || workers_[w]->Asleep())
                continue;
            int code = workers_[w]->Wait();
            workers_[w] = nullptr;
            if (code == WORKER_ROLLBACK) {
                world_.Bury(MIXER, w, epochs_[w]);
                Start(w);
                continue;
            }
            EXPECT_EQ(code, WORKER_DONE);
            done++;
        }
        while (Take())
            ;
    }

    World world_{{{"source", nullptr, 0, 2},
                  {"mixer", &mixer, FRAMES, 4, WORKERS, 2, GetParam().ordered, 1000},
                  {"left", nullptr, GetParam().queue, 1, 1, 0},
                  {"right", nullptr, GetParam().queue, 1, 1, 0}},
                 {{SOURCE, 0, MIXER}, {MIXER, 0, LEFT}, {MIXER, 0, RIGHT}}};
    std::vector<uint32_t> epochs_;
    std::vector<std::unique_ptr<Child>> workers_;
    std::vector<uint64_t> left_, right_;
    uint64_t fed_ = 0;
};

TEST_P(KillLive, EachFrameArrivesOnceAtEachReader)
{
    std::mt19937 random(7);
    for (uint32_t kills = 0; kills < KILLS; kills++) {
        Turn(random() % 16);
        Replace(random() % WORKERS);
    }
    Finish();
    for (std::vector<uint64_t> *seen : {&left_, &right_}) {
        if (GetParam().ordered) {
            EXPECT_TRUE(std::is_sorted(seen->begin(), seen->end()));
        }
        std::sort(seen->begin(), seen->end());
        ASSERT_EQ(seen->size(), fed_);
        for (uint64_t n = 0; n < fed_; n++)
            ASSERT_EQ((*seen)[n], n);
    }
    uint64_t out = 0;
    for (uint32_t w = 0; w < WORKERS; w++)
        out += world_.Committed(MIXER, w).tally.out;
    EXPECT_EQ(out, fed_);
    EXPECT_TRUE(world_.AllIsFree());
}

INSTANTIATE_TEST_SUITE_P(Variants, KillLive,
                         testing::Values(Variant{false, 64, "f"}, Variant{false, 2, "fcw"}, Variant{false, 16, "ckke"},
                                         Variant{true, 16, "fcw"}, Variant{true, 1, "fc"}));

} // namespace
