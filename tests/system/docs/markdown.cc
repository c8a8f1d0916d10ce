#include "markdown.h"

#include <fstream>
#include <regex>

namespace fs = std::filesystem;

static std::string without_code(const std::string &line)
{
    return std::regex_replace(line, std::regex("`[^`]*`"), "");
}

static void add_links(const std::string &line, const std::string &where, std::vector<Link> &links)
{
    static const std::regex link(R"(\[[^\]]*\]\(([^) ]+)\))");
    const std::string text = without_code(line);
    for (std::sregex_iterator i(text.begin(), text.end(), link), end; i != end; ++i)
        links.push_back({where, (*i)[1]});
}

Markdown markdown_read(const fs::path &file)
{
    Markdown result;
    result.file = file;
    const std::string name = fs::relative(file, SOURCE_DIR).string();
    std::ifstream in(file);
    std::string line;
    bool in_block = false;
    for (int number = 1; std::getline(in, line); number++) {
        const std::string where = name + ":" + std::to_string(number);
        if (line.rfind("```", 0) == 0) {
            in_block = !in_block;
            if (in_block)
                result.blocks.push_back({where, line.substr(3), ""});
        } else if (in_block) {
            result.blocks.back().text += line + "\n";
        } else {
            add_links(line, where, result.links);
        }
    }
    return result;
}

std::vector<Markdown> markdown_of_the_project()
{
    std::vector<Markdown> result;
    for (auto i = fs::recursive_directory_iterator(SOURCE_DIR); i != fs::recursive_directory_iterator(); ++i) {
        const std::string name = i->path().filename().string();
        if (i->is_directory() && (name == "build" || name == ".git"))
            i.disable_recursion_pending();
        else if (i->is_regular_file() && i->path().extension() == ".md")
            result.push_back(markdown_read(i->path()));
    }
    return result;
}

std::vector<Block> blocks_in(const std::string &language)
{
    std::vector<Block> result;
    for (const Markdown &markdown : markdown_of_the_project())
        for (const Block &block : markdown.blocks)
            if (block.language == language)
                result.push_back(block);
    return result;
}
