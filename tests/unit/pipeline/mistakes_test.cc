// Seeded mistakes: each is found where it stands, and said in words that help.
#include "parsed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <regex>

namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

struct Mistake {
    const char *what;    // for the test's name
    const char *text;    // of the file; a ~ marks the place of the mistake, and is taken out
    const char *message; // regular expression
};

void PrintTo(const Mistake &m, std::ostream *to)
{
    *to << m.what;
}

// A pipeline of three stages around the lines that a mistake is in.
#define IN_STAGE(settings)                                                        \
    "stages = (\n  { processor = \"text.lines\"; },\n  { name = \"x\"; " settings \
    " },\n  { processor = \"core.null\"; }\n);\n"
#define WITH_TOP(settings) settings "stages = ( { processor = \"text.lines\"; }, { processor = \"core.null\"; } );\n"

const Mistake mistakes[] = {
    // Syntax.
    {"UnquotedText", "name = ~photos;\n", "a text needs quotes: \"photos\""},
    {"UnquotedSize", "name = \"a\";\nmemory = ~512M;\n", "a text needs quotes: \"512M\""},
    {"UnquotedPattern", WITH_TOP("name = ~*.jpg;\n"), "a text needs quotes: \"\\*\\.jpg\""},
    {"UnquotedTimeInAList", "a = ( 1, ~20ms );\n", "a text needs quotes: \"20ms\""},
    {"UnquotedAddress", "http = ~[::1]:9464;\n", "a text needs quotes: \"\\[::1\\]:9464\""},
    {"YesForTrue", "ordered = ~yes;\n", "write true instead of 'yes'"},
    {"OffForFalse", "ordered = ~OFF;\n", "write false instead of 'OFF'"},
    {"NoEquals", "name ~\"x\";\n", "'=' is missing after 'name'"},
    {"NoValue", "name = ~;\n", "expected a value, but found a ';'"},
    {"NoCommaBetweenStages", "stages = (\n  { processor = \"a.b\"; }\n  ~{ processor = \"c.d\"; }\n);\n",
     "a ',' is missing before this element of the '\\(' of line 1"},
    {"CommaAfterLastStage", "stages = (\n  { processor = \"a.b\"; }~,\n);\n", "no ',' after the last element"},
    {"ListNeverClosed", "name = \"a\";\nstages = ~(\n  { processor = \"a.b\"; }\n",
     "this '\\(' is never closed: '\\)' is missing"},
    {"GroupNeverClosed", "stages = (\n  { processor = \"a.b\";\n~);\n",
     "expected '\\}', to close the '\\{' of line 2, but found a '\\)'"},
    {"ClosedTwice", "a = 1;\n~};\n", "this '\\}' closes nothing"},
    {"ExtraSemicolon", "a = 1;~;\n", "an extra ';'"},
    {"StringNeverClosed", "a = 1;\nname = ~\"photos;\n", "this text has no closing quote"},
    {"StringClosedTooLate", "name = ~\"photos;\nmemory = \"512M\";\n", "is its closing quote missing\\?"},
    {"CommentNeverClosed", "a = 1;\n~/* what follows\nb = 2;\n", "comment is never closed"},
    {"MixedArray", "a = [ 1, ~\"b\" ];\n", "have the same type: use a list"},
    {"GroupInArray", "stages = [\n  ~{ processor = \"a.b\"; } ];\n", "plain values only: use a list \\( \\)"},
    {"SettingTwice", WITH_TOP("name = \"a\";\nmemory = \"4M\";\n  ~name = \"b\";\n"),
     "'name' is set twice; the first time in line 1"},
    {"QuotedKey", "~\"name\" = \"a\";\n", "a name has no quotes: write name"},
    {"DottedKey", "stages~.x = 1;\n", "a name has no dot here"},
    {"SemicolonInList", "a = ( 1~; 2 );\n", "separated by ',', not by ';'"},
    {"StrayCharacter", "a = 1;\n~$ = 2;\n", "unexpected '\\$'"},
    {"StrayLetter", "a = 1;\n~\xc3\xa9 = 2;\n", "a letter that is not ASCII"},
    {"NulEscape", "name = ~\"a\\x00b\";\n", "cannot hold a NUL"},
    {"IncludeInALine", "a = 1; ~@include \"x\"\n", "at the start of a line"},
    {"IncludeThatIsMissing", "a = 1;\n  @include ~\"gone.cfg\"\n",
     "cannot read '.*gone.cfg': No such file or directory"},
    {"IncludeWithoutEnd", "@include ~\"gone.cfg\n", "no closing quote"},
    {"NestedTooDeep", "a = ((((((((((((((((((((((((((((((((~((((1))))))))))))))))))))))))))))))))))));\n",
     "nested deeper than 32"},

    // The pipeline.
    {"UnknownSetting", WITH_TOP("~memroy = \"4M\";\n"), "unknown setting 'memroy' \\(did you mean 'memory'\\?\\)"},
    {"UnknownSettingWithoutHint", WITH_TOP("  ~colour = 1;\n"), "unknown setting 'colour'$"},
    {"StageSettingAtTheTop", WITH_TOP("~workers = 4;\n"), "unknown setting 'workers': it belongs into a stage"},
    {"SizeThatIsNone", WITH_TOP("memory = ~\"lots\";\n"), "memory must be a size, as .*, but is the text \"lots\""},
    {"SizeTooSmall", WITH_TOP("memory = ~4096;\n"), "memory must be from 2M to 16T bytes, but is 4096"},
    {"NoMemoryForTheWorkers", WITH_TOP("workers_memory = ~0;\n"),
     "workers_memory must be from 16M to 16T bytes, but is 0"},
    {"NoCores", WITH_TOP("cpus = ~0;\n"), "cpus must be from 1 to 4096 cores, but is 0"},
    {"SizeOf64Bits", WITH_TOP("memory = ~99999999999999999999;\n"), "memory: 99999999999999999999 is too large"},
    {"SizeThatLibconfigWouldCut", WITH_TOP("memory = ~0x10000000000000;\n"),
     "memory must be from 2M to 16T bytes, but is 0x10000000000000"},
    {"SizeAsBool", WITH_TOP("memory = ~true;\n"), "memory must be a size, .*, but is true"},
    {"NoSuchChoice", WITH_TOP("huge_pages = ~\"of\";\n"),
     "must be one of \"try\", \"require\", \"off\", but is the text \"of\" \\(did you mean 'off'\\?\\)"},
    {"TimeThatIsNone", WITH_TOP("drain_timeout = ~\"10 parsecs\";\n"),
     "drain_timeout must be a time, as .*, but is the text \"10 parsecs\""},
    {"NegativeTime", WITH_TOP("drain_timeout = ~-5;\n"), "drain_timeout must be a time, .*, but is -5"},
    {"QuotedBool", WITH_TOP("ordered = ~\"true\";\n"),
     "ordered must be true or false, but is the text \"true\": take off the quotes"},
    {"NumberAsName", WITH_TOP("name = ~5;\n"), "name must be a string, but is 5: put it in quotes"},
    {"BadName", WITH_TOP("name = ~\"a b\";\n"), "name must be 1 to 64 letters"},
    {"DeadLettersInAFile", WITH_TOP("dead_letters = ~\"/etc/passwd/dead\";\n"),
     "dead_letters: cannot use '/etc/passwd/dead': Not a directory"},
    {"DeadLettersIsAFile", WITH_TOP("dead_letters = ~\"/etc/passwd\";\n"),
     "dead_letters: '/etc/passwd' is not a folder"},
    {"HttpWithoutAPort", WITH_TOP("http = ~\"127.0.0.1\";\n"),
     "http must be an address and a port, as \"127.0.0.1:9464\", but is the text \"127.0.0.1\": which port\\?"},
    {"HttpWithANamedPort", WITH_TOP("http = ~\"127.0.0.1:http\";\n"), ": a port is a number from 0 to 65535"},
    {"HttpAtAName", WITH_TOP("http = ~\"example.org:80\";\n"), "the address is none in numbers"},
    {"HttpAsANumber", WITH_TOP("http = ~9464;\n"), "http must be a string, but is 9464: put it in quotes"},
    {"ShortToken", WITH_TOP("http_token = ~\"secret\";\n"),
     "http_token must be 16 to 128 characters of ASCII without blanks$"},
    {"TokenWithABlank", WITH_TOP("http_token = ~\"0123456789abc def\";\n"), "without blanks$"},
    {"MemoryForTheStages", "memory = ~\"4M\";\n" IN_STAGE("processor = \"test.serial\"; memory = \"8M\";"),
     "memory is 4M, but the stages need 12M"},
    {"NoStages", "~name = \"x\";\n", "there are no stages"},
    {"EmptyStages", "stages = ~( );\n", "there are no stages"},
    {"StagesAsGroup", "stages = ~{ processor = \"core.null\"; };\n",
     "stages must be a list of groups, .* but is a group"},
    {"StageAsText", "stages = ( ~\"files.read\" );\n", "a stage must be a group, .* but is the text"},

    // A stage.
    {"UnknownProcessor", IN_STAGE("processor = ~\"core.bathc\";"),
     "stage 'x': there is no processor 'core.bathc' \\(did you mean 'core.batch'\\?\\)"},
    {"NoProcessor",
     "stages = ( { processor = \"text.lines\"; },\n ~{ name = \"x\"; }, { processor = \"core.null\"; } );\n",
     "stage 'x': processor is missing"},
    {"ProcessorAsNumber", IN_STAGE("processor = ~5;"), "stage 'x': processor must be a string"},
    {"UnknownStageSetting", IN_STAGE("processor = \"core.batch\"; ~wrokers = 2;"),
     "unknown setting 'wrokers' \\(did you mean 'workers'\\?\\)"},
    {"OptionOutsideOptions", IN_STAGE("processor = \"core.batch\"; ~size = 2;"),
     "unknown setting 'size': it is an option of core.batch, so put it into options"},
    {"SettingInOptions", IN_STAGE("processor = \"core.batch\"; options = { ~workers = 2; };"),
     "'workers' is a setting of the stage, not an option"},
    {"WorkersTooMany", IN_STAGE("processor = \"core.batch\"; workers = ~65;"),
     "workers must be from 1 to 64 workers, but is 65"},
    {"WorkersNone", IN_STAGE("processor = \"core.batch\"; workers = ~0;"), "workers must be from 1 to 64"},
    {"WorkersAtMostNone", IN_STAGE("processor = \"core.batch\"; workers = { max = ~0; };"),
     "workers.max must be from 1 to 64"},
    {"WorkersAsText", IN_STAGE("processor = \"core.batch\"; workers = ~\"4\";"),
     "workers must be \"auto\", an integer or a group"},
    {"WorkersBackwards", IN_STAGE("processor = \"core.batch\"; workers = { min = ~4; max = 2; };"),
     "workers.min is 4, more than workers.max, which is 2"},
    {"WorkersOfASourceVary",
     "stages = ( { processor = \"text.lines\"; workers = ~{ min = 1; max = 2; }; }, { processor = \"core.null\"; } );",
     "a source has a fixed number of workers.*: set workers = 2"},
    {"WorkersUnknown", IN_STAGE("processor = \"core.batch\"; workers = { ~mix = 4; };"),
     "unknown setting 'mix' in workers"},
    {"WorkersOfASerial", IN_STAGE("processor = \"test.serial\"; workers = ~2;"),
     "test.serial works in one worker only, so workers cannot be 2"},
    {"QueueNoPower", IN_STAGE("processor = \"core.batch\"; queue = ~1000;"),
     "queue must be a power of two, but is 1000: the next one is 1024"},
    {"QueueTooLong", IN_STAGE("processor = \"core.batch\"; queue = ~131072;"), "queue must be from 1 to 65536 frames"},
    {"OnErrorMisspelt", IN_STAGE("processor = \"core.batch\"; on_error = ~\"dead-letter\";"),
     "on_error must be one of .* \\(did you mean 'dead_letter'\\?\\)"},
    {"AttemptsTooMany", IN_STAGE("processor = \"core.batch\"; max_attempts = ~101;"),
     "max_attempts must be from 1 to 100, but is 101"},
    {"StageNameWithDot",
     "stages = (\n{ name = ~\"a.b\"; processor = \"text.lines\"; }, { processor = \"core.null\"; } );\n",
     "name must be a letter, then"},
    {"StageNameTwice",
     "stages = (\n{ name = \"a\"; processor = \"text.lines\"; },\n { name = ~\"a\"; processor = \"core.null\"; } );\n",
     "stage 'a': its name is taken by the stage of line 2"},

    // Options.
    {"UnknownOption", IN_STAGE("processor = \"core.batch\"; options = { ~sise = 3; };"),
     "stage 'x': unknown option 'sise' \\(did you mean 'size'\\?\\)"},
    {"UnknownOptionWithoutHint", IN_STAGE("processor = \"core.batch\"; options = { ~colour = 3; };"),
     "unknown option 'colour'; see: micropipe inspect core.batch"},
    {"OptionOfNone", IN_STAGE("processor = \"test.serial\"; options = { ~a = 3; };"),
     "unknown option 'a': test.serial has no options"},
    {"OptionsAsList", IN_STAGE("processor = \"core.batch\"; options = ~( 1 );"),
     "options must be a group, .* but is a list"},
    {"OptionOfWrongType", IN_STAGE("processor = \"core.batch\"; options = { size = ~\"big\"; };"),
     "option 'size' must be an integer, as 42, but is the text \"big\""},
    {"OptionInQuotes", IN_STAGE("processor = \"core.batch\"; options = { size = ~\"3\"; };"),
     "is the text \"3\": take off the quotes"},
    {"OptionAsFloat", IN_STAGE("processor = \"core.batch\"; options = { size = ~3.5; };"),
     "option 'size' must be an integer, as 42, but is 3.5"},
    {"OptionOutOfRange", IN_STAGE("processor = \"core.batch\"; options = {\n    size = ~5000; };"),
     "option 'size' must be from 1 to 4096 frames, but is 5000"},
    {"OptionBelowTheLeast", IN_STAGE("processor = \"core.take\"; options = { count = ~-1; };"),
     "option 'count' must be at least 0, but is -1"},
    {"OptionTimeOutOfRange", IN_STAGE("processor = \"core.batch\"; options = { timeout = ~\"2h\"; };"),
     "option 'timeout' must be from 1ms to 1h, but is the text \"2h\""},
    {"OptionAbsent", IN_STAGE("processor = ~\"core.take\";"), "option 'count' of core.take is missing"},
    {"OptionNoChoice", IN_STAGE("processor = \"test.all\"; options = { kind = ~\"three\"; };"),
     "option 'kind' must be one of \"one\", \"two\", but is the text \"three\""},
    {"OptionNoList", IN_STAGE("processor = \"test.all\"; options = { words = ~\"a\"; };"),
     "must be a list of strings, but is the text \"a\": write \\[ \"a\" \\]"},
    {"OptionElement", IN_STAGE("processor = \"test.all\"; options = { words = ( \"a\", ~5 ); };"),
     "option 'words' must be a string, but is 5"},
    {"OptionElementRange", IN_STAGE("processor = \"test.all\"; options = { wholes = [ 3, ~-1 ]; };"),
     "option 'wholes' must be at least 0, but is -1"},
    {"OptionPathMissing", IN_STAGE("processor = \"test.all\"; options = { folder = ~\"/gone/away\"; };"),
     "option 'folder': cannot read '/gone/away': No such file or directory"},
    {"OptionPathElement", IN_STAGE("processor = \"test.all\"; options = { folders = [ \"/\", ~\"/gone\" ]; };"),
     "option 'folders': cannot read '/gone'"},
    {"OptionDefaultBroken", IN_STAGE("processor = ~\"test.broken\";"),
     "option 'number' of test.broken has a default that cannot be: \"many\""},

    // The graph.
    {"FirstIsNoSource", "stages = (\n  { processor = ~\"core.batch\"; }, { processor = \"core.null\"; } );\n",
     "stage 'batch': it is the first stage, but core.batch is not a source"},
    {"NobodyReads", "stages = (\n  { processor = \"text.lines\"; },\n  { processor = ~\"core.batch\"; } );\n",
     "stage 'batch': nobody reads what it sends: .* core.null"},
    {"PortNobodyReads", IN_STAGE("processor = ~\"test.split\";"),
     "nobody reads its output port 'errors': .*\"x.errors\""},
    {"PortNotFed", IN_STAGE("processor = ~\"test.join\";"), "its input port 'right' is not connected"},
    {"StageBeforeIsASink",
     "stages = (\n{ processor = \"text.lines\"; },\n{ processor = \"core.null\"; },\n{ name = \"x\"; processor = "
     "~\"files.write\"; options = { path = \"o\"; }; } );\n",
     "stage 'x': the stage before, 'null', is a sink"},
    {"InputUnknown", IN_STAGE("processor = \"core.batch\"; inputs = [ ~\"linse\" ];"),
     "there is no stage 'linse' to read from \\(did you mean 'lines'\\?\\)"},
    {"InputIsASink", IN_STAGE("processor = \"core.batch\"; inputs = [ \"lines\", ~\"null\" ];"),
     "it cannot read from 'null', which is a sink"},
    {"InputIsItself", IN_STAGE("processor = \"core.batch\"; inputs = [ \"lines\", ~\"x\" ];"),
     "it cannot read from itself"},
    {"InputTwice", IN_STAGE("processor = \"core.batch\"; inputs = [ \"lines\", ~\"lines.out\" ];"),
     "it reads from 'lines' twice"},
    {"InputPortUnknown", IN_STAGE("processor = \"core.batch\"; inputs = [ ~\"lines.err\" ];"),
     "stage 'lines' has no output port 'err'; it has 'out'"},
    {"InputsEmpty", IN_STAGE("processor = \"core.batch\"; inputs = ~[ ];"), "inputs is empty"},
    {"InputsAsText", IN_STAGE("processor = \"core.batch\"; inputs = ~\"lines\";"), "inputs must be a list"},
    {"InputAsNumber", IN_STAGE("processor = \"core.batch\"; inputs = [ ~5 ];"), "an input must be a string or a group"},
    {"InputGroupUnknown",
     IN_STAGE("processor = \"core.batch\"; inputs = ( { ~fron = \"lines\"; from = \"lines\"; } );"),
     "unknown setting 'fron' in inputs \\(did you mean 'from'\\?\\)"},
    {"InputGroupWithoutFrom", IN_STAGE("processor = \"core.batch\"; inputs = ( ~{ port = \"in\"; } );"),
     "an input needs from"},
    {"InputGroupPort", IN_STAGE("processor = \"core.batch\"; inputs = ( { from = \"lines\"; port = ~\"inn\"; } );"),
     "core.batch has no input port 'inn'; it has 'in'"},
    {"InputGroupWhenFull",
     IN_STAGE("processor = \"core.batch\"; inputs = ( { from = \"lines\"; when_full = ~\"wait\"; } );"),
     "when_full must be one of \"block\", \"drop\""},
    {"InputsOfASource", IN_STAGE("processor = \"text.lines\"; ~inputs = [ \"lines\" ];"),
     "text.lines is a source, so inputs has no meaning here"},
    {"QueueOfASource", "stages = (\n{ processor = \"text.lines\"; ~queue = 8; }, { processor = \"core.null\"; } );\n",
     "is a source, so queue has no meaning"},
    {"TypesDiffer", IN_STAGE("processor = ~\"image.resize\";"), "stage 'x': it takes images, but 'lines' sends text"},
    {"Cycle",
     "stages = (\n{ processor = \"text.lines\"; },\n{ name = \"a\"; processor = \"core.batch\"; inputs = [ \"lines\", "
     "~\"c\" ]; },\n"
     "{ name = \"b\"; processor = \"core.batch\"; },\n{ name = \"c\"; processor = \"core.batch\"; },\n{ processor = "
     "\"core.null\"; } );\n",
     "go round in a circle: 'a' -> 'b' -> 'c' -> 'a'"},
};

class EachMistake : public testing::TestWithParam<Mistake>
{
  protected:
    EachMistake()
    {
        std::string before = text_.substr(0, text_.find('~'));
        size_t line_start = before.rfind('\n') + 1; // npos + 1 is 0
        at_ = std::to_string(1 + std::count(before.begin(), before.end(), '\n')) + ":" +
              std::to_string(before.size() - line_start + 1);
        text_.erase(before.size(), 1);
    }
    std::string text_ = GetParam().text, at_;
};

TEST_P(EachMistake, IsAllThatIsFoundAndWithinATenthOfASecond)
{
    const std::clock_t start = std::clock(); // of the CPU: how busy the machine is proves nothing
    Parsed p = Parsed::text(text_);
    EXPECT_LT(std::clock() - start, CLOCKS_PER_SEC / 10);
    ASSERT_FALSE(p.ok());
    std::string wanted = at_ + ": .*" + GetParam().message;
    EXPECT_TRUE(std::regex_search(p.mistakes()[0], std::regex("^" + wanted)))
        << wanted << "\nwas wanted, but this came:";
    EXPECT_EQ(p.complaints().n, 1u) << p.report();
}

INSTANTIATE_TEST_SUITE_P(Mistakes, EachMistake, testing::ValuesIn(mistakes),
                         [](const auto &mistake) { return std::string(mistake.param.what); });

TEST(Mistakes, OfAFileAreAllReportedByLine)
{
    Parsed p =
        Parsed::text("memroy = \"4M\";\n"
                     "huge_pages = \"maybe\";\n"
                     "stages = (\n"
                     "  { name = \"in\"; processor = \"text.lines\"; options = { batch = 0; paht = \"x\"; }; },\n"
                     "  { name = \"a\"; processor = \"image.rezise\"; options = { widht = 3; }; },\n"
                     "  { name = \"b\"; processor = \"core.batch\"; inputs = [ \"in\", \"q\" ]; workers = 100; },\n"
                     "  { name = \"b\"; processor = \"core.null\"; quueue = 7; }\n"
                     ");\n");
    EXPECT_THAT(p.mistakes(),
                ElementsAre(StartsWith("1:1: unknown setting 'memroy'"), StartsWith("2:14: huge_pages must be"),
                            StartsWith("4:64: stage 'in': option 'batch' must be"),
                            StartsWith("4:67: stage 'in': unknown option 'paht' (did you mean 'path'?)"),
                            StartsWith("5:29: stage 'a': there is no processor 'image.rezise'"),
                            StartsWith("6:60: stage 'b': there is no stage 'q'"),
                            StartsWith("6:77: stage 'b': workers must be"),
                            StartsWith("7:12: stage 'b': its name is taken by the stage of line 6"),
                            StartsWith("7:42: stage 'b': unknown setting 'quueue' (did you mean 'queue'?)")))
        << p.report();
}

TEST(Mistakes, BesideSettingsThatAreGivenTwiceAreReportedToo)
{
    Parsed p = Parsed::text("memory = \"4M\";\n"
                            "memory = 7; name = \"a b\";\n"
                            "stages = (\n"
                            "  { processor = \"text.lines\"; options = { path = \"x\"; path = \"y\"; batch = 0; }; },\n"
                            "  { processor = \"core.null\"; processor = \"core.nul\"; quueue = 7; }\n"
                            ");\n");
    EXPECT_THAT(p.mistakes(), ElementsAre(StartsWith("2:1: 'memory' is set twice; the first time in line 1"),
                                          StartsWith("2:20: name must be"),
                                          StartsWith("4:55: 'path' is set twice; the first time in line 4"),
                                          StartsWith("4:75: stage 'lines': option 'batch' must be"),
                                          StartsWith("5:30: 'processor' is set twice; the first time in line 5"),
                                          StartsWith("5:54: stage 'null': unknown setting 'quueue'")))
        << p.report();
    EXPECT_THAT(Parsed::text("name = \"a\"; name = \"b\";\nstages = ;\n").mistakes(),
                ElementsAre(StartsWith("1:13: 'name' is set twice"), StartsWith("2:10: expected a value")));
    std::string many;
    for (int i = 0; i < 1000; i++)
        many += "a = 1; ";
    EXPECT_EQ(Parsed::text(many).complaints().n, 101u) << "a file of nothing else is not worth more";
}

TEST(Mistakes, AreShownWithTheirLineAndACaret)
{
    Folder folder;
    std::string path = folder.write("p.cfg", "stages = (\n\t{ processor = \"text.lines\"; optoins = { }; },\n"
                                             "  { processor = \"core.null\"; } );\n");
    EXPECT_EQ(Parsed::file(path).report(),
              path + ":2:30: stage 'lines': unknown setting 'optoins' (did you mean 'options'?)\n" +
                  "        { processor = \"text.lines\"; optoins = { }; },\n" +
                  "                                    ^\n");
}

TEST(Mistakes, InAnIncludedFileNameThatFile)
{
    Folder folder;
    std::string inner = folder.write("inner.cfg", "# one\nmemory = 5;\n");
    std::string outer =
        folder.write("outer.cfg", "name = \"x\";\n@include \"inner.cfg\" nane = 1;\n"
                                  "stages = ( { processor = \"text.lines\"; }, { processor = \"core.null\"; } );\n");
    Parsed p = Parsed::file(outer);
    ASSERT_EQ(p.complaints().n, 2u) << p.report();
    EXPECT_STREQ(p.complaints().list[0].file, inner.c_str());
    EXPECT_STREQ(p.complaints().list[1].file, outer.c_str());
    EXPECT_THAT(p.mistakes(),
                ElementsAre(StartsWith("2:10: memory must be"), StartsWith("2:22: unknown setting 'nane'")));
    EXPECT_THAT(p.report(), HasSubstr("@include \"inner.cfg\" nane = 1;"));
}

TEST(Mistakes, ASettingThatAnIncludedFileHasSetNamesThatFile)
{
    Folder folder;
    std::string inner = folder.write("inner.cfg", "\nname = \"x\";\n");
    Parsed p = Parsed::file(
        folder.write("outer.cfg", "@include \"inner.cfg\"\nname = \"y\";\n"
                                  "stages = ( { processor = \"text.lines\"; }, { processor = \"core.null\"; } );\n"));
    EXPECT_THAT(p.mistakes(), ElementsAre("2:1: 'name' is set twice; the first time in line 2 of " + inner))
        << p.report();
}

TEST(Mistakes, OfAFileThatIncludesItselfEnd)
{
    Folder folder;
    Parsed p = Parsed::file(folder.write("loop.cfg", "@include \"loop.cfg\"\n@include \"loop.cfg\"\n"));
    ASSERT_GE(p.complaints().n, 1u);
    EXPECT_THAT(p.complaints().list[0].message, HasSubstr("does a file include itself?"));
}

TEST(Mistakes, MissingFileIsNamedWithTheReason)
{
    EXPECT_EQ(Parsed::file("/gone/p.cfg").report(),
              "/gone/p.cfg: cannot read '/gone/p.cfg': No such file or directory\n");
}

TEST(Mistakes, FolderInsteadOfAFileIsNamed)
{
    EXPECT_EQ(Parsed::file("/tmp").report(), "/tmp: cannot read '/tmp': Is a directory\n");
}

TEST(Mistakes, BinaryFileIsNoConfiguration)
{
    EXPECT_THAT(Parsed::text(std::string("name = 1;\nab\0c", 14)).mistakes(),
                ElementsAre(StartsWith("2:3: a NUL byte")));
}

TEST(Mistakes, HugeFileIsRefused)
{
    EXPECT_THAT(Parsed::text(std::string(2 << 20, '\n')).report(), HasSubstr("has at most 1 MiB"));
}

TEST(Mistakes, TooManyStagesAreCounted)
{
    std::string text = "stages = ( { processor = \"text.lines\"; }";
    for (int i = 0; i < 39; i++)
        text += ",\n{ processor = \"core.batch\"; }";
    EXPECT_THAT(Parsed::text(text + ");\n").mistakes(),
                ElementsAre("40:1: a pipeline has at most 39 stages, but this has 40"));
}

TEST(Mistakes, TooManyInputsAreCounted)
{
    std::string text = "stages = ( { name = \"s\"; processor = \"text.lines\"; }", names;
    for (int i = 0; i < 17; i++) {
        text += ",\n{ name = \"b" + std::to_string(i) + "\"; processor = \"core.batch\"; inputs = [ \"s\" ]; }";
        names += (i ? ", \"b" : "\"b") + std::to_string(i) + "\"";
    }
    Parsed p = Parsed::text(text + ",\n{ name = \"n\"; processor = \"core.null\"; inputs = [ " + names + " ]; } );\n");
    EXPECT_THAT(p.mistakes(), ElementsAre(HasSubstr("stage 'n': a stage has at most 16 inputs"))) << p.report();
}

TEST(Mistakes, LeaveNoTraceOfTerminalCommands)
{
    Parsed p = Parsed::text(WITH_TOP("name = \"\x1b[31mred\";\n"));
    EXPECT_EQ(p.report().find('\x1b'), std::string::npos);
}

TEST(Mistakes, UnreadableFolderForDeadLettersIsFoundWithoutMakingIt)
{
    Folder folder;
    std::string dead = folder.path("a/b/dead");
    Parsed p = Parsed::text("dead_letters = \"" + dead + "\";\n" WITH_TOP(""));
    EXPECT_TRUE(p.ok()) << p.report();
    EXPECT_NE(access(folder.path("a").c_str(), F_OK), 0);
}

} // namespace
