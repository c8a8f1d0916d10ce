// One line a test: what was killed, and what came of it.
#ifndef REPORT_H
#define REPORT_H

#include <string>

#include "killing.h"

// On stdout, and, where MICROPIPE_SWEEP_REPORT names a folder, in a file there.
void Report(const std::string &what, const Count &count);

#endif
