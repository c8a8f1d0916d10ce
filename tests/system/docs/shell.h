// Runs a command line as a reader of the documents would, in an empty folder of its own.
#ifndef SHELL_H
#define SHELL_H

#include <filesystem>
#include <string>

struct Outcome {
    int status;         // the exit status; 128 + n after signal n
    std::string output; // stdout and stderr
};

// A folder that lives as long as the object.
class Folder
{
  public:
    Folder();
    ~Folder();
    Folder(const Folder &) = delete;
    Folder &operator=(const Folder &) = delete;

    const std::filesystem::path &path() const { return path_; }
    void write(const std::string &name, const std::string &text) const;
    std::string read(const std::string &name) const;

    // `line` goes to /bin/sh, in the folder, with stdin empty and the program under test first in PATH.
    Outcome run(const std::string &line) const;

  private:
    std::filesystem::path path_;
};

#endif
