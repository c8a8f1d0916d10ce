// The pipelines of this bench, and the fixed numbers of workers that each is tried with.
#pragma once

#include <string>
#include <vector>

#include "live.h"

struct Shape {
    const char *name;
    std::string file;
    const char *counted;             // the stage whose frames are counted
    std::vector<std::string> scaled; // the stages that have a choice
    std::vector<std::vector<unsigned>> tried;
};

// Five that are steady.
std::vector<Shape> steady_shapes(const Folder &folder);

// A stage that takes five times as long from `from_s` until `until_s`.
Shape moving_shape(const Folder &folder, double from_s, double until_s);

// A stage whose load() takes half a second.
Shape loading_shape(const Folder &folder);

// "stages.work.workers=4", for each scaled stage.
std::vector<std::string> fixed(const Shape &shape, const std::vector<unsigned> &workers);
