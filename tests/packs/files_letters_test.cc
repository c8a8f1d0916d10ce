#include <gtest/gtest.h>

#include "folder.h"
#include "harness.h"

namespace
{

using harness::Host;
using Words = std::vector<std::string>;

std::string letter(const std::string &file, const std::string &bytes, const std::string &more = "")
{
    return "{\"stage\":\"s\",\"size\":" + std::to_string(bytes.size()) + ",\"payload\":\"" + file + ".bin\"" + more +
           "}";
}

void put(Folder &folder, const std::string &name, const std::string &bytes, const std::string &more = "")
{
    folder.put(name + ".bin", bytes).put(name + ".json", letter(name, bytes, more));
}

} // namespace

TEST(FilesLetters, AreTheFramesThatWereRefused)
{
    Folder folder;
    const std::string shape(reinterpret_cast<const char *>(std::vector<uint64_t>{2, 3, 4}.data()), 24);
    put(folder, "a", std::string("p\0q", 3),
        R"(,"sequence":7,"key":-1,"time_ns":-5,"type":2,"attributes":{"path":"x/y.jpg","shape":[2,3,4],)"
        R"("raw":{"hex":"00ff10"},"empty":""})");
    Host host("files", "letters");
    host.set("path", folder.path());
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    ASSERT_EQ(host.outputs().size(), 1u) << host.trouble();
    const harness::Output &frame = host.outputs()[0];
    EXPECT_EQ(frame.bytes, std::string("p\0q", 3));
    EXPECT_EQ(frame.attributes,
              (harness::Attributes{
                  {"path", "x/y.jpg"}, {"shape", shape}, {"raw", std::string("\0\xff\x10", 3)}, {"empty", ""}}));
    EXPECT_EQ(frame.sequence, 7u);
    EXPECT_EQ(frame.key, UINT64_MAX);
    EXPECT_EQ(frame.time_ns, -5);
    EXPECT_EQ(frame.type, uint32_t{MPIPE_IMAGE});
}

TEST(FilesLetters, ComeByNameOrAsAFileNamesThem)
{
    Folder folder, lists;
    for (const char *name : {"b", "a", "c"})
        put(folder, name, name);
    folder.put(".d.json", "{}").put("other.txt", "x");
    lists.put("names", "c\na");
    Host all("files", "letters"), named("files", "letters");
    all.set("path", folder.path());
    named.set("path", folder.path()).set("names", lists.path("names"));
    ASSERT_EQ(all.drive(), MPIPE_OK) << all.trouble();
    ASSERT_EQ(named.drive(), MPIPE_OK) << named.trouble();
    EXPECT_EQ(all.output_bytes(), (Words{"a", "b", "c"}));
    EXPECT_EQ(named.output_bytes(), (Words{"c", "a"}));
    EXPECT_EQ(named.progress(), (std::pair<uint64_t, uint64_t>{2, 2}));
}

TEST(FilesLetters, EachComesOnceWheneverTheWorkerDies)
{
    Folder folder;
    for (const char *name : {"a", "b", "c", "d"})
        put(folder, name, name);
    for (uint64_t n = 1, died = 1; died; n++) {
        Host host("files", "letters");
        host.set("path", folder.path()).die_at(n).commit_every(1 + n % 3);
        ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
        EXPECT_EQ(host.output_bytes(), (Words{"a", "b", "c", "d"})) << "death at point " << n;
        died = host.deaths();
    }
}

TEST(FilesLetters, ThatCannotBeSentAreRefusedWithTheReasonAndTheRestGoesOn)
{
    Folder folder;
    folder.put("a.json", "{").put("b.json", "[]").put("c.json", R"({"stage":"s"})");
    folder.put("d.json", R"({"payload":"../e","size":1})");
    folder.put("e.json", letter("gone", "x"));
    folder.put("f.bin", "longer").put("f.json", letter("f", "x"));
    put(folder, "g", "x", R"(,"attributes":{"a":{"hex":"0g"}})");
    put(folder, "h", "x", R"(,"attributes":{"a":1.5})");
    put(folder, "i", "fine");
    Host host("files", "letters");
    host.set("path", folder.path());
    ASSERT_EQ(host.drive(), MPIPE_OK) << host.trouble();
    EXPECT_EQ(host.output_bytes(), Words{"fine"});
    ASSERT_EQ(host.dead_letters().size(), 8u) << host.trouble();
    const char *const reasons[] = {"letter a: ",   "no dead letter", "it has no frame",      "not in its folder",
                                   "No such file", "another size",   "no hexadecimal digit", "neither text nor"};
    for (size_t i = 0; i < 8; i++)
        EXPECT_NE(host.dead_letters()[i].reason.find(reasons[i]), std::string::npos) << host.dead_letters()[i].reason;
}

TEST(FilesLetters, AFolderOrAListThatIsNotThereIsABadConfiguration)
{
    Folder folder;
    folder.put("names", "../x\n");
    Host missing("files", "letters"), unlisted("files", "letters"), sly("files", "letters");
    missing.set("path", folder.path("none"));
    unlisted.set("path", folder.path()).set("names", folder.path("none"));
    sly.set("path", folder.path()).set("names", folder.path("names"));
    for (Host *host : {&missing, &unlisted, &sly})
        EXPECT_EQ(host->start(), MPIPE_BAD_CONFIG);
    EXPECT_TRUE(sly.logged("no slash")) << sly.trouble();
}
