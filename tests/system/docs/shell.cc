#include "shell.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>

namespace fs = std::filesystem;

static std::string quoted(const std::string &text)
{
    std::string result = "'";
    for (char c : text)
        result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + "'";
}

Folder::Folder()
{
    std::string name = (fs::temp_directory_path() / "micropipe-docs-XXXXXX").string();
    if (!mkdtemp(name.data()))
        throw std::runtime_error("mkdtemp " + name);
    path_ = name;
}

Folder::~Folder()
{
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

void Folder::write(const std::string &name, const std::string &text) const
{
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
}

std::string Folder::read(const std::string &name) const
{
    std::ostringstream text;
    text << std::ifstream(path_ / name).rdbuf();
    return text.str();
}

Outcome Folder::run(const std::string &line) const
{
    const std::string command = "cd " + quoted(path_) + " && PATH=" + quoted(fs::path(PROGRAM).parent_path()) +
                                ":$PATH && { " + line + "\n} 2>&1 </dev/null";
    FILE *pipe = popen(command.c_str(), "r");
    if (!pipe)
        throw std::runtime_error("popen");
    Outcome outcome{-1, ""};
    char buffer[4096];
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        outcome.output.append(buffer, n);
    const int status = pclose(pipe);
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return outcome;
}
