extern "C" {
#include "catalogue.h"
}
#include <micropipe/processor.h>

#include <gtest/gtest.h>

namespace
{

TEST(Example, TheTwentyLineProcessorIsFoundAndDescribed)
{
    catalogue *c = nullptr;
    const char *why = "";
    ASSERT_EQ(catalogue_create(EXAMPLE_FOLDER, &c), 0);
    const processor_description *d = catalogue_find(c, "upper.upper", &why);
    ASSERT_NE(d, nullptr) << why;
    EXPECT_EQ(d->flags, static_cast<uint32_t>(MPIPE_STATELESS | MPIPE_MUTATES));
    EXPECT_STREQ(d->summary, "ASCII letters to upper case");
    EXPECT_STREQ(d->inputs[0].name, "in");
    EXPECT_STREQ(d->outputs[0].name, "out");
    catalogue_destroy(&c);
}

} // namespace
