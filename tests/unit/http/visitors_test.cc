// Connections: which of them have to go.
extern "C" {
#include "clock.h"
#include "visitors.h"
}

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace
{

class Visitors : public testing::Test
{
  protected:
    ~Visitors() override
    {
        for (int fd : open_)
            close(fd);
    }

    struct Visit {
        visitor *place;
        int other_end;

        // Whether it was sent away.
        bool gone() const
        {
            char c;
            return recv(other_end, &c, 1, MSG_DONTWAIT) == 0;
        }
    };

    Visit Enter(uint64_t at_s)
    {
        int ends[2];
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        open_.insert(open_.end(), {ends[0], ends[1]});
        return {visitors_enter(&visitors_, ends[0], at_s * NS_PER_S), ends[1]};
    }

    visitors visitors_ = {};
    std::vector<int> open_;
};

} // namespace

TEST_F(Visitors, WhoDoesNotAskInTimeHasToGo)
{
    Visit slow = Enter(100), late = Enter(103);
    visitors_tidy(&visitors_, 104 * NS_PER_S);
    EXPECT_FALSE(slow.gone());
    visitors_tidy(&visitors_, 105 * NS_PER_S);
    EXPECT_TRUE(slow.gone());
    EXPECT_FALSE(late.gone());
}

TEST_F(Visitors, WhoDoesNotTakeTheAnswerInTimeHasToGoAndAStreamStays)
{
    Visit reader = Enter(100), stream = Enter(100);
    visitor_becomes(reader.place, VISITOR_SERVED, 102 * NS_PER_S);
    visitor_becomes(stream.place, VISITOR_STREAM, 102 * NS_PER_S);
    visitors_tidy(&visitors_, 121 * NS_PER_S);
    EXPECT_FALSE(reader.gone());
    visitors_tidy(&visitors_, 122 * NS_PER_S);
    EXPECT_TRUE(reader.gone());
    visitors_tidy(&visitors_, 100000 * NS_PER_S);
    EXPECT_FALSE(stream.gone());
}

TEST_F(Visitors, WhenPlacesGetScarceTheOneThatAsksForLongestMakesRoom)
{
    Visit stream = Enter(1);
    visitor_becomes(stream.place, VISITOR_STREAM, NS_PER_S);
    std::vector<Visit> crowd;
    while (visitors_.n + VISITORS_SPARE < VISITORS_MAX)
        crowd.push_back(Enter(10 + crowd.size()));
    EXPECT_FALSE(crowd[0].gone());
    Enter(200);
    EXPECT_TRUE(crowd[0].gone());
    EXPECT_FALSE(crowd[1].gone());
    Enter(200);
    EXPECT_TRUE(crowd[1].gone()) << "the first is not asked twice";
    EXPECT_FALSE(stream.gone());
}

TEST_F(Visitors, APlaceThatIsLeftIsTakenAgain)
{
    std::vector<Visit> all;
    while (visitors_.n < VISITORS_MAX)
        all.push_back(Enter(1));
    EXPECT_EQ(Enter(1).place, nullptr);
    visitors_leave(&visitors_, all[7].place);
    EXPECT_EQ(Enter(1).place, all[7].place);
}
