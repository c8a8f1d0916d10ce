#include "status_name.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
    mpipe_status status;
    const char *name;
} names[] = {
    {MPIPE_OK, "MPIPE_OK"},
    {MPIPE_EMPTY, "MPIPE_EMPTY"},
    {MPIPE_FULL, "MPIPE_FULL"},
    {MPIPE_TIMEOUT, "MPIPE_TIMEOUT"},
    {MPIPE_END, "MPIPE_END"},
    {MPIPE_STOP, "MPIPE_STOP"},
    {MPIPE_BAD_FRAME, "MPIPE_BAD_FRAME"},
    {MPIPE_RETRY, "MPIPE_RETRY"},
    {MPIPE_FATAL, "MPIPE_FATAL"},
    {MPIPE_BAD_CONFIG, "MPIPE_BAD_CONFIG"},
    {MPIPE_NO_MEMORY, "MPIPE_NO_MEMORY"},
    {MPIPE_UNSUPPORTED, "MPIPE_UNSUPPORTED"},
    {MPIPE_MISUSE, "MPIPE_MISUSE"},
};

struct named_status status_name(mpipe_status status)
{
    struct named_status s;
    snprintf(s.text, sizeof s.text, "%" PRId32 ", which is no status", status);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].status == status)
            snprintf(s.text, sizeof s.text, "%s", names[i].name);
    return s;
}
