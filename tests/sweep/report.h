// One line a test: what was killed, and what came of it.
#ifndef REPORT_H
#define REPORT_H

#include <string>

#include "killing.h"

// On stdout, and in a file of the build's folder sweep/, where ./run test finds what to add up.
void Report(const std::string &what, const Count &count);

#endif
