// How many descriptors this process has open.
#ifndef OPEN_FILES_H
#define OPEN_FILES_H

#include <filesystem>
#include <iterator>

inline long OpenFiles()
{
    std::filesystem::directory_iterator list("/proc/self/fd");
    return std::distance(std::filesystem::begin(list), std::filesystem::end(list));
}

#endif
