#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "statistics.h"

enum { TURNS = 5, QUICK_TURNS = 3 };

#define RUN_S 0.15
#define QUICK_RUN_S 0.08

static int usage(const char *program, const char *const *parts)
{
    fprintf(stderr, "usage: %s [--quick] [--turns N] [--only PART]...   N: 1 to %d; parts:", program, RUNS_MAX / 2);
    for (; *parts; parts++)
        fprintf(stderr, " %s", *parts);
    fprintf(stderr, "\n");
    return -1;
}

static uint64_t part_bit(const char *const *parts, const char *name)
{
    for (int i = 0; parts[i]; i++)
        if (strcmp(parts[i], name) == 0)
            return UINT64_C(1) << i;
    return 0;
}

int options_parse(struct options *o, int argc, char *const *argv, const char *const *parts)
{
    static const struct option known[] = {{"quick", no_argument, NULL, 'q'},
                                          {"turns", required_argument, NULL, 't'},
                                          {"only", required_argument, NULL, 'o'},
                                          {NULL, 0, NULL, 0}};
    *o = (struct options){.turns = TURNS, .seconds = RUN_S, .parts = parts};
    int letter;
    while ((letter = getopt_long(argc, argv, "", known, NULL)) != -1) {
        uint64_t bit = letter == 'o' ? part_bit(parts, optarg) : 0;
        long turns = letter == 't' ? strtol(optarg, NULL, 10) : 1;
        if (letter == '?' || (letter == 'o' && !bit) || turns < 1 || turns > RUNS_MAX / 2)
            return usage(argv[0], parts);
        if (letter == 'q') {
            o->turns = QUICK_TURNS;
            o->seconds = QUICK_RUN_S;
        }
        if (letter == 't')
            o->turns = (uint32_t)turns;
        o->wanted |= bit;
    }
    return optind == argc ? 0 : usage(argv[0], parts);
}

int options_want(const struct options *o, const char *part)
{
    return o->wanted == 0 || (o->wanted & part_bit(o->parts, part)) != 0;
}
