#include "needed.h"

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

void *needed(void *memory)
{
    static const char text[] = "micropipe: there is no memory left to read the configuration: nothing was started; "
                               "raise the limit of memory (see micropipe doctor), or end other programs\n";
    if (memory)
        return memory;
    /* Not by stdio, which may want memory; and whether it can be written changes nothing. */
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written;
    _exit(EXIT_FAILURE);
}
