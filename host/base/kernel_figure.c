#include "kernel_figure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

int kernel_figure_in(const char *line, const char *key, uint64_t *n)
{
    size_t length = strlen(key);
    if (strncmp(line, key, length) != 0 || (line[length] != ':' && line[length] != ' '))
        return 0;
    *n = strtoull(line + length + 1, NULL, 10);
    return 1;
}

uint64_t kernel_figure(const char *path, const char *key, uint64_t otherwise)
{
    AUTO_FILE FILE *f = fopen(path, "re");
    char line[256];
    uint64_t n;
    while (f && fgets(line, sizeof line, f))
        if (kernel_figure_in(line, key, &n))
            return n;
    return otherwise;
}
