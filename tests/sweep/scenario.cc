#include "scenario.h"

#include <ostream>

namespace
{

constexpr uint64_t KIB = 1024, MIB = 1024 * KIB;

std::vector<Scenario> MakeScenarios()
{
    std::vector<Scenario> all;
    auto add = [&all](const char *name, std::vector<std::string> frames) -> Scenario & {
        all.push_back({name});
        all.back().frames = std::move(frames);
        return all.back();
    };
    add("Forwarded", {"f1", "f2", "f3", "f4"});
    add("Created", {"c1", "s2", "x3", "w4", "d5", "c6"});
    add("TwoPorts", {"f1", "F2", "C3", "f4", "C5"});
    add("TwoReaders", {"f1", "c2", "w3", "f4"}).right_port = 0;
    for (uint32_t queue : {64, 2}) {
        Scenario &meet = add(queue == 2 ? "PortsMeetInAFullRing" : "PortsMeet", {"f1", "F2", "C3", "s4", "F5", "C6"});
        meet.ports_meet = true;
        meet.right_port = 0;
        meet.left_queue = queue;
    }
    add("Kept", {"k1", "k2", "f3", "g4", "k5", "b6", "k7", "e8", "k9"});
    add("Refused", {"f1", "r2", "c3", "r4", "k5", "r6"});
    add("DeadLetters", {"f1", "r2"}).dead_letters = true;

    Scenario &traced = add("Traced", {"f1", "c2", "w3"});
    traced.traced = true;
    traced.right_port = 0;

    Scenario &full = add("FullRings", {"s1", "f2", "s3", "c4", "f5"});
    full.left_queue = 2;
    full.right_queue = 1;
    full.right_port = 0;

    Scenario &drops = add("DropEdge", {"s1", "f2", "c3", "f4", "s5"});
    drops.left_queue = 4;
    drops.right_queue = 2;
    drops.right_port = 0;
    drops.right_full = WHEN_FULL_DROP;
    drops.taken_at_once = 1;

    Scenario &ordered = add("Ordered", {"f1", "c2", "k3", "e4"});
    ordered.ordered = true;
    Scenario &turn = add("WaitsForItsTurn", {"f1", "f2", "c3", "f4"});
    turn.ordered = true;
    turn.sibling = Sibling::HAS_A_TURN;

    add("ContendedInput", {"f1", "c2", "f3"}).sibling = Sibling::HOLDS_INPUT;
    Scenario &output = add("ContendedOutput", {"f1", "s2", "f3"});
    output.sibling = Sibling::HOLDS_OUTPUT;
    output.right_port = 0;

    add("Retires", {"k1", "f2", "q3", "f4", "k5", "f6"}).sibling = Sibling::TAKES_OVER;

    Scenario &memory = add("LittleMemory", {"s1", "k2", "s3", "b4", "s5", "c6"});
    memory.spans = 1;
    memory.room = 400 * KIB; // four blocks in all
    memory.right_port = 0;
    Scenario &large = add("LargeFrames", {"c1", "f2", "c3", "c4"});
    large.spans = 5;
    large.room = 3 * MIB; // a run of two spans

    add("Pull", {"f1", "k2", "c3", "e4", "F5", "k6"}).role = Role::PULL;
    Scenario &pull = add("PullFullRings", {"s1", "f2", "r3", "s4"});
    pull.role = Role::PULL;
    pull.left_queue = pull.right_queue = 2;
    pull.right_port = 0;

    add("Source", {}).role = Role::SOURCE;
    Scenario &source = add("SourceFullRings", {});
    source.role = Role::SOURCE;
    source.left_queue = 1;
    source.right_queue = 2;
    add("Sink", {"d1", "d2", "k3", "d4", "g5"}).role = Role::SINK;
    return all;
}

} // namespace

std::ostream &operator<<(std::ostream &to, const Scenario &scenario)
{
    return to << scenario.name;
}

const std::vector<Scenario> &Scenarios()
{
    static const std::vector<Scenario> all = MakeScenarios();
    return all;
}
