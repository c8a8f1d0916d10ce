// What the tests want to know of a Markdown file: its fenced blocks and its links.
#ifndef MARKDOWN_H
#define MARKDOWN_H

#include <filesystem>
#include <string>
#include <vector>

struct Block {
    std::string where;    // "docs/abi.md:12"
    std::string language; // "" if the fence names none
    std::string text;
};

struct Link {
    std::string where;
    std::string target; // as written
};

struct Markdown {
    std::filesystem::path file;
    std::vector<Block> blocks;
    std::vector<Link> links; // those outside of blocks and of `code`
};

Markdown markdown_read(const std::filesystem::path &file);

// Every Markdown file of the source tree, but not of a build.
std::vector<Markdown> markdown_of_the_project();

// The fenced blocks of that language in all of them.
std::vector<Block> blocks_in(const std::string &language);

#endif
