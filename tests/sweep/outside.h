// What the world outside of a pipeline's memory has seen of it.
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "world.h"

using Files = std::map<std::string, std::string>; // bytes by name

struct Outside {
    using Frames = std::shared_ptr<const std::vector<Seen>>; // another vector for each change
    Frames left = std::make_shared<std::vector<Seen>>(), right = left;
    Files letters;

    bool operator==(const Outside &o) const { return *left == *o.left && *right == *o.right && letters == o.letters; }
};

#endif
