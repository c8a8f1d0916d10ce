#include "check.h"

#include <stdio.h>
#include <stdlib.h>

void check_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "micropipe: bug: %s:%d: CHECK(%s) failed\n", file, line, condition);
    abort();
}
