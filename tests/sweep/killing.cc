#include "killing.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <sstream>

#include "doing.h"
#include "stepped.h"
#include "store_trap.h"

namespace
{

Outcome Undisturbed(Scenario scenario, bool with_more)
{
    if (with_more)
        for (const std::string &frame : Play::More(scenario))
            scenario.frames.push_back(frame);
    Play play(scenario);
    int code = play.Run(1);
    Outcome outcome = play.FinishAlive();
    if (code != WORKER_DONE)
        outcome.problems.push_back("undisturbed, it exits with " + std::to_string(code));
    return outcome;
}

// How many of `some` are not among `others`, each counted as often as it is there.
uint64_t Missing(std::vector<Seen> others, const std::vector<Seen> &some)
{
    uint64_t n = 0;
    for (const Seen &frame : some) {
        auto found = std::find(others.begin(), others.end(), frame);
        if (found == others.end())
            n++;
        else
            others.erase(found);
    }
    return n;
}

// Of one port all are in order; of several each commit sends one port's frames after the other's, and which frames one
// commit takes depends on what is there.
std::vector<Seen> ByPort(std::vector<Seen> frames)
{
    std::stable_sort(frames.begin(), frames.end(), [](const Seen &a, const Seen &b) { return a.port < b.port; });
    return frames;
}

std::string CompareFigures(const tally &got, const tally &expected)
{
    struct Figure {
        const char *name;
        uint64_t tally::*value;
    };
    static const Figure figures[] = {{"out", &tally::out},           {"dropped", &tally::dropped},
                                     {"dead", &tally::dead},         {"emitted", &tally::emitted},
                                     {"bytes_in", &tally::bytes_in}, {"bytes_out", &tally::bytes_out},
                                     {"sequence", &tally::sequence}, {"repeated", &tally::repeated},
                                     {"partial", &tally::partial},   {"ended", &tally::ended}};
    std::string problem;
    for (const Figure &f : figures)
        if (got.*f.value != expected.*f.value)
            problem += std::string(f.name) + " is " + std::to_string(got.*f.value) + " and not " +
                       std::to_string(expected.*f.value) + "; ";
    return problem;
}

std::string Line(const std::vector<Seen> &frames)
{
    std::ostringstream line;
    for (const Seen &frame : frames)
        line << frame << " ";
    return line.str();
}

} // namespace

void Count::operator+=(const Count &more)
{
    instructions += more.instructions;
    states += more.states;
    kills += more.kills;
    pairs += more.pairs;
    real += more.real;
    lost += more.lost;
    doubled += more.doubled;
    leaked += more.leaked;
}

Killing::Killing(const Scenario &scenario)
    : play_(scenario), expected_(Undisturbed(scenario, false)), expected_with_more_(Undisturbed(scenario, true))
{
}

Recording Killing::Step(uint32_t epoch, Until until, const std::function<void(Stepped &)> &each)
{
    auto opened = [until] {
        if (until == Until::OPENED)
            _exit(WORKER_DONE);
    };
    Stepped worker([&] {
        Stepped::Mark();
        return play_.RunAlone(epoch, opened);
    });
    Recording recording(play_.Written(), play_.Look());
    bool files = play_.scenario().dead_letters;
    Outside outside = play_.Look();
    while (!worker.ended()) {
        each(worker);
        if (worker.AboutToSleep()) {
            play_.Help();
            outside = play_.Look();
            recording.Note(count_.instructions, outside);
        }
        bool file_call = files && worker.AboutToCall();
        worker.Step();
        count_.instructions++;
        if (file_call)
            outside = play_.Look();
        recording.Note(count_.instructions, outside);
    }
    if (worker.result() != WORKER_DONE)
        throw std::runtime_error("the worker exits with " + std::to_string(worker.result()));
    if (!play_.WroteWhereExpected())
        Doing::Abort("a store where no recording looks");
    count_.states += recording.size();
    return recording;
}

Recording Killing::Trap(uint32_t epoch, Until until)
{
    Recording recording(play_.Written(), play_.Look());
    Outside outside = play_.Look();
    bool over = false;
    StoreTrap trap(play_.Pages(), [&] {
        if (!over)
            recording.Note(0, outside);
    });
    Play::Watcher watcher;
    watcher.pause = [&] { trap.Pause(); };
    watcher.resume = [&] {
        outside = play_.Look();
        if (!over) {
            recording.Note(0, outside);
            trap.Resume();
        }
    };
    watcher.file_changed = [&] {
        outside = play_.Look();
        if (!over)
            recording.Note(0, outside);
    };
    play_.Watch(&watcher);
    play_.Run(epoch, [&] {
        over = until == Until::OPENED;
        if (!over)
            return;
        trap.Pause();
        if (!play_.WroteWhereExpected())
            Doing::Abort("a store where no recording looks");
    });
    play_.Watch(nullptr);
    if (until == Until::THE_END && !play_.WroteWhereExpected())
        Doing::Abort("a store where no recording looks");
    return recording;
}

std::string Killing::Kill(Recording *recording, size_t state, uint32_t epoch, Meanwhile meanwhile)
{
    recording->PutBack(state);
    play_.GoBackTo(recording->outside(state));
    if (meanwhile == Meanwhile::SOURCE_FEEDS_MORE && !play_.MayFeedMore())
        meanwhile = Meanwhile::SINKS_TAKE_ALL;
    Doing::Now(std::string(play_.scenario().name) + ", killed in state " + std::to_string(state) + " by epoch " +
               std::to_string(epoch) + ", meanwhile " + std::to_string(static_cast<int>(meanwhile)));
    count_.kills++;
    Outcome outcome = play_.Finish(epoch, meanwhile);
    Doing::Nothing();
    return Compare(outcome, meanwhile == Meanwhile::SOURCE_FEEDS_MORE);
}

void Killing::CompareSink(const std::vector<Seen> &got, const std::vector<Seen> &expected, std::string *problem)
{
    uint64_t lost = Missing(got, expected), doubled = Missing(expected, got);
    Sibling sibling = play_.scenario().sibling;
    bool mixed = sibling == Sibling::TAKES_OVER || sibling == Sibling::LIVES; // two workers have no order
    bool in_order = mixed || ByPort(got) == ByPort(expected);
    if (lost == 0 && doubled == 0 && in_order)
        return;
    count_.lost += lost;
    count_.doubled += doubled;
    *problem += "a sink has " + Line(got) + "and not " + Line(expected) + "; ";
}

// What is dropped depends on when the ring was full, but each frame is in it once, in order, or counted.
void Killing::CompareDropping(const Outcome &got, const Outcome &expected, std::string *problem)
{
    auto next = expected.left.begin();
    for (const Seen &frame : got.right) {
        next = std::find(next, expected.left.end(), frame);
        if (next == expected.left.end())
            break;
        ++next;
    }
    bool in_order = got.right.empty() || next != expected.left.end() || got.right.back() == expected.left.back();
    if (in_order && got.right.size() + got.skipped == expected.left.size())
        return;
    count_.lost += got.right.size() + got.skipped < expected.left.size();
    count_.doubled += got.right.size() + got.skipped > expected.left.size();
    *problem += "the sink that drops has " + Line(got.right) + "and " + std::to_string(got.skipped) + " are skipped; ";
}

std::string Killing::Compare(const Outcome &got, bool fed_more)
{
    const Outcome &expected = fed_more ? expected_with_more_ : expected_;
    std::string problem;
    CompareSink(got.left, expected.left, &problem);
    if (play_.scenario().right_full == WHEN_FULL_BLOCK)
        CompareSink(got.right, expected.right, &problem);
    else
        CompareDropping(got, expected, &problem);
    tally figures = got.figures;
    if (play_.scenario().sibling == Sibling::LIVES)
        figures.ended = std::min<uint64_t>(figures.ended, 1); // each of the two may end the stream
    problem += CompareFigures(figures, expected.figures);
    if (got.taken != expected.taken || got.bytes != expected.bytes)
        problem += "the state is not that of the outputs; ";
    if (got.letters != expected.letters)
        problem += "the dead letters are others; ";
    for (const std::string &leak : got.leaks)
        problem += leak + "; ";
    for (const std::string &other : got.problems)
        problem += other + "; ";
    count_.leaked += got.leaks.size();
    return problem;
}
