// What the tests of a worker call the stages of their small pipelines.
#ifndef STAGES_H
#define STAGES_H

#include <cstdint>

enum : uint32_t { SOURCE, FILTER, SINK, OTHER, SECOND, TASTER = OTHER };

#endif
