extern "C" {
#include "view.h"
}

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "shared.h"

namespace
{

enum : uint64_t { READER = 4 };

class View : public testing::Test
{
  protected:
    View()
    {
        arena_ = {memory_.get(), SPAN_SIZE, table_.get(), 1};
        allocator_init(&allocator_, &arena_, {0, 1}, 0);
        view_pool_init(&pool_);
    }
    ~View() override
    {
        allocator_destroy(&allocator_);
        view_pool_destroy(&pool_);
    }

    // A block with that payload and that much of attribute records, published.
    descriptor Publish(uint64_t size, uint32_t attributes, uint64_t key)
    {
        descriptor d;
        view v = {};
        EXPECT_EQ(allocator_take(&allocator_, view_block_bytes(size, attributes, key != 0), &d), 0);
        view_format(&v, &arena_, &d, attributes, key != 0);
        v.frame.size = size;
        v.frame.key = key;
        v.frame.sequence = 9;
        v.frame.type = 3;
        view_seal(&v, &arena_);
        block_hand_over(Block(d), d.generation, READER);
        return d;
    }

    block *Block(const descriptor &d) { return reinterpret_cast<block *>(arena_.base + d.block); }

    Shared<uint8_t> memory_ = Shared<uint8_t>::WithBytes(2 * SPAN_SIZE);
    Shared<span> table_;
    arena arena_;
    allocator allocator_;
    view_pool pool_;
};

TEST_F(View, ShowsWhatWasSealed)
{
    descriptor d = Publish(100, 0, 7);
    d.port = 5;
    view v = {};
    ASSERT_EQ(view_open(&v, &arena_, &d, READER), 0);
    EXPECT_EQ(v.frame.size, 100u);
    EXPECT_EQ(v.frame.sequence, 9u);
    EXPECT_EQ(v.frame.key, 7u);
    EXPECT_EQ(v.frame.type, 3u);
    EXPECT_EQ(v.frame.port, 5u);
    EXPECT_EQ(v.frame.attempt, 1u);
    EXPECT_EQ(v.frame.data, block_payload(Block(d)));
}

TEST_F(View, ASmallFrameWithoutExtrasIsOneCacheLine)
{
    EXPECT_EQ(view_block_bytes(40, 0, 0), 64u);
    descriptor d = Publish(40, 0, 0);
    EXPECT_EQ(arena_block_bytes(&arena_, Block(d)), 64u);
    EXPECT_EQ(d.block % 64, 0u);
}

TEST_F(View, AnyTypeComesBack)
{
    for (uint32_t type : {0u, 1u, 254u, 255u, 256u, 0x80000001u}) {
        descriptor d;
        view out = {}, in = {};
        allocator_take(&allocator_, view_block_bytes(8, 0, 1), &d);
        view_format(&out, &arena_, &d, 0, 1);
        out.frame.type = type;
        view_seal(&out, &arena_);
        block_hand_over(Block(d), d.generation, READER);
        ASSERT_EQ(view_open(&in, &arena_, &d, READER), 0);
        EXPECT_EQ(in.frame.type, type);
    }
}

TEST_F(View, OfABlockWhoseTailSaysMoreThanItHasIsRefused)
{
    descriptor d = Publish(100, 64, 7);
    auto *tail =
        reinterpret_cast<block_tail *>(reinterpret_cast<uint8_t *>(Block(d)) + arena_block_bytes(&arena_, Block(d))) -
        1;
    view v = {};
    ASSERT_EQ(view_open(&v, &arena_, &d, READER), 0);
    tail->attributes = 1 << 20;
    EXPECT_EQ(view_open(&v, &arena_, &d, READER), -EBADMSG);
    tail->attributes = UINT32_MAX;
    EXPECT_EQ(view_open(&v, &arena_, &d, READER), -EBADMSG);
    tail->attributes = 64;
    Block(d)->size_type_flags = block_word(1 << 20, 0, BLOCK_HAS_TAIL);
    EXPECT_EQ(view_open(&v, &arena_, &d, READER), -EBADMSG);
}

TEST_F(View, OfABlockWhoseSpansKindIsNoneIsRefused)
{
    descriptor d = Publish(100, 0, 7);
    view v = {};
    for (uint32_t kind : {uint32_t{SPAN_EMPTY}, uint32_t{SIZE_CLASSES} + 1, uint32_t{SPAN_TAIL}, UINT32_MAX}) {
        au32_store_relaxed(&table_->kind, kind);
        EXPECT_EQ(view_open(&v, &arena_, &d, READER), -EBADMSG) << kind;
    }
}

TEST_F(View, OfAFrameThatIsNotThisStagesIsRefused)
{
    descriptor d = Publish(8, 0, 0);
    view v = {};
    EXPECT_EQ(view_open(&v, &arena_, &d, READER << 1), -EBADMSG);
    d.generation++;
    EXPECT_EQ(view_open(&v, &arena_, &d, READER), -EBADMSG);
}

TEST_F(View, IsFoundByItsFrameOnlyWhileItIsInUse)
{
    std::vector<view *> views;
    for (int i = 0; i < 200; i++) {
        views.push_back(view_get(&pool_));
        views.back()->origin = VIEW_CREATED;
    }
    for (view *v : views)
        EXPECT_EQ(view_of(&pool_, &v->frame), v);
    const auto *inside = reinterpret_cast<const mpipe_frame *>(reinterpret_cast<const uint8_t *>(views[3]) + 8);
    mpipe_frame elsewhere = {};
    EXPECT_EQ(view_of(&pool_, inside), nullptr);
    EXPECT_EQ(view_of(&pool_, &elsewhere), nullptr);
    EXPECT_EQ(view_of(&pool_, nullptr), nullptr);
    view_put(&pool_, views[3]);
    EXPECT_EQ(view_of(&pool_, &views[3]->frame), nullptr);
}

} // namespace
