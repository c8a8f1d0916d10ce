// How a frame of a backtrace is told.
extern "C" {
#include "report.h"
}

#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace
{

report_frame Frame(const char *function, const char *file, uint32_t line, const char *module, uint64_t address)
{
    report_frame f = {};
    f.address = address;
    f.offset = address & 0xfff;
    f.line = line;
    snprintf(f.function, sizeof f.function, "%s", function);
    snprintf(f.file, sizeof f.file, "%s", file);
    snprintf(f.module, sizeof f.module, "%s", module);
    return f;
}

std::string Described(const report_frame &f)
{
    char text[1024];
    report_frame_describe(&f, text, sizeof text);
    return text;
}

std::unique_ptr<report, void (*)(void *)> Report(const std::vector<report_frame> &frames)
{
    auto *r = static_cast<report *>(calloc(1, sizeof(report) + frames.size() * sizeof(report_frame)));
    for (const report_frame &f : frames)
        r->frames[r->n++] = f;
    return {r, free};
}

} // namespace

TEST(Report, OfAFrameSaysAsMuchAsIsKnown)
{
    EXPECT_EQ(Described(Frame("parse", "a.c", 12, "image.so", 0x1123)), "parse (a.c:12), image.so+0x123");
    EXPECT_EQ(Described(Frame("parse", "", 0, "image.so", 0x1123)), "parse, no line known, image.so+0x123");
    EXPECT_EQ(Described(Frame("", "", 0, "image.so", 0x1123)), "??, no line known, image.so+0x123");
    EXPECT_EQ(Described(Frame("", "", 0, "", 0x1123)), "0x1123, which is in no file");
    report_frame inlined = Frame("twice", "a.h", 3, "image.so", 0x1123);
    inlined.inlined = 1;
    EXPECT_EQ(Described(inlined), "twice (a.h:3), inlined");
}

TEST(Report, ThatDoesNotFitIsCut)
{
    char text[8];
    report_frame f = Frame("a_long_name", "a.c", 12, "image.so", 0x1123);
    report_frame_describe(&f, text, sizeof text);
    EXPECT_STREQ(text, "a_long_");
}

TEST(Report, CulpritIsTheFirstFrameInThePlugin)
{
    auto r = Report({Frame("raise", "raise.c", 1, "libc.so.6", 1), Frame("parse", "a.c", 12, "image.so", 2),
                     Frame("process", "a.c", 40, "image.so", 3)});
    EXPECT_EQ(report_culprit(r.get(), "packs/image.so"), &r->frames[1]);
    EXPECT_EQ(report_culprit(r.get(), "image.so"), &r->frames[1]);
    EXPECT_EQ(report_culprit(r.get(), "other.so"), nullptr);
}

TEST(Report, ARecursionIsFoundByItsAddress)
{
    auto r = Report({Frame("f", "a.c", 1, "m", 1), Frame("f", "a.c", 2, "m", 2), Frame("f", "a.c", 2, "m", 2),
                     Frame("f", "a.c", 2, "m", 2), Frame("g", "a.c", 9, "m", 9)});
    EXPECT_EQ(report_alike(r.get(), 1), 0u);
    EXPECT_EQ(report_alike(r.get(), 2), 2u);
    r->frames[3].inlined = 1;
    EXPECT_EQ(report_alike(r.get(), 2), 1u);
    EXPECT_EQ(report_alike(r.get(), 5), 0u) << "there are no more";
}

TEST(Report, IsWrittenAsJsonThoughANameIsNoText)
{
    auto r = Report({Frame("bad\xff", "a.c", 7, "image.so", 0x1123)});
    json_t *list = report_json(r.get());
    ASSERT_EQ(json_array_size(list), 1u);
    const json_t *frame = json_array_get(list, 0);
    EXPECT_TRUE(json_is_null(json_object_get(frame, "function")));
    EXPECT_STREQ(json_string_value(json_object_get(frame, "file")), "a.c");
    EXPECT_EQ(json_integer_value(json_object_get(frame, "line")), 7);
    EXPECT_STREQ(json_string_value(json_object_get(frame, "offset")), "0x123");
    json_decref(list);
}

TEST(Report, IsNoJsonWithoutMemoryForAnyPartOfIt)
{
    static int left;
    static const auto some = [](size_t size) -> void * { return left-- > 0 ? malloc(size) : nullptr; };
    auto r = Report({Frame("parse", "a.c", 7, "image.so", 0x1123), Frame("", "", 0, "", 0)});
    json_malloc_t before;
    json_free_t release;
    json_get_alloc_funcs(&before, &release);
    int failures = 0;
    json_t *list = nullptr;
    for (int n = 0; !list; n++) {
        left = n;
        json_set_alloc_funcs(some, release);
        list = report_json(r.get());
        failures += list == nullptr;
    }
    json_set_alloc_funcs(before, release);
    EXPECT_GT(failures, 10);
    EXPECT_EQ(json_array_size(list), 2u);
    json_decref(list);
}
