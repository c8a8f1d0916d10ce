/* What a processor returned, as its author wrote it: for messages. Pure. */
#ifndef STATUS_NAME_H
#define STATUS_NAME_H

#include <micropipe/status.h>

struct named_status {
    char text[40];
};

/* "MPIPE_BAD_CONFIG"; of what is no status: "12345, which is no status". */
struct named_status status_name(mpipe_status status);

#endif
