// A folder with many photographs: one picture, made here, under many names.
#pragma once

#include <string>

// Makes the folder, with so many links to a picture of noise and gradients as a camera would make it.
void make_photos(const std::string &folder, int n);
