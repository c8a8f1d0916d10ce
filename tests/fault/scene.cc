#include "scene.h"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <vector>

namespace fault
{

namespace fs = std::filesystem;

Scene::Scene()
{
    folder_.file("in.txt", "one\ntwo\nthree\nfour\n");
    folder_.file("p.cfg", "name = \"p\"; memory = \"16M\"; huge_pages = \"off\"; dead_letters = \"dead/letters\";\n"
                          "stages = (\n"
                          "  { name = \"lines\"; processor = \"text.lines\"; options = { path = \"in.txt\"; }; },\n"
                          "  { name = \"fail\"; processor = \"debug.fail\"; workers = 1;\n"
                          "    options = { match = \"two\"; }; },\n"
                          "  { name = \"out\"; processor = \"text.write\"; options = { path = \"out.txt\"; }; }\n);\n");
}

std::string Scene::wrong_with_files(bool all) const
{
    std::istringstream text(harness::read_file(folder_ / "out.txt"));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);)
        lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    const std::vector<std::string> whole = {"four", "one", "three"};
    if (std::adjacent_find(lines.begin(), lines.end()) != lines.end())
        return "a line is in the output twice";
    if (!std::includes(whole.begin(), whole.end(), lines.begin(), lines.end()))
        return "a line of the output was never in the input";
    if (all && lines != whole)
        return "it says that all was done, but a line is missing";
    std::string payload, letter;
    std::error_code ignored;
    for (const auto &entry : fs::recursive_directory_iterator(folder_.path(), ignored)) {
        const std::string name = entry.path().filename();
        if (name.size() > 5 && name.compare(name.size() - 5, 5, ".part") == 0)
            return "a file was left half-written: " + name;
        if (entry.path().extension() == ".bin")
            payload = harness::read_file(entry.path());
        if (entry.path().extension() == ".json")
            letter = harness::read_file(entry.path());
    }
    if (all && payload != "two")
        return "the dead letter's payload is '" + payload + "'";
    for (const char *key :
         {"\"pipeline\"", "\"stage\"", "\"processor\"", "\"version\"", "\"reason\"", "\"signal\"", "\"attempts\"",
          "\"run\"", "\"position\"", "\"sequence\"", "\"size\"", "\"attributes\"", "\"payload\""})
        if (!letter.empty() && letter.find(key) == std::string::npos)
            return std::string("the dead letter has no ") + key + ":\n" + letter;
    return all && letter.empty() ? "there is no dead letter" : "";
}

std::string wrong_with_any(const Outcome &o)
{
    if (o.hung)
        return "it hung";
    if (o.killed_all)
        return "it called kill(-1)";
    if (o.signal)
        return "it died of a signal";
    if (!o.leftovers.empty())
        return "it left processes behind";
    if (o.errors.find("micropipe: bug:") != std::string::npos)
        return "it takes a failure of the system for a bug of its own";
    return "";
}

// The last line is the program's, and says more than that something failed.
static bool explains_itself(const std::string &errors)
{
    const size_t end = errors.find_last_not_of('\n');
    if (end == std::string::npos)
        return false;
    const size_t start = errors.rfind('\n', end);
    const std::string last = errors.substr(start == std::string::npos ? 0 : start + 1, end + 1);
    return last.compare(0, 9, "micropipe") == 0 && last.size() > 40;
}

std::string Scene::wrong_with_run(const Outcome &o, bool may_blame_configuration) const
{
    const std::string wrong = wrong_with_any(o);
    if (!wrong.empty())
        return wrong;
    if (o.exit_code == 3)
        return wrong_with_files(true);
    if (o.exit_code != 1 && !(o.exit_code == 2 && may_blame_configuration))
        return "its exit code is neither 3, done, nor 1, failed";
    return explains_itself(o.errors) ? wrong_with_files(false) : "it does not say why it failed";
}

} // namespace fault
