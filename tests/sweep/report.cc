#include "report.h"

#include <cstdio>
#include <fstream>

void Report(const std::string &what, const Count &count)
{
    struct Figure {
        const char *name;
        uint64_t value;
    };
    const Figure figures[] = {{"instructions", count.instructions},
                              {"states", count.states},
                              {"kills", count.kills},
                              {"real", count.real},
                              {"pairs", count.pairs},
                              {"lost", count.lost},
                              {"doubled", count.doubled},
                              {"leaked", count.leaked}};
    std::ofstream file(std::string(SWEEP_REPORTS "/") + what + ".txt");
    printf("sweep: %s:", what.c_str());
    for (const Figure &figure : figures) {
        printf(" %s %llu", figure.name, static_cast<unsigned long long>(figure.value));
        file << figure.name << " " << figure.value << "\n";
    }
    printf("\n");
}
