// soak [--minutes N | --seconds N] [--seed S] [--signals N] [--scalings N] [--rate N]: kills processes of a real
// pipeline at random, and scales its stages up and down at random, for so long, and looks whether every frame arrived
// once, and whether anything is used up. Exit status 1: no.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "trial.h"

namespace
{

int usage()
{
    fprintf(stderr, "usage: soak [--minutes N | --seconds N] [--seed S] [--signals A_SECOND] [--scalings A_SECOND]\n"
                    "            [--rate FRAMES_A_SECOND]\n");
    return 2;
}

bool read_number(const char *text, double *to)
{
    char *end;
    *to = strtod(text, &end);
    return end != text && *end == 0 && *to > 0;
}

bool parse(int argc, char **argv, soak::Plan &plan)
{
    for (int i = 1; i < argc; i += 2) {
        double number;
        if (i + 1 == argc || !read_number(argv[i + 1], &number))
            return false;
        if (strcmp(argv[i], "--minutes") == 0)
            plan.seconds = number * 60;
        else if (strcmp(argv[i], "--seconds") == 0)
            plan.seconds = number;
        else if (strcmp(argv[i], "--seed") == 0)
            plan.seed = static_cast<uint64_t>(number);
        else if (strcmp(argv[i], "--signals") == 0)
            plan.strikes = number;
        else if (strcmp(argv[i], "--scalings") == 0)
            plan.scalings = number;
        else if (strcmp(argv[i], "--rate") == 0)
            plan.rate = number;
        else
            return false;
    }
    return true;
}

} // namespace

int main(int argc, char **argv)
{
    soak::Plan plan;
    plan.program = MICROPIPE_PROGRAM;
    plan.packs = MICROPIPE_PACKS;
    if (!parse(argc, argv, plan))
        return usage();
    setvbuf(stdout, nullptr, _IOLBF, 0);
    try {
        soak::Trial trial(plan);
        trial.run();
        return trial.print() ? 0 : 1;
    } catch (const std::exception &wrong) {
        fprintf(stderr, "soak: %s\n", wrong.what());
        return 2;
    }
}
