extern "C" {
#include "complaint.h"
}

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace
{

// The report of one mistake in a line of a file.
std::string report(const std::string &line, int column)
{
    struct complaints c = {};
    struct source_line source = {SOURCE_FILE, "p.cfg", 7, 0, line.c_str(), line.size()};
    complaint_add(&c, {&source, column}, "it is %s", "wrong");
    char *text = nullptr;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    complaints_print(&c, to);
    fclose(to);
    std::string result(text, size);
    free(text);
    complaints_clear(&c);
    return result;
}

TEST(Complaint, CaretStandsUnderTheColumn)
{
    EXPECT_EQ(report("abc = 1;", 7), "p.cfg:7:7: it is wrong\n    abc = 1;\n          ^\n");
}

TEST(Complaint, TabsBeforeTheCaretAreExpanded)
{
    EXPECT_EQ(report("\tab\tc", 5), "p.cfg:7:5: it is wrong\n        ab  c\n            ^\n");
}

TEST(Complaint, LettersOfSeveralBytesAreOneCellWide)
{
    EXPECT_EQ(report("\xc3\xa9\xe2\x82\xac = 1", 7),
              "p.cfg:7:7: it is wrong\n    \xc3\xa9\xe2\x82\xac = 1\n       ^\n");
}

TEST(Complaint, EndOfTheLineCanBePointedTo)
{
    EXPECT_EQ(report("ab", 3), "p.cfg:7:3: it is wrong\n    ab\n      ^\n");
}

TEST(Complaint, LongLineIsCutAroundTheCaret)
{
    std::string line(300, 'a');
    line[199] = 'X';
    std::string text = report(line, 200);
    size_t caret = text.find('^'), shown = text.find("    ...");
    ASSERT_NE(shown, std::string::npos) << text;
    size_t caret_line = text.rfind('\n', caret);
    EXPECT_EQ(text[shown + (caret - caret_line - 1)], 'X') << text;
    EXPECT_LT(caret - caret_line, 130u);
}

// A line of a megabyte with a mistake in each of its settings must not need a terabyte.
TEST(Complaint, OfALongLineOnlyWhatIsShownIsKept)
{
    std::string line(1 << 20, ' ');
    for (size_t i = 0; i < line.size(); i += 2)
        line.replace(i, 2, "\xc3\xa9");
    const size_t columns[] = {0, 1, 500'001, line.size(), line.size() + 1};
    for (size_t column : columns) {
        struct complaints c = {};
        struct source_line source = {SOURCE_FILE, "p.cfg", 7, 0, line.c_str(), line.size()};
        complaint_add(&c, {&source, static_cast<int>(column)}, "it is wrong");
        EXPECT_LE(strlen(c.list[0].source), 1100u) << column;
        EXPECT_EQ(static_cast<unsigned char>(c.list[0].source[0]), 0xc3u) << column << ": begins with a whole letter";
        complaints_clear(&c);
        const std::string text = report(line, static_cast<int>(column));
        EXPECT_EQ(text.find("    \xc3\xa9") != std::string::npos, column < 2) << column << ": the start is shown";
        EXPECT_EQ(text.find("\xa9...\n") != std::string::npos, column < line.size()) << column << ": more follows";
        EXPECT_EQ(text.find('^') != std::string::npos, column > 0) << column;
    }
}

TEST(Complaint, CaretOfALongLineStandsUnderTheColumn)
{
    std::string line(1 << 20, 'a');
    line[700'000] = 'X';
    const std::string text = report(line, 700'001);
    const size_t shown = text.find("    ..."), caret_line = text.rfind('\n', text.find('^'));
    EXPECT_EQ(text[shown + text.find('^') - caret_line - 1], 'X') << text;
}

TEST(Complaint, ALongOverrideIsNamedByItsBeginning)
{
    struct complaints c = {};
    const std::string set = "name=" + std::string(100'000, 'a');
    struct source_line source = {SOURCE_OVERRIDE, nullptr, 0, 0, set.c_str(), set.size()};
    complaint_add(&c, {&source, 1}, "it is wrong");
    EXPECT_EQ(c.list[0].message, "in '" + set.substr(0, 120) + "...': it is wrong");
    complaints_clear(&c);
}

TEST(Complaint, ALongOverrideIsNotCutWithinALetter)
{
    struct complaints c = {};
    std::string set(119, 'a');
    set += "\xc3\xa9" + std::string(100, 'b'); // its second byte would be the first that is left out
    struct source_line source = {SOURCE_OVERRIDE, nullptr, 0, 0, set.c_str(), set.size()};
    complaint_add(&c, {&source, 1}, "it is wrong");
    EXPECT_EQ(c.list[0].message, "in '" + std::string(119, 'a') + "...': it is wrong");
    complaints_clear(&c);
}

TEST(Complaint, ControlCharactersAreNotPrinted)
{
    std::string text = report("a\x1b[2Jb\x7f", 1);
    EXPECT_EQ(text, "p.cfg:7:1: it is wrong\n    a [2Jb \n    ^\n");
}

TEST(Complaint, LineWithoutColumnHasNoCaret)
{
    EXPECT_EQ(report("abc", 0), "p.cfg:7: it is wrong\n    abc\n");
}

TEST(Complaint, SortedByLineThenColumnThenOrderOfDiscovery)
{
    struct complaints c = {};
    struct source_line lines[] = {{SOURCE_FILE, "p.cfg", 1, 0, "", 0}, {SOURCE_FILE, "q.cfg", 1, 1, "", 0}};
    complaint_add(&c, {&lines[1], 1}, "d");
    complaint_add(&c, {&lines[0], 5}, "b");
    complaint_add(&c, {&lines[0], 5}, "c");
    complaint_add(&c, {&lines[0], 2}, "a");
    complaints_sort(&c);
    std::string order;
    for (size_t i = 0; i < c.n; i++)
        order += c.list[i].message;
    EXPECT_EQ(order, "abcd");
    complaints_clear(&c);
    EXPECT_EQ(c.n, 0u);
}

} // namespace
