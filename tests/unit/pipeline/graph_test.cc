extern "C" {
#include "graph.h"
}

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace
{

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<struct edge> edges(const std::vector<std::pair<uint32_t, uint32_t>> &pairs)
{
    std::vector<struct edge> list;
    for (auto [from, to] : pairs)
        list.push_back({from, 0, to, 0, WHEN_FULL_BLOCK, 0});
    return list;
}

std::vector<uint32_t> order(uint32_t n, const std::vector<struct edge> &list)
{
    uint32_t result[PIPELINE_STAGES_MAX];
    graph_order(n, list.data(), static_cast<uint32_t>(list.size()), result);
    return {result, result + n};
}

std::vector<uint32_t> cycle(uint32_t n, const std::vector<struct edge> &list,
                            const std::vector<unsigned char> &skip = {})
{
    uint32_t result[PIPELINE_STAGES_MAX];
    uint32_t length =
        graph_cycle(n, list.data(), static_cast<uint32_t>(list.size()), skip.empty() ? nullptr : skip.data(), result);
    return {result, result + length};
}

std::vector<int> copies(uint32_t n, std::vector<struct edge> list)
{
    std::vector<int> result;
    graph_mark_copies(n, list.data(), static_cast<uint32_t>(list.size()));
    for (const struct edge &e : list)
        result.push_back(e.copy);
    return result;
}

TEST(Graph, OrderThatIsRightStays)
{
    EXPECT_THAT(order(4, edges({{0, 1}, {0, 2}, {1, 3}, {2, 3}})), ElementsAre(0, 1, 2, 3));
    EXPECT_THAT(order(4, edges({{0, 3}, {1, 2}})), ElementsAre(0, 1, 2, 3));
}

TEST(Graph, StageComesAfterAllThatItReadsFrom)
{
    EXPECT_THAT(order(4, edges({{3, 2}, {2, 1}, {1, 0}})), ElementsAre(3, 2, 1, 0));
    EXPECT_THAT(order(4, edges({{3, 0}, {1, 2}})), ElementsAre(1, 2, 3, 0));
}

TEST(Graph, GraphWithoutCycleHasNone)
{
    EXPECT_THAT(cycle(4, edges({{3, 2}, {3, 1}, {2, 0}, {1, 0}})), IsEmpty());
    EXPECT_THAT(cycle(0, {}), IsEmpty());
}

TEST(Graph, CycleIsNamedInOrderFromItsLowestStage)
{
    EXPECT_THAT(cycle(5, edges({{0, 2}, {2, 4}, {4, 1}, {1, 2}, {1, 3}})), ElementsAre(1, 2, 4));
    EXPECT_THAT(cycle(2, edges({{1, 0}, {0, 1}})), ElementsAre(0, 1));
}

TEST(Graph, EdgesThatAreSkippedMakeNoCycle)
{
    EXPECT_THAT(cycle(2, edges({{1, 0}, {0, 1}}), {1, 0}), IsEmpty());
}

TEST(Graph, LargestGraphHasAnOrder)
{
    std::vector<struct edge> list;
    for (uint32_t i = 1; i < PIPELINE_STAGES_MAX; i++)
        list.push_back({i, 0, i - 1, 0, WHEN_FULL_BLOCK, 0});
    EXPECT_EQ(order(PIPELINE_STAGES_MAX, list).front(), PIPELINE_STAGES_MAX - 1u);
    EXPECT_THAT(cycle(PIPELINE_STAGES_MAX, list), IsEmpty());
}

TEST(Graph, LineIsNeverCopied)
{
    EXPECT_THAT(copies(3, edges({{0, 1}, {1, 2}})), ElementsAre(0, 0));
}

TEST(Graph, BranchesThatDoNotMeetAreNotCopied)
{
    EXPECT_THAT(copies(3, edges({{0, 1}, {0, 2}})), ElementsAre(0, 0));
}

TEST(Graph, SourcesThatMeetAreNotCopied)
{
    EXPECT_THAT(copies(3, edges({{0, 2}, {1, 2}})), ElementsAre(0, 0));
}

TEST(Graph, DiamondIsCopiedWhereItsBranchesMeet)
{
    EXPECT_THAT(copies(4, edges({{0, 1}, {0, 2}, {1, 3}, {2, 3}})), ElementsAre(0, 0, 1, 1));
}

TEST(Graph, ShortcutIsCopiedOnBothWays)
{
    EXPECT_THAT(copies(3, edges({{0, 1}, {0, 2}, {1, 2}})), ElementsAre(0, 1, 1));
}

TEST(Graph, DiamondFarAboveIsCopiedWhereItsBranchesMeetOnly)
{
    // 0 -> 1 -> 3 -> 5 -> 6, 0 -> 2 -> 4 -> 5
    EXPECT_THAT(copies(7, edges({{0, 1}, {0, 2}, {1, 3}, {2, 4}, {3, 5}, {4, 5}, {5, 6}})),
                ElementsAre(0, 0, 0, 0, 1, 1, 0));
}

TEST(Graph, TwoPortsOfOneSenderAreNotCopied)
{
    EXPECT_THAT(copies(2, edges({{0, 1}, {0, 1}})), ElementsAre(0, 0));
}

TEST(Graph, UnrelatedInputOfADiamondIsNotCopied)
{
    EXPECT_THAT(copies(5, edges({{0, 1}, {0, 2}, {1, 4}, {2, 4}, {3, 4}})), ElementsAre(0, 0, 1, 1, 0));
}

TEST(Graph, UpstreamAndDownstreamReachAlongAllEdges)
{
    // 3 -> 1 -> 0 -> 4, 2 -> 0: numbers against the flow, so that one pass is not enough
    auto list = edges({{0, 4}, {1, 0}, {3, 1}, {2, 0}});
    EXPECT_EQ(graph_upstream(list.data(), 4, 0), 0b01110u);
    EXPECT_EQ(graph_downstream(list.data(), 4, 3), 0b10011u);
    EXPECT_EQ(graph_upstream(list.data(), 4, 3), 0u);
    EXPECT_EQ(graph_downstream(list.data(), 4, 4), 0u);
}

} // namespace
