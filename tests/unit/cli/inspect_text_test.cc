// The page of a processor, whatever its tables have.
extern "C" {
#include "inspect_text.h"
}
#include "command_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <micropipe/option.h>
#include <micropipe/processor.h>

#include <string>

namespace
{

using testing::HasSubstr;
using testing::Not;

// A description points to text that may be written.
char *Text(const char *text)
{
    return const_cast<char *>(text);
}

// A sink without anything that a processor need not have.
class InspectText : public testing::Test
{
  protected:
    InspectText()
    {
        d_.pack = Text("pack");
        d_.name = Text("name");
        d_.version = Text("1.0.0");
        d_.file = Text("/pack.so");
        d_.summary = Text("Does it");
        port_.name = Text("in");
        port_.doc = Text("Frames.");
    }

    std::string Page() const
    {
        Output out;
        inspect_text_processor(&d_, out.file());
        return out.text();
    }

    std::string PageOf(option_description option)
    {
        option.name = Text("size");
        option.doc = Text("How large.");
        d_.options = &option;
        d_.n_options = 1;
        std::string page = Page();
        d_.n_options = 0;
        return page;
    }

    processor_description d_ = {};
    port_description port_ = {};
};

option_description Option(uint32_t type, uint32_t flags = 0)
{
    option_description o = {};
    o.type = type;
    o.flags = flags;
    return o;
}

} // namespace

TEST_F(InspectText, WhatAProcessorDoesNotHaveIsLeftOut)
{
    const std::string page = Page();
    EXPECT_THAT(page, HasSubstr("pack.name: Does it\n"));
    EXPECT_THAT(page, HasSubstr("Options    none\n"));
    for (const char *label : {"Inputs", "Outputs", "Needs", "State", "Example"})
        EXPECT_THAT(page, Not(HasSubstr(label)));
}

TEST_F(InspectText, TheKindIsWhereFramesComeFromAndGoTo)
{
    EXPECT_THAT(Page(), HasSubstr("Kind       sink: frames end here\n"));
    d_.outputs = &port_;
    d_.n_outputs = 1;
    EXPECT_THAT(Page(), HasSubstr("Kind       filter: frames in, frames out\n"));
    d_.flags = MPIPE_SOURCE | MPIPE_SERIAL;
    EXPECT_THAT(Page(), HasSubstr("Kind       source: makes frames from nothing; one worker unless configured\n"));
    EXPECT_THAT(Page(), HasSubstr("           serial: never more than one worker\n"));
}

TEST_F(InspectText, TheStyleIsWhoCallsWhom)
{
    EXPECT_THAT(Page(), HasSubstr("push style: called frame by frame\n"));
    d_.pull = 1;
    EXPECT_THAT(Page(), HasSubstr("pull style: fetches its frames itself\n"));
}

TEST_F(InspectText, ALabelIsWrittenOnceForAllItsPortsAndAllItsNeeds)
{
    port_description ports[2] = {port_, port_};
    char *needs[] = {Text("mpipe.wait/1"), Text("mpipe.log/1")};
    ports[1].name = Text("side");
    ports[1].type = 0x1234;
    d_.inputs = ports;
    d_.n_inputs = 2;
    d_.needs = needs;
    d_.n_needs = 2;
    EXPECT_THAT(Page(), HasSubstr("Inputs     in (any): Frames.\n           side (0x00001234): Frames.\n"));
    EXPECT_THAT(Page(), HasSubstr("Needs      mpipe.wait/1, mpipe.log/1\n"));
}

TEST_F(InspectText, AnOptionWithoutADefaultIsWhatItsTypeBeginsWith)
{
    EXPECT_THAT(PageOf(Option(MPIPE_INT)), HasSubstr("size     integer, default 0\n"));
    EXPECT_THAT(PageOf(Option(MPIPE_STRING)), HasSubstr("size     string\n"));
    option_description o = Option(MPIPE_STRING);
    o.fallback = Text("");
    EXPECT_THAT(PageOf(o), HasSubstr("size     string\n"));
}

TEST_F(InspectText, AnOptionHasItsRangeAndUnitAsFarAsTheyAreSet)
{
    option_description o = Option(MPIPE_INT, MPIPE_REQUIRED);
    o.unit = Text("pixels");
    EXPECT_THAT(PageOf(o), HasSubstr("integer, required, in pixels\n"));
    o.min = Text("1");
    EXPECT_THAT(PageOf(o), HasSubstr("integer, required, at least 1 pixels\n"));
    o.max = Text("9");
    EXPECT_THAT(PageOf(o), HasSubstr("integer, required, 1 to 9 pixels\n"));
    o.min = o.unit = nullptr;
    EXPECT_THAT(PageOf(o), HasSubstr("integer, required, at most 9\n"));
}

TEST_F(InspectText, AnOptionThatIsSecretOrOfYesterdaySaysSo)
{
    EXPECT_THAT(PageOf(Option(MPIPE_STRING, MPIPE_SECRET)), HasSubstr("string, secret\n"));
    EXPECT_THAT(PageOf(Option(MPIPE_STRING, MPIPE_DEPRECATED)), HasSubstr("string, deprecated\n"));
}

TEST_F(InspectText, APackOfOneProcessorSaysSo)
{
    processor_description *list[] = {&d_};
    Output out;
    inspect_text_pack(list, 1, out.file());
    EXPECT_EQ(out.text(), "pack 1.0.0\n  pack.name  Does it\n\n1 processor in /pack.so\n");
}
