#include "plan.h"

extern "C" {
#include "graph.h"
}

#include <algorithm>

namespace
{

constexpr uint64_t ROOMS[] = {64, 64, 4096, 200000, 700000};

} // namespace

uint32_t Plan::Add(Role role, Dice &dice)
{
    static const char *const NAMES[] = {"s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"};
    Part part;
    part.role = role;
    part.spec.name = NAMES[parts.size()];
    part.spec.queue = role == Role::SOURCE ? 0 : 1u << dice.Below(7);
    part.spec.workers = role == Role::SOURCE ? 1 : 1 + static_cast<uint32_t>(dice.Below(3));
    part.spec.n_outputs = role == Role::SINK ? 0 : 1;
    part.spec.ordered = role != Role::SOURCE && role != Role::KEEP && dice.OneIn(3);
    part.room = ROOMS[dice.Below(sizeof ROOMS / sizeof *ROOMS)];
    part.kept = role == Role::KEEP ? 1 + static_cast<uint32_t>(dice.Below(3)) : 0;
    if (role != Role::SOURCE && dice.OneIn(8))
        part.poison = 3 + dice.Below(8);
    parts.push_back(part);
    return static_cast<uint32_t>(parts.size() - 1);
}

uint32_t Plan::Middle(uint32_t from, Dice &dice)
{
    const Role roles[] = {Role::FORWARD, Role::CHILD, Role::RESHAPE, Role::KEEP};
    uint32_t stage = Add(roles[dice.Below(sizeof roles / sizeof *roles)], dice);
    Connect(from, stage);
    return stage;
}

Plan::Plan(uint64_t seed)
{
    Dice dice(seed * 2 + 1);
    uint64_t shape = dice.Below(5);
    uint32_t last = Add(Role::SOURCE, dice);
    when_full at_end = dice.OneIn(4) ? WHEN_FULL_DROP : WHEN_FULL_BLOCK;
    if (shape <= 1) { // a chain
        for (uint64_t n = dice.Below(3); n > 0; n--)
            last = Middle(last, dice);
        Connect(last, Add(Role::SINK, dice), at_end);
    } else if (shape == 2) { // fan-out
        uint32_t middle = Middle(last, dice);
        Connect(middle, Add(Role::SINK, dice), at_end);
        Connect(last, Add(Role::SINK, dice), at_end);
    } else if (shape == 3) { // a diamond
        uint32_t a = Middle(last, dice);
        uint32_t b = Middle(last, dice);
        uint32_t sink = Add(Role::SINK, dice);
        Connect(a, sink);
        Connect(b, sink, at_end);
    } else { // fan-in
        uint32_t other = Add(Role::SOURCE, dice);
        n_sources = 2;
        uint32_t middle = Middle(last, dice);
        Connect(other, middle);
        Connect(middle, Add(Role::SINK, dice), at_end);
    }
    // The edges of a stage must be together.
    std::stable_sort(edges.begin(), edges.end(), [](const EdgeSpec &a, const EdgeSpec &b) { return a.from < b.from; });
    MarkCopies();
    frames = 1 + static_cast<uint32_t>(dice.Below(24));
    deaths = static_cast<uint32_t>(dice.Below(9));
    pauses = static_cast<uint32_t>(dice.Below(4));
    retires = dice.OneIn(3) ? 1 + static_cast<uint32_t>(dice.Below(3)) : 0;
    mean_run = 1u << (1 + dice.Below(7));
    keeps_order = shape <= 2;
    Count();
}

// As the check of a pipeline does: in a diamond a block would be in the sink's ring twice.
void Plan::MarkCopies()
{
    std::vector<edge> marked;
    for (const EdgeSpec &e : edges)
        marked.push_back({e.from, e.from_port, e.to, e.to_port, e.full, 0});
    graph_mark_copies(static_cast<uint32_t>(parts.size()), marked.data(), static_cast<uint32_t>(marked.size()));
    for (size_t i = 0; i < edges.size(); i++)
        edges[i].copy = marked[i].copy != 0;
}

void Plan::Count()
{
    uint32_t first = 0;
    for (Part &part : parts) {
        if (part.role == Role::SOURCE) {
            part.first_frame = first;
            first += frames;
        }
        if (part.role != Role::SINK && part.spec.workers > 1 && !part.spec.ordered)
            keeps_order = false;
        part.paths_to_sinks = part.role == Role::SINK;
    }
    for (size_t i = parts.size(); i-- > 0;)
        for (const EdgeSpec &e : edges)
            if (e.from == i)
                parts[i].paths_to_sinks =
                    parts[i].role == Role::SINK ? 1 : parts[i].paths_to_sinks + parts[e.to].paths_to_sinks;
}

std::string Plan::Text() const
{
    static const char *const ROLES[] = {"source", "forward", "child", "reshape", "keep", "sink"};
    std::string text;
    for (const Part &p : parts)
        text += std::string(p.spec.name) + " " + ROLES[static_cast<int>(p.role)] + " workers " +
                std::to_string(p.spec.workers) + " queue " + std::to_string(p.spec.queue) +
                (p.spec.ordered ? " ordered" : "") + " room " + std::to_string(p.room) + " kept " +
                std::to_string(p.kept) + " poison " + std::to_string(p.poison) + "\n";
    for (const EdgeSpec &e : edges)
        text += "s" + std::to_string(e.from) + " -> s" + std::to_string(e.to) +
                (e.full == WHEN_FULL_DROP ? " drop\n" : "\n");
    return text + "frames " + std::to_string(frames) + " deaths " + std::to_string(deaths) + " pauses " +
           std::to_string(pauses) + " retires " + std::to_string(retires) + " mean run " + std::to_string(mean_run) +
           "\n";
}
